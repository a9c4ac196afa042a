"""Evenly spaced numbers, to the last bit."""

import numpy as np
import pytest

import tinygrad_sm as sg

ENDS = [(-1, 1), (0, 1), (0.0, 6.2831853), (-3.3, 7.1), (5, 2), (2, 2), (-1e-3, 1e5)]


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize(("start", "end"), ENDS)
def test_linspace_is_pytorchs_to_the_last_bit(torch, kind, start, end):
    exact = np.finfo(np.longdouble).nmant > 60 or kind != "float64"
    for steps in [*range(1, 40), 100, 200, 1001]:
        theirs, ours = (
            library.linspace(start, end, steps, dtype=getattr(library, kind)).numpy()
            for library in (torch, sg)
        )
        assert ours.dtype == theirs.dtype
        if not exact:
            assert np.allclose(ours, theirs, rtol=1e-15)
        else:
            assert np.array_equal(ours, theirs), steps
