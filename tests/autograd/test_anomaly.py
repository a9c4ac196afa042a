"""Anomaly mode names the first operation that made NaN or an infinity, and says why."""

from __future__ import annotations

import gc
import threading
import warnings
import weakref

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm import nn


def message_of(program, *values):
    """What is raised by the backward walk of a program under anomaly mode; no grad is set."""
    leaves = [sg.tensor(v, requires_grad=True) for v in values]
    with pytest.raises(RuntimeError) as raised, sg.autograd.detect_anomaly():
        program(*leaves).sum().backward()
    assert all(leaf.grad is None for leaf in leaves)
    return str(raised.value)


def parts(message):
    """(what is said of the gradient, what is said of the forward pass)."""
    gradient, _, forward = message.partition("first forward value")
    return gradient, forward


CAUSES = [
    (lambda x: x.log(), [1.0, 0.0], "Log", "infinite", "logarithm of 0", "[1]"),
    (lambda x: x.log() * 0, [1.0, 0.0], "Log", "nan", "or multiplied by 0", "[1]"),
    (lambda x: x.sqrt(), [[4.0, 0.0]], "Sqrt", "infinite", "square root at 0", "[0, 1]"),
    (lambda x: 1 / x, [1.0, 2.0, 0.0], "Div", "infinite", "division by 0", "[2]"),
    (lambda x: x.reciprocal(), [0.0], "Reciprocal", "infinite", "division by 0", "[0]"),
    (lambda x: x.rsqrt(), [1.0, 0.0], "Rsqrt", "infinite", "division by 0", "[1]"),
    (lambda x: x.exp(), [1.0, 1000.0], "Exp", "infinite", "overflow of exp", "[1]"),
    (lambda x: x**0.5, [0.0, 1.0], "Pow", "infinite", "slope of x**0.5 at 0", "[0]"),
    (lambda x: x**-1.0, [0.0, 1.0], "Pow", "infinite", "0 to the power of -1", "[0]"),
    (lambda x: x**0.5, [1.0, -1.0], "Pow", "nan", "negative number, -1, to the power", "[1]"),
    (lambda x: x.acos(), [1.0, 0.0], "Acos", "infinite", "slope at -1 or 1", "[0]"),
    (lambda x: x.acos(), [0.0, 2.0], "Acos", "nan", "outside of -1 to 1: 2", "[1]"),
    (lambda x: x.log1p(), [-1.0, 0.0], "Log1p", "infinite", "logarithm of 0", "[0]"),
]


@pytest.mark.parametrize(("program", "x", "name", "kind", "cause", "place"), CAUSES)
def test_cause_of_a_gradient(program, x, name, kind, cause, place):
    message = message_of(program, x)
    assert message.startswith(f"Function '{name}Backward0' returned {kind} values in its ")
    gradient, _ = parts(message)
    assert cause in gradient
    assert f"the first at {place}" in gradient
    assert f"of shape {np.shape(x)}" in gradient
    assert "test_anomaly.py" in gradient
    assert "program(*leaves)" in message  # the calls that led there


def test_the_dead_branch_of_where_is_explained():
    def program(x):
        safe = x > 0
        return sg.where(safe, x.log(), x)

    gradient, forward = parts(message_of(program, [1.0, 0.0, 2.0]))
    assert "element that was not taken by where (File" in gradient
    assert "g = 0, x = 0" in gradient
    assert "where(mask, x, 1).log()" in gradient
    assert "log, at File" in forward
    assert "logarithm of 0" in forward
    assert "(return sg.where(safe, x.log(), x))" in forward


def test_the_fix_that_is_offered_works():
    x = sg.tensor([1.0, 0.0], requires_grad=True)
    with sg.autograd.detect_anomaly():
        sg.where(x > 0, sg.where(x > 0, x, 1).log(), x).sum().backward()
    assert x.grad.tolist() == [1, 1]


def test_first_infinity_and_first_nan_of_the_forward_pass():
    def program(x):
        big = x.exp()
        ratio = big / big.sum()
        return ratio * 3 + 1

    _, forward = parts(message_of(program, [1.0, 1000.0]))
    first, _, nan = forward.partition("first NaN forward")
    assert "exp, at" in first
    assert "overflow of exp at 1000" in first
    assert "div, at" in nan
    assert "inf / inf" in nan


def test_a_masked_row_of_a_softmax():
    def program(x):
        return sg.softmax(x.masked_fill(sg.tensor([True, True]), -sg.inf), 0) * x

    _, forward = parts(message_of(program, [1.0, 2.0]))
    assert "softmax, at" in forward
    assert "everything is -inf" in forward


def test_nan_that_came_in_with_the_data():
    data = sg.tensor([1.0, sg.nan])
    gradient, forward = parts(message_of(lambda w: (w * data).exp(), [1.0, 2.0]))
    assert "ExpBackward0" in gradient
    assert "argument y, which no recorded operation made, has 1 NaN of 2" in forward
    assert "mul, at" in forward


def test_a_gradient_that_was_given():
    x = sg.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match="passed to backward"), sg.autograd.detect_anomaly():
        (x * 2).backward(sg.tensor([1.0, sg.nan]))
    assert x.grad is None


def test_overflow_of_a_product_warns_where_its_gradient_is_finite():
    x = sg.tensor([[1e30]], requires_grad=True)
    with (
        pytest.warns(UserWarning, match="overflow: the largest number") as caught,
        sg.autograd.detect_anomaly(),
    ):
        (x @ x.detach()).sum().backward()
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert x.grad.item() == np.float32(1e30)


def test_a_forward_pass_alone_warns_at_the_end():
    x = sg.tensor([0.0, 1.0], requires_grad=True)
    with pytest.warns(UserWarning, match=r"logarithm of 0"), sg.autograd.detect_anomaly():
        x.log()


def test_finite_programs_are_left_alone():
    sg.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8), nn.ReLU(), nn.Linear(8, 3))
    x, y = sg.randn(6, 4), sg.tensor([0, 1, 2, 0, 1, 2])

    def run():
        model.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        return [p.grad.tolist() for p in model.parameters()]

    alone = run()
    with sg.autograd.detect_anomaly():
        assert run() == alone
        scores = sg.randn(3, 3, requires_grad=True)
        mask = sg.triu(sg.ones(3, 3), 1).bool()
        attention = sg.softmax(scores.masked_fill(mask, -sg.inf), 1)
        attention.sum().backward()
        x = sg.tensor(2.0, requires_grad=True)
        (slope,) = sg.autograd.grad(x**3, x, create_graph=True)
        slope.backward()
        assert x.grad.item() == 12


def test_second_derivatives_are_looked_at_too():
    x = sg.tensor([0.0], requires_grad=True)
    with sg.autograd.detect_anomaly():
        (slope,) = sg.autograd.grad((x**1.5).sum(), x, create_graph=True)
        with pytest.raises(RuntimeError, match=r"returned (nan|infinite) values"):
            slope.sum().backward()


def test_several_results_and_functions_of_ones_own():
    class Spoil(sg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g * sg.nan

    message = message_of(lambda x: Spoil.apply(x), [1.0, 2.0])
    assert message.startswith("Function 'SpoilBackward' returned nan values in its 0th output.")
    a = message_of(lambda x: x.split(1)[1].log() + x.split(1)[0], [1.0, 0.0])
    assert "LogBackward0" in a


def test_switches():
    auto = sg.autograd
    assert not sg.is_anomaly_enabled()
    assert sg.is_anomaly_check_nan_enabled()
    with auto.detect_anomaly(check_nan=False):
        assert sg.is_anomaly_enabled()
        assert not sg.is_anomaly_check_nan_enabled()
        with auto.set_detect_anomaly(False):
            assert not sg.is_anomaly_enabled()
        assert sg.is_anomaly_enabled()
        with auto.detect_anomaly():
            assert sg.is_anomaly_check_nan_enabled()
        x = sg.tensor([0.0], requires_grad=True)
        x.log().sum().backward()
        assert np.isinf(x.grad.item())
    assert not sg.is_anomaly_enabled()
    auto.set_detect_anomaly(True)
    try:
        with pytest.raises(RuntimeError, match="LogBackward0"):
            sg.tensor([0.0], requires_grad=True).log().sum().backward()
    finally:
        auto.set_detect_anomaly(False)
    assert not auto.anomaly_mode.is_anomaly_enabled()
    assert sg.tape.tracer is None


def test_other_threads_are_seen_too():
    caught = []

    def work():
        try:
            sg.tensor([0.0], requires_grad=True).log().sum().backward()
        except RuntimeError as error:
            caught.append(str(error))

    with sg.autograd.detect_anomaly():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert "LogBackward0" in caught[0]


def test_a_trace_and_anomaly_mode_together():
    x = sg.tensor([1.0, 0.0], requires_grad=True)
    t = sg.trace()
    with pytest.raises(RuntimeError, match="LogBackward0"), sg.autograd.detect_anomaly(), t:
        x.log().sum().backward()
    d = t.document()
    assert d["first"] == {"nan": None, "inf": 0}
    assert d["error"]["type"] == "RuntimeError"
    assert sg.tape.tracer is None


def test_no_graph_outlives_its_last_reference():
    gc.disable()
    try:
        with sg.autograd.detect_anomaly():
            x = sg.ones(3, requires_grad=True)
            y = x.exp()
            node = weakref.ref(y.grad_fn)
            del y
            assert node() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(
    "program",
    [
        lambda m, x: m.where(x > 0, x.log(), x).sum(),
        lambda m, x: (x.sqrt() * 0).sum(),
        lambda m, x: (x * (x - 1).sqrt().log()).sum(),
    ],
)
def test_what_pytorch_raises_is_raised(program):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    theirs = torch.tensor([1.0, 0.0], requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(RuntimeError) as expected, torch.autograd.detect_anomaly():
            program(torch, theirs).backward()
    ours = sg.tensor([1.0, 0.0], requires_grad=True)
    with pytest.raises(RuntimeError) as raised, sg.autograd.detect_anomaly():
        program(sg, ours).backward()
    assert str(raised.value).startswith(str(expected.value))


def test_a_masked_row_is_not_called_a_dead_branch():
    x = sg.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError) as raised, sg.autograd.detect_anomaly():
        x.masked_fill(sg.tensor([True, True]), -np.inf).softmax(0)[1].backward()
    assert "see the forward value below" in str(raised.value)
    assert "a row in which everything is -inf" in str(raised.value)
