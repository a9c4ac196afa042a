"""``grad``, ``vjp``, ``jvp`` and Jacobians: against PyTorch, nested, and what they cost."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm import tape
from tinygrad_sm.func import (
    grad,
    grad_and_value,
    hessian,
    jacfwd,
    jacrev,
    jvp,
    linearize,
    vjp,
    vmap,
)

RNG = np.random.default_rng(2)
X, Y = RNG.normal(size=(3,)), RNG.normal(size=(2, 3))


def t(x):
    return sg.tensor(np.asarray(x))


def number(m, x, y):
    return (m.tanh(y @ x) * m.exp(x).sum()).sum() + (x**3).sum() * m.logsumexp(y, 1).sum()


def vector(m, x, y):
    return m.softmax(x * y, 1).sum(0) * x[0], (y @ x).sin()


CALLS = {
    "grad": lambda m, f, x, y: f.grad(lambda x, y: number(m, x, y))(x, y),
    "grad by 1": lambda m, f, x, y: f.grad(lambda x, y: number(m, x, y), 1)(x, y),
    "grad by both": lambda m, f, x, y: f.grad(lambda x, y: number(m, x, y), (0, 1))(x, y),
    "grad by -1": lambda m, f, x, y: f.grad(lambda x, y: number(m, x, y), -1)(x, y),
    "grad with aux": lambda m, f, x, y: f.grad(lambda x, y: (number(m, x, y), x * 2), has_aux=True)(
        x, y
    ),
    "grad and value": lambda m, f, x, y: f.grad_and_value(lambda x, y: number(m, x, y))(x, y),
    "grad of a dict": lambda m, f, x, y: f.grad(lambda p: number(m, p["x"], p["y"]))(
        {"x": x, "y": y}
    )["y"],
    "vjp": lambda m, f, x, y: f.vjp(lambda x, y: vector(m, x, y), x, y)[1]((x, y[:, 0])),
    "jvp": lambda m, f, x, y: f.jvp(lambda x, y: vector(m, x, y), (x, y), (x * 2, y * y)),
    "linearize": lambda m, f, x, y: f.linearize(lambda x, y: vector(m, x, y), x, y)[1](x, y * 2),
    "jacrev": lambda m, f, x, y: f.jacrev(lambda x, y: vector(m, x, y), (0, 1))(x, y),
    "jacrev chunked": lambda m, f, x, y: f.jacrev(lambda x, y: vector(m, x, y), chunk_size=2)(x, y),
    "jacfwd": lambda m, f, x, y: f.jacfwd(lambda x, y: vector(m, x, y), (0, 1))(x, y),
    "jacfwd with aux": lambda m, f, x, y: f.jacfwd(
        lambda x: (vector(m, x, y)[0], x.sum()), has_aux=True
    )(x),
    "jacrev with aux": lambda m, f, x, y: f.jacrev(
        lambda x: (vector(m, x, y)[0], x.sum()), has_aux=True
    )(x),
    "hessian": lambda m, f, x, y: f.hessian(lambda x, y: number(m, x, y), (0, 1))(x, y),
    "jacrev of jacfwd": lambda m, f, x, y: f.jacrev(f.jacfwd(lambda x: number(m, x, y)))(x),
    "jacfwd of jacfwd": lambda m, f, x, y: f.jacfwd(f.jacfwd(lambda x: number(m, x, y)))(x),
    "third order": lambda m, f, x, y: f.jacfwd(f.jacrev(f.grad(lambda x: number(m, x, y))))(x),
    "vmap of hessian": lambda m, f, x, y: f.vmap(f.hessian(lambda x: (x**3).prod()))(y),
    "hessian of vmap": lambda m, f, x, y: f.hessian(
        lambda y: f.vmap(lambda r: (r.sin() * r).sum())(y).sum()
    )(y),
    "vmap of jvp": lambda m, f, x, y: f.vmap(
        lambda r, v: f.jvp(lambda r: m.softmax(r, 0), (r,), (v,))[1]
    )(y, y * y),
    "jvp of vmap of grad": lambda m, f, x, y: f.jvp(
        f.vmap(f.grad(lambda r: (r * x).exp().sum())), (y,), (y * 2,)
    )[1],
    "grad of jvp of grad": lambda m, f, x, y: f.grad(
        lambda x: f.jvp(f.grad(lambda x: number(m, x, y)), (x,), (x * 2,))[1].sum()
    )(x),
    "vmap of grad of vmap of grad": lambda m, f, x, y: f.vmap(
        f.grad(lambda s: f.vmap(f.grad(lambda a, b: a**3 * b), (0, None))(x, s).sum())
    )(x),
}


def flat(result):
    if isinstance(result, tuple | list):
        return [leaf for part in result for leaf in flat(part)]
    return [np.asarray(result.detach())]


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:Attempted to insert a get_attr:UserWarning")
@pytest.mark.parametrize("name", CALLS)
def test_equals_pytorch(name):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    ours = CALLS[name](sg, sg.func, t(X), t(Y))
    theirs = CALLS[name](torch, torch.func, torch.tensor(X), torch.tensor(Y))
    for a, b in zip(flat(ours), flat(theirs), strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


def test_levels_are_not_confused():
    """The classic of perturbation confusion: d/dx (x d/dy (x + y)) at 1 is 1."""
    for inner in (grad, lambda f: lambda y: jvp(f, (y,), (sg.ones_like(y),))[1]):
        for outer in (grad, lambda f: lambda x: jvp(f, (x,), (sg.ones_like(x),))[1]):
            found = outer(lambda x, d=inner: x * d(lambda y: x + y)(x))(t(1.0))
            assert found.item() == 1
            found = outer(lambda x, d=inner: x * d(lambda y: x * y)(t(2.0)))(t(3.0))
            assert found.item() == 6


def test_results_are_off_the_tape_unless_the_arguments_are_on_it():
    x = t(X)
    slope, value = grad_and_value(lambda x: (x**3).sum())(x)
    assert not slope.requires_grad
    assert not value.requires_grad
    x.requires_grad_()
    slope, value = grad_and_value(lambda x: (x**3).sum())(x)
    (slope.sum() + value).backward()
    np.testing.assert_allclose(x.grad.array, 6 * X + 3 * X**2)
    w = sg.tensor(2.0, dtype=sg.float64, requires_grad=True)
    grad(lambda x: (w * x * x).sum())(t(X)).sum().backward()
    assert w.grad.item() == pytest.approx(2 * X.sum())
    w.grad = None
    vmap(grad(lambda x: w * x * x))(t(X)).sum().backward()
    assert w.grad.item() == pytest.approx(2 * X.sum())
    w.grad = None
    jvp(lambda x: w * x * x, (t(X),), (t(X),))[1].sum().backward()
    assert w.grad.item() == pytest.approx((2 * X * X).sum())
    with sg.no_grad():
        slope = grad(lambda x: (x**3).sum())(x)
        assert not slope.requires_grad
        np.testing.assert_allclose(slope.array, 3 * X**2)


def test_no_grad_inside_counts():
    def function(x):
        with sg.no_grad():
            shift = x * x
        return (x * shift).sum()

    np.testing.assert_allclose(grad(function)(t(X)).array, X * X)
    np.testing.assert_allclose(vmap(grad(function))(t(Y)).array, Y * Y)


def test_detach_blocks_every_mode():
    function = lambda x: (x.detach() * x).sum()  # noqa: E731
    np.testing.assert_allclose(grad(function)(t(X)).array, X)
    np.testing.assert_allclose(vmap(grad(function))(t(Y)).array, Y)
    assert jvp(function, (t(X),), (t(X),))[1].item() == pytest.approx((X * X).sum())


def test_float32_is_kept():
    x = sg.tensor(X.astype(np.float32))
    function = lambda x: (sg.softmax(x, 0) * x).sum()  # noqa: E731
    assert grad(function)(x).dtype == sg.float32
    assert hessian(function)(x).dtype == sg.float32
    assert vmap(grad(function))(x.expand(2, 3)).dtype == sg.float32
    assert jvp(function, (x,), (x,))[1].dtype == sg.float32


def test_forward_mode_keeps_nothing():
    """Memory of a deep chain does not grow in forward mode; on the tape it does."""

    def chain(x, depth):
        for _ in range(depth):
            x = sg.softmax(x.sin(), 0)
        return x

    def peak(depth, run):
        x = sg.ones(20_000)
        tracemalloc.start()
        run(x, depth)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    def forward(x, depth):
        jvp(lambda x: chain(x, depth), (x,), (x,))

    def reverse(x, depth):
        vjp(lambda x: chain(x, depth), x)

    assert peak(100, forward) < 1.3 * peak(5, forward)
    assert peak(100, reverse) > 5 * peak(5, reverse)


def test_a_tall_jacobian_costs_its_inputs():
    """One pass for all columns: the function runs once, however many outputs there are."""
    runs = []

    def tall(x):
        runs.append(x)
        return (x.sum() * sg.ones(1000)).sin()

    assert jacfwd(tall)(sg.ones(2)).shape == (1000, 2)
    assert len(runs) == 1
    assert tuple(runs[0].tangent.inner.shape) == (2, 2)


def test_a_jacobian_costs_its_inputs_forward_and_its_outputs_in_reverse():
    """How many numbers pass through a rule, and how many bytes that takes."""
    through = []

    def slope(g, x):
        through.append(tape.values_of(g).size)
        return g * np.cos(x)

    sine = sg.autograd.primitive(np.sin, name="sine", family="elementwise", x=slope)

    def cost(jacobian, function, x):
        through.clear()
        tracemalloc.start()
        jacobian(function)(x)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return sum(through), top

    def tall(x):
        return sine(x.sum() * sg.ones(1000))

    def wide(x):
        return sine(x).sum() * sg.ones(2)

    passed, forward = cost(jacfwd, tall, sg.ones(2))
    assert passed == 2 * 1000
    passed, reverse = cost(jacrev, tall, sg.ones(2))
    assert passed == 1000 * 1000
    assert reverse > 50 * forward
    passed, reverse = cost(jacrev, wide, sg.ones(1000))
    assert passed == 2 * 1000
    passed, forward = cost(jacfwd, wide, sg.ones(1000))
    assert passed == 1000 * 1000
    assert forward > 50 * reverse


def test_linearize_runs_the_function_once():
    runs = []

    def function(x):
        runs.append(1)
        return x.exp()

    out, forth = linearize(function, t(X))
    for v in (X, X * X):
        np.testing.assert_allclose(forth(t(v)).array, np.exp(X) * v)
    assert len(runs) == 1
    np.testing.assert_allclose(out.array, np.exp(X))


def test_zeros_where_nothing_depends():
    assert grad(lambda x, y: x.sum(), 1)(t(X), t(Y)).array.tolist() == np.zeros((2, 3)).tolist()
    _, moved = jvp(lambda x: sg.ones(2), (t(X),), (t(X),))
    assert moved.tolist() == [0, 0]
    assert jacrev(lambda x: sg.ones(2))(t(X)).shape == (2, 3)
    assert jacfwd(lambda x: sg.ones(2))(t(X)).shape == (2, 3)


def test_bad_arguments():
    cases = [
        (lambda: grad(lambda x: x)(t(X)), RuntimeError, "0 dimensions"),
        (lambda: grad(lambda x: 3.0)(t(X)), RuntimeError, "return a tensor"),
        (lambda: grad(lambda x: x.sum())(t([1, 2])), RuntimeError, "floating"),
        (lambda: grad(lambda x: x * x)(3.0), TypeError, "float"),
        (lambda: grad(lambda x: x.sum(), 1)(t(X)), RuntimeError, "argnums=1"),
        (lambda: grad(lambda x: x.sum(), (0, 0))(t(X)), RuntimeError, "each once"),
        (lambda: grad(lambda x: x.sum(), has_aux=True)(t(X)), RuntimeError, "has_aux"),
        (lambda: jvp(lambda x: x, t(X), t(X)), RuntimeError, "tuples"),
        (lambda: jvp(lambda x: x, (t(X),), (t(Y),)), RuntimeError, "shape"),
        (lambda: vjp(lambda x: x, t(X))[1](t(Y)), RuntimeError, "shape"),
        (lambda: jvp(lambda x: sg.ones(2), (t(X),), (t(X),), strict=True), RuntimeError, "strict"),
    ]
    for act, kind, words in cases:
        with pytest.raises(kind, match=words):
            act()


def test_writes_under_grad_and_jvp():
    def function(x):
        y = x * 1
        y[0].mul_(3)
        y[1:] = y[:1].clone() * x[1:]
        y.add_(x)
        return (y * y).sum()

    slope = grad(function)(t(X))
    moved = jvp(function, (t(X),), (t(X * 2),))[1]
    assert moved.item() == pytest.approx(float((slope.array * 2 * X).sum()))
    both = jvp(grad(function), (t(X),), (t(X),))[1]
    again = vjp(grad(function), t(X))[1](t(X))[0]
    np.testing.assert_allclose(both.array, again.array)


def test_writes_through_a_view_of_a_value_and_of_a_tangent_that_lie_otherwise():
    """Primal row by row, tangent column by column: a view of one is a view of the other."""

    def viewed(x):
        z = x * 1
        z.view(-1)[:4].mul_(3)
        return (z * z).sum()

    def copied(x):
        z = x * 1
        z.t().reshape(-1).mul_(3)  # a copy, so that nothing is written into z
        return (z * z).sum()

    x, v = (t(RNG.normal(size=(2, 3, 3))) for _ in range(2))
    turned = v.transpose(1, 2)
    for function in (viewed, copied):
        slopes = sg.stack([grad(function)(row) for row in x])
        moved = (slopes * turned).sum((1, 2)).array
        along = lambda x, v, f=function: jvp(f, (x,), (v,))[1]  # noqa: E731
        for found in (
            sg.stack([along(*pair) for pair in zip(x, turned, strict=True)]),
            vmap(along)(x, turned),
            jvp(vmap(function), (x,), (turned,))[1],
        ):
            np.testing.assert_allclose(found.array, moved, rtol=1e-12)
        for found in (
            vmap(grad(function))(x),
            grad(lambda x, f=function: vmap(f)(x).sum())(x),
        ):
            np.testing.assert_allclose(found.array, slopes.array, rtol=1e-12)
    with pytest.raises(RuntimeError, match="not contiguous"):
        vmap(lambda x: x.t().view(-1))(x)


def test_an_operation_of_the_user_works_everywhere():
    """One line for the rule; no word about batches or forward mode."""
    cube = sg.primitive(lambda x: x * x * x, name="cube", x=lambda g, x: 3 * x * x * g)
    total = sg.primitive(
        lambda x, axis: np.sum(x, axis), name="total", x=lambda g, axis: np.expand_dims(g, axis)
    )

    def function(x):
        return total(cube(x), 0) * x[0]

    def plain(x):
        return (x**3).sum(0) * x[0]

    for point, transform in (
        (t(X), grad),
        (t(X), hessian),
        (t(X), lambda f: jacrev(jacfwd(f))),
        (t(X), lambda f: lambda x: jvp(grad(f), (x,), (x,))[1]),
        (t(Y), lambda f: vmap(grad(f))),
        (t(Y), lambda f: vmap(hessian(f))),
        (t(Y), lambda f: grad(lambda x: vmap(f)(x).sum())),
    ):
        np.testing.assert_allclose(
            transform(function)(point).array, transform(plain)(point).array, rtol=1e-10
        )
