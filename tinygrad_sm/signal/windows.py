"""Windows of signals, symmetric or, for the analysis of spectra, periodic.

Each takes the number ``M`` of samples, ``sym`` (whether the last sample mirrors the first; else it
is left out), and the dtype (float32 or float64), the device and ``requires_grad`` of the result.
All raise ValueError for a negative M and for another dtype. Formulas: Harris, 1978.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .. import dtypes
from ..devices import check_device
from ..dtypes import as_numpy_dtype
from ..tape import LEAF, wrap
from ..tensor import Tensor

__all__ = [
    "bartlett",
    "blackman",
    "cosine",
    "exponential",
    "gaussian",
    "general_cosine",
    "general_hamming",
    "hamming",
    "hann",
    "kaiser",
    "nuttall",
]


def _window(
    name: str,
    M: int,
    shape: Callable[[int, np.ndarray], np.ndarray],
    sym: bool = True,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """``shape(n, k)`` at k = 0 ... M - 1, of n samples in all: M, or M + 1 if it is periodic."""
    check_device(device)
    kind = dtypes.DEFAULT if dtype is None else as_numpy_dtype(dtype)
    if M < 0:
        raise ValueError(f"{name} requires non-negative window length, got M={M}")
    if kind not in (np.float32, np.float64):
        raise ValueError(f"{name} expects float32 or float64 dtypes, got: {dtype}")
    places = np.arange(M, dtype=np.float64)
    samples = np.ones(M) if M <= 1 else shape(M if sym else M + 1, places)
    out: Tensor = wrap(samples.astype(kind), LEAF if requires_grad else None)
    return out


def bartlett(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """A triangle that ends in 0."""
    return _window("bartlett", M, lambda n, k: 1 - np.abs(2 * k / (n - 1) - 1), sym, **options)


def cosine(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """Half a wave: ``sin(pi (k + 1/2) / n)``."""
    return _window("cosine", M, lambda n, k: np.sin(np.pi * (k + 0.5) / n), sym, **options)


def exponential(
    M: int, *, center: float | None = None, tau: float = 1.0, sym: bool = True, **options: Any
) -> Tensor:
    """``exp(-|k - center| / tau)``.

    Args:
        M: the number of samples.
        center: the highest place, in the middle by default.
        tau: how fast it falls.
        sym: whether the last sample mirrors the first.
        **options: dtype, device and ``requires_grad``.

    Raises:
        ValueError: for a ``tau`` that is not positive, or a center of a symmetric window.
    """
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau} instead.")
    if sym and center is not None:
        raise ValueError("Center must be None for symmetric windows")

    def shape(n: int, k: np.ndarray) -> np.ndarray:
        middle = (n - 1) / 2 if center is None else center
        out: np.ndarray = np.exp(-np.abs(k - middle) / tau)
        return out

    return _window("exponential", M, shape, sym, **options)


def gaussian(M: int, *, std: float = 1.0, sym: bool = True, **options: Any) -> Tensor:
    """``exp(-((k - middle) / std)^2 / 2)``.

    Raises:
        ValueError: for a ``std`` that is not positive.
    """
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std} instead.")
    bell = lambda n, k: np.exp(-(((k - (n - 1) / 2) / std) ** 2) / 2)  # noqa: E731
    return _window("gaussian", M, bell, sym, **options)


def kaiser(M: int, *, beta: float = 12.0, sym: bool = True, **options: Any) -> Tensor:
    """Kaiser's window: ``I0(beta sqrt(1 - x^2)) / I0(beta)`` for x from -1 to 1.

    Raises:
        ValueError: for a negative ``beta``.
    """
    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta} instead.")
    shape = lambda n, k: np.kaiser(n, beta)[: len(k)]  # noqa: E731
    return _window("kaiser", M, shape, sym, **options)


def general_cosine(M: int, *, a: Iterable[float], sym: bool = True, **options: Any) -> Tensor:
    """``a_0 - a_1 cos(t) + a_2 cos(2 t) - ...`` for t from 0 to 2 pi.

    Raises:
        TypeError: if the coefficients are no sequence.
        ValueError: if there are none.
    """
    if not isinstance(a, Iterable):
        raise TypeError("Coefficients must be a list/tuple")
    factors = [(-1) ** i * float(factor) for i, factor in enumerate(a)]
    if not factors:
        raise ValueError("Coefficients cannot be empty")

    def shape(n: int, k: np.ndarray) -> np.ndarray:
        waves = np.cos(2 * np.pi / (n - 1) * np.outer(np.arange(len(factors)), k))
        out: np.ndarray = np.asarray(factors) @ waves
        return out

    return _window("general_cosine", M, shape, sym, **options)


def general_hamming(M: int, *, alpha: float = 0.54, sym: bool = True, **options: Any) -> Tensor:
    """``alpha - (1 - alpha) cos(t)`` for t from 0 to 2 pi."""
    return general_cosine(M, a=[alpha, 1 - alpha], sym=sym, **options)


def hamming(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """``0.54 - 0.46 cos(t)`` for t from 0 to 2 pi."""
    return general_hamming(M, sym=sym, **options)


def hann(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """``(1 - cos(t)) / 2`` for t from 0 to 2 pi."""
    return general_hamming(M, alpha=0.5, sym=sym, **options)


def blackman(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """``0.42 - 0.5 cos(t) + 0.08 cos(2 t)`` for t from 0 to 2 pi."""
    return general_cosine(M, a=[0.42, 0.5, 0.08], sym=sym, **options)


def nuttall(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """Four cosine terms with side lobes of -98 dB (Nuttall, 1981)."""
    return general_cosine(M, a=[0.3635819, 0.4891775, 0.1365995, 0.0106411], sym=sym, **options)
