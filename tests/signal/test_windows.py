"""Windows of signals against PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg

torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")

WINDOWS = [
    *((name, {}) for name in ("bartlett", "blackman", "cosine", "hamming", "hann", "nuttall")),
    ("exponential", {"tau": 2.5}),
    ("gaussian", {"std": 1.7}),
    ("kaiser", {"beta": 3.0}),
    ("general_cosine", {"a": [0.4, 0.3, 0.2, 0.1]}),
    ("general_hamming", {"alpha": 0.6}),
]


@pytest.mark.parametrize(("name", "options"), WINDOWS)
@pytest.mark.parametrize("M", [0, 1, 2, 3, 8, 11])
def test_equals_pytorch(name, options, M):
    for sym in {options.get("sym", True), False}:
        for kind in (None, "float32", "float64"):
            results = []
            for m in (sg, torch):
                dtype = kind and getattr(m, kind)
                window = getattr(m.signal.windows, name)
                results.append(window(M, **{**options, "sym": sym}, dtype=dtype))
            ours, theirs = results
            assert ours.array.dtype == theirs.numpy().dtype
            close = 1e-12 if kind == "float64" else 1e-6
            np.testing.assert_allclose(ours.array, theirs.numpy(), rtol=close, atol=close)


def test_the_center_of_an_exponential_window():
    ours, theirs = (
        m.signal.windows.exponential(7, center=1.5, sym=False, dtype=m.float64) for m in (sg, torch)
    )
    np.testing.assert_allclose(ours.array, theirs.numpy(), rtol=1e-12)


def test_a_window_can_be_a_leaf():
    assert sg.signal.windows.hann(4, requires_grad=True).is_leaf
    assert sg.signal.windows.hann(4, requires_grad=True).requires_grad


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda w, m: w.hann(-1), ValueError),
        (lambda w, m: w.hann(3, dtype=m.int64), ValueError),
        (lambda w, m: w.exponential(3, tau=0), ValueError),
        (lambda w, m: w.exponential(3, center=1), ValueError),
        (lambda w, m: w.gaussian(3, std=0), ValueError),
        (lambda w, m: w.kaiser(3, beta=-1), ValueError),
        (lambda w, m: w.general_cosine(3, a=2), TypeError),
        (lambda w, m: w.general_cosine(3, a=[]), ValueError),
    ],
)
def test_errors_are_pytorchs(call, error):
    for m in (sg, torch):
        with pytest.raises(error):
            call(m.signal.windows, m)
