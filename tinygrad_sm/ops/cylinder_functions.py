"""Bessel functions J, Y and K of orders 0 and 1, and Airy's Ai: Abramowitz and Stegun (A&S), 9-10.

As in PyTorch none has a derivative. Each is a short sum that is exact in float64: integrals of
periodic or bell-shaped functions, for which the trapezoidal rule converges exponentially.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..primitive import Operation, unary
from .bessel import _scaled

_ANGLES = np.arange(128) * (2 * math.pi / 128)
_STEPS = np.arange(40) * 0.16
_FAR = 25.0  # from here on the asymptotic series of J and Y are exact to float64


def _in_float64(function: Any) -> Any:
    """A function of float64 arrays, as one that keeps the dtype of its argument."""

    @np.errstate(all="ignore")
    def kept(x: Any) -> Any:
        return np.asarray(function(np.asarray(x, np.float64))).astype(np.asarray(x).dtype)

    return kept


def _wave(x: np.ndarray, order: int) -> np.ndarray:
    """``J + i Y`` for large x (A&S 9.2.5 to 9.2.10)."""
    term = total = np.ones(x.shape, complex)
    for k in range(1, 26):
        term = term * (1j * (4 * order**2 - (2 * k - 1) ** 2) / (8 * k * x))
        total = total + term
    phase = np.exp(1j * (x - (order / 2 + 0.25) * math.pi))
    return np.sqrt(2 / (math.pi * x)) * phase * total


def _orders(x: np.ndarray) -> np.ndarray:
    """``J_0`` ... in a new last axis: the Fourier series of ``exp(i x sin(angle))`` (A&S 9.1.42)."""
    return np.fft.fft(np.exp(1j * x[..., None] * np.sin(_ANGLES))).real / len(_ANGLES)


def _small(x: np.ndarray, order: int) -> np.ndarray:
    """The power series of J (A&S 9.1.10), up to 2."""
    term = total = (x / 2) ** order
    for k in range(1, 20):
        term = term * (-x * x / 4) / (k * (k + order))
        total = total + term
    return total


def _bessel_j(x: np.ndarray, order: int) -> np.ndarray:
    size = np.abs(x)
    middle = _orders(np.minimum(size, _FAR))[..., order]
    far = _wave(np.maximum(size, _FAR), order).real
    near = _small(np.minimum(size, 2.0), order)
    out = np.where(size <= 2, near, np.where(size <= _FAR, middle, far))
    return np.where(np.isnan(x), x, np.where((x < 0) & (order == 1), -out, out))


def _bessel_y(x: np.ndarray, order: int) -> np.ndarray:
    """The sum of Bessel functions J of all orders (A&S 9.1.88) up to 25, then the wave."""
    near = np.clip(x, 1e-300, _FAR)
    J = _orders(near)
    zero, own = _bessel_j(near, 0), _bessel_j(near, order)
    log = np.log(near / 2) + np.euler_gamma - order
    out = 2 / math.pi * log * own
    if order == 1:
        out -= 2 / math.pi / near * zero
    for k in range(1, 31):
        weight = (order + 2 * k) / (k * (k + order))
        out -= 2 / math.pi * (-1) ** k * weight * J[..., order + 2 * k]
    out = np.where(x < _FAR, out, _wave(np.maximum(x, _FAR), order).imag)
    return np.where(x > 0, out, np.where(x == 0, -np.inf, np.nan))


def _bessel_k(x: np.ndarray, order: int, scaled: bool) -> np.ndarray:
    """Its series (A&S 9.6.11) up to 2, beyond it its integral (9.6.24)."""
    near, far = np.clip(x, 1e-300, 2.0), np.maximum(x, 2.0)
    log = np.log(near / 2)
    out = (-1) ** (order + 1) * log * _scaled(near, order) * np.exp(near)
    if order == 1:
        out = out + 1 / near
    term, harmonic = (near / 2) ** order / 2, -2 * np.euler_gamma + order
    for k in range(1, 20):
        out = out + (-1) ** order * term * harmonic
        term = term * (near * near / 4) / (k * (k + order))
        harmonic = harmonic + 1 / k + 1 / (k + order)
    u = _STEPS  # sqrt(x (cosh(t) - 1)), with which the integrand has the shape of a bell
    heights = np.exp(-u * u) * (1 + order * u * u / far[..., None])
    heights = 2 * heights / np.sqrt(2 * far[..., None] + u * u)
    tail = _STEPS[1] * (heights.sum(-1) - heights[..., 0] / 2)
    out = np.where(x <= 2, out * np.exp(near), tail)
    out = np.where(x > 0, out, np.where(x == 0, np.inf, np.nan))
    return out if scaled else out * np.exp(-x)


def _airy(x: np.ndarray) -> np.ndarray:
    """The integral of ``exp(i (t**3 / 3 + x t)) / 2 pi`` along ``t = s + i h`` (A&S 10.4.32).

    The path goes through the saddle point ``h = sqrt(x)``; far below 0 the series 10.4.60 is exact.
    """
    near = np.clip(x, -9.0, 200.0)[..., None]
    h = np.sqrt(np.where(near > 0.25, near, 0.25))
    s = np.arange(360) * 0.025
    size = h**3 / 3 - near * h - s * s * h
    heights = np.exp(size) * np.cos(s**3 / 3 + (near - h * h) * s)
    inner = 0.025 * (heights.sum(-1) - heights[..., 0] / 2) / math.pi
    z = np.where(x < -9, -x, 9.0)
    zeta = 2 / 3 * z**1.5
    term = total = np.ones(x.shape, complex)
    for k in range(1, 25):
        term = term * (-1j * (6 * k - 5) * (6 * k - 1) / (72 * k * zeta))
        total = total + term
    phase = np.exp(1j * (zeta - math.pi / 4))
    outer = (phase * total).real / (math.sqrt(math.pi) * z**0.25)
    return np.where(np.isinf(x), np.nan, np.where(x < -9, outer, inner))


def _of(function: Any, name: str, doc: str) -> Operation:
    return unary(_in_float64(function), doc, name=name, to_float=True)


airy_ai = _of(_airy, "airy_ai", "The Airy function Ai.")
bessel_j0 = _of(lambda x: _bessel_j(x, 0), "bessel_j0", "The Bessel function J of order 0.")
bessel_j1 = _of(lambda x: _bessel_j(x, 1), "bessel_j1", "The Bessel function J of order 1.")
bessel_y0 = _of(
    lambda x: _bessel_y(x, 0), "bessel_y0", "The Bessel function Y of order 0; NaN below 0."
)
bessel_y1 = _of(
    lambda x: _bessel_y(x, 1), "bessel_y1", "The Bessel function Y of order 1; NaN below 0."
)
modified_bessel_k0 = _of(
    lambda x: _bessel_k(x, 0, False),
    "modified_bessel_k0",
    "The modified Bessel function K of order 0; NaN below 0.",
)
modified_bessel_k1 = _of(
    lambda x: _bessel_k(x, 1, False),
    "modified_bessel_k1",
    "The modified Bessel function K of order 1; NaN below 0.",
)
scaled_modified_bessel_k0 = _of(
    lambda x: _bessel_k(x, 0, True),
    "scaled_modified_bessel_k0",
    "``exp(input) * modified_bessel_k0(input)``, which does not underflow.",
)
scaled_modified_bessel_k1 = _of(
    lambda x: _bessel_k(x, 1, True),
    "scaled_modified_bessel_k1",
    "``exp(input) * modified_bessel_k1(input)``, which does not underflow.",
)
spherical_bessel_j0 = _of(
    lambda x: np.where(np.isinf(x), 0.0, np.sinc(x / math.pi)),
    "spherical_bessel_j0",
    "The spherical Bessel function of order 0: ``sin(input) / input``, and 1 at 0.",
)
