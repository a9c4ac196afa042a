"""The nonlinear functions between layers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..primitive import primitive, unary
from .elementwise import _erf, _sigmoid, erf

_ROOT = math.sqrt(2 / math.pi)


def _gelu_tanh(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1 + np.tanh(_ROOT * (x + 0.044715 * (x * x * x))))


def _gelu_tanh_rule(g: Any, x: Any) -> Any:
    t = np.tanh(_ROOT * (x + 0.044715 * (x * x * x)))
    slope = _ROOT * (1 + 3 * 0.044715 * (x * x))
    return g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope)


gelu_tanh = unary(
    _gelu_tanh,
    "GELU by tanh (Hendrycks and Gimpel, 2016, section 2).",
    name="gelu",
    to_float=True,
    x=_gelu_tanh_rule,
)
gelu = unary(
    lambda x: x * (0.5 * (1 + _erf(x / math.sqrt(2)))),
    "``x Phi(x)``, Phi the normal distribution function (Hendrycks and Gimpel, 2016).",
    name="gelu",
    to_float=True,
    x=lambda g, x: (
        g
        * (0.5 * (1 + erf(x / math.sqrt(2))) + x * np.exp(-0.5 * (x * x)) / math.sqrt(2 * math.pi))
    ),
)
leaky_relu = primitive(
    lambda x, slope: np.where(x > 0, x, x * slope),
    name="leaky_relu",
    x=lambda g, x, slope: g * np.where(np.greater(x, 0), 1.0, slope),
)
elu = primitive(
    lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))),
    name="elu",
    x=lambda g, x, alpha: (
        g * np.where(np.less_equal(x, 0), alpha * np.exp(np.minimum(x, 0.0)), 1.0)
    ),
)


def _softplus(x: np.ndarray, beta: float, threshold: float) -> np.ndarray:
    z = x * beta
    return np.where(z > threshold, x, np.logaddexp(0, z, dtype=x.dtype) / beta)


softplus = primitive(
    _softplus,
    name="softplus",
    x=lambda g, x, beta, threshold: (
        g * np.where(np.greater(x * beta, threshold), 1.0, 0.5 * (1 + np.tanh(0.5 * beta * x)))
    ),
)
silu = unary(
    lambda x: x * _sigmoid(x),
    "``x sigmoid(x)``",
    name="silu",
    to_float=True,
    x=lambda g, x: g * _silu_slope(x),
)


def _silu_slope(x: Any) -> Any:
    s = 0.5 * (1 + np.tanh(0.5 * x))
    return s * (1 + x * (1 - s))
