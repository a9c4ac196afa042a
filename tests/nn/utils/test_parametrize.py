"""Weights in other forms: parametrizations, weight and spectral norm."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.nn.utils import norms, parametrize

from ..agreement import array, check_error, check_function, check_layer, draw, pytorch, text_of

LAYERS = [
    (lambda m: m.nn.Linear(4, 3), draw(5, 4)),
    (lambda m: m.nn.Conv2d(2, 3, 2), draw(2, 2, 4, 5)),
    (lambda m: m.nn.ConvTranspose1d(2, 3, 2), draw(2, 2, 5)),
]


@pytest.mark.parametrize(("build", "x"), LAYERS)
@pytest.mark.parametrize("dim", [0, 1, None])
def test_weight_norm(build, x, dim):
    def newer(m):
        return m.nn.utils.parametrizations.weight_norm(build(m), dim=dim)

    # the second derivative of PyTorch's fused kernel is not that of its own composition
    check_layer(newer, x, close=1e-6, second=dim is None)

    def older(m):
        return m.nn.utils.weight_norm(build(m), dim=dim)

    check_layer(older, x, warns=True, close=1e-6, second=dim is None)


def test_second_derivative_of_weight_norm():
    def call(m, v, g):
        if m is sg:
            return norms.weight_of(v, g, 0)
        return v * (g / v.norm(2, 1, keepdim=True))

    check_function(call, draw(3, 4), draw(3, 1))


@pytest.mark.parametrize(("build", "x"), LAYERS)
@pytest.mark.parametrize("training", [False, True])
def test_spectral_norm(build, x, training):
    def newer(m):
        return m.nn.utils.parametrizations.spectral_norm(build(m))

    check_layer(newer, x, training=training, close=1e-5)

    def older(m):
        return m.nn.utils.spectral_norm(build(m), n_power_iterations=3)

    check_layer(older, x, training=training, close=1e-5)


def test_the_spectral_norm_is_one():
    layer = sg.nn.utils.parametrizations.spectral_norm(sg.nn.Linear(6, 5).double())
    for _ in range(200):
        weight = layer.weight
    np.testing.assert_allclose(np.linalg.norm(weight.detach().array, 2), 1, rtol=1e-6)


def test_taking_the_norms_off():
    for m in (sg, pytorch()):
        for put, take in (
            ("spectral_norm", "remove_spectral_norm"),
            ("weight_norm", "remove_weight_norm"),
        ):
            utils = m.nn.utils
            layer = m.nn.Linear(3, 3)
            with pytest.warns(FutureWarning) if put == "weight_norm" else _quiet():
                getattr(utils, put)(layer)
            weight = array(layer(m.eye(3)))
            getattr(utils, take)(layer)
            assert sorted(n for n, _ in layer.named_parameters()) == ["bias", "weight"]
            np.testing.assert_allclose(array(layer(m.eye(3))), weight, atol=0.3)
            with pytest.raises(ValueError, match="not found"):
                getattr(utils, take)(layer)


class _quiet:
    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return None


def symmetric(m):
    class Symmetric(m.nn.Module):
        def forward(self, x):
            return x.triu() + x.triu(1).transpose(0, 1)

        def right_inverse(self, x):
            return x.triu()

    return Symmetric()


def half(m):
    class Half(m.nn.Module):
        def forward(self, x):
            return x * 0.5

    return Half()


def test_a_parametrized_layer():
    def build(m):
        layer = m.nn.Linear(3, 3)
        return m.nn.utils.parametrize.register_parametrization(layer, "weight", symmetric(m))

    check_layer(build, draw(4, 3))

    def chain(m):
        layer = m.nn.utils.parametrize.register_parametrization(build(m), "weight", half(m))
        return m.nn.utils.parametrize.register_parametrization(layer, "bias", half(m))

    check_layer(chain, draw(4, 3))


def test_assigning_and_removing():
    for m in (sg, pytorch()):
        p = m.nn.utils.parametrize
        layer = m.nn.Linear(3, 3)
        bias = layer.bias
        p.register_parametrization(layer, "weight", symmetric(m))
        assert p.is_parametrized(layer)
        assert p.is_parametrized(layer, "weight")
        assert not p.is_parametrized(layer, "bias")
        assert type(layer).__name__ == "ParametrizedLinear"
        assert p.type_before_parametrizations(layer) is m.nn.Linear
        value = m.tensor(draw(3, 3), dtype=m.float32)
        layer.weight = value + value.t()
        np.testing.assert_allclose(array(layer.weight), array(value + value.t()), rtol=1e-6)
        p.register_parametrization(layer, "bias", half(m))
        with pytest.raises(RuntimeError):
            layer.bias = m.zeros(3)
        p.remove_parametrizations(layer, "bias", leave_parametrized=False)
        assert layer.bias is bias
        p.remove_parametrizations(layer, "weight")
        assert type(layer) is m.nn.Linear
        np.testing.assert_allclose(array(layer.weight), array(value + value.t()), rtol=1e-6)
        assert sorted(n for n, _ in layer.named_parameters()) == ["bias", "weight"]


def test_cached():
    calls = []

    class Counted(sg.nn.Module):
        def forward(self, x):
            calls.append(1)
            return x * 2

    layer = parametrize.register_parametrization(sg.nn.Linear(2, 2), "weight", Counted())
    calls.clear()
    with parametrize.cached():
        layer(layer(sg.ones(1, 2)))
        assert layer.weight is layer.weight
    assert len(calls) == 1
    assert layer.weight is not layer.weight


def test_copies_and_pickles():
    layer = parametrize.register_parametrization(sg.nn.Linear(2, 2), "weight", symmetric(sg))
    other = copy.deepcopy(layer)
    assert text_of(other) == text_of(layer)
    with sg.no_grad():
        other.parametrizations.weight.original.zero_()
    assert layer.weight.array.any()
    with pytest.raises(RuntimeError, match="state_dict"):
        pickle.dumps(layer)


@pytest.mark.parametrize(
    "call",
    [
        lambda m, p: p.register_parametrization(m.nn.Linear(2, 3), "wait", half(m)),
        lambda m, p: p.register_parametrization(m.nn.Linear(2, 3), "weight", m.nn.Flatten(0)),
        lambda m, p: p.remove_parametrizations(m.nn.Linear(2, 3), "weight"),
        lambda m, p: m.nn.utils.parametrizations.spectral_norm(m.nn.Linear(2, 3), "wait"),
        lambda m, p: m.nn.utils.parametrizations.spectral_norm(m.nn.Linear(2, 3), "weight", 0),
        lambda m, p: m.nn.utils.spectral_norm(m.nn.Linear(2, 3), "weight", 0),
        lambda m, p: m.nn.utils.spectral_norm(m.nn.utils.spectral_norm(m.nn.Linear(2, 3))),
        lambda m, p: p.remove_parametrizations(
            m.nn.utils.parametrizations.weight_norm(m.nn.Linear(2, 3)), "weight", False
        ),
    ],
)
def test_refusals(call):
    check_error(lambda m: call(m, m.nn.utils.parametrize))


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (5, 3)])
@pytest.mark.parametrize("chosen", [None, "matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("trivialized", [True, False])
def test_orthogonal(shape, chosen, trivialized):
    def build(m):
        layer = m.nn.Linear(*shape, bias=False)
        return m.nn.utils.parametrizations.orthogonal(
            layer, orthogonal_map=chosen, use_trivialization=trivialized
        )

    check_layer(build, draw(6, shape[0]), close=1e-5, second=False, rtol=1e-8, atol=1e-9)
    weight = build(sg).double().weight.array
    small = weight @ weight.T if shape[0] > shape[1] else weight.T @ weight
    np.testing.assert_allclose(small, np.eye(min(shape)), atol=1e-6)


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (5, 3)])
def test_orthogonal_weights_can_be_assigned(shape):
    torch = pytorch()
    new = draw(*shape[::-1])
    pairs = [("householder", False), ("matrix_exp", True), ("cayley", False)]
    for chosen, trivialized in pairs[: 3 if shape == (4, 4) else 1]:
        found = []
        for m in (sg, torch):
            layer = m.nn.utils.parametrizations.orthogonal(
                m.nn.Linear(*shape).double(),
                orthogonal_map=chosen,
                use_trivialization=trivialized,
            )
            if chosen == "cayley":
                with pytest.raises(NotImplementedError):
                    layer.weight = m.tensor(new)
            else:
                layer.weight = m.tensor(new)
                found.append(array(layer.weight))
        for a in found[1:]:
            np.testing.assert_allclose(found[0], a, atol=1e-9)


@pytest.mark.parametrize(
    "call",
    [
        lambda m: m.nn.utils.parametrizations.orthogonal(m.nn.Linear(2, 2), "weights"),
        lambda m: m.nn.utils.parametrizations.orthogonal(m.nn.Linear(2, 2), "bias"),
        lambda m: m.nn.utils.parametrizations.orthogonal(m.nn.Linear(2, 2), orthogonal_map="other"),
        lambda m: setattr(
            m.nn.utils.parametrizations.orthogonal(m.nn.Linear(2, 2)), "weight", m.zeros(3, 3)
        ),
    ],
)
def test_errors_of_orthogonal(call):
    check_error(call)
