"""``Function``: operations written by hand, under every transform."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.autograd import Function, gradcheck, gradgradcheck, once_differentiable
from tinygrad_sm.func import grad, jvp, vjp, vmap

X = np.random.default_rng(0).uniform(0.5, 1.5, (3, 2))


class Product(Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return g * y, g * x


class Exponential(Function):
    """Saves its output."""

    @staticmethod
    def forward(ctx, x):
        out = x.exp()
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx, g):
        (out,) = ctx.saved_tensors
        return g * out


class SinCos(Function):
    """Two results, and a context set up apart."""

    @staticmethod
    def forward(x, factor):
        return (x * factor).sin(), (x * factor).cos()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*output)
        ctx.factor = inputs[1]

    @staticmethod
    def backward(ctx, g_sin, g_cos):
        sine, cosine = ctx.saved_tensors
        return (g_sin * cosine - g_cos * sine) * ctx.factor, None


class StraightThrough(Function):
    """Rounds, and passes the gradient as if it had not; forward mode by hand."""

    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, g):
        return g

    @staticmethod
    def jvp(ctx, tangent):
        return tangent


def point():
    return sg.tensor(X, requires_grad=True)


FUNCTIONS = {
    "product": lambda x: Product.apply(x, x + 1),
    "product with a constant": lambda x: Product.apply(x, sg.tensor(X * X)),
    "exponential": Exponential.apply,
    "two results": lambda x: SinCos.apply(x, 2.0),
    "composed": lambda x: Product.apply(Exponential.apply(x), SinCos.apply(x, 1.5)[1]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives_of_both_orders_in_both_modes(name):
    checks = {"check_batched_grad": True}
    assert gradcheck(
        FUNCTIONS[name], point(), check_forward_ad=True, check_batched_forward_grad=True, **checks
    )
    assert gradgradcheck(FUNCTIONS[name], point(), check_fwd_over_rev=True, **checks)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_under_transforms(name):
    def number(x):
        out = FUNCTIONS[name](x.unsqueeze(0).expand(3, 2) if name.endswith("constant") else x)
        outs = out if isinstance(out, tuple) else (out,)
        return sum(((o * o).sum() for o in outs), sg.zeros(()))

    rows = sg.tensor(X)
    for function in (number, grad(number), grad(lambda x: grad(number)(x).sum())):
        expected = sg.stack([function(row) for row in rows])
        np.testing.assert_allclose(vmap(function)(rows).array, expected.array, rtol=1e-10)
    total = grad(lambda x: vmap(number)(x).sum())(rows)
    np.testing.assert_allclose(total.array, vmap(grad(number))(rows).array, rtol=1e-10)
    hvp = jvp(grad(number), (rows[0],), (rows[1],))[1]
    twice = vjp(grad(number), rows[0])[1](rows[1])[0]
    np.testing.assert_allclose(hvp.array, twice.array, rtol=1e-10)


def test_straight_through_in_both_modes():
    x = sg.tensor([0.4, 1.6], requires_grad=True)
    StraightThrough.apply(x).sum().backward()
    assert x.grad.tolist() == [1, 1]
    out, moved = jvp(StraightThrough.apply, (x.detach(),), (sg.tensor([2.0, 3.0]),))
    assert out.tolist() == [0, 2]
    assert moved.tolist() == [2, 3]


def test_vmap_by_hand():
    class Doubled(Function):
        @staticmethod
        def forward(x):
            return sg.tensor(x.numpy() * 2)

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

        @staticmethod
        def backward(ctx, g):
            return g * 2

        @staticmethod
        def vmap(info, in_dims, x):
            assert info.batch_size == 3
            assert in_dims == (0,)
            return Doubled.apply(x), 0

    np.testing.assert_allclose(vmap(Doubled.apply)(sg.tensor(X)).array, X * 2)


def test_dirty_and_not_differentiable():
    class Double(Function):
        @staticmethod
        def forward(ctx, x):
            with sg.no_grad():
                x.mul_(2)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return 2 * g

    x = point()
    y = x * 1
    z = Double.apply(y)
    assert z is y
    (z * z).sum().backward()
    np.testing.assert_allclose(x.grad.array, 8 * X)

    class Split(Function):
        @staticmethod
        def forward(ctx, x):
            fixed = x * 3
            ctx.mark_non_differentiable(fixed)
            return x * 2, fixed

        @staticmethod
        def backward(ctx, g, unused):
            return g * 2

    a, b = Split.apply(point())
    assert a.requires_grad
    assert not b.requires_grad


def test_once_differentiable():
    class Once(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @once_differentiable
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 2 * g * x

    x = point()
    (slope,) = sg.autograd.grad(Once.apply(x).sum(), x, create_graph=True)
    np.testing.assert_allclose(slope.array, 2 * X)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        slope.sum().backward()


@pytest.mark.parametrize("materialize", [True, False])
def test_gradients_that_do_not_arrive(materialize):
    seen = []

    class Two(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(materialize)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, a, b):
            seen.append(b)
            return 2 * a if b is None else 2 * a + 3 * b

    x = point()
    Two.apply(x)[0].sum().backward()
    np.testing.assert_allclose(x.grad.array, 2)
    assert (seen[0] is None) is not materialize


def test_needs_input_grad_and_errors():
    seen = []

    class Noted(Function):
        @staticmethod
        def forward(ctx, x, y, n):
            seen.append(ctx.needs_input_grad)
            return x + y + n

        @staticmethod
        def backward(ctx, g):
            return g, g

    with pytest.raises(RuntimeError, match=r"expected 3.*got 2"):
        Noted.apply(point(), sg.tensor(X), 2.0).sum().backward()
    assert seen == [(True, False, False)]

    class Careless(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0]

    y = point() * 1
    z = Careless.apply(y)
    y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()
    with pytest.raises(TypeError, match="can only save tensors"):
        type(
            "Wrong", (Careless,), {"forward": staticmethod(lambda ctx, x: ctx.save_for_backward(3))}
        ).apply(point())
    with pytest.raises(NotImplementedError):
        type("Empty", (Function,), {}).apply(point())


def test_no_cycle_keeps_the_graph():
    gc.disable()
    try:
        y = Exponential.apply(point()).sum()
        node = weakref.ref(y.grad_fn)
        y.backward(retain_graph=True)
        del y
        assert node() is None
    finally:
        gc.enable()


def test_node_is_named_after_the_class():
    assert Exponential.apply(point()).grad_fn.name() == "ExponentialBackward"


class Parted(Function):
    """Places, values, a number that is no tensor, and a total."""

    @staticmethod
    def forward(ctx, x, materialize=True):
        ctx.set_materialize_grads(materialize)
        out = x.exp()
        ctx.save_for_backward(out)
        return (x > 1).long(), out, 3.5, x.sum()

    @staticmethod
    def backward(ctx, places, g, number, total):
        Parted.seen = places, g, number, total
        (out,) = ctx.saved_tensors
        first = 0 if g is None else g * out
        return first + (sg.zeros(()) if total is None else total), None


@pytest.mark.parametrize("materialize", [True, False])
def test_backward_is_given_one_gradient_a_result(materialize):
    x = point()
    _, values, number, total = Parted.apply(x, materialize)
    assert number == 3.5
    assert (values.output_nr, total.output_nr) == (0, 1)
    assert values.grad_fn is total.grad_fn
    values.sum().backward()
    np.testing.assert_allclose(x.grad.array, np.exp(X))
    places, g, number, total = Parted.seen
    assert number is None
    assert g.tolist() == np.ones_like(X).tolist()
    if materialize:
        assert places.dtype == sg.int64
        assert places.tolist() == np.zeros_like(X).tolist()
        assert total.item() == 0
    else:
        assert places is None
        assert total is None


@pytest.mark.parametrize("materialize", [True, False])
def test_results_without_gradient_under_transforms(materialize):
    def number(x):
        _, values, factor, total = Parted.apply(x, materialize)
        return (values * values).sum() * factor + total * 2

    def plain(x):
        return (x.exp() ** 2).sum() * 3.5 + x.sum() * 2

    x = sg.tensor(X)
    for transform in (
        lambda f: grad(f)(x),
        lambda f: vmap(grad(f))(x),
        lambda f: grad(lambda x: vmap(f)(x).sum())(x),
        lambda f: jvp(f, (x,), (x,))[1],
        lambda f: jvp(grad(f), (x,), (x,))[1],
        lambda f: vmap(lambda x: jvp(grad(f), (x,), (x,))[1])(x),
    ):
        np.testing.assert_allclose(transform(number).array, transform(plain).array, rtol=1e-12)


def test_forward_draws_the_same_numbers_for_value_and_derivative():
    class Dropped(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mask = sg.rand(2, dtype=sg.float64).round()
            return x * ctx.mask

        @staticmethod
        def backward(ctx, g):
            return g * ctx.mask

    rows = sg.tensor(X)
    sg.manual_seed(0)
    for _ in range(5):
        out, moved = jvp(Dropped.apply, (rows,), (rows,))
        np.testing.assert_array_equal(out.array, moved.array)
        grads, (_, out) = vmap(
            sg.func.grad_and_value(
                lambda x: (lambda y: (y.sum(), y))(Dropped.apply(x)), has_aux=True
            ),
            randomness="different",
        )(rows)
        np.testing.assert_array_equal(grads.array * X, out.array)


def test_vmap_by_hand_is_told_of_randomness():
    told = []

    class Told(Function):
        @staticmethod
        def forward(x):
            return x * 1

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

        @staticmethod
        def vmap(info, in_dims, x):
            told.append((info.batch_size, info.randomness))
            return Told.apply(x), 0

    for randomness in ("error", "different", "same"):
        vmap(Told.apply, randomness=randomness)(sg.tensor(X))
    assert told == [(3, "error"), (3, "different"), (3, "same")]


def test_saved_tensors_by_their_older_name():
    class Square(sg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            with pytest.warns(DeprecationWarning, match="saved_variables"):
                (x,) = ctx.saved_variables
            return 2 * x * g

    x = sg.tensor(3.0, requires_grad=True)
    Square.apply(x).backward()
    assert x.grad.item() == 6


class Shared(Function):
    """A sum whose backward returns one array for both, and keeps it."""

    @staticmethod
    def forward(ctx, x, y):
        Shared.ctx = ctx
        return x + y

    @staticmethod
    def backward(ctx, g):
        ctx.kept = g * 2
        return ctx.kept, ctx.kept


def test_one_array_returned_for_two_arguments_is_added_into_for_neither():
    x, y = (sg.ones(2, requires_grad=True) for _ in range(2))
    late = x * 3  # its contribution arrives after those of the function
    (Shared.apply(x, y) + late).sum().backward()
    assert x.grad.tolist() == [5, 5]
    assert y.grad.tolist() == [2, 2]
    assert Shared.ctx.kept.tolist() == [2, 2]
    x.grad.zero_()
    assert y.grad.tolist() == [2, 2]


def test_one_array_of_a_rule_for_all_of_its_arguments_is_added_into_for_none():
    total = sg.autograd.primitive(lambda *xs: sum(xs), name="total", xs=lambda g, xs: [g * 2] * 2)
    x, y = (sg.ones(2, requires_grad=True) for _ in range(2))
    late = x * 3
    (total(x, y) + late).sum().backward()
    assert x.grad.tolist() == [5, 5]
    assert y.grad.tolist() == [2, 2]
