"""Margins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import tinygrad_sm as sg

from ..agreement import check_error, check_function, draw, made, pytorch

MODES = ("constant", "reflect", "replicate", "circular")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("shape", "widths"),
    [((2, 3, 5), (1, 2)), ((2, 3, 5, 4), (1, 2, 3, 0)), ((2, 3, 4, 5, 3), (1, 2, 2, 1, 1, 1)),
     ((3, 5), (2, 1)), ((3, 5, 4), (1, 1, 2, 2)), ((2, 3, 5, 4), (-1, 2, 1, -2))],
)  # fmt: skip
def test_modes(mode, shape, widths):
    check_function(lambda m, x: m.nn.functional.pad(x, widths, mode=mode), draw(*shape))


def test_constant():
    x = draw(2, 3, 4)
    for widths in ((1, 2), (1, 2, 0, 1), (0, 1, 2, 0, 1, 1), (-1, -1), (-2, 3), (0, 0), ()):
        check_function(lambda m, x, w=widths: m.nn.functional.pad(x, w, value=3.5), x)
    check_function(lambda m, x: m.nn.functional.pad(x, (1, 1), value=7), np.array([1, 2]))


@settings(max_examples=40)
@given(
    st.sampled_from(MODES), st.integers(1, 5), st.integers(-4, 6), st.integers(-4, 6),
)  # fmt: skip
def test_any_widths(mode, size, before, after):
    torch = pytorch()
    left = (
        size - max(-before, 0) - max(-after, 0)
    )  # where it is too little, PyTorch makes values up
    assume(mode != "circular" or left == size or 0 < max(before, after, 1) <= left)
    x = draw(2, 3, size)
    found = []
    for m in (sg, torch):
        t = made(m, x)
        try:
            out = m.nn.functional.pad(t, (before, after), mode=mode)
        except RuntimeError:
            found.append(None)
            continue
        (grad,) = m.autograd.grad((out * out).sum(), t)
        found.append((np.asarray(out.detach()), np.asarray(grad)))
    assert (found[0] is None) == (found[1] is None)
    for a, b in zip(*found, strict=True) if found[0] is not None else ():
        np.testing.assert_allclose(a, b, rtol=1e-12)


X = draw(2, 3, 4, 5)


@pytest.mark.parametrize(
    "call",
    [
        lambda m, x: m.nn.functional.pad(x, (1, 2, 3)),
        lambda m, x: m.nn.functional.pad(x, (1,) * 10),
        lambda m, x: m.nn.functional.pad(x, (-9, 0)),
        lambda m, x: m.nn.functional.pad(x, (1, 1), mode="mirror"),
        lambda m, x: m.nn.functional.pad(x, (1, 1), mode="reflect"),
        lambda m, x: m.nn.functional.pad(x, (5, 1, 0, 0), mode="reflect"),
        lambda m, x: m.nn.functional.pad(x, (6, 1, 0, 0), mode="circular"),
    ],
)
def test_refusals(call):
    check_error(call, X)
