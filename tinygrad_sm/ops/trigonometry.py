"""Circular and hyperbolic functions and their inverses; angles in radians."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..primitive import Operation, binary, unary
from .elementwise import cos, mul, of_floats, sin, sqrt


def _quiet(function: Any) -> Any:
    """The function without NumPy's warnings: outside its domain it is NaN or infinite."""
    return np.errstate(all="ignore")(lambda x: function(x))


tan = unary(np.tan, "The tangent of an angle.", to_float=True, x=lambda g, out: g * (1 + out * out))
asin = unary(
    _quiet(np.arcsin),
    "The angle in [-pi/2, pi/2] of a sine; NaN outside [-1, 1].",
    name="asin",
    to_float=True,
    x=lambda g, x: g / sqrt(1 - x * x),
)
acos = unary(
    _quiet(np.arccos),
    "The angle in [0, pi] of a cosine; NaN outside [-1, 1].",
    name="acos",
    to_float=True,
    x=lambda g, x: -g / sqrt(1 - x * x),
)
atan = unary(
    np.arctan,
    "The angle in [-pi/2, pi/2] of a tangent.",
    name="atan",
    to_float=True,
    x=lambda g, x: g / (1 + x * x),
)
sinh = unary(
    _quiet(np.sinh),
    "The hyperbolic sine.",
    name="sinh",
    to_float=True,
    x=lambda g, x: g * cosh(x),
)
cosh: Operation = unary(
    _quiet(np.cosh),
    "The hyperbolic cosine.",
    name="cosh",
    to_float=True,
    x=lambda g, x: g * sinh(x),
)
asinh = unary(
    np.arcsinh,
    "The inverse of ``sinh``.",
    name="asinh",
    to_float=True,
    x=lambda g, x: g / sqrt(x * x + 1),
)
acosh: Operation = unary(
    _quiet(np.arccosh),
    "The inverse of ``cosh``, not negative; NaN below 1.",
    name="acosh",
    to_float=True,
    x=lambda g, x: g / sqrt(x * x - 1),
)
atanh = unary(
    _quiet(np.arctanh),
    "The inverse of ``tanh``; NaN outside [-1, 1].",
    name="atanh",
    to_float=True,
    x=lambda g, x: g / (1 - x * x),
)
arcsin, arccos, arctan = asin, acos, atan
arcsinh, arccosh, arctanh = asinh, acosh, atanh


def _over_square(side: Any, x: Any, y: Any) -> Any:
    """A side over the square of the distance from 0, and 0 at 0."""
    square = 1.0 * x * x + 1.0 * y * y
    zero = np.equal(square, 0)
    return np.where(zero, 0.0, side / np.where(zero, 1.0, square))


atan2 = binary(
    np.arctan2,
    "The angle in [-pi, pi] of the point with ordinate ``input`` and abscissa ``other``.",
    name="atan2",
    to_float=True,
    x=lambda g, x, y: g * _over_square(y, x, y),
    y=lambda g, x, y: -g * _over_square(x, x, y),
)
arctan2 = atan2
hypot = binary(
    of_floats("hypot", np.hypot),
    "``sqrt(input**2 + other**2)``, without overflow.",
    name="hypot",
    x=lambda g, x, out: g * (x / out),
    y=lambda g, y, out: g * (y / out),
)


def _sinc_slope(x: Any) -> Any:
    zero = np.equal(x, 0)
    safe = np.where(zero, 1.0, x)
    angle = math.pi * safe
    return np.where(zero, 0.0, (angle * cos(angle) - sin(angle)) / (angle * safe))


sinc = unary(
    lambda x: np.sinc(x).astype(x.dtype),
    "``sin(pi * input) / (pi * input)``, and 1 at 0.",
    name="sinc",
    to_float=True,
    x=lambda g, x: g * _sinc_slope(x),
)


def deg2rad(input: Any) -> Any:
    """Degrees as radians."""
    return mul(input, math.pi / 180)


def rad2deg(input: Any) -> Any:
    """Radians as degrees."""
    return mul(input, 180 / math.pi)
