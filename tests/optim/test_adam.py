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

KINDS = ["Adam", "AdamW"]


def by_the_formula(starts, gradients, decoupled, lr, betas, eps, weight_decay, amsgrad, maximize):
    """Adam as the papers have it, in float64."""
    x = [s.astype(np.float64) for s in starts]
    m, v, top = ([np.zeros_like(p) for p in x] for _ in range(3))
    steps = [0] * len(x)
    path = []
    for row in gradients:
        for i, g in enumerate(row):
            if g is None:
                continue
            steps[i] += 1
            g = (-1 if maximize else 1) * g.astype(np.float64)
            if decoupled:
                x[i] = x[i] - lr * weight_decay * x[i]
            else:
                g = g + weight_decay * x[i]
            m[i] = betas[0] * m[i] + (1 - betas[0]) * g
            v[i] = betas[1] * v[i] + (1 - betas[1]) * g**2
            top[i] = np.maximum(top[i], v[i])
            mean = m[i] / (1 - betas[0] ** steps[i])
            square = (top[i] if amsgrad else v[i]) / (1 - betas[1] ** steps[i])
            x[i] = x[i] - lr * mean / (np.sqrt(square) + eps)
        path.append(np.concatenate([p.ravel() for p in x]))
    return path


options = st.fixed_dictionaries(
    {
        "lr": rates,
        "betas": st.sampled_from([(0.9, 0.999), (0.5, 0.9), (0.0, 0.99), (0.95, 0.5)]),
        "eps": st.sampled_from([1e-8, 1e-3, 0.1]),
        "weight_decay": decays,
        "amsgrad": st.booleans(),
        "maximize": st.booleans(),
    }
)


@pytest.mark.parametrize("kind", KINDS)
@given(options=options, seed=seeds)
def test_follows_the_formula(kind, options, seed):
    starts, gradients = drawn_run(seed, steps=20, dtype="float64")
    params = parameters(sg, starts)
    path = walk(sg, getattr(optim, kind)(params, **options), params, gradients)
    assert_same_path(path, by_the_formula(starts, gradients, kind == "AdamW", **options))


@pytest.mark.parametrize("kind", KINDS)
@given(options=options, seed=seeds, dtype=dtypes)
def test_100_steps_are_pytorchs(torch, kind, options, seed, dtype):
    starts, gradients = drawn_run(seed, steps=100, dtype=dtype)
    paths = []
    for library, module in ((sg, optim), (torch, torch.optim)):
        params = parameters(library, starts)
        groups = in_two_groups(params, lr=0.02, betas=(0.8, 0.95), weight_decay=0.3)
        paths.append(walk(library, getattr(module, kind)(groups, **options), params, gradients))
    assert_same_path(*paths)


@pytest.mark.parametrize("kind", KINDS)
def test_options_and_their_defaults_are_pytorchs(torch, kind):
    ours, theirs = (inspect.signature(getattr(m, kind)).parameters for m in (optim, torch.optim))
    assert [(p.name, p.kind, p.default) for p in ours.values()] == [
        (p.name, p.kind, p.default) for p in theirs.values()
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_prints_like_pytorchs(torch, kind):
    ours, theirs = (
        getattr(m, kind)([library.zeros(2, requires_grad=True)], lr=0.5)
        for library, m in ((sg, optim), (torch, torch.optim))
    )
    assert repr(ours) == repr(theirs)
    assert f"{kind} (\nParameter Group 0\n" in repr(ours)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"lr": -1.0}, "Invalid learning rate: -1.0"),
        ({"lr": float("nan")}, "Invalid learning rate: nan"),
        ({"eps": -1e-8}, "Invalid epsilon value: -1e-08"),
        ({"betas": (1.0, 0.9)}, "Invalid beta parameter at index 0: 1.0"),
        ({"betas": (0.9, -0.1)}, "Invalid beta parameter at index 1: -0.1"),
        ({"betas": (0.9, float("nan"))}, "Invalid beta parameter at index 1: nan"),
        ({"weight_decay": -1}, "Invalid weight_decay value: -1"),
    ],
)
def test_refuses_options_out_of_range(kind, wrong, said):
    with pytest.raises(ValueError, match=said):
        getattr(optim, kind)([sg.zeros(1, requires_grad=True)], **wrong)


@pytest.mark.parametrize("kind", KINDS)
def test_differentiable_is_refused_rather_than_ignored(kind):
    with pytest.raises(NotImplementedError, match=f"{kind}: differentiable=True"):
        getattr(optim, kind)([sg.zeros(1, requires_grad=True)], differentiable=True)


def test_the_first_step_is_the_learning_rate_whatever_the_gradient():
    p = sg.tensor([1.0, 1.0, 1.0], requires_grad=True)
    optimizer = optim.Adam([p], lr=0.25, eps=0.0)
    p.grad = sg.tensor([1e-6, -3.0, 1e6])
    optimizer.step()
    np.testing.assert_allclose(p.tolist(), [0.75, 1.25, 0.75], rtol=1e-6)


def test_the_count_of_steps_is_a_float32_tensor_as_in_pytorch(torch):
    for kind in (sg.float32, sg.float64):
        p = sg.zeros(2, dtype=kind, requires_grad=True)
        optimizer = optim.Adam([p])
        p.grad = sg.ones(2, dtype=kind)
        optimizer.step()
        optimizer.step()
        step = optimizer.state[p]["step"]
        assert (step.dtype, step.shape, step.item()) == (sg.float32, (), 2.0)


def test_infinite_gradients_go_their_way_as_in_pytorch(torch):
    starts = [np.ones(4, np.float32)]
    row = [np.array([np.inf, -np.inf, np.nan, 1e30], np.float32)]
    calm = [np.ones(4, np.float32)]
    paths = []
    for library, module in ((sg, optim), (torch, torch.optim)):
        params = parameters(library, starts)
        paths.append(walk(library, module.Adam(params), params, [row, calm]))
    np.testing.assert_array_equal(np.isnan(paths[0]), np.isnan(paths[1]))
    assert not np.isnan(paths[0][1]).all()


def test_amsgrad_can_be_switched_on_later():
    p = sg.ones(2, requires_grad=True)
    optimizer = optim.Adam([p])
    p.grad = sg.ones(2)
    optimizer.step()
    optimizer.param_groups[0]["amsgrad"] = True
    optimizer.step()
    state = optimizer.state[p]
    np.testing.assert_array_equal(state["max_exp_avg_sq"].array, state["exp_avg_sq"].array)


def test_a_plain_number_of_steps_is_taken():
    """As early PyTorch saved it."""
    p = sg.ones(1, requires_grad=True)
    fresh = optim.Adam([p])
    moments = {"exp_avg": sg.zeros(1), "exp_avg_sq": sg.zeros(1)}
    fresh.load_state_dict({**fresh.state_dict(), "state": {0: {"step": 7, **moments}}})
    p.grad = sg.ones(1)
    fresh.step()
    assert fresh.state[p]["step"].item() == 8.0
    assert fresh.state[p]["step"].dtype == sg.float32


def test_the_state_of_another_kind_of_optimizer_is_refused():
    p = sg.ones(1, requires_grad=True)
    sgd = optim.SGD([p], momentum=0.9)
    p.grad = sg.ones(1)
    sgd.step()
    saved = sgd.state_dict()
    adam = optim.Adam([p])
    with pytest.raises(ValueError, match="state of parameter 0 lacks step, exp_avg, exp_avg_sq"):
        adam.load_state_dict(saved)
    assert not adam.state


def test_adamw_stays_decoupled_whatever_is_loaded():
    p = sg.ones(1, requires_grad=True)
    optimizer = optim.AdamW([p])
    optimizer.load_state_dict(optim.Adam([p], weight_decay=0.5).state_dict())
    assert optimizer.param_groups[0]["decoupled_weight_decay"] is True
    assert optimizer.param_groups[0]["weight_decay"] == 0.5


def test_decoupled_decay_does_not_pass_through_the_moments():
    p = sg.tensor([2.0], requires_grad=True)
    optimizer = optim.AdamW([p], lr=0.5, weight_decay=0.5)
    p.grad = sg.zeros(1)
    optimizer.step()
    assert p.item() == 1.5
    assert optimizer.state[p]["exp_avg"].item() == 0.0
