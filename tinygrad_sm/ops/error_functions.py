"""The error function's family: integrals of the normal distribution, and their inverses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..primitive import Operation, unary

_SLOPE = 2 / math.sqrt(math.pi)  # of erf at 0
_ROOT2 = math.sqrt(2)


def _each(function: Any) -> Any:
    """A function of Python's math module, applied to each element in float64."""
    ufunc = np.frompyfunc(function, 1, 1)
    return lambda x: np.asarray(ufunc(np.asarray(x, np.float64))).astype(np.float64)


_erf64, _erfc64 = _each(math.erf), _each(math.erfc)


def _in_float64(function: Any) -> Any:
    """A function of float64 arrays, as one that keeps the dtype of its argument."""

    @np.errstate(all="ignore")
    def kept(x: Any) -> Any:
        return np.asarray(function(np.asarray(x, np.float64))).astype(np.asarray(x).dtype)

    return kept


def _erfcx64(x: np.ndarray) -> np.ndarray:
    """``exp(x**2) erfc(x)``; from 2 on by its continued fraction (Abramowitz and Stegun 7.1.14)."""
    far = np.maximum(x, 2.0)
    fraction = far
    for n in range(60, 0, -1):
        fraction = far + n / 2 / fraction
    return np.where(
        x < 2, np.exp(x * x) * _erfc64(np.minimum(x, 2)), 1 / (math.sqrt(math.pi) * fraction)
    )


# Giles' polynomials for erfinv (2012, table 5), of w - 2.5 below 5 and of sqrt(w) - 3 beyond
_CENTRAL = (
    2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503,
    -0.00417768164, 0.246640727, 1.50140941,
)  # fmt: skip
_TAIL = (
    -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613,
    0.00943887047, 1.00167406, 2.83297682,
)  # fmt: skip


def _erfinv_near(x: np.ndarray) -> np.ndarray:
    """Erfinv to 3 parts in ten million, which is float32's rounding."""
    w = -np.log1p(-x * x)
    return x * np.where(
        w < 5, np.polyval(_CENTRAL, w - 2.5), np.polyval(_TAIL, np.sqrt(np.maximum(w, 5)) - 3)
    )


def _erfinv64(x: np.ndarray) -> np.ndarray:
    """A step or two of Halley's iteration on erf, or on erfc in the tails, from ``_erfinv_near``."""
    size = np.abs(x)
    log = -np.log(2 * np.maximum(1 - size, 1e-17))
    far = np.sqrt(
        np.maximum(log + 0.5 * np.log(4 / (math.pi * log)), 1)
    )  # of erfc's asymptotic form
    y = np.where(log < 16, _erfinv_near(size), far)
    for _ in range(2):
        miss = np.where(size < 0.5, _erf64(y) - size, (1 - size) - _erfc64(y))
        step = miss / (_SLOPE * np.exp(-y * y))
        y = y - step / (1 + y * step)
    y = np.where(size == 1, np.inf, np.where(size < 1e-300, size / _SLOPE, y))
    return np.where(size > 1, np.nan, np.copysign(y, x))


@np.errstate(all="ignore")
def _erfinv(x: np.ndarray) -> np.ndarray:
    if x.dtype == np.float64:
        return _erfinv64(x)
    wide = np.asarray(x, np.float64)
    out = np.where(np.abs(wide) == 1, np.copysign(np.inf, wide), _erfinv_near(wide))
    return out.astype(x.dtype)


def _ndtri64(p: np.ndarray) -> np.ndarray:
    """The inverse of ``ndtr``, with Halley's iteration on the smaller of the two tails."""
    tail = np.minimum(p, 1 - p)
    start = np.abs(_erfinv64(1 - 2 * tail))
    y = np.where(tail < 1e-16, np.sqrt(-np.log(tail)), start)
    for _ in range(8):
        step = (_erfc64(y) - 2 * tail) / (-_SLOPE * np.exp(-y * y))
        y = y - step / (1 + y * step)
    y = np.where(tail == 0, np.inf, y)
    y = np.where((p < 0) | (p > 1) | np.isnan(p), np.nan, y)
    return _ROOT2 * y * np.where(p < 0.5, -1, 1)


def _log_ndtr64(x: np.ndarray) -> np.ndarray:
    """In the lower tail ``ndtr`` underflows, its scaled form ``erfcx`` does not."""
    low = np.minimum(x, -1.0)
    tail = np.log(_erfcx64(-low / _ROOT2) / 2) - low * low / 2
    return np.where(x < -1, tail, np.log1p(-_erfc64(np.maximum(x, -1) / _ROOT2) / 2))


erfc = unary(
    _in_float64(_erfc64),
    "``1 - erf(input)``, exact where erf is near 1.",
    name="erfc",
    to_float=True,
    x=lambda g, x: -g * (_SLOPE * np.exp(-x * x)),
)
erfcx = unary(
    _in_float64(_erfcx64),
    "``exp(input**2) * erfc(input)``, which does not underflow.",
    name="erfcx",
    to_float=True,
    x=lambda g, x, out: g * (2 * x * out - _SLOPE),
)
erfinv = unary(
    _erfinv,
    "The inverse of ``erf``: from (-1, 1) to all numbers; NaN outside.",
    name="erfinv",
    to_float=True,
    x=lambda g, out: g * (np.exp(out * out) / _SLOPE),
)
ndtr = unary(
    _in_float64(lambda x: _erfc64(-x / _ROOT2) / 2),
    "The probability that a standard normal number is below ``input``.",
    name="ndtr",
    to_float=True,
    x=lambda g, x: g * (np.exp(-x * x / 2) / math.sqrt(2 * math.pi)),
)
ndtri = unary(
    _in_float64(_ndtri64),
    "The inverse of ``ndtr``: from a probability to a standard normal number.",
    name="ndtri",
    to_float=True,
    x=lambda g, out: g * (np.exp(out * out / 2) * math.sqrt(2 * math.pi)),
)
log_ndtr: Operation = unary(
    _in_float64(_log_ndtr64),
    "``log(ndtr(input))``, without underflow.",
    name="log_ndtr",
    to_float=True,
    x=lambda g, x: g * (math.sqrt(2 / math.pi) / erfcx(-x / _ROOT2)),
)
