"""What must hold of softmax for any scores at all."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinygrad_sm as sg

SCORES = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=5),
    elements=st.floats(-1e4, 1e4),
)


@given(SCORES, st.data())
def test_a_distribution_on_any_axis(z, data):
    axis = data.draw(st.integers(-z.ndim, z.ndim - 1))
    p = sg.softmax(sg.tensor(z), axis).array
    assert np.isfinite(p).all()
    assert ((p >= 0) & (p <= 1)).all()
    np.testing.assert_allclose(p.sum(axis), 1, rtol=1e-12)


@given(SCORES, st.floats(-1e3, 1e3))
def test_shift_changes_nothing(z, shift):
    a, b = (sg.softmax(sg.tensor(x), -1).array for x in (z, z + shift))
    np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-11)


@given(SCORES, st.randoms(use_true_random=False))
def test_permutation_and_order(z, random):
    order = list(range(z.shape[-1]))
    random.shuffle(order)
    p = sg.softmax(sg.tensor(z), -1).array
    np.testing.assert_allclose(
        sg.softmax(sg.tensor(z[..., order]), -1).array, p[..., order], rtol=1e-12
    )
    ranked = np.take_along_axis(p, np.argsort(z, -1), -1)
    assert (np.diff(ranked, axis=-1) >= 0).all()


@given(SCORES)
def test_inverse_of_log_and_definition(z):
    p = sg.softmax(sg.tensor(z / 100), -1)
    np.testing.assert_allclose(sg.softmax(p.log(), -1).array, p.array, rtol=1e-9, atol=1e-300)
    e = np.exp(z / 100)
    np.testing.assert_allclose(p.array, e / e.sum(-1, keepdims=True), rtol=1e-10)
    log_p = sg.log_softmax(sg.tensor(z), -1).array
    assert np.isfinite(log_p).all()
    np.testing.assert_allclose(np.exp(log_p), sg.softmax(sg.tensor(z), -1).array, atol=1e-11)


@given(st.floats(-700, 700), st.floats(-700, 700))
def test_two_classes_are_logistic_regression(a, b):
    p = sg.softmax(sg.tensor([a, b], dtype=sg.float64), 0)
    q = sg.sigmoid(sg.tensor(a - b, dtype=sg.float64))
    np.testing.assert_allclose(p.array[0], q.array, rtol=1e-9, atol=1e-300)


@given(SCORES)
def test_gradient_is_orthogonal_to_ones(z):
    t = sg.tensor(z, requires_grad=True)
    weights = sg.tensor(np.random.default_rng(0).normal(size=z.shape))
    (sg.softmax(t, -1) * weights).sum().backward()
    np.testing.assert_allclose(t.grad.array.sum(-1), 0, atol=1e-12)


def test_the_slide():
    p = sg.softmax(sg.tensor([5.0, 2.0, -1.0, 3.0]), 0)
    assert [round(v, 3) for v in p.tolist()] == [0.842, 0.042, 0.002, 0.114]


def test_rows_of_minus_infinity():
    x = sg.tensor([[-np.inf, -np.inf], [1.0, 2.0]], requires_grad=True)
    out = sg.logsumexp(x, 1)
    assert out.array[0] == -np.inf
    out.sum().backward()
    assert x.grad.array[0].tolist() == [0.0, 0.0]
