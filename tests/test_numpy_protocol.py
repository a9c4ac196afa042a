"""NumPy's functions on Tensors."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg


def test_sums_take_part_and_what_they_cannot_do_is_refused():
    t = sg.ones(2, 3, requires_grad=True)
    assert np.add.reduce(t).tolist() == [2, 2, 2]
    assert np.add.reduce(t, axis=1, keepdims=True).tolist() == [[3], [3]]
    assert np.sum(t).requires_grad
    for option in ({"initial": 5}, {"where": np.array([True, False, True])}, {"dtype": float}):
        with pytest.raises(TypeError, match=r"np\.add\.reduce is not an operation of the tape"):
            np.add.reduce(t, **option)
