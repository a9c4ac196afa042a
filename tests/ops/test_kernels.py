"""Fast kernels against the formulas whose twins they are."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm import allocator
from tinygrad_sm.ops import activation, kernels

SHAPES = [
    ((3, 4), (4, 2)),
    ((5, 3, 4), (4, 2)),
    ((2, 5, 3, 4), (4, 2)),
    ((5, 3, 4), (5, 4, 2)),
    ((0, 3, 4), (4, 2)),
    ((5, 3, 0), (0, 2)),
    ((5, 3, 4), (4, 0)),
]


@pytest.mark.parametrize(("left", "right"), SHAPES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_a_long_product_is_the_batch_of_short_ones(left, right, dtype):
    rng = np.random.default_rng(0)
    x = rng.integers(-9, 9, left).astype(dtype)  # small integers: exact in any order
    y = rng.integers(-9, 9, right).astype(dtype)
    out = kernels.matrix_product(x, y)
    assert out.dtype == dtype
    np.testing.assert_array_equal(out, np.matmul(x, y), strict=True)
    moved = np.asarray(x, order="F")
    np.testing.assert_array_equal(kernels.matrix_product(moved, y), out)


def test_a_long_product_of_tensors_is_recorded():
    x = sg.ones(2, 3, 4, requires_grad=True)
    kernels.matrix_product(x, sg.ones(4, 5)).sum().backward()
    assert x.grad.tolist() == [[[5.0] * 4] * 3] * 2


@pytest.mark.parametrize("bad", [((2, 3, 4), (3, 5)), ((2, 3, 4), (2, 3, 5))])
def test_a_product_refuses_inner_sizes_that_differ(bad):
    with pytest.raises(ValueError, match="mismatch"):
        kernels.matrix_product(*map(np.ones, bad))


@pytest.mark.parametrize("columns", [1, 2, 10, 32, 33, 100])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_maxima_of_rows(columns, dtype):
    x = np.random.default_rng(0).normal(0, 3, (6, columns)).astype(dtype)
    x[0], x[1], x[2, -1], x[3, 0] = -np.inf, 0, np.nan, np.inf
    for rows in (x, np.asarray(x, order="F"), x[::-2]):
        expected = rows.max(-1, keepdims=True)
        np.testing.assert_array_equal(kernels.row_maxima(rows), expected, strict=True)


@pytest.mark.parametrize("shape", [(), (0,), (7,), (300, 3), (2 * kernels.BLOCK + 5,)])
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 4e-6), (np.float64, 1e-14)])
def test_gelu_in_blocks_is_its_definition(shape, dtype, close):
    """Either form is within 2e-6 of the slope in float64."""
    values = np.random.default_rng(0).normal(0, 3, shape).astype(dtype)
    g = np.random.default_rng(1).uniform(-1, 1, shape).astype(dtype)
    found = []
    for function in (activation.gelu_tanh, activation.gelu_tanh_definition):
        x = sg.tensor(values, requires_grad=True)
        out = function(x)
        out.backward(sg.tensor(g))
        found.append((out.detach().numpy(), x.grad.numpy()))
    for ours, reference in zip(*found, strict=True):
        assert ours.dtype == dtype
        np.testing.assert_allclose(ours, reference, rtol=close, atol=close)


def test_gelu_of_columns_that_lie_apart():
    x = np.random.default_rng(0).normal(0, 3, (6, 8)).astype(np.float32)
    apart = sg.tensor(x, requires_grad=True)
    activation.gelu_tanh(apart.T[::2]).sum().backward()
    whole = sg.tensor(x, requires_grad=True)
    activation.gelu_tanh_definition(whole.T[::2]).sum().backward()
    np.testing.assert_allclose(apart.grad.numpy(), whole.grad.numpy(), rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize(("m", "n"), [(300, 500), (500, 300), (2, 3)])
def test_outer_products_of_batches(m, n):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(3, m, 1)).astype(np.float32), rng.normal(size=(1, 1, n))
    y = np.broadcast_to(y.astype(np.float32), (3, 1, n))
    out = kernels.matrix_product(x, y)
    assert out.dtype == np.float32
    np.testing.assert_array_equal(out, x * y)


def test_outer_products_broadcast_their_batches():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 1, 200, 1)), rng.normal(size=(3, 1, 300))
    np.testing.assert_array_equal(kernels.matrix_product(x, y), x * y)


@pytest.mark.skipif(not allocator.keep_freed_memory(), reason="the allocator keeps nothing here")
def test_memory_of_large_outer_products_is_kept_for_the_next():
    resource = pytest.importorskip("resource")
    x, y = np.ones((64, 400, 1), np.float32), np.ones((64, 1, 500), np.float32)

    def pages_cleared():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        assert kernels.matrix_product(x, y).nbytes > allocator.LARGEST
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    pages_cleared()
    assert min(pages_cleared() for _ in range(3)) < 10
