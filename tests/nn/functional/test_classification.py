"""Losses of scores and probabilities against classes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_sm as sg
from tinygrad_sm.nn import functional as F

from ..agreement import check_error, check_function, draw, pytorch

SCORES = draw(5, 4)
LABELS = np.array([1, 3, 0, 3, 2])
WEIGHT = np.abs(draw(4, seed=3)) + 0.1
P = np.exp(SCORES) / np.exp(SCORES).sum(1, keepdims=True)
DEEP, DEEP_LABELS = draw(2, 4, 3, 2), np.arange(12).reshape(2, 3, 2) % 4
REDUCTIONS = ("mean", "sum", "none")


def cross_entropy(**options):
    return lambda m, x, y: m.nn.functional.cross_entropy(x, y, **options)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("smoothing", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("ignore", [-100, 3, 17])
@pytest.mark.parametrize(("x", "y"), [(SCORES, LABELS), (DEEP, DEEP_LABELS)], ids=["2d", "4d"])
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy_of_labels(reduction, smoothing, ignore, x, y, weighted):
    y = np.where(y == 2, ignore, y) if ignore == 17 else y
    options = {"reduction": reduction, "label_smoothing": smoothing, "ignore_index": ignore}

    def call(m, x, y):
        weight = m.tensor(WEIGHT, dtype=x.dtype) if weighted else None
        return m.nn.functional.cross_entropy(x, y, weight=weight, **options)

    check_function(call, x, y)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("x", [SCORES, DEEP, SCORES[0]], ids=["2d", "4d", "1d"])
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy_of_probabilities(reduction, smoothing, x, weighted):
    target = np.abs(x) / np.abs(x).sum(min(1, x.ndim - 1), keepdims=True)

    def call(m, x, y):
        weight = m.tensor(WEIGHT, dtype=x.dtype) if weighted else None
        return m.nn.functional.cross_entropy(
            x, y, weight, reduction=reduction, label_smoothing=smoothing
        )

    check_function(call, x, target)


def test_cross_entropy_of_one_sample():
    check_function(cross_entropy(), SCORES[0], np.array(2))
    check_function(cross_entropy(reduction="none"), SCORES[0], np.array(2))


@pytest.mark.parametrize("size", [1e4, 700.0, 1e-8])
def test_cross_entropy_of_large_scores(size):
    check_function(cross_entropy(), SCORES * size, LABELS, second=False)


@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}, {"weight": True}])
def test_all_ignored_is_nan_with_gradient_0(options):
    weight = sg.tensor(WEIGHT) if options.pop("weight", None) else None
    x = sg.tensor(SCORES, requires_grad=True)
    loss = F.cross_entropy(x, sg.tensor([-100] * 5), weight, **options)
    assert np.isnan(loss.item())
    loss.backward()
    np.testing.assert_array_equal(x.grad.array, 0)


def test_no_samples_is_nan():
    x = sg.zeros(0, 4, requires_grad=True)
    loss = F.cross_entropy(x, sg.zeros(0, dtype=sg.int64))
    assert np.isnan(loss.item())
    assert F.cross_entropy(x, sg.zeros(0, dtype=sg.int64), reduction="sum").item() == 0
    loss.backward()
    assert x.grad.shape == (0, 4)


@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
def test_a_bad_label_names_itself_and_its_row(name):
    for label in (4, -1):
        with pytest.raises(IndexError, match=rf"Target {label} is out of bounds.*row 2"):
            getattr(F, name)(sg.tensor(SCORES), sg.tensor([0, 1, label, 7, 0]))


@given(st.integers(1, 6), st.integers(1, 5), st.data())
def test_fused_twin_agrees_with_log_softmax_then_nll(rows, classes, data):
    floats = st.floats(-50, 50)
    scores = data.draw(st.lists(floats, min_size=rows * classes, max_size=rows * classes))
    labels = data.draw(st.lists(st.integers(0, classes - 1), min_size=rows, max_size=rows))
    results = []
    for loss in (
        lambda x, y: F.cross_entropy(x, y),
        lambda x, y: F.nll_loss(F.log_softmax(x, 1), y),
    ):
        x = sg.tensor(scores, dtype=sg.float64).reshape(rows, classes).requires_grad_()
        out = loss(x, sg.tensor(labels))
        out.backward()
        results.append((out.array, x.grad.array))
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_the_gradient_is_probability_minus_label():
    x = sg.tensor(SCORES, requires_grad=True)
    F.cross_entropy(x, sg.tensor(LABELS), reduction="sum").backward()
    np.testing.assert_allclose(x.grad.array, P - np.eye(4)[LABELS], rtol=1e-12)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("ignore", [-100, 3])
@pytest.mark.parametrize(
    ("x", "y"), [(SCORES, LABELS), (DEEP, DEEP_LABELS), (SCORES[0], np.array(1))]
)
def test_nll_loss(reduction, ignore, x, y):
    def call(m, x, y):
        weight = m.tensor(WEIGHT, dtype=x.dtype)
        return m.nn.functional.nll_loss(x, y, weight, ignore_index=ignore, reduction=reduction)

    check_function(call, x, y)


PAIRS = {
    "bce": (lambda F, x, y, **o: F.binary_cross_entropy(x, y, **o), P, np.abs(np.sin(draw(5, 4)))),
    "bce at the ends": (
        lambda F, x, y, **o: F.binary_cross_entropy(x, y, **o),
        np.array([0.0, 1.0, 0.0, 1.0, 0.5]),
        np.array([0.0, 1.0, 1.0, 0.0, 0.25]),
    ),
    "bce with logits": (
        lambda F, x, y, **o: F.binary_cross_entropy_with_logits(x, y, **o), SCORES * 20, P,
    ),
    "soft margin": (lambda F, x, y, **o: F.soft_margin_loss(x, y, **o), SCORES, np.sign(SCORES[::-1])),
    "multilabel soft margin": (
        lambda F, x, y, **o: F.multilabel_soft_margin_loss(x, y, **o), SCORES, (P > 0.2) * 1.0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", PAIRS)
def test_pairs(name, reduction):
    call, x, y = PAIRS[name]
    # PyTorch's 1e-12 under the fraction, which matters at the ends alone, is a float32
    options = {"second": False, "rtol": 1e-8} if name == "bce at the ends" else {}
    check_function(
        lambda m, x, y: call(m.nn.functional, x, y.detach(), reduction=reduction), x, y, **options
    )


@pytest.mark.parametrize("name", ["bce", "bce with logits"])
def test_the_target_may_be_differentiated(name):
    call, x, y = PAIRS[name]
    check_function(lambda m, x, y: call(m.nn.functional, x, y), x, y, second=False)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_weights_of_pairs(reduction):
    def call(m, x, y):
        F, w = m.nn.functional, m.tensor(WEIGHT, dtype=x.dtype)
        options = {"weight": w, "reduction": reduction}
        y = y.detach()
        return [
            F.binary_cross_entropy(x.sigmoid(), y, **options),
            F.binary_cross_entropy_with_logits(x, y, pos_weight=w * 2, **options),
            F.multilabel_soft_margin_loss(x, y, **options),
        ]

    check_function(call, SCORES, P)


def test_logits_of_700_are_finite_and_twice_differentiable():
    x = np.array([-700.0, 700.0, 0.0])
    check_function(
        lambda m, x, y: m.nn.functional.binary_cross_entropy_with_logits(x, y.detach()),
        x,
        np.array([1.0, 0.0, 0.5]),
    )


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("p", [1, 2])
def test_multi_margin_loss(reduction, p):
    def call(m, x, y):
        weight = m.tensor(WEIGHT, dtype=x.dtype)
        return [
            m.nn.functional.multi_margin_loss(x, y, p, 0.7, w, reduction=reduction)
            for w in (None, weight)
        ]

    check_function(call, SCORES, LABELS, second=False)
    check_function(call, SCORES[0], np.array(2), second=False)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_multilabel_margin_loss(reduction):
    labels = np.array([[3, 0, -1, 1], [-1, 0, 0, 0], [0, 1, 2, 3], [2, -1, 2, -1], [1, 1, -1, 0]])
    call = lambda m, x, y: m.nn.functional.multilabel_margin_loss(x, y, reduction=reduction)  # noqa: E731
    check_function(call, SCORES, labels, second=False)
    check_function(call, SCORES[0], labels[0], second=False)


@pytest.mark.parametrize(
    ("average", "reduce", "meant"),
    [(True, None, "mean"), (False, None, "sum"), (None, False, "none"), (True, True, "mean")],
)
def test_the_older_words_for_reduction(average, reduce, meant):
    with pytest.warns(UserWarning, match=f"reduction='{meant}'"):
        loss = F.cross_entropy(
            sg.tensor(SCORES), sg.tensor(LABELS), size_average=average, reduce=reduce
        )
    expected = F.cross_entropy(sg.tensor(SCORES), sg.tensor(LABELS), reduction=meant)
    np.testing.assert_array_equal(loss.array, expected.array)


@pytest.mark.parametrize(
    ("call", "inputs"),
    [
        (cross_entropy(), (SCORES, LABELS[:3])),
        (cross_entropy(), (DEEP, LABELS)),
        (cross_entropy(reduction="most"), (SCORES, LABELS)),
        (cross_entropy(label_smoothing=1.5), (SCORES, LABELS)),
        (cross_entropy(), (SCORES, LABELS.astype(np.int32))),
        (cross_entropy(), (SCORES, np.array([0, 1, 2, 3, 4]))),
        (lambda m, x, y: m.nn.functional.cross_entropy(x, y, m.zeros(3)), (SCORES, LABELS)),
        (lambda m, x, y: m.nn.functional.nll_loss(x, y, m.zeros(3)), (SCORES, LABELS)),
        (lambda m, x, y: m.nn.functional.binary_cross_entropy(x, y), (SCORES, P)),
        (lambda m, x, y: m.nn.functional.binary_cross_entropy(x, y), (P, P[:, :1])),
        (lambda m, x, y: m.nn.functional.binary_cross_entropy_with_logits(x, y), (P, P[0])),
        (lambda m, x, y: m.nn.functional.multi_margin_loss(x, y, p=3), (SCORES, LABELS)),
        (lambda m, x, y: m.nn.functional.multi_margin_loss(x, y, reduction="abc"), (SCORES, P)),
        (lambda m, x, y: m.nn.functional.multi_margin_loss(x, y), (SCORES, LABELS[:3])),
        (cross_entropy(), (SCORES, np.zeros(SCORES.shape, np.int64))),
        (cross_entropy(), (DEEP, np.zeros((2, 5, 2), np.int64))),
        (cross_entropy(), (DEEP, np.zeros(2, np.int64))),
        (cross_entropy(), (SCORES[0], LABELS[:2])),
        *(
            (
                lambda m, x, y, f=f: getattr(m.nn.functional, f)(x, y, m.zeros(4).half()),
                (SCORES, LABELS),
            )
            for f in ("nll_loss", "cross_entropy")
        ),
    ],
)
def test_refusals(call, inputs):
    check_error(call, *inputs)


def test_a_single_sample_may_have_a_label_in_a_row():
    def call(m, x, y):
        return m.nn.functional.multi_margin_loss(x, y)

    check_function(call, SCORES[0], LABELS[:1], second=False)
    loss = F.cross_entropy(sg.tensor(SCORES[0]), sg.tensor(LABELS[:1]))
    assert loss.item() == F.cross_entropy(sg.tensor(SCORES[0]), sg.tensor(LABELS[0])).item()


def test_bce_in_float32_at_the_ends():
    torch = pytorch()
    for p, y in ((0.0, 1.0), (1.0, 0.0), (0.0, 0.0), (1.0, 1.0)):
        ours = sg.tensor([p], requires_grad=True)
        theirs = torch.tensor([p], requires_grad=True)
        F.binary_cross_entropy(ours, sg.tensor([y])).backward()
        torch.nn.functional.binary_cross_entropy(theirs, torch.tensor([y])).backward()
        np.testing.assert_allclose(ours.grad.array, theirs.grad.numpy(), rtol=1e-6)
