"""Normal numbers from uniform ones, in blocks of 16 (Box and Muller, 1958).

In float32 they are PyTorch's to the last bit. Its vector code takes logarithm, sine and cosine by
the polynomials of the Cephes library (Moshier, 1992: logf, sinf, cosf), with fused multiply-adds.
Such a step is done here in float64, which holds the product of two float32 exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

_Function = Callable[[Any], Any]
_LOG = (
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
    -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
)  # fmt: skip
_SIN = (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
_COS = (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
_LN2 = (0.693359375, -2.12194440e-4)  # its leading digits, and the rest
_QUARTER_PI = (0.78515625, 2.4187564849853515625e-4, 3.77489497744594108e-8)  # in three parts
_ROWS = 1024  # blocks done at once, so that they stay in the cache


def box_muller(u: np.ndarray) -> np.ndarray:
    """As many normal numbers as uniform ones in [0, 1), a multiple of 16."""
    blocks = u.reshape(-1, 2, 8)
    if u.dtype != np.float32:
        return _blocks(np.log, np.cos, np.sin, blocks).reshape(-1)
    parts = [_blocks(_log, _cos, _sin, blocks[i : i + _ROWS]) for i in range(0, len(blocks), _ROWS)]
    return np.concatenate(parts).reshape(-1) if parts else u


def _blocks(log: _Function, cos: _Function, sin: _Function, blocks: np.ndarray) -> np.ndarray:
    kind = blocks.dtype.type
    radius = np.sqrt(kind(-2) * log(1 - blocks[:, 0]))
    angle = kind(2 * math.pi) * blocks[:, 1]
    return np.stack([radius * cos(angle), radius * sin(angle)], 1)


def _fused(a: np.ndarray, b: np.ndarray | float, c: np.ndarray | float) -> np.ndarray:
    """``a b + c`` of float32 numbers, rounded once."""
    product = np.multiply(a, np.float32(b) if isinstance(b, float) else b, dtype=np.float64)
    return (product + (np.float32(c) if isinstance(c, float) else c)).astype(np.float32)


def _polynomial(coefficients: tuple[float, ...], x: np.ndarray) -> np.ndarray:
    first, *rest = coefficients
    total = np.full_like(x, first)
    for c in rest:
        total = _fused(total, x, c)
    return total


def _log(x: np.ndarray) -> np.ndarray:
    """The logarithm of positive float32 numbers."""
    fraction, exponent = np.frexp(x)
    small = fraction < np.float32(math.sqrt(0.5))
    power = (exponent - small).astype(np.float32)
    f = np.where(small, fraction + fraction, fraction) - np.float32(1)
    square = f * f
    tail = _fused(_polynomial(_LOG, f) * f, square, power * np.float32(_LN2[1]))
    return _fused(power, _LN2[0], f + _fused(square, -0.5, tail))


def _eighths(angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The nearest even number of eighths of a turn in positive angles, and what is left."""
    eighths = ((angle * np.float32(4 / math.pi)).astype(np.int32) + 1) & ~1
    for part in _QUARTER_PI:
        angle = _fused(eighths.astype(np.float32), -part, angle)
    return eighths, angle


def _near_zero(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sine and cosine of angles up to an eighth of a turn."""
    z = x * x
    sine = _fused(_polynomial(_SIN, x=z) * z, x, x)
    cosine = _fused(_polynomial(_COS, x=z) * z, z, z * np.float32(-0.5)) + np.float32(1)
    return sine, cosine


def _sin(angle: np.ndarray) -> np.ndarray:
    eighths, rest = _eighths(angle)
    sine, cosine = _near_zero(rest)
    value = np.where(eighths & 2, cosine, sine)
    return np.where(eighths & 4, -value, value)


def _cos(angle: np.ndarray) -> np.ndarray:
    eighths, rest = _eighths(angle)
    sine, cosine = _near_zero(rest)
    value = np.where(eighths & 2, sine, cosine)
    return np.where((eighths + 2) & 4, -value, value)
