import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_sm as sg
from tinygrad_sm import optim

from .trajectories import (
    assert_same_path,
    decays,
    drawn_run,
    dtypes,
    in_two_groups,
    parameters,
    rates,
    seeds,
    walk,
)


def by_the_formula(starts, gradients, lr, momentum, dampening, weight_decay, nesterov, maximize):
    """SGD as the papers have it, one number at a time in float64."""
    x = [s.astype(np.float64) for s in starts]
    buffers = [None] * len(x)
    path = []
    for row in gradients:
        for i, g in enumerate(row):
            if g is None:
                continue
            d = (-1 if maximize else 1) * g.astype(np.float64) + weight_decay * x[i]
            if momentum:
                old = buffers[i]
                buffers[i] = d if old is None else momentum * old + (1 - dampening) * d
                d = d + momentum * buffers[i] if nesterov else buffers[i]
            x[i] = x[i] - lr * d
        path.append(np.concatenate([p.ravel() for p in x]))
    return path


@st.composite
def options(draw):
    momentum = draw(st.sampled_from([0, 0.5, 0.9]))
    nesterov = momentum > 0 and draw(st.booleans())
    return {
        "lr": draw(rates),
        "momentum": momentum,
        "dampening": 0 if nesterov else draw(st.sampled_from([0, 0.3, 1])),
        "weight_decay": draw(decays),
        "nesterov": nesterov,
        "maximize": draw(st.booleans()),
    }


@given(options=options(), seed=seeds)
def test_follows_the_formula(options, seed):
    starts, gradients = drawn_run(seed, steps=20, dtype="float64")
    params = parameters(sg, starts)
    path = walk(sg, optim.SGD(params, **options), params, gradients)
    assert_same_path(path, by_the_formula(starts, gradients, **options))


@given(options=options(), seed=seeds, dtype=dtypes)
def test_100_steps_are_pytorchs(torch, options, seed, dtype):
    starts, gradients = drawn_run(seed, steps=100, dtype=dtype)
    paths = []
    for library, kind in ((sg, optim.SGD), (torch, torch.optim.SGD)):
        params = parameters(library, starts)
        groups = in_two_groups(params, lr=0.02, momentum=0.8, maximize=True)
        paths.append(walk(library, kind(groups, **options), params, gradients))
    assert_same_path(*paths)


def test_options_and_their_defaults_are_pytorchs(torch):
    ours, theirs = (inspect.signature(m.SGD).parameters for m in (optim, torch.optim))
    assert [(p.name, p.kind, p.default) for p in ours.values()] == [
        (p.name, p.kind, p.default) for p in theirs.values()
    ]


def test_prints_like_pytorchs(torch):
    ours, theirs = (
        m.SGD(in_two_groups([library.zeros(2, requires_grad=True) for _ in range(3)], lr=1))
        for library, m in ((sg, optim), (torch, torch.optim))
    )
    assert repr(ours) == repr(theirs)
    assert "Parameter Group 1" in repr(ours)
    assert "momentum: 0\n" in repr(ours)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"lr": -0.1}, "Invalid learning rate: -0.1"),
        ({"lr": float("nan")}, "Invalid learning rate: nan"),
        ({"lr": float("inf")}, "Invalid learning rate: inf"),
        ({"lr": sg.tensor([0.1, 0.2])}, "Tensor learning rate must be 1-element"),
        ({"momentum": -1}, "Invalid momentum value: -1"),
        ({"weight_decay": -1e-9}, "Invalid weight_decay value: -1e-09"),
        ({"dampening": float("nan")}, "dampening is nan"),
        ({"nesterov": True}, "Nesterov momentum requires a momentum"),
        ({"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "zero dampening"),
    ],
)
def test_refuses_options_out_of_range(wrong, said):
    with pytest.raises(ValueError, match=said):
        optim.SGD([sg.zeros(1, requires_grad=True)], **wrong)


def test_the_boundaries_of_the_ranges_are_allowed():
    p = sg.ones(1, requires_grad=True)
    optimizer = optim.SGD([p], lr=0.0, momentum=0.0, weight_decay=0.0)
    p.grad = sg.ones(1)
    optimizer.step()
    assert p.item() == 1.0


def test_the_learning_rate_may_be_a_tensor_or_a_numpy_number():
    for lr in (sg.tensor(0.5), np.float64(0.5), np.float32(0.5)):
        p = sg.ones(3, requires_grad=True)
        optimizer = optim.SGD([p], lr=lr)
        p.grad = sg.ones(3)
        optimizer.step()
        assert p.tolist() == [0.5] * 3
        assert p.dtype == sg.float32


def test_flags_that_choose_an_implementation_change_nothing():
    paths = []
    for flags in ({}, {"foreach": True}, {"fused": True}):
        starts, gradients = drawn_run(0, steps=5)
        params = parameters(sg, starts)
        paths.append(walk(sg, optim.SGD(params, lr=0.1, momentum=0.9, **flags), params, gradients))
    for path in paths[1:]:
        np.testing.assert_array_equal(path, paths[0])


def test_differentiable_is_refused_rather_than_ignored():
    with pytest.raises(NotImplementedError, match="differentiable=True"):
        optim.SGD([sg.zeros(1, requires_grad=True)], differentiable=True)


def test_no_momentum_keeps_no_state():
    p = sg.ones(3, requires_grad=True)
    optimizer = optim.SGD([p], lr=0.1)
    p.grad = sg.ones(3)
    optimizer.step()
    assert optimizer.state_dict()["state"] in ({}, {0: {}})


def test_a_momentum_buffer_of_none_begins_anew():
    """PyTorch before 2.0 saved None where momentum had not begun."""
    p = sg.ones(1, requires_grad=True)
    optimizer = optim.SGD([p], lr=1.0, momentum=0.5, dampening=0.5)
    saved = optimizer.state_dict()
    optimizer.load_state_dict({**saved, "state": {0: {"momentum_buffer": None}}})
    p.grad = sg.ones(1)
    optimizer.step()
    assert p.item() == 0.0
    assert optimizer.state[p]["momentum_buffer"].tolist() == [1.0]


def test_without_momentum_there_is_no_state():
    p = sg.ones(2, requires_grad=True)
    optimizer = optim.SGD([p], lr=0.1)
    p.grad = sg.ones(2)
    optimizer.step()
    assert optimizer.state_dict()["state"] == {}
