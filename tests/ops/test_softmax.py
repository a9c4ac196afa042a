"""What must hold of softmax and of its logarithm, for any scores, of any shape, along any axis."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinygrad_sm as sg

from ..cases.drawing import LAYOUTS, laid_out

EPS = {"float32": 2.0**-23, "float64": 2.0**-52}
KINDS = st.sampled_from(["float32", "float64"])
SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)
EIGHTHS = st.integers(-8000, 8000).map(lambda n: n / 8)  # their sums and differences are exact
UGLY = st.sampled_from([-np.inf, -np.inf, 0.0, 1.0, -2.0, 1e4, -1e4, np.inf, np.nan])
both = pytest.mark.parametrize("name", ["softmax", "log_softmax"])


@st.composite
def scores(draw, elements=None):
    """(an array of some dtype, shape and layout, an axis of it)"""
    kind = draw(KINDS)
    if elements is None:
        elements = st.floats(-1e4, 1e4, width=32)
    z = draw(hnp.arrays(kind, draw(SHAPES), elements=elements))
    axis = draw(st.integers(-max(z.ndim, 1), max(z.ndim, 1) - 1))
    return laid_out(z, draw(LAYOUTS)).astype(kind, copy=False), axis


@st.composite
def any_finite(draw):
    kind = draw(KINDS)
    width = 32 if kind == "float32" else 64
    elements = st.floats(width=width, allow_nan=False, allow_infinity=False)
    z = draw(hnp.arrays(kind, draw(SHAPES), elements=elements))
    return z, draw(st.integers(-max(z.ndim, 1), max(z.ndim, 1) - 1))


def run(name, z, axis, g=None):
    """The values, and with ``g`` the gradient of ``sum(g * values)``, as arrays."""
    t = sg.from_numpy(z).requires_grad_()
    out = getattr(sg, name)(t, axis)
    assert out.dtype == t.dtype
    assert out.shape == t.shape
    if g is None:
        return out.array
    out.backward(sg.from_numpy(g))
    assert t.grad.dtype == t.dtype
    return out.array, t.grad.array


def probabilities(name, z, axis):
    p = run(name, z, axis)
    return p if name == "softmax" else np.exp(p)


def weights_like(z):
    return np.asarray(np.random.default_rng(z.size).uniform(-2, 2, z.shape)).astype(z.dtype)


def defined(z, axis):
    """Softmax and its logarithm by their definition, in more digits than any result has."""
    z = np.atleast_1d(z.astype(np.longdouble))
    if not z.size:
        return z, z
    z = z - z.max(axis, keepdims=True)
    total = np.exp(z).sum(axis, keepdims=True)
    return np.exp(z) / total, z - np.log(total)


@both
@given(scores())
def test_a_distribution(name, drawn):
    z, axis = drawn
    p = probabilities(name, z, axis)
    assert ((p >= 0) & (p <= 1)).all()
    if name == "log_softmax":
        assert (run(name, z, axis) <= 0).all()
    if z.size:
        sums = np.atleast_1d(p).sum(axis)
        np.testing.assert_allclose(sums, 1, rtol=8 * EPS[z.dtype.name])


@both
@given(scores(EIGHTHS), st.integers(-10_000, 10_000))
def test_a_shift_changes_nothing(name, drawn, shift):
    z, axis = drawn
    shifted = np.asarray(z + z.dtype.type(shift))
    np.testing.assert_array_equal(run(name, z, axis), run(name, shifted, axis))


@both
@given(scores(EIGHTHS), st.randoms(use_true_random=False))
def test_a_shift_for_each_row_changes_nothing(name, drawn, random):
    z, axis = drawn
    if not z.ndim:
        return
    sizes = list(z.shape)
    sizes[axis] = 1
    shifts = np.array([random.randrange(-1000, 1000) for _ in range(int(np.prod(sizes)))])
    shifted = z + shifts.reshape(sizes).astype(z.dtype)
    np.testing.assert_array_equal(run(name, z, axis), run(name, shifted, axis))


@both
@given(scores(), st.randoms(use_true_random=False))
def test_permuted_scores_give_permuted_results(name, drawn, random):
    z, axis = drawn
    if not z.ndim:
        return
    order = list(range(z.shape[axis]))
    random.shuffle(order)
    eps = EPS[z.dtype.name]
    found = run(name, np.take(z, order, axis), axis)
    wanted = np.take(run(name, z, axis), order, axis)
    np.testing.assert_allclose(found, wanted, rtol=8 * eps, atol=8 * eps)


@both
@given(scores())
def test_order_is_kept_and_equal_scores_stay_equal(name, drawn):
    z, axis = drawn
    if not z.ndim:
        return
    out = np.moveaxis(run(name, z, axis), axis, -1)
    z = np.moveaxis(z, axis, -1)
    below = z[..., :, None] <= z[..., None, :]
    assert (out[..., :, None] <= out[..., None, :])[below].all()


@both
@given(scores(st.floats(0, 1, width=32)))
def test_it_undoes_the_logarithm_of_a_distribution(name, drawn):
    weights, axis = drawn
    if not weights.size:
        return
    weights = np.atleast_1d(weights + weights.dtype.type(2.0**-20))
    p = weights / weights.sum(axis, keepdims=True)
    eps = EPS[p.dtype.name]
    np.testing.assert_allclose(probabilities(name, np.log(p), axis), p, rtol=64 * eps)


def test_it_undoes_the_logarithm_of_a_certainty():
    p = np.array([0.0, 1.0, 0.0])
    with np.errstate(divide="ignore"):
        z = np.log(p)
    assert run("softmax", z, 0).tolist() == p.tolist()
    assert run("log_softmax", z, 0).tolist() == z.tolist()


@both
@given(EIGHTHS, EIGHTHS, KINDS)
def test_two_classes_are_logistic_regression(name, a, b, kind):
    twin = {"softmax": sg.sigmoid, "log_softmax": sg.nn.functional.logsigmoid}[name]
    z = np.array([a, b], kind)
    both_ways = np.array([a - b, b - a], kind)
    t = sg.from_numpy(both_ways).requires_grad_()
    expected = twin(t)
    expected[0].backward()
    out, grad = run(name, z, 0, np.array([1, 0], kind))
    eps = EPS[kind]
    smallest = np.finfo(kind).tiny if name == "softmax" else eps
    np.testing.assert_allclose(out, expected.array, rtol=16 * eps, atol=smallest)
    slope = t.grad.array[0] * np.array([1, -1], kind)
    np.testing.assert_allclose(grad, slope, rtol=16 * eps, atol=eps)


@given(any_finite())
def test_finite_scores_give_finite_probabilities_and_gradients(drawn):
    z, axis = drawn
    p, grad = run("softmax", z, axis, weights_like(z))
    assert np.isfinite(p).all()
    assert np.isfinite(grad).all()


@given(any_finite())
def test_finite_scores_give_finite_logarithms_and_gradients(drawn):
    z, axis = drawn
    z = np.asarray(z / z.dtype.type(2.1))  # a distance between two scores has to be a number
    log_p, grad = run("log_softmax", z, axis, weights_like(z))
    assert np.isfinite(log_p).all()
    assert np.isfinite(grad).all()


@both
@given(scores())
def test_the_gradient_is_orthogonal_to_ones(name, drawn):
    z, axis = drawn
    if not z.size:
        return
    grad = np.atleast_1d(run(name, z, axis, weights_like(z))[1])
    np.testing.assert_allclose(grad.sum(axis), 0, atol=64 * EPS[z.dtype.name])


@both
@given(scores())
def test_the_definition_in_more_digits(name, drawn):
    z, axis = drawn
    g = weights_like(z)
    out, grad = run(name, z, axis, g)
    p, log_p = defined(z, axis)
    g = np.atleast_1d(g)
    if name == "softmax":
        wanted, slope = p, p * (g - (g * p).sum(axis, keepdims=True))
    else:
        wanted, slope = log_p, g - p * g.sum(axis, keepdims=True)
    eps = EPS[z.dtype.name]
    near = {"rtol": 16 * eps, "atol": 16 * eps}
    np.testing.assert_allclose(np.atleast_1d(out), wanted.astype(z.dtype), **near)
    np.testing.assert_allclose(np.atleast_1d(grad), slope.astype(z.dtype), **near)
    if name == "softmax":  # small probabilities have their digits too, down to where they end
        usual = np.atleast_1d(out) > np.finfo(z.dtype).tiny
        rtol = eps * (16 + np.abs(log_p[usual]))
        assert (np.abs(out[usual.reshape(z.shape)] - p[usual]) <= rtol * p[usual]).all()


@both
@given(scores())
def test_every_way_to_ask_gives_the_same(name, drawn):
    z, axis = drawn
    t = sg.from_numpy(z)
    wanted = run(name, z, axis)
    ways = [
        getattr(t, name)(axis),
        getattr(t, name)(dim=axis),
        getattr(sg.nn.functional, name)(t, dim=axis),
        {"softmax": sg.nn.Softmax, "log_softmax": sg.nn.LogSoftmax}[name](dim=axis)(t),
    ]
    for way in ways:
        np.testing.assert_array_equal(way.array, wanted)
    if z.ndim:
        last = getattr(sg, name)(t.movedim(axis, -1), -1).movedim(-1, axis)
        eps = EPS[z.dtype.name]
        np.testing.assert_allclose(last.array, wanted, rtol=8 * eps, atol=8 * eps)


@both
@given(scores(UGLY))
def test_infinite_scores_are_as_in_pytorch(name, drawn):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    z, axis = drawn
    g = weights_like(z)
    out, grad = run(name, z, axis, g)
    t = torch.tensor(np.array(z, order="C"), requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reference = getattr(torch, name)(t, axis)
        reference.backward(torch.tensor(g))
    eps = EPS[z.dtype.name]
    near = {"rtol": 16 * eps, "atol": 16 * eps}
    np.testing.assert_allclose(out, reference.detach().numpy(), **near)
    np.testing.assert_allclose(grad, t.grad.numpy(), **near)


@both
@pytest.mark.parametrize("shape", [(300, 1000), (3, 200_000), (1000, 300)])
def test_arrays_larger_than_a_block_of_the_cache(name, shape):
    z = np.random.default_rng(0).normal(size=shape).astype(np.float32) * 3
    p, log_p = defined(z, -1)
    wanted = (p if name == "softmax" else log_p).astype(np.float32)
    np.testing.assert_allclose(run(name, z, -1), wanted, rtol=1e-5, atol=1e-6)


def test_the_slide():
    p = sg.softmax(sg.tensor([5.0, 2.0, -1.0, 3.0]), 0)
    assert [round(v, 3) for v in p.tolist()] == [0.842, 0.042, 0.002, 0.114]


def test_rows_of_minus_infinity():
    x = sg.tensor([[-np.inf, -np.inf], [1.0, 2.0]], requires_grad=True)
    assert np.isnan(sg.softmax(x, 1).array[0]).all()
    assert np.isfinite(sg.softmax(x, 1).array[1]).all()
    out = sg.logsumexp(x, 1)
    assert out.array[0] == -np.inf
    out.sum().backward()
    assert x.grad.array[0].tolist() == [0.0, 0.0]


@both
@pytest.mark.parametrize("axis", [2, -3])
def test_a_dimension_out_of_range_is_refused(name, axis):
    with pytest.raises(IndexError, match=rf"{name}.*\[-2, 1\].*{axis}"):
        getattr(sg, name)(sg.ones(2, 3), axis)
