"""Activations, at their kinks too."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_sm as sg
from tinygrad_sm.nn import functional as F

from ..agreement import check_error, check_function, draw, pytorch

X = draw(3, 4) * 4
KINKS = np.array([-30.0, -6.0, -3.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 3.0, 6.0, 20.0, 30.0])
UGLY = np.array([-np.inf, np.inf, np.nan, -700.0, 700.0, 1e-300])

CALLS = {
    "relu": lambda F, x: F.relu(x),
    "relu6": lambda F, x: F.relu6(x),
    "leaky_relu": lambda F, x: F.leaky_relu(x),
    "leaky_relu slope": lambda F, x: F.leaky_relu(x, 0.3),
    "rrelu in evaluation": lambda F, x: F.rrelu(x),
    "threshold": lambda F, x: F.threshold(x, 0.5, 7.0),
    "hardtanh": lambda F, x: F.hardtanh(x),
    "hardtanh bounds": lambda F, x: F.hardtanh(x, -3.0, 0.5),
    "elu": lambda F, x: F.elu(x),
    "elu alpha": lambda F, x: F.elu(x, 0.7),
    "selu": lambda F, x: F.selu(x),
    "celu": lambda F, x: F.celu(x, 1.7),
    "gelu": lambda F, x: F.gelu(x),
    "gelu tanh": lambda F, x: F.gelu(x, approximate="tanh"),
    "silu": lambda F, x: F.silu(x),
    "mish": lambda F, x: F.mish(x),
    "softplus": lambda F, x: F.softplus(x),
    "softplus options": lambda F, x: F.softplus(x, 2.5, 4.0),
    "logsigmoid": lambda F, x: F.logsigmoid(x),
    "hardsigmoid": lambda F, x: F.hardsigmoid(x),
    "hardswish": lambda F, x: F.hardswish(x),
    "hardshrink": lambda F, x: F.hardshrink(x),
    "softshrink": lambda F, x: F.softshrink(x, 0.5),
    "tanhshrink": lambda F, x: F.tanhshrink(x),
    "softsign": lambda F, x: F.softsign(x),
    "sigmoid": lambda F, x: F.sigmoid(x),
    "tanh": lambda F, x: F.tanh(x),
    "softmax": lambda F, x: F.softmax(x, -1),
    "softmin": lambda F, x: F.softmin(x, 0),
    "log_softmax": lambda F, x: F.log_softmax(x, -1),
}
FIRST_ONLY = {"hardsigmoid"}  # PyTorch has no second derivative of it
# PyTorch rounds the constants of these to float32, or those of their second derivatives
ROUNDED = {"celu", "hardsigmoid", "hardswish", "leaky_relu", "leaky_relu slope"}
ROUNDED |= {"rrelu in evaluation"}


def tolerance(name):
    return {"rtol": 1e-6, "atol": 1e-8} if name in ROUNDED else {}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    "x", [X, KINKS, draw(), np.zeros((0, 4))], ids=["x", "kinks", "0d", "empty"]
)
def test_agrees(name, x):
    second = name not in FIRST_ONLY and x is not KINKS
    check_function(
        lambda m, x: CALLS[name](m.nn.functional, x), x, second=second, **tolerance(name)
    )


@pytest.mark.parametrize("name", CALLS)
def test_ugly_values(name):
    torch = pytorch()
    with np.errstate(all="ignore"):
        ours, theirs = (CALLS[name](m.nn.functional, m.tensor(UGLY)) for m in (sg, torch))
    np.testing.assert_allclose(ours.array, theirs.numpy(), rtol=1e-12)


@pytest.mark.parametrize("name", [n for n in CALLS if "softm" not in n])
@given(x=st.floats(-40, 40, width=32))
def test_float32_is_near_float64(name, x):
    narrow = CALLS[name](F, sg.tensor([x]))
    wide = CALLS[name](F, sg.tensor([x], dtype=sg.float64))
    np.testing.assert_allclose(narrow.array, wide.array, rtol=1e-5, atol=1e-6)


def test_softmax_in_another_dtype():
    def call(m, x):
        return m.nn.functional.softmax(x, 1, dtype=m.float32)

    check_function(call, X, second=False, rtol=1e-5)


@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 3, 4), (2, 3, 4, 5)])
def test_softmax_guesses_the_dimension_and_warns(shape):
    x = draw(*shape)
    for name in ("softmax", "softmin", "log_softmax"):
        with pytest.warns(UserWarning, match="Implicit dimension choice"):
            getattr(F, name)(sg.tensor(x))
        check_function(lambda m, x, name=name: getattr(m.nn.functional, name)(x), x, warns=True)


@pytest.mark.parametrize("count", [1, 4])
def test_prelu(count):
    check_function(lambda m, x, w: m.nn.functional.prelu(x, w), X, np.abs(draw(count)))
    check_function(lambda m, x, w: m.nn.functional.prelu(x, w), draw(2, count, 3), draw(count))


def test_prelu_of_a_vector_and_at_zero():
    check_function(
        lambda m, x, w: m.nn.functional.prelu(x, w), KINKS, np.array([0.25]), second=False
    )


def test_glu():
    check_function(lambda m, x: m.nn.functional.glu(x), X)
    check_function(lambda m, x: m.nn.functional.glu(x, 0), draw(4, 3))


def test_rrelu_draws_as_pytorch_does():
    check_function(lambda m, x: m.nn.functional.rrelu(x, 0.1, 0.4, True), X, second=False)


@pytest.mark.parametrize("hard", [False, True])
def test_gumbel_softmax_is_a_distribution(hard):
    sg.manual_seed(0)
    logits = sg.tensor(draw(5, 4), requires_grad=True)
    y = F.gumbel_softmax(logits, 0.7, hard)
    np.testing.assert_allclose(y.array.sum(-1), 1, rtol=1e-12)
    if hard:
        assert set(np.unique(y.array.round(12))) == {0.0, 1.0}
    (y * sg.tensor(draw(5, 4, seed=2))).sum().backward()
    np.testing.assert_allclose(logits.grad.array.sum(-1), 0, atol=1e-12)
    assert np.abs(logits.grad.array).max() > 0


def test_gumbel_softmax_draws_in_proportion():
    sg.manual_seed(0)
    p = np.array([0.5, 0.3, 0.2])
    drawn = F.gumbel_softmax(sg.tensor(np.log(p)).expand(20000, 3), hard=True)
    np.testing.assert_allclose(drawn.array.mean(0), p, atol=0.015)


IN_PLACE = {
    "relu": (), "leaky_relu": (0.3,), "elu": (0.7,), "selu": (), "celu": (1.7,), "silu": (),
    "mish": (), "hardtanh": (-0.5, 2.0), "relu6": (), "hardsigmoid": (), "hardswish": (),
    "threshold": (0.5, 7.0), "rrelu": (0.2, 0.3, False),
}  # fmt: skip


@pytest.mark.parametrize("name", IN_PLACE)
def test_inplace_writes_and_differentiates(name):
    def call(m, x):
        y = x * 1.5
        out = getattr(m.nn.functional, name)(y, *IN_PLACE[name], inplace=True)
        assert out is y
        return y * x

    check_function(call, X, second=False, **tolerance(name))


@pytest.mark.parametrize("name", [n for n in IN_PLACE if hasattr(F, n + "_")])
def test_underscored_names_write(name):
    def call(m, x):
        y = x * 1.5
        getattr(m.nn.functional, name + "_")(y, *IN_PLACE[name])
        return y

    check_function(call, X, second=False, **tolerance(name))


def test_relu_of_integers():
    check_function(lambda m, x: m.nn.functional.relu(x), np.array([-2, 0, 3]))


@pytest.mark.parametrize(
    ("call", "x"),
    [
        (lambda m, x: m.nn.functional.relu(x, inplace=True), X),
        (lambda m, x: m.nn.functional.elu(x, inplace=True), X),
        (lambda m, x: m.nn.functional.gelu(x, approximate="erf"), X),
        (lambda m, x: m.nn.functional.glu(x, 0), X),
        (lambda m, x: m.nn.functional.glu(x), np.array(1.0)),
        (lambda m, x: m.nn.functional.hardtanh(x, 1.0, -1.0), X),
        (lambda m, x: m.nn.functional.softshrink(x, -0.1), X),
        (lambda m, x: m.nn.functional.celu(x, 0.0), X),
        (lambda m, x: m.nn.functional.prelu(x, m.zeros(3, dtype=m.float64)), X),
        (lambda m, x: m.nn.functional.softmax(x, 2), X),
    ],
)  # fmt: skip
def test_refusals(call, x):
    check_error(call, x)
