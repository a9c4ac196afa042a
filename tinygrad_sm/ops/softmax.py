"""Softmax and its logarithm: C scores into C probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..dtypes import as_numpy_dtype
from ..primitive import primitive
from .dims import axis_of, numpy_names
from .elementwise import cast, need_floats
from .kernels import row_sums, softmax_rows

if TYPE_CHECKING:
    from ..tensor import Tensor


def softmax_array(x: np.ndarray, axis: int) -> np.ndarray:
    """Softmax of an array: the largest score is subtracted first, so nothing overflows."""
    if not x.size:
        return x.copy()
    if not x.ndim:
        return softmax_array(x.reshape(1), -1).reshape(())
    if axis == -1 and x.flags.c_contiguous:
        return softmax_rows(x.reshape(-1, x.shape[-1]))[0].reshape(x.shape)
    out = x - x.max(axis=axis, keepdims=True)
    np.exp(out, out=out)
    out /= out.sum(axis=axis, keepdims=True)
    return out


def log_softmax_array(x: np.ndarray, axis: int) -> np.ndarray:
    """The logarithm of softmax, without the rounding of taking one."""
    if not x.size:
        return x.copy()
    if not x.ndim:
        return log_softmax_array(x.reshape(1), -1).reshape(())
    out = x - x.max(axis=axis, keepdims=True)
    out -= np.log(_total(np.exp(out), axis))
    return out


def _total(x: Any, axis: int) -> Any:
    if axis == -1 and type(x) is np.ndarray and x.ndim:
        return row_sums(x)
    return np.sum(x, axis=axis, keepdims=True) if len(x.shape) else x


_softmax = primitive(
    softmax_array,
    name="softmax",
    family="trailing",
    x=lambda g, out, axis: out * (g - _total(g * out, axis)),
)
_log_softmax = primitive(
    log_softmax_array,
    name="log_softmax",
    family="trailing",
    x=lambda g, out, axis: g - np.exp(out) * _total(g, axis),
)


@numpy_names
def softmax(input: Any, dim: int, dtype: Any = None) -> Tensor:
    """``exp(z) / sum(exp(z))`` along ``dim``: positive numbers that add up to 1.

    >>> import tinygrad_sm as sg
    >>> sg.softmax(sg.tensor([5.0, 2.0, -1.0, 3.0]), dim=0)
    tensor([0.8420, 0.0419, 0.0021, 0.1140])
    """
    input = _prepared("softmax", input, dtype)
    return _softmax(input, axis_of("softmax", dim, input.array.ndim))


@numpy_names
def log_softmax(input: Any, dim: int, dtype: Any = None) -> Tensor:
    """``log(softmax(input))`` along ``dim``, finite where softmax itself would round to 0."""
    input = _prepared("log_softmax", input, dtype)
    return _log_softmax(input, axis_of("log_softmax", dim, input.array.ndim))


def _prepared(name: str, input: Any, dtype: Any) -> Any:
    if dtype is not None:
        input = cast(input, as_numpy_dtype(dtype))
    need_floats(name, input)
    return input
