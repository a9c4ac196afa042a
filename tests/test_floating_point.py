"""Overflow, division by zero and NaN pass without a warning, as in PyTorch, and only in here."""

import threading
import warnings

import numpy as np
import pytest

import tinygrad_sm as sg

UGLY = [0.0, -1.0, 1000.0, float("inf"), float("nan")]
CALLS = {
    "log": lambda x: x.log(),
    "exp": lambda x: x.exp(),
    "sqrt": lambda x: x.sqrt(),
    "divide by zero": lambda x: x / 0,
    "inf - inf": lambda x: x - x,
    "power": lambda x: x**-1.5,
    "mean of nothing": lambda x: x[:0].mean(),
    "std of one": lambda x: x[:1].std(),
    "remainder by zero": lambda x: x % 0,
    "half": lambda x: (x * 1e30).half(),
    "softmax": lambda x: x.softmax(0),
    "matmul": lambda x: (x * 1e38) @ (x * 1e38),
    "to int": lambda x: x.int().float(),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_no_warning_forward_or_backward(call):
    x = sg.tensor(UGLY, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        out = call(x)
        if out.requires_grad:
            out.sum().backward()


def test_numpy_keeps_its_own_warnings():
    sg.log(sg.tensor(0.0))
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        np.log(np.zeros(1))


def test_other_threads_are_silent_too():
    found = []

    def work():
        with warnings.catch_warnings(record=True) as caught:
            found.append(sg.exp(sg.tensor(1000.0)).item())
        found.extend(caught)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [float("inf")]
