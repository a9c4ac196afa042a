"""Every optimizer that is a rule for one parameter at a time, against PyTorch's."""

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

booleans = st.booleans()
betas = st.sampled_from([(0.9, 0.999), (0.5, 0.9), (0.0, 0.99), (0.95, 0.5)])
eps = st.sampled_from([1e-8, 1e-3, 0.1])
adam_like = {"lr": rates, "betas": betas, "eps": eps, "weight_decay": decays, "maximize": booleans}
OPTIONS = {
    "NAdam": {
        **adam_like,
        "momentum_decay": st.sampled_from([0.0, 4e-3, 0.5]),
        "decoupled_weight_decay": booleans,
    },
    "RAdam": {**adam_like, "decoupled_weight_decay": booleans},
    "Adamax": adam_like,
    "Adagrad": {
        "lr": rates,
        "lr_decay": st.sampled_from([0, 0.1]),
        "weight_decay": decays,
        "initial_accumulator_value": st.sampled_from([0, 0.5]),
        "eps": st.sampled_from([1e-10, 1e-3]),
        "maximize": booleans,
    },
    "Adadelta": {
        "lr": st.sampled_from([0.0, 0.1, 1.0]),
        "rho": st.sampled_from([0.0, 0.5, 0.9]),
        "eps": st.sampled_from([1e-6, 1e-2]),
        "weight_decay": decays,
        "maximize": booleans,
    },
    "RMSprop": {
        "lr": rates,
        "alpha": st.sampled_from([0.5, 0.9, 0.99]),
        "eps": eps,
        "weight_decay": decays,
        "momentum": st.sampled_from([0, 0.5, 0.9]),
        "centered": booleans,
        "maximize": booleans,
    },
    "Rprop": {
        "lr": rates,
        "etas": st.sampled_from([(0.5, 1.2), (0.1, 3.0)]),
        "step_sizes": st.sampled_from([(1e-6, 50), (1e-2, 0.1)]),
        "maximize": booleans,
    },
    "ASGD": {
        "lr": rates,
        "lambd": st.sampled_from([1e-4, 0.05]),
        "alpha": st.sampled_from([0.75, 0.1]),
        "t0": st.sampled_from([1e6, 3, 0]),
        "weight_decay": decays,
        "maximize": booleans,
    },
    "Adafactor": {
        "lr": rates,
        "beta2_decay": st.sampled_from([-0.8, -0.3, 0.0]),
        "eps": st.sampled_from([(None, 1e-3), (1e-3, 0.1)]),
        "d": st.sampled_from([1.0, 3.0]),
        "weight_decay": decays,
        "maximize": booleans,
    },
}
SECOND_GROUP = {"weight_decay": 0.3, "lr": 0.02, "maximize": True}
RULES = list(OPTIONS)
SHAPES = {"Adafactor": [(3, 2), (), (4,), (2, 3, 2)]}  # PyTorch's divides by the number of elements


@st.composite
def runs(draw, kind):
    return {name: draw(values) for name, values in OPTIONS[kind].items()}


@pytest.mark.parametrize("kind", RULES)
@given(data=st.data(), seed=seeds, dtype=dtypes)
def test_100_steps_are_pytorchs(torch, kind, data, seed, dtype):
    options = data.draw(runs(kind))
    starts, gradients = drawn_run(seed, 100, dtype, SHAPES.get(kind, ()))
    second = {name: value for name, value in SECOND_GROUP.items() if name in options}
    paths, kept = [], []
    for library, module in ((sg, optim), (torch, torch.optim)):
        params = parameters(library, starts)
        optimizer = getattr(module, kind)(in_two_groups(params, **second), **options)
        paths.append(walk(library, optimizer, params, gradients))
        kept.append(optimizer.state_dict()["state"])
    assert_same_path(*paths)
    assert kept[0].keys() == kept[1].keys()
    for number, entry in kept[0].items():
        assert entry.keys() == kept[1][number].keys()
        for name, value in entry.items():
            theirs = kept[1][number][name].numpy()
            assert value.array.dtype == theirs.dtype
            if kind != "ASGD":  # its average may follow a path that leaves all bounds
                scale = np.abs(theirs).max(initial=0)
                unit = np.finfo(theirs.dtype).eps
                np.testing.assert_allclose(value.array, theirs, rtol=1e-4, atol=64 * unit * scale)


MUON = {
    "lr": rates,
    "weight_decay": decays,
    "momentum": st.sampled_from([0.0, 0.5, 0.95]),
    "nesterov": booleans,
    "ns_steps": st.integers(0, 5),
    "adjust_lr_fn": st.sampled_from([None, "original", "match_rms_adamw"]),
}


@given(options=st.fixed_dictionaries(MUON), seed=seeds, dtype=dtypes)
def test_muon_takes_pytorchs_steps_to_the_precision_of_bfloat16(torch, options, seed, dtype):
    starts, gradients = drawn_run(seed, 20, dtype, [(3, 2), (2, 5), (4, 4)])
    paths, kept = [], []
    for library, module in ((sg, optim), (torch, torch.optim)):
        params = parameters(library, starts)
        optimizer = module.Muon(params, **options)
        paths.append(walk(library, optimizer, params, gradients))
        kept.append(optimizer.state_dict())
    for ours, theirs in zip(*paths, strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=0.02, atol=0.02 * max(options["lr"], 1e-9))
    assert kept[0]["param_groups"] == kept[1]["param_groups"]
    for number, entry in kept[1]["state"].items():
        np.testing.assert_allclose(
            kept[0]["state"][number]["momentum_buffer"].array,
            entry["momentum_buffer"].numpy(),
            rtol=1e-5,
            atol=1e-6,
        )


def test_muon_brings_singular_values_near_1_and_refuses_what_is_no_matrix():
    p = sg.zeros(4, 6, requires_grad=True)
    p.grad = sg.tensor(np.random.default_rng(0).normal(size=(4, 6)), dtype=sg.float32)
    optim.Muon([p], lr=1.0, weight_decay=0).step()
    values = np.linalg.svd(p.detach().numpy())[1]
    assert (abs(values - 1) < 0.5).all()
    for wrong in ({"lr": -1}, {"momentum": -1}, {"weight_decay": -1}, {"adjust_lr_fn": "other"}):
        with pytest.raises(ValueError, match=r"nvalid|not supported"):
            optim.Muon([p], **wrong)
    with pytest.raises(ValueError, match="2D"):
        optim.Muon([sg.zeros(3, requires_grad=True)])
    for wrong in ({"ns_steps": 100}, {"ns_coefficients": (1.0, 2.0)}):
        with pytest.raises(ValueError, match=r"100|exactly 3"):
            optim.Muon([p], **wrong).step()


@pytest.mark.parametrize("kind", [*RULES, "LBFGS", "Muon"])
def test_options_and_their_defaults_are_pytorchs(torch, kind):
    ours, theirs = (inspect.signature(getattr(m, kind)).parameters for m in (optim, torch.optim))
    assert [(p.name, p.kind, p.default) for p in ours.values()] == [
        (p.name, p.kind, p.default) for p in theirs.values()
    ]


@pytest.mark.parametrize("kind", [*RULES, "LBFGS"])
def test_prints_like_pytorchs(torch, kind):
    ours, theirs = (
        getattr(m, kind)([library.zeros(2, requires_grad=True)], lr=0.5)
        for library, m in ((sg, optim), (torch, torch.optim))
    )
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("kind", RULES)
def test_state_goes_to_pytorch_and_back(torch, kind):
    starts, gradients = drawn_run(8, steps=30, shapes=SHAPES.get(kind, ()))
    ours, theirs = parameters(sg, starts), parameters(torch, starts)
    here, there = (
        getattr(optim, kind)(ours, weight_decay=0.1) if kind != "Rprop" else optim.Rprop(ours),
        getattr(torch.optim, kind)(theirs),
    )
    walk(sg, here, ours, gradients[:10])
    saved = here.state_dict()
    assert saved["param_groups"][0].keys() == there.state_dict()["param_groups"][0].keys()
    saved["state"] = {
        i: {k: torch.from_numpy(v.numpy().copy()) for k, v in entry.items()}
        for i, entry in saved["state"].items()
    }
    there.load_state_dict(saved)
    with torch.no_grad():
        for p, q in zip(ours, theirs, strict=True):
            q.copy_(torch.from_numpy(p.array))
    path = walk(sg, here, ours, gradients[10:20])
    assert_same_path(path, walk(torch, there, theirs, gradients[10:20]))
    back = getattr(optim, kind)(ours)
    back.load_state_dict(there.state_dict())
    path = walk(sg, back, ours, gradients[20:])
    assert_same_path(path, walk(torch, there, theirs, gradients[20:]))


@pytest.mark.parametrize("kind", RULES)
def test_infinite_gradients_go_their_way_as_in_pytorch(torch, kind):
    starts = [np.ones(4, np.float32)]
    row = [np.array([np.inf, -np.inf, np.nan, 1e30], np.float32)]
    calm = [np.ones(4, np.float32)]
    paths = []
    for library, module in ((sg, optim), (torch, torch.optim)):
        params = parameters(library, starts)
        optimizer = getattr(module, kind)(params)
        paths.append(np.asarray(walk(library, optimizer, params, [row, calm])))
    np.testing.assert_array_equal(np.isnan(paths[0]), np.isnan(paths[1]))


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (1,), (2, 1, 3)])
def test_odd_shapes_are_stepped_as_in_pytorch(torch, kind, shape):
    starts = [np.full(shape, 0.5)]
    gradients = [[np.full(shape, g)] for g in (1.0, -2.0, 0.0, 0.5)]
    paths = []
    for library, module in ((sg, optim), (torch, torch.optim)):
        if kind == "Adafactor" and 0 in shape and library is torch:
            return  # divides by the number of elements
        params = parameters(library, starts)
        paths.append(walk(library, getattr(module, kind)(params), params, gradients))
    assert_same_path(*paths)


WRONG = {
    "NAdam": [({"momentum_decay": -1}, "momentum_decay"), ({"betas": (1.0, 0.9)}, "beta")],
    "RAdam": [({"betas": (0.9, 1.0)}, "beta"), ({"eps": -1}, "epsilon")],
    "Adamax": [({"betas": (0.9, -1)}, "beta"), ({"weight_decay": -1}, "weight_decay")],
    "Adagrad": [({"lr_decay": -1}, "lr_decay"), ({"initial_accumulator_value": -1}, "initial")],
    "Adadelta": [({"rho": 1.5}, "rho"), ({"eps": -1}, "epsilon")],
    "RMSprop": [({"alpha": -1}, "alpha"), ({"momentum": -1}, "momentum")],
    "Rprop": [({"etas": (1.5, 1.2)}, "eta"), ({"etas": (0.5, 0.9)}, "eta")],
    "ASGD": [({"weight_decay": -1}, "weight_decay"), ({"t0": float("nan")}, "t0 is nan")],
    "Adafactor": [
        ({"beta2_decay": 0.5}, "beta2_decay"),
        ({"eps": (-1, 1)}, "epsilon1"),
        ({"eps": (None, -1)}, "epsilon2"),
        ({"d": 0.5}, "d should be >= 1"),
    ],
    "LBFGS": [({"lr": -1.0}, "learning rate")],
}


@pytest.mark.parametrize(
    ("kind", "wrong", "said"),
    [(kind, *case) for kind, cases in WRONG.items() for case in [*cases, ({"lr": -1}, "rate: -1")]],
)
def test_refuses_options_out_of_range(kind, wrong, said):
    with pytest.raises(ValueError, match=said):
        getattr(optim, kind)([sg.zeros(1, requires_grad=True)], **wrong)


@pytest.mark.parametrize("kind", [k for k in RULES if k != "Adafactor"])
def test_differentiable_is_refused_rather_than_ignored(kind):
    with pytest.raises(NotImplementedError, match=f"{kind}: differentiable=True"):
        getattr(optim, kind)([sg.zeros(1, requires_grad=True)], differentiable=True)


def test_adagrad_begins_at_once_and_for_later_groups_too():
    first, second = sg.ones(2, requires_grad=True), sg.ones(3, requires_grad=True)
    optimizer = optim.Adagrad([first], initial_accumulator_value=0.5)
    assert optimizer.state[first]["sum"].tolist() == [0.5, 0.5]
    optimizer.share_memory()
    optimizer.add_param_group({"params": [second]})
    second.grad = sg.ones(3)
    optimizer.step()
    assert optimizer.state[second]["sum"].tolist() == [1.5] * 3


def test_momentum_of_rmsprop_can_be_switched_on_later():
    p = sg.ones(2, requires_grad=True)
    optimizer = optim.RMSprop([p])
    p.grad = sg.ones(2)
    optimizer.step()
    optimizer.param_groups[0].update(momentum=0.9, centered=True)
    optimizer.step()
    assert {"momentum_buffer", "grad_avg"} <= set(optimizer.state[p])


def test_adafactor_remembers_a_row_and_a_column_of_a_matrix():
    p = sg.ones(3, 5, requires_grad=True)
    optimizer = optim.Adafactor([p])
    p.grad = sg.ones(3, 5)
    optimizer.step()
    state = optimizer.state[p]
    assert (state["row_var"].shape, state["col_var"].shape) == ((3, 1), (1, 5))
    saved = optimizer.state_dict()
    saved["state"][0]["row_var"] = sg.ones(1, 5)
    with pytest.raises(ValueError, match=r"row_var of parameter 0 has shape \(1, 5\)"):
        optimizer.load_state_dict(saved)


def test_sparse_adam_says_that_there_is_nothing_sparse():
    with pytest.raises(NotImplementedError, match="SparseAdam: gradients are always dense"):
        optim.SparseAdam([sg.ones(1, requires_grad=True)])
