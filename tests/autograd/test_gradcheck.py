"""The checker checked: right rules pass, and every planted fault is caught and explained."""

from __future__ import annotations

import re

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm import primitive
from tinygrad_sm.autograd import Function, GradcheckError, gradcheck, gradgradcheck

RNG = np.random.default_rng(0)
X = RNG.uniform(0.4, 1.6, (3, 4))
SQUARE = RNG.uniform(0.4, 1.6, (3, 3))


def point(x=X):
    return sg.tensor(np.asarray(x), requires_grad=True)


def op(forward, rule, name="planted", **more):
    return primitive(lambda x: forward(x), name=name, x=rule, **more)


def eight_bits(x):
    mantissa, exponent = np.frexp(x)
    return np.ldexp(np.round(mantissa * 256) / 256, exponent)


def custom(forward, backward):
    """A Function whose gradient is not fitted to the input by the engine's summing."""

    class Planted(Function):
        @staticmethod
        def forward(ctx, *args):
            ctx.save_for_backward(*args)
            return forward(*args)

        @staticmethod
        def backward(ctx, g):
            return backward(g, *ctx.saved_tensors)

    return Planted.apply


# Each: an operation with a wrong rule, its inputs, and what the message must guess (a pattern).
FAULTS = {
    # signs
    "sin: sign": (op(np.sin, lambda g, x: -g * np.cos(x)), (X,), "a sign"),
    "cos: sign": (op(np.cos, lambda g, x: g * np.sin(x)), (X,), "a sign"),
    "neg: identity": (op(np.negative, lambda g: g), (X,), "a sign"),
    "reciprocal: sign": (op(lambda x: 1 / x, lambda g, out: g * out * out), (X,), "a sign"),
    "rsqrt: sign": (op(lambda x: x**-0.5, lambda g, out: 0.5 * g * out**3), (X,), "a sign"),
    "exp(-x): sign": (op(lambda x: np.exp(-x), lambda g, out: g * out), (X,), "a sign"),
    # factors
    "square: no 2": (op(np.square, lambda g, x: g * x), (X,), "a factor: .* 0.5 times"),
    "sqrt: no 2": (op(np.sqrt, lambda g, out: g / out), (X,), "a factor: .* 2 times"),
    "cube: 2": (op(lambda x: x * x * x, lambda g, x: 2 * g * x * x), (X,), "a factor: .* 0.66"),
    "log2: no ln 2": (op(np.log2, lambda g, x: g / x), (X,), "a factor: .* 0.693"),
    "log10: 1/ln 10 twice": (
        op(np.log10, lambda g, x: g / (x * np.log(10) ** 2)),
        (X,),
        "a factor: .* 0.434",
    ),
    "mean: no count": (
        op(lambda x: x.mean(-1, keepdims=True), lambda g: g),
        (X,),
        "a factor: .* 4 times",
    ),
    "mean: other count": (
        op(lambda x: x.mean(-1, keepdims=True), lambda g: g / 3),
        (X,),
        "a factor: .* 1.33",
    ),
    "1% more": (op(np.exp, lambda g, out: 1.01 * g * out), (X,), "a factor: .* 1.01"),
    "999 times": (op(np.tanh, lambda g, out: 999 * g * (1 - out * out)), (X,), "a factor: .* 999"),
    "minus 2": (op(lambda x: 2 * x, lambda g: -4 * g), (X,), "a sign and a factor: .* -2 times"),
    "var: biased": (
        op(
            lambda x: x.var(-1, keepdims=True, ddof=1),
            lambda g, x: g * 2 * (x - np.mean(x, axis=-1, keepdims=True)) / 4,
        ),
        (X,),
        "a factor: .* 0.75",
    ),
    # nothing at all
    "exp: nothing": (op(np.exp, lambda g: g * 0), (X,), "is 0: a missing rule"),
    "detached": (lambda x: x.detach() * 2 + x * 0, (X,), "is 0: a missing rule"),
    "through data": (lambda x: x.data * x.data + 0 * x, (X,), "is 0: a missing rule"),
    # a factor that depends on the input
    "log: forgotten x": (op(np.log, lambda g: g), (X,), "numeric times x"),
    "square of x missing": (op(lambda x: 1 / x, lambda g, x: -g / x), (X,), "numeric times x"),
    "log: x twice": (op(np.log, lambda g, x: g / (x * x)), (X,), "numeric times 1/x"),
    "exp: x for out": (op(np.exp, lambda g, x: g * np.exp(2 * x)), (X,), r"times exp\(x\)"),
    "exp: forgotten": (op(np.exp, lambda g: g), (X,), r"times exp\(-x\)"),
    "abs: abs": (op(np.abs, lambda g, x: g * np.abs(x)), (X - 1.0,), "times x"),
    "x^3: x": (op(lambda x: x * x * x, lambda g, x: 3 * g * x), (X,), "numeric times 1/x"),
    "identity: x^2": (op(lambda x: x * 1, lambda g, x: g * x * x), (X,), r"times x\^2"),
    "identity: 2x": (op(lambda x: x * 1, lambda g, x: 2 * g * x), (X,), "times 2x"),
    # sums
    "broadcast: one use": (
        custom(lambda x: x.expand(3, 4) * 1.0, lambda g, x: g[0]),
        (X[0],),
        "a missing sum",
    ),
    "repeat: one use": (
        custom(lambda x: sg.cat([x, x]), lambda g, x: g[: len(x)]),
        (X,),
        "a missing sum",
    ),
    "index: last one wins": (
        custom(lambda x: x[[0, 0, 2]], lambda g, x: last_wins(g, x)),
        (X,),
        "a missing sum",
    ),
    "dot with itself: half": (
        custom(lambda x: (x * x).sum(), lambda g, x: g * x),
        (X,),
        "a factor: .* 0.5",
    ),
    "cumsum: identity": (op(lambda x: np.cumsum(x, -1), lambda g: g), (X,), "a missing sum"),
    "identity: summed": (
        op(lambda x: x * 1, lambda g: np.sum(g, axis=-1, keepdims=True) * np.ones((1, 4))),
        (X,),
        "too many",
    ),
    "softmax: no sum": (
        op(
            lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True),
            lambda g, out: g * out * (1 - out),
        ),
        (X,),
        "a missing sum",
    ),
    "relu: all pass": (op(lambda x: np.maximum(x, 0), lambda g: g), (X - 1.0,), "too many"),
    "max: all": (
        op(lambda x: x.max(-1, keepdims=True), lambda g: g * np.ones((1, 4))),
        (X,),
        "too many",
    ),
    "tril: no mask": (op(np.tril, lambda g: g), (SQUARE,), "too many"),
    # places
    "transpose forgotten": (
        op(np.transpose, lambda g: g.reshape(3, 3)),
        (SQUARE,),
        "wrong places",
    ),
    "flip forgotten": (op(lambda x: x[::-1] * 1, lambda g: g), (X,), "wrong places|transposed"),
    "roll the same way": (
        op(lambda x: np.roll(x, 1), lambda g: np.concatenate([g[-1:], g[:-1]])),
        (X[0],),
        "transposed",
    ),
    "matmul: no transpose": (
        op(lambda x: x @ SQUARE, lambda g: np.matmul(g, SQUARE)),
        (SQUARE,),
        "transposed",
    ),
    "cumsum: forward": (
        op(lambda x: np.cumsum(x), lambda g: np.cumsum(g, 0)),
        (X[0],),
        "transposed",
    ),
    "sort: as it comes": (op(np.sort, lambda g: g), (X,), "wrong places"),
    "split: other half": (
        op(lambda x: x[:2] * 1, lambda g: np.concatenate([g[:0], 0 * g[:1], g])),
        (X,),
        "wrong places",
    ),
    # precision and dtypes
    "rounded to 8 bits": (
        op(np.sin, lambda g, x: g * eight_bits(np.cos(x))),
        (X * 3,),
        "a dtype too coarse",
    ),
    "computed in float16": (
        lambda x: (x.half() * x.half()).double(),
        (X,),
        "a dtype too coarse: the values move in steps",
    ),
    # not linear, not finite
    "an offset": (op(lambda x: x * 2, lambda g: 2 * g + 0.01), (X,), "an offset|0 gives"),
    "g squared": (op(lambda x: x * 3, lambda g: 3 * g * g), (X,), "linear in g"),
    "g absolute": (op(lambda x: x * 3, lambda g: 3 * np.abs(g)), (X,), "linear in g"),
    "nan": (op(lambda x: x * 1, lambda g: g * np.nan), (X,), "NaN or infinite"),
    "inf": (op(lambda x: x * 1, lambda g: g * np.inf), (X,), "NaN or infinite"),
    "sqrt at 0 in a dead branch": (
        lambda x: sg.where(x > 0, x, (x - x).sqrt()),
        (X,),
        "NaN or infinite",
    ),
    # wrong in one place alone
    "one element": (
        op(lambda x: x * 2, lambda g: g * np.where(np.arange(12).reshape(3, 4) == 5, 2.1, 2.0)),
        (X,),
        r"by input element \(1, 1\)[\s\S]*one branch of several: 11 of 12 .* a factor of 1.05",
    ),
    "one branch": (
        op(
            lambda x: np.where(x > 1, x * x, x),
            lambda g, x: np.where(np.greater(x, 1), 2.2 * g * x, g),
        ),
        (X,),
        r"one branch of several: \d+ of 12 .* a factor of 1.1",
    ),
    "product rule: one half": (
        op(lambda x: x * np.sin(x), lambda g, x: g * np.sin(x)),
        (X,),
        "a term or a factor that depends on the element",
    ),
    "chain rule: inner forgotten": (
        op(lambda x: np.sin(x * x), lambda g, x: g * np.cos(x * x)),
        (X,),
        r"numeric times 1/\(2x\)",
    ),
    "chain rule: inner halved": (
        op(lambda x: np.sin(3 * x), lambda g, x: g * np.cos(3 * x)),
        (X,),
        "a factor: .* 0.333",
    ),
    "quotient rule: sign": (
        op(lambda x: x / (1 + x * x), lambda g, x: g * (1 + 3 * x * x) / (1 + x * x) ** 2),
        (X,),
        "a term or a factor that depends on the element",
    ),
    "tanh: out forgotten": (
        op(np.tanh, lambda g: g),
        (X,),
        "a forgotten factor: the analytic derivative is 1 whatever",
    ),
    "sigmoid: 1 - x": (
        op(lambda x: 1 / (1 + np.exp(-x)), lambda g, out, x: g * out * (1 - x)),
        (X,),
        "a term or a factor that depends on the element",
    ),
    "where: branches swapped": (
        op(lambda x: np.where(x > 1, 5 * x, x), lambda g, x: np.where(np.greater(x, 1), g, 5 * g)),
        (X,),
        "two branches: every element is off by 0.2 or by 5",
    ),
}


def last_wins(g, x):
    out = sg.zeros_like(x)
    out[[0, 0, 2]] = g
    return out


def test_there_are_enough_faults():
    assert len(FAULTS) >= 50


@pytest.mark.parametrize("name", FAULTS)
def test_planted_fault_is_caught_and_explained(name):
    function, inputs, guess = FAULTS[name]
    tensors = tuple(point(x) for x in inputs)
    assert not gradcheck(function, tensors, raise_exception=False)
    with pytest.raises(GradcheckError) as caught:
        gradcheck(function, tensors)
    assert re.search(guess, str(caught.value)), str(caught.value)


@pytest.mark.parametrize("name", FAULTS)
def test_planted_fault_is_caught_in_fast_mode(name):
    function, inputs, _ = FAULTS[name]
    with pytest.raises(GradcheckError):
        gradcheck(function, tuple(point(x) for x in inputs), fast_mode=True)


def test_the_message_names_input_element_and_numbers():
    wrong = primitive(
        lambda x, y: x * y,
        name="planted",
        x=lambda g, y: g * y,
        y=lambda g, x: g * x * np.where(np.arange(4) == 2, 3.0, 1.0),
    )
    x, y = point([1.0, 2.0, 3.0, 4.0]), point([5.0, 6.0, 7.0, 8.0])
    with pytest.raises(GradcheckError) as caught:
        gradcheck(wrong, (x, y))
    message = str(caught.value)
    assert "output 0 with respect to input 1" in message
    assert "output element (2,) by input element (2,)" in message
    numbers = re.search(r"numeric (\S+), analytic (\S+)", message)
    assert [float(x) for x in numbers.groups()] == pytest.approx([3.0, 9.0])
    assert "1 of 16 elements differ" in message


FORWARD = {
    "not linear": (op(np.sin, lambda g, x: g * np.cos(x), linear=("x",)), "a forgotten factor"),
    "wrong linear": (
        op(lambda x: 2 * x + 1, lambda g: 2 * g, linear=("x",)),
        "an offset",
    ),
    "not elementwise": (
        op(lambda x: np.cumsum(x, 0), lambda g: np.cumsum(g[::-1], 0)[::-1], family="elementwise"),
        "transposed|missing sum|too many",
    ),
}


@pytest.mark.parametrize("name", FORWARD)
def test_wrong_declarations_are_caught_in_forward_mode(name):
    function, guess = FORWARD[name]
    assert gradcheck(function, point())
    with pytest.raises(GradcheckError, match="in forward mode") as caught:
        gradcheck(function, point(), check_forward_ad=True)
    assert re.search(guess, str(caught.value)), str(caught.value)


by_first_axis = primitive(
    lambda g: g * (1 + np.arange(len(g)).reshape(-1, *(1,) * (g.ndim - 1))),
    name="by_first_axis",
    family="trailing",
    g=lambda c: by_first_axis(c),
)


def test_wrong_batching_is_caught():
    """An operation that weighs rows says that its axes are counted from the end: they are not."""
    weighed = op(lambda x: x * by_first_axis(np.ones(x.shape)), lambda g: by_first_axis(g))
    assert gradcheck(weighed, point())
    with pytest.raises(GradcheckError, match="under vmap"):
        gradcheck(weighed, point(), check_batched_grad=True)


@pytest.mark.parametrize(
    "function",
    [
        sg.sin,
        lambda x: x @ x.T,
        lambda x: sg.softmax(x, -1),
        lambda x: (x.sum(0), x.prod(1)),
        lambda x: x[[0, 0, 2]] * x.exp(),
        lambda x: sg.logsumexp(x, 1),
        lambda x: x.cumsum(0)[1:],
    ],
)
def test_right_derivatives_pass_every_check(function):
    everything = {
        "check_forward_ad": True,
        "check_batched_grad": True,
        "check_batched_forward_grad": True,
        "check_grad_dtypes": True,
    }
    assert gradcheck(function, point(), **everything)
    assert gradcheck(function, point(), fast_mode=True, **everything)
    assert gradgradcheck(function, point(), check_fwd_over_rev=True, check_batched_grad=True)
    assert gradgradcheck(function, point(), fast_mode=True, gen_non_contig_grad_outputs=True)


def test_wrong_second_derivative_is_caught():
    first_right = op(np.sin, lambda g, x: g * cos_with_wrong_slope(x), name="first_right")
    assert gradcheck(first_right, point())
    with pytest.raises(GradcheckError, match="a factor"):
        gradgradcheck(first_right, point())


cos_with_wrong_slope = op(np.cos, lambda g, x: -1.5 * g * np.sin(x), name="wrong_slope")


def test_not_the_same_twice_is_caught():
    rng = np.random.default_rng(0)
    noisy = op(lambda x: x * 1, lambda g: g * (1 + 1e-7 * rng.normal()), name="noisy")
    with pytest.raises(GradcheckError, match="not reentrant"):
        gradcheck(noisy, point())
    assert gradcheck(noisy, point(), nondet_tol=1e-5)


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="require gradient"):
        gradcheck(sg.sin, sg.tensor(X))
    with pytest.raises(AssertionError, match="check_forward_ad"):
        gradcheck(sg.sin, point(), check_backward_ad=False)
    with pytest.warns(UserWarning, match="double precision"):
        gradcheck(sg.sin, sg.tensor([1.0], requires_grad=True), eps=1e-2, atol=1e-2, rtol=1e-2)
    with (
        pytest.warns(UserWarning, match="double precision"),
        pytest.raises(GradcheckError, match="dtype too coarse"),
    ):
        gradcheck(sg.sin, sg.tensor([1.0], requires_grad=True))
    fixed = sg.tensor(X)
    assert gradcheck(lambda x, y: x * y, (point(), fixed))
    assert gradgradcheck(lambda x, y: x * y, (point(), fixed))


def test_shape_of_a_gradient_is_checked():
    wrong = custom(lambda x: x * 2, lambda g, x: g.sum())
    with pytest.raises((GradcheckError, RuntimeError)):
        gradcheck(wrong, point())


def test_what_does_not_run_under_vmap_is_reported():
    looks = custom(lambda x: x * 2, lambda g, x: g * 2 if g.sum().item() < 1e9 else g)
    assert gradcheck(looks, point())
    with pytest.raises(GradcheckError, match="output 0 does not run under vmap: vmap: something"):
        gradcheck(looks, point(), check_batched_grad=True)
    assert not gradcheck(looks, point(), check_batched_grad=True, raise_exception=False)


def test_functions_without_floating_results():
    assert gradcheck(lambda x: (x > 0).long(), point())
    with pytest.raises(ValueError, match="returns no tensor"):
        gradcheck(lambda x: x.sum().item(), point())
