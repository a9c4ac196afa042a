"""Folding values into places: what PyTorch does, but refuses to differentiate or warns about."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg


@pytest.mark.parametrize(
    ("reduce", "expected"), [("add", [3.0, 2.0, 5.0]), ("multiply", [2.0, 2.0, 6.0])]
)
def test_scatter_with_a_reduction_folds_a_number_in(reduce, expected):
    out = sg.tensor([1.0, 2.0, 3.0]).scatter(0, sg.tensor([0, 2]), 2.0, reduce=reduce)
    np.testing.assert_array_equal(out.array, expected)


def test_scatter_refuses_another_reduction():
    with pytest.raises(RuntimeError, match="add or multiply"):
        sg.zeros(3).scatter(0, sg.tensor([0]), 2.0, reduce="max")


def test_index_reduce_folds_slices_in():
    out = sg.zeros(3, 2).index_reduce(0, sg.tensor([2, 0, 2]), sg.ones(3, 2), "amax")
    np.testing.assert_array_equal(out.array, [[1, 1], [0, 0], [1, 1]])
