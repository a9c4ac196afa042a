"""Pruning: the same masks as PyTorch's, one after the other too."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg
import tinygrad_sm.nn.utils.prune

from ..agreement import array, check_error, check_layer, draw, pytorch


@pytest.fixture(autouse=True)
def imported():
    pytest.importorskip("torch.nn.utils.prune", reason="PyTorch is not installed")


def layer(m, *shape):
    build = m.nn.Conv2d(*shape[:2], shape[2:]) if len(shape) > 2 else m.nn.Linear(*shape)
    build.load_state_dict({
        "weight": m.tensor(draw(*build.weight.shape)), "bias": m.tensor(draw(*build.bias.shape)),
    })  # fmt: skip
    return build


STEPS = [
    lambda p, x, m: p.identity(x, "weight"),
    lambda p, x, m: p.l1_unstructured(x, "weight", 0.3),
    lambda p, x, m: p.l1_unstructured(x, "weight", 5),
    lambda p, x, m: p.l1_unstructured(x, "bias", 1),
    lambda p, x, m: p.ln_structured(x, "weight", 0.5, 2, 0),
    lambda p, x, m: p.ln_structured(x, "weight", 1, 1, 1),
    lambda p, x, m: p.ln_structured(x, "weight", 1, float("inf"), -1),
    lambda p, x, m: p.random_unstructured(x, "weight", 0.4),
    lambda p, x, m: p.random_structured(x, "weight", 1, 0),
    lambda p, x, m: p.custom_from_mask(x, "bias", m.tensor([1, 0, 1, 0])),
    lambda p, x, m: p.l1_unstructured(
        x, "weight", 2, importance_scores=m.tensor(draw(*x.weight.shape, seed=7))
    ),
]


@pytest.mark.parametrize("shape", [(6, 4), (3, 4, 2, 3)])
@pytest.mark.parametrize("first", STEPS)
@pytest.mark.parametrize("second", [None, *STEPS[1:8]])
def test_masks(shape, first, second):
    found = []
    for m in (sg, pytorch()):
        x = layer(m, *shape)
        m.manual_seed(2)
        for step in (first, second):
            if step is not None:
                assert step(m.nn.utils.prune, x, m) is x
        assert m.nn.utils.prune.is_pruned(x)
        found.append({k: array(v) for k, v in x.state_dict().items()})
        found[-1]["now"] = array(x.weight)
    assert list(found[0]) == list(found[1])
    for name, value in found[0].items():
        np.testing.assert_allclose(value, found[1][name], rtol=1e-6, err_msg=name)


def test_training_a_pruned_layer():
    def build(m):
        return m.nn.utils.prune.l1_unstructured(m.nn.Linear(4, 3), "weight", 0.5)

    check_layer(build, draw(5, 4))


def test_globally():
    found = []
    for m in (sg, pytorch()):
        a, b = layer(m, 6, 4), layer(m, 4, 5)
        p = m.nn.utils.prune
        for amount in (0.3, 7):
            p.global_unstructured(
                [(a, "weight"), (b, "weight"), (b, "bias")], p.L1Unstructured, amount=amount
            )
        found.append([array(a.weight_mask), array(b.weight_mask), array(b.bias_mask)])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_removing():
    for m in (sg, pytorch()):
        x = layer(m, 6, 4)
        p = m.nn.utils.prune
        p.l1_unstructured(x, "weight", 0.5)
        weight = array(x.weight)
        assert p.remove(x, "weight") is x
        assert not p.is_pruned(x)
        np.testing.assert_array_equal(array(x.weight), weight)
        assert isinstance(x.weight, m.nn.Parameter)
        assert sorted(n for n, _ in x.named_parameters()) == ["bias", "weight"]


def test_a_method_of_ones_own():
    found = []
    for m in (sg, pytorch()):

        class EveryOther(m.nn.utils.prune.BasePruningMethod):
            PRUNING_TYPE = "unstructured"

            def compute_mask(self, t, default_mask):
                mask = default_mask.clone()
                mask.view(-1)[::2] = 0
                return mask

        x = layer(m, 6, 4)
        EveryOther.apply(x, "bias")
        found.append(array(x.bias))
        pruned = m.nn.utils.prune.L1Unstructured(amount=2).prune(m.tensor(draw(3, 4)))
        found.append(array(pruned))
    np.testing.assert_allclose(found[0], found[2])
    np.testing.assert_allclose(found[1], found[3])


@pytest.mark.parametrize(
    "call",
    [
        lambda m, p, x: p.l1_unstructured(x, "weight", 1.5),
        lambda m, p, x: p.l1_unstructured(x, "weight", -1),
        lambda m, p, x: p.l1_unstructured(x, "weight", "all"),
        lambda m, p, x: p.l1_unstructured(x, "weight", 999),
        lambda m, p, x: p.ln_structured(x, "bias", 1, 2, 0),
        lambda m, p, x: p.l1_unstructured(x, "weight", 1, importance_scores=m.zeros(2)),
        lambda m, p, x: p.remove(x, "weight"),
        lambda m, p, x: p.global_unstructured([(x, "weight")], p.LnStructured, amount=1, n=2),
    ],
)
def test_refusals(call):
    check_error(lambda m: call(m, m.nn.utils.prune, layer(m, 6, 4)))
