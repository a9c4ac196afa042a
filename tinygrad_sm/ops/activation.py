"""The nonlinear functions between layers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..primitive import primitive, unary
from ..tape import is_grad_enabled
from . import kernels
from .elementwise import _erf, _sigmoid, erf, need_floats, where
from .masking import masked

_ROOT = math.sqrt(2 / math.pi)
_NEGLIGIBLE = 37.0  # from here on log(1 + exp(-z)) is nothing beside z, in float64 too


def gelu_tanh_definition(x: Any) -> Any:
    """``x (1 + tanh u) / 2`` with ``u = sqrt(2/pi) (x + 0.044715 x^3)``."""
    return 0.5 * x * (1 + np.tanh(_ROOT * (x + 0.044715 * (x * x * x))))


gelu_tanh = primitive(
    lambda x: kernels.gelu_tanh(x, with_slope=is_grad_enabled()),
    "GELU by tanh (Hendrycks and Gimpel, 2016, section 2).",
    name="gelu",
    residuals=("slope",),
    definition=gelu_tanh_definition,
    family="elementwise",
    x=lambda g, slope: g * slope,
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


def _leaky_relu(x: np.ndarray, slope: float) -> np.ndarray:
    if 0 < slope <= 1:
        return np.maximum(x, x * slope)
    return np.where(x > 0, x, x * slope)


def _sloped(g: Any, x: Any, slope: float) -> Any:
    """``g`` where ``x`` is positive, else ``slope g``; ``np.where`` is six times slower."""
    if type(g) is np.ndarray and 0 <= slope <= 1:
        return g * np.maximum(x > 0, g.dtype.type(slope))
    return np.where(np.greater(x, 0), g, g * slope)


leaky_relu = primitive(
    _leaky_relu,
    name="leaky_relu",
    family="elementwise",
    x=lambda g, x, slope: _sloped(g, x, slope),
)


def _elu_slope(x: Any, steepest: float, speed: float) -> Any:
    negative = np.less_equal(x, 0)
    return np.exp(np.fmin(x, 0.0) * speed) * steepest * negative + ~negative


elu = primitive(
    lambda x, alpha, scale, speed: (
        scale * (np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0) * speed))
    ),
    "``scale x`` where positive, else ``scale alpha (exp(speed x) - 1)``: ELU, SELU and CELU.",
    name="elu",
    family="elementwise",
    x=lambda g, x, alpha, scale, speed: scale * g * _elu_slope(x, alpha * speed, speed),
)
hardtanh = primitive(
    lambda x, low, high: np.clip(x, low, high),
    "``x`` moved into [low, high]; unlike ``clamp``'s, its derivative at the bounds is 0.",
    name="hardtanh",
    family="elementwise",
    x=lambda g, x, low, high: masked(g, np.greater(x, low) & np.less(x, high)),
)


def _hardswish_slope(x: Any) -> Any:
    return np.where(np.less(x, 3), x / 3 + 0.5, 1.0)


hardswish = unary(
    lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "``x relu6(x + 3) / 6``; its derivative at -3 is 0, at 3 it is 1.",
    name="hardswish",
    x=lambda g, x: masked(g * _hardswish_slope(x), ~np.less_equal(x, -3)),
)


def _beyond(x: Any, limit: float) -> Any:
    return ~np.less_equal(np.abs(x), limit)


_hardshrink = primitive(
    lambda x, limit: masked(x, _beyond(x, limit)),
    "``x`` where ``|x| > limit``, else 0.",
    name="hardshrink",
    family="elementwise",
    x=lambda g, x, limit: masked(g, _beyond(x, limit)),
)
softshrink = primitive(
    lambda x, limit: x - np.clip(x, -limit, limit),
    "``x`` moved towards 0 by ``limit``, and 0 where ``|x| <= limit``.",
    name="softshrink",
    family="elementwise",
    x=lambda g, x, limit: masked(g, _beyond(x, limit)),
)


def _logistic(z: Any) -> Any:
    """The sigmoid; of Tensors by tanh, whose own derivatives are finite everywhere."""
    return _sigmoid(z) if type(z) is np.ndarray else 0.5 * (1 + np.tanh(0.5 * z))


def _softplus(x: np.ndarray, beta: float, threshold: float) -> np.ndarray:
    z = x * beta
    out = (np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))) / beta
    return out if threshold >= _NEGLIGIBLE else np.where(z > threshold, x, out)


def _softened(g: Any, z: Any, threshold: float) -> Any:
    """``g`` beyond the threshold, else ``g`` times the sigmoid; ``np.where`` is six times slower."""
    if type(g) is type(z) is np.ndarray:
        return g * np.maximum(_sigmoid(z), np.greater(z, threshold))
    return np.where(np.greater(z, threshold), g, g * _logistic(z))


softplus = primitive(
    _softplus,
    name="softplus",
    family="elementwise",
    x=lambda g, x, beta, threshold: _softened(g, beta * x, threshold),
)
silu = unary(
    lambda x: x * _sigmoid(x),
    "``x sigmoid(x)``",
    name="silu",
    to_float=True,
    x=lambda g, x: g * _silu_slope(x),
)


def _silu_slope(x: Any) -> Any:
    s = _logistic(x)
    return s * (1 + x * (1 - s))


def prelu(input: Any, weight: Any) -> Any:
    """``x`` where positive, else ``weight * x`` (He et al., 2015).

    Args:
        input: (N, C, ...), or any shape for a single weight.
        weight: (1,) or (), or (C,): one for each channel, the second dimension.

    Raises:
        RuntimeError: if there are neither one nor C weights.
    """
    count, ndim = weight.array.size, input.array.ndim
    channels = input.array.shape[1] if ndim > 1 else 1
    if weight.array.ndim > 1 or (count != 1 and count != channels):
        raise RuntimeError(
            f"prelu: Mismatch of parameter numbers and input channel size: weight of shape "
            f"{weight.array.shape}, {channels} channels"
        )
    slope = weight.reshape(()) if count == 1 else weight.reshape(-1, *(1,) * (ndim - 2))
    return where(input > 0, input, slope * input)


def hardshrink(input: Any, lambd: float = 0.5) -> Any:
    """``x`` where ``|x| > lambd``, else 0."""
    need_floats("hardshrink", input)
    return _hardshrink(input, lambd)
