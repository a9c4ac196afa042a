"""Normal numbers: PyTorch's own in float32, and a normal distribution at all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_sm as sg
from tinygrad_sm.ops.box_muller import _cos, _log, _sin, box_muller


@given(st.integers(0, 2000), st.integers(0, 2**32 - 1), st.floats(-3, 3), st.floats(0, 4))
def test_the_last_bit_is_pytorchs(count, seed, mean, std):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    for m in (sg, torch):
        m.manual_seed(seed)
    np.testing.assert_array_equal(sg.randn(count).array, torch.randn(count).numpy())
    ours, theirs = sg.empty(count).normal_(mean, std), torch.empty(count).normal_(mean, std)
    np.testing.assert_array_equal(ours.array, theirs.numpy())


def test_the_functions_are_what_they_are_called():
    u = np.random.default_rng(0).random(20000, np.float32)
    x = np.maximum(1 - u, np.float32(6e-8))
    np.testing.assert_allclose(_log(x), np.log(x.astype(np.float64)), rtol=3e-7, atol=1e-9)
    angle = np.float32(2 * np.pi) * u
    wide = angle.astype(np.float64)
    np.testing.assert_allclose(_sin(angle), np.sin(wide), atol=2e-7)
    np.testing.assert_allclose(_cos(angle), np.cos(wide), atol=2e-7)


def test_moments():
    sg.manual_seed(0)
    for kind in (sg.float32, sg.float64):
        x = sg.randn(400000, dtype=kind).array.astype(np.float64)
        for power, expected in ((1, 0), (2, 1), (3, 0), (4, 3)):
            assert abs((x**power).mean() - expected) < 0.06


def test_nothing():
    assert box_muller(np.zeros(0, np.float32)).shape == (0,)
    assert box_muller(np.zeros(0)).shape == (0,)
