"""``autograd.functional`` and ``autograd.grad`` against PyTorch and against each other."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.autograd import functional

RNG = np.random.default_rng(1)
X, Y = RNG.normal(size=(3,)), RNG.normal(size=(2, 2))


def pair(m, x, y):
    return (x.exp() * y.sum()), (y @ y).sin() + x[0]


def number(m, x, y):
    return (x.exp() * x).sum() * (y @ y).sum() + (y**3).sum()


def single(m, x):
    return m.softmax(x * x, 0)


def flat(result):
    if isinstance(result, tuple | list):
        return [leaf for part in result for leaf in flat(part)]
    return [np.asarray(result.detach())]


def outline(result):
    if isinstance(result, tuple | list):
        return tuple(outline(p) for p in result)
    return tuple(result.shape)


CALLS = {
    "vjp": lambda m, f, t: f.vjp(lambda *a: pair(m, *a), t(X, Y), t(2 * X, Y * Y)),
    "vjp one": lambda m, f, t: f.vjp(lambda x: single(m, x), t(X)[0], t(X * X)[0]),
    "jvp": lambda m, f, t: f.jvp(lambda *a: pair(m, *a), t(X, Y), t(2 * X, Y * Y)),
    "jvp one": lambda m, f, t: f.jvp(lambda x: single(m, x), t(X)[0], t(X * X)[0]),
    "jacobian": lambda m, f, t: f.jacobian(lambda *a: pair(m, *a), t(X, Y)),
    "jacobian one": lambda m, f, t: f.jacobian(lambda x: single(m, x), t(X)[0]),
    "jacobian vectorized": lambda m, f, t: f.jacobian(
        lambda *a: pair(m, *a), t(X, Y), vectorize=True
    ),
    "jacobian forward": lambda m, f, t: f.jacobian(
        lambda *a: pair(m, *a), t(X, Y), vectorize=True, strategy="forward-mode"
    ),
    "hessian": lambda m, f, t: f.hessian(lambda *a: number(m, *a), t(X, Y)),
    "hessian one": lambda m, f, t: f.hessian(lambda x: (x**3).sum(), t(Y)[0]),
    "hessian vectorized": lambda m, f, t: f.hessian(
        lambda *a: number(m, *a), t(X, Y), vectorize=True
    ),
    "hessian forward": lambda m, f, t: f.hessian(
        lambda *a: number(m, *a),
        t(X, Y),
        vectorize=True,
        outer_jacobian_strategy="forward-mode",
    ),
    "hvp": lambda m, f, t: f.hvp(lambda *a: number(m, *a), t(X, Y), t(X + 1, Y * Y)),
    "vhp": lambda m, f, t: f.vhp(lambda *a: number(m, *a), t(X, Y), t(X + 1, Y * Y)),
    "vhp one": lambda m, f, t: f.vhp(lambda x: (x**3).sum(), t(X)[0], t(X)[0]),
}


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("name", CALLS)
def test_equals_pytorch(name):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    ours = CALLS[name](sg, functional, lambda *a: tuple(map(sg.tensor, a)))
    theirs = CALLS[name](torch, torch.autograd.functional, lambda *a: tuple(map(torch.tensor, a)))
    assert outline(ours) == outline(theirs)
    for a, b in zip(flat(ours), flat(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)
    assert not any(x.requires_grad for x in leaves_of(ours))


def leaves_of(result):
    return [x for p in result for x in leaves_of(p)] if isinstance(result, tuple) else [result]


@pytest.mark.parametrize("name", ["vjp", "jvp", "jacobian", "hessian", "hvp", "vhp"])
def test_create_graph_reaches_the_inputs(name):
    x = sg.tensor(X, requires_grad=True)
    function = (lambda x: (x**3).sum()) if name in ("hessian", "hvp", "vhp") else (lambda x: x**3)
    extra = () if name in ("jacobian", "hessian") else (sg.ones(3, dtype=sg.float64),)
    result = getattr(functional, name)(function, x, *extra, create_graph=True)
    last = leaves_of(result)[-1]
    last.sum().backward()
    order = 6 if name in ("hessian", "hvp", "vhp") else 6 * X
    np.testing.assert_allclose(x.grad.array, np.broadcast_to(order, 3), rtol=1e-9)


def test_strict_mode_refuses_independence():
    x, y = sg.ones(2), sg.ones(2)
    for name in ("vjp", "jacobian"):
        extra = (sg.ones(2),) if name == "vjp" else ()
        with pytest.raises(RuntimeError, match="independent of input 1"):
            getattr(functional, name)(lambda a, b: a * 2, (x, y), *extra, strict=True)
    loose = functional.jacobian(lambda a, b: a * 2, (x, y))
    assert loose[1].tolist() == [[0, 0], [0, 0]]
    with pytest.raises(RuntimeError, match="strict"):
        functional.jacobian(lambda a: a, x, strict=True, vectorize=True)
    with pytest.raises(RuntimeError, match="depend"):
        functional.jvp(lambda a: sg.ones(2), x, sg.ones(2), strict=True)


def test_arguments_are_checked():
    with pytest.raises(TypeError, match="inputs must be"):
        functional.vjp(lambda x: x, 3.0)
    with pytest.raises(TypeError, match="outputs"):
        functional.vjp(lambda x: 3.0, sg.ones(2))
    with pytest.raises(RuntimeError, match="v may be left out"):
        functional.vjp(lambda x: x, sg.ones(2))
    with pytest.raises(RuntimeError, match="shape"):
        functional.jvp(lambda x: x, sg.ones(2), sg.ones(3))
    with pytest.raises(RuntimeError, match="single element"):
        functional.hessian(lambda x: x, sg.ones(2))
    with pytest.raises(ValueError, match="strategy"):
        functional.jacobian(lambda x: x, sg.ones(2), strategy="sideways")


def test_grad_batched_and_materialized():
    x, unused = (sg.tensor(X, requires_grad=True) for _ in range(2))
    y = (x * x).sin()
    seeds = sg.tensor(np.eye(3))
    (rows,) = sg.autograd.grad(y, x, seeds, is_grads_batched=True, retain_graph=True)
    np.testing.assert_allclose(rows.array, np.diag(np.cos(X**2) * 2 * X))
    found = sg.autograd.grad(y.sum(), (x, unused), retain_graph=True, materialize_grads=True)
    assert found[1].tolist() == [0, 0, 0]
    assert sg.autograd.grad(y.sum(), (x, unused), retain_graph=True, allow_unused=True)[1] is None
    for allowed in (None, False):
        with pytest.raises(RuntimeError, match="not used in the graph"):
            sg.autograd.grad(y.sum(), unused, retain_graph=True, allow_unused=allowed)
    with pytest.raises(ValueError, match="allow_unused"):
        sg.autograd.grad(y.sum(), x, allow_unused=False, materialize_grads=True)
    with pytest.raises(RuntimeError, match="batch"):
        sg.autograd.grad(y, x, sg.ones(2, 4), is_grads_batched=True)


def test_backward_with_inputs():
    x, y = (sg.tensor(X, requires_grad=True) for _ in range(2))
    sg.autograd.backward((x * y).sum(), inputs=[x])
    assert y.grad is None
    np.testing.assert_allclose(x.grad.array, X)
    with pytest.raises(RuntimeError, match="empty"):
        sg.autograd.backward((x * y).sum(), inputs=[])


def test_third_and_fourth_derivatives():
    x = sg.tensor(1.3, dtype=sg.float64, requires_grad=True)
    y = (x**5) * x.sin()
    for order in range(1, 5):
        (y,) = sg.autograd.grad(y, x, create_graph=True)
        if order == 3:
            expected = (60 * 1.3**2 - 15 * 1.3**4) * np.sin(1.3) + (60 * 1.3**3 - 1.3**5) * np.cos(
                1.3
            )
            assert y.item() == pytest.approx(expected, rel=1e-12)
    assert y.requires_grad
