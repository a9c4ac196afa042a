"""Exponentials, logarithms and their stable combinations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..primitive import binary, unary
from .elementwise import clamp, of_floats, sigmoid

if TYPE_CHECKING:
    from ..tensor import Tensor

exp2 = unary(
    np.exp2, "2 to the power ``input``.", to_float=True, x=lambda g, out: g * out * math.log(2)
)


def _share(x: Any, other: Any) -> Any:
    """``exp(x) / (exp(x) + exp(other))``, and a half where both are the same infinity."""
    return sigmoid(np.where(np.equal(x, other), 0.0, x - np.where(np.equal(x, other), 0.0, other)))


logaddexp = binary(
    of_floats("logaddexp", np.logaddexp),
    "``log(exp(input) + exp(other))``, without overflow.",
    name="logaddexp",
    x=lambda g, x, y: g * _share(x, y),
    y=lambda g, x, y: g * _share(y, x),
)
logaddexp2 = binary(
    of_floats("logaddexp2", np.logaddexp2),
    "``log2(2**input + 2**other)``, without overflow.",
    name="logaddexp2",
    x=lambda g, x, y: g * _share(x * math.log(2), y * math.log(2)),
    y=lambda g, x, y: g * _share(y * math.log(2), x * math.log(2)),
)


@np.errstate(all="ignore")
def _x_log(x: Any, y: Any, log: Any) -> Any:
    zero = np.equal(x, 0) & ~np.isnan(y)
    return np.where(zero, 0, x * log(np.where(zero, 1, y))).astype(np.result_type(x, y))


def _zero_where(condition: Any, value: Any) -> Any:
    return np.where(condition, 0.0, value)


xlogy = binary(
    lambda x, y: _x_log(x, y, np.log),
    "``input * log(other)``, and 0 where ``input`` is 0.",
    name="xlogy",
    to_float=True,
    x=lambda g, x, y: _zero_where(np.equal(x, 0) & np.less_equal(y, 0), g * np.log(y)),
    y=lambda g, x, y: g * x / y,
)
xlog1py = binary(
    lambda x, y: _x_log(x, y, np.log1p),
    "``input * log(1 + other)``, and 0 where ``input`` is 0.",
    name="xlog1py",
    to_float=True,
    x=lambda g, x, y: _zero_where(np.equal(x, 0) & np.less_equal(y, -1), g * np.log1p(y)),
    y=lambda g, x, y: g * x / (y + 1),
)


@np.errstate(all="ignore")
def _entr(x: Any) -> Any:
    inner = -x * np.log(np.where(x > 0, x, 1))
    return np.where(np.isnan(x) | (x >= 0), inner, -np.inf).astype(x.dtype)


entr = unary(
    _entr,
    "``-input * log(input)``: 0 at 0, -inf below.",
    name="entr",
    to_float=True,
    x=lambda g, x: g * (-np.log(x) - 1),
)


@np.errstate(all="ignore")
def _logit(x: Any) -> Any:
    return np.log(x / (1 - x))


_logit_of = unary(
    _logit,
    "",
    name="logit",
    to_float=True,
    x=lambda g, x: g / np.where(np.less(x, 0) | np.greater(x, 1), np.nan, x * (1 - x)),
)


def logit(input: Any, eps: float | None = None) -> Tensor:
    """``log(input / (1 - input))``, the inverse of sigmoid; ``input`` kept in [eps, 1 - eps]."""
    return _logit_of(input if eps is None else clamp(input, eps, 1 - eps))
