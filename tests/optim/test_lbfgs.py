import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_sm as sg
from tinygrad_sm import optim
from tinygrad_sm.optim.line_search import strong_wolfe

OPTIONS = st.fixed_dictionaries(
    {
        "lr": st.sampled_from([1, 0.5, 0.1]),
        "max_iter": st.sampled_from([1, 3, 20]),
        "max_eval": st.sampled_from([None, 2, 7]),
        "history_size": st.sampled_from([1, 3, 100]),
        "line_search_fn": st.sampled_from([None, "strong_wolfe"]),
    }
)


def rosenbrock(x, y):
    return (1 - x[0]) ** 2 + 10 * (x[1] - x[0] ** 2) ** 2 + ((x - y) ** 2).sum() * 0.01


def quartic(x, y):
    return ((x - 1) ** 4).sum() + ((y - x) ** 2).sum()


def bumpy(x, y):
    return (x.sin() * y.cos()).sum() + (x**2).sum() * 0.1 + (y**2).sum() * 0.1


def path_of(library, module, loss_of, start, options, steps, dtype="float64"):
    """Parameters and loss after each step."""
    params = [library.tensor(s.astype(dtype), requires_grad=True) for s in start]
    optimizer = module.LBFGS(params, **options)
    path = []

    def closure():
        optimizer.zero_grad()
        loss = loss_of(*params)
        loss.backward()
        return loss

    for _ in range(steps):
        loss = optimizer.step(closure)
        path.append([loss.item(), *(v for p in params for v in p.tolist())])
    return path, optimizer


@pytest.mark.parametrize("loss_of", [rosenbrock, quartic, bumpy])
@given(options=OPTIONS, seed=st.integers(0, 1000))
def test_follows_pytorchs_path(torch, loss_of, options, seed):
    rng = np.random.default_rng(seed)
    start = rng.normal(size=(2, 2)) * 0.7
    # Where a loss is not convex a difference in the last bit grows until a search takes another
    # turn: a long path, or long steps without a search, would compare chaos.
    steps = 3 if loss_of is quartic else 1
    if options["line_search_fn"] is None:
        options = {**options, "lr": 0.1, "max_iter": 3}
    (ours, here), (theirs, there) = (
        path_of(library, module, loss_of, start, options, steps)
        for library, module in ((sg, optim), (torch, torch.optim))
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-8)
    (mine,) = here.state.values()
    (other,) = there.state.values()
    assert mine["n_iter"] == other["n_iter"]
    assert mine["func_evals"] == other["func_evals"]


def test_float32_stays_and_follows_pytorch(torch):
    start = np.array([[-0.5, 0.3], [0.1, 0.2]])
    for search in (None, "strong_wolfe"):
        options = {"lr": 0.5, "max_iter": 4, "line_search_fn": search}
        (ours, here), (theirs, _) = (
            path_of(library, module, quartic, start, options, steps=3, dtype="float32")
            for library, module in ((sg, optim), (torch, torch.optim))
        )
        np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=1e-5)
        state = here.state[here.param_groups[0]["params"][0]]
        assert state["d"].dtype == state["old_dirs"][0].dtype == state["ro"][0].dtype == sg.float32


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_finds_the_minimum(search):
    _, optimizer = path_of(
        sg, optim, rosenbrock, np.array([[-1.2, 1.0], [0.0, 0.0]]), {"line_search_fn": search}, 20
    )
    x, y = optimizer.param_groups[0]["params"]
    np.testing.assert_allclose(x.tolist() + y.tolist(), [1, 1, 1, 1], atol=1e-3)


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_goes_on_from_its_own_state_and_from_pytorchs(torch, search):
    start = np.array([[-0.5, 0.3], [0.1, 0.2]])
    options = {"lr": 0.3, "max_iter": 3, "line_search_fn": search}
    whole, _ = path_of(sg, optim, bumpy, start, options, steps=6)
    for library, module in ((sg, optim), (torch, torch.optim)):
        _, first = path_of(library, module, bumpy, start, options, steps=3)
        params = [
            sg.tensor(p.detach().numpy(), requires_grad=True)
            for p in first.param_groups[0]["params"]
        ]
        second = optim.LBFGS(params)
        second.load_state_dict(first.state_dict())

        def closure(params=params, second=second):
            second.zero_grad()
            loss = bumpy(*params)
            loss.backward()
            return loss

        found = [second.step(closure).item() for _ in range(3)]
        np.testing.assert_allclose(found, [loss for loss, *_ in whole[3:]], rtol=1e-9)


def test_a_parameter_without_gradient_counts_as_flat():
    w, unused = sg.tensor([3.0], requires_grad=True), sg.ones(2, requires_grad=True)
    optimizer = optim.LBFGS([unused, w])

    def closure():
        optimizer.zero_grad()
        loss = (w**2).sum()
        loss.backward()
        return loss

    with sg.no_grad():
        assert optimizer.step(closure).item() == 9.0
    assert abs(w.item()) < 1e-4
    assert unused.tolist() == [1.0, 1.0]


def test_a_flat_start_is_left_as_it_is():
    w = sg.zeros(2, requires_grad=True)
    optimizer = optim.LBFGS([w])
    calls = []

    def closure():
        calls.append(1)
        w.grad = sg.zeros(2)
        return 0.0

    assert optimizer.step(closure) == 0.0
    assert len(calls) == 1
    assert w.tolist() == [0.0, 0.0]


def test_one_group_only():
    groups = [{"params": [sg.ones(1, requires_grad=True)]} for _ in range(2)]
    with pytest.raises(ValueError, match="doesn't support per-parameter options"):
        optim.LBFGS(groups)


def test_a_search_of_another_name_is_refused_before_anything_changes():
    w = sg.ones(1, requires_grad=True)
    optimizer = optim.LBFGS([w], line_search_fn="golden")
    with pytest.raises(RuntimeError, match="only 'strong_wolfe' is supported, not 'golden'"):
        optimizer.step(lambda: 0.0)
    assert not optimizer.state


@given(a=st.floats(-3, 3), b=st.floats(-3, 3), c=st.floats(0.1, 3), first=st.floats(0.01, 10))
def test_the_line_search_satisfies_the_wolfe_conditions(a, b, c, first):
    def look(t):
        f = c * (t - 1) ** 4 + a * np.sin(t) + b * t + 0.3 * t**2
        slope = 4 * c * (t - 1) ** 3 + a * np.cos(t) + b + 0.6 * t
        return float(f), np.array([slope])

    loss, grad = look(0.0)
    direction = np.array([1.0])
    if grad[0] > -1e-3:
        return
    found, slope, length, calls = strong_wolfe(look, first, direction, loss, grad, grad[0], 50)
    assert calls <= 51
    assert found <= loss + 1e-4 * length * grad[0] + 1e-12
    assert abs(slope[0]) <= 0.9 * abs(grad[0]) + 1e-9
    assert look(length) == (found, slope)
