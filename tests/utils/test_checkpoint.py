"""Checkpoints give the same gradients, keep less, and draw the same random numbers."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm import nn
from tinygrad_sm.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential


def model():
    sg.manual_seed(0)
    return nn.Sequential(
        nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 2)
    ).double()


def gradients(run, net, x):
    sg.manual_seed(1)
    net.zero_grad()
    x.grad = None
    run(net, x).sum().backward()
    return [p.grad.array.copy() for p in (x, *net.parameters())]


@pytest.mark.parametrize(
    "run",
    [
        lambda net, x: checkpoint(net, x, use_reentrant=False),
        lambda net, x: checkpoint(net, x, use_reentrant=True),
        lambda net, x: checkpoint_sequential(net, 3, x, use_reentrant=False),
        lambda net, x: checkpoint(lambda x: checkpoint(net, x), x),
        lambda net, x: checkpoint(lambda *, x: net(x), x=x),
    ],
)
def test_gradients_are_the_same(run):
    net = model()
    x = sg.tensor(np.random.default_rng(0).normal(size=(5, 4)), requires_grad=True)
    for a, b in zip(gradients(run, net, x), gradients(lambda n, x: n(x), net, x), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_the_stream_of_random_numbers_goes_on():
    net = model()
    x = sg.ones(2, 4, dtype=sg.float64, requires_grad=True)
    after = []
    for run in (lambda: net(x), lambda: checkpoint(net, x)):
        sg.manual_seed(3)
        run().sum().backward()
        after.append(sg.rand(1).item())
    assert after[0] == after[1]


def test_runs_twice_and_keeps_no_inner_value():
    runs = []
    inner = []

    def function(x):
        runs.append(1)
        y = x.exp()
        inner.append(y.array.nbytes)
        return y.log() * y

    x = sg.ones(3, requires_grad=True)
    out = checkpoint(function, x)
    assert len(runs) == 1
    assert not any(hasattr(v, "array") for v in out.grad_fn.saved._kept)
    out.sum().backward()
    assert len(runs) == 2
    with sg.no_grad():
        assert not checkpoint(function, x).requires_grad


def test_second_derivatives():
    x = sg.tensor([0.5, 1.0], dtype=sg.float64, requires_grad=True)
    out = checkpoint(lambda x: (x.sin() * x).sum(), x)
    (g,) = sg.autograd.grad(out, x, create_graph=True)
    (h,) = sg.autograd.grad(g.sum(), x)
    np.testing.assert_allclose(h.array, 2 * np.cos(x.array) - x.array * np.sin(x.array))


def test_a_function_that_changes_is_refused():
    runs = []

    def function(x):
        runs.append(1)
        return x.exp() if len(runs) == 1 else (x * x).exp().sin()

    out = checkpoint(function, sg.ones(3, requires_grad=True))
    with pytest.raises(CheckpointError, match="different number"):
        out.sum().backward()
