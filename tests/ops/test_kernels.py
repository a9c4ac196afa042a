"""Fast kernels against the formulas whose twins they are."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.ops import kernels

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
