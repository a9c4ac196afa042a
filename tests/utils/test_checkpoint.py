"""Checkpoints give the same gradients, keep less, and draw the same random numbers."""

from __future__ import annotations

import functools
import weakref

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm import nn
from tinygrad_sm.func import functional_call, grad, jvp, vmap
from tinygrad_sm.utils.checkpoint import (
    CheckpointError,
    CheckpointPolicy,
    checkpoint,
    checkpoint_sequential,
    create_selective_checkpoint_contexts,
    set_checkpoint_debug_enabled,
    set_checkpoint_early_stop,
)


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
        inner.append(weakref.ref(y))
        return y.log() * y

    x = sg.ones(3, requires_grad=True)
    out = checkpoint(function, x)
    assert len(runs) == 1
    assert inner[0]() is None
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


@pytest.mark.parametrize("enable", [True, False])
def test_a_second_run_that_does_more_is_noticed_whether_it_may_stop_early_or_not(enable):
    runs = []

    def function(x):
        runs.append(1)
        return x.exp() if len(runs) == 1 else x.exp().sin()

    with set_checkpoint_early_stop(enable), set_checkpoint_debug_enabled(True):
        out = checkpoint(function, sg.ones(3, requires_grad=True), early_stop=enable)
    with pytest.raises(CheckpointError, match="different number"):
        out.sum().backward()


@pytest.mark.parametrize("kept", [["mm"], [sg.mm, sg.exp], [], ["exp", "sin", "mul", "sum"]])
def test_operations_whose_results_are_kept_run_once(kept):
    runs = []
    counted = sg.autograd.primitive(
        lambda x: (runs.append(1), np.exp(x))[1], name="exp", x=lambda g, out: g * out
    )

    def function(x):
        return (counted(x @ x.sin()) * x).sum()

    x = sg.tensor(np.random.default_rng(0).normal(size=(3, 3)), requires_grad=True)
    (expected,) = sg.autograd.grad(function(x), x)
    runs.clear()
    contexts = functools.partial(create_selective_checkpoint_contexts, kept)
    out = checkpoint(function, x, context_fn=contexts)
    (found,) = sg.autograd.grad(out, x, create_graph=True)
    np.testing.assert_array_equal(found.detach(), expected)
    names = [getattr(op, "__name__", op) for op in kept]
    assert len(runs) == (1 if "exp" in names else 2)


def test_a_policy_is_told_of_each_operation():
    seen = []

    def policy(context, op, *args):
        seen.append((op.__name__, context.is_recompute, tuple(context.op_output.shape)))
        return CheckpointPolicy.MUST_SAVE

    x = sg.ones(2, 2, requires_grad=True)
    contexts = functools.partial(create_selective_checkpoint_contexts, policy)
    checkpoint(lambda x: (x @ x).exp(), x, context_fn=contexts).sum().backward()
    assert seen == [("mm", False, (2, 2)), ("exp", False, (2, 2))]


@pytest.mark.parametrize("allowed", [False, True])
def test_what_is_kept_and_then_changed_is_noticed(allowed):
    x = sg.ones(2, requires_grad=True)
    inner = []

    def function(x):
        y = x.exp()
        inner.append(y)
        return y.sin()

    contexts = functools.partial(create_selective_checkpoint_contexts, ["exp"], allowed)
    out = checkpoint(function, x, context_fn=contexts).sum()
    with sg.no_grad():
        inner[0].zero_()
    if allowed:
        out.backward()
    else:
        with pytest.raises(RuntimeError, match=r"result of exp .* changed in place"):
            out.backward()


class Parts(nn.Module):
    """A network whose inner part may be checkpointed."""

    def __init__(self, checkpointed):
        super().__init__()
        self.first, self.second = nn.Linear(3, 5), nn.Linear(5, 2)
        self.checkpointed = checkpointed

    def part(self, x):
        return self.second(nn.functional.dropout(self.first(x).tanh(), 0.5))

    def forward(self, x):
        return checkpoint(self.part, x) if self.checkpointed else self.part(x)


AROUND = {
    "grad": lambda f, p, x: grad(f)(p, x),
    "vmap(grad)": lambda f, p, x: vmap(grad(f), (None, 0), randomness="different")(p, x),
    "grad(vmap)": lambda f, p, x: grad(
        lambda p: vmap(f, (None, 0), randomness="different")(p, x).sum()
    )(p),
    "jvp(grad)": lambda f, p, x: jvp(lambda p: grad(f)(p, x), (p,), (p,))[1],
    "grad(jvp)": lambda f, p, x: grad(lambda p: jvp(lambda x: f(p, x), (x,), (x,))[1])(p),
}


@pytest.mark.parametrize("name", AROUND)
def test_the_second_run_finds_parameters_levels_and_draws_of_the_first(name):
    found = []
    x = sg.tensor(np.random.default_rng(0).normal(size=(4, 3)))
    for checkpointed in (True, False):
        sg.manual_seed(0)
        net = Parts(checkpointed).double()
        params = {k: v.detach() * 3 for k, v in net.named_parameters()}

        def loss(params, x, net=net):
            return functional_call(net, params, (x,)).square().sum()

        sg.manual_seed(1)
        found.append(AROUND[name](loss, params, x))
    for key, g in found[0].items():
        np.testing.assert_allclose(g.array, found[1][key].array, rtol=1e-12)
        assert np.any(g.array)
