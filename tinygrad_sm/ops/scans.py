"""Running products, extremes and sums, and differences between neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..dtypes import INT64, as_numpy_dtype
from ..primitive import Operation, primitive
from ..tape import Value, wrap
from .dims import axes_of, axis_of, numpy_names
from .elementwise import cast, float_input, logical_xor, need_floats, sub
from .indexing import gather, narrow
from .reduction import cumsum, logsumexp
from .results import ValuesAndIndices, values_and_indices
from .shape import cat

if TYPE_CHECKING:
    from ..tensor import Tensor


def _cumprod_rule(g: Any, x: Any, axis: int) -> Any:
    """``before[i] * r[i]`` with ``r[i] = g[i] + x[i+1] r[i+1]``: nothing is divided by a zero."""
    if not len(x.shape) or not x.shape[axis]:
        return g
    g, x = np.moveaxis(g, axis, -1), np.moveaxis(x, axis, -1)
    n = x.shape[-1]
    r = [g[..., n - 1]]
    for i in range(n - 2, -1, -1):
        r.append(g[..., i] + x[..., i + 1] * r[-1])
    before = [np.ones_like(x[..., :1]), _cumprod(x, -1)[..., :-1]]
    out = np.concatenate(before, -1) * np.stack(r[::-1], -1)
    return np.moveaxis(out, -1, axis)


_cumprod: Operation = primitive(
    lambda x, axis: np.cumprod(x, axis, x.dtype) if x.ndim else x.copy(),
    name="cumprod",
    family="trailing",
    x=_cumprod_rule,
)


@numpy_names
def cumprod(input: Any, dim: int, *, dtype: Any = None) -> Tensor:
    """The products of the first 1, 2, ... elements along ``dim``; integers multiply as int64."""
    if dtype is not None:
        input = cast(input, as_numpy_dtype(dtype))
    elif input.array.dtype.kind in "biu":
        input = cast(input, INT64)
    return _cumprod(input, axis_of("cumprod", dim, input.array.ndim))


def _last_record(x: np.ndarray, extreme: Any, axis: int) -> np.ndarray:
    places = np.arange(x.shape[axis]).reshape((-1,) + (1,) * (-axis - 1))
    record = np.equal(x, extreme.accumulate(x, axis)) | (x != x)
    return np.maximum.accumulate(np.where(record, places, 0), axis)


_records: Operation = primitive(_last_record, name="last_record", family="trailing")


def _running(name: str, extreme: Any, input: Any, dim: int) -> ValuesAndIndices:
    axis = axis_of(name, dim, input.array.ndim)
    if not input.array.ndim:
        return values_and_indices(name)(input.clone(), wrap(np.zeros((), np.int64)))
    index = _records(input, extreme, axis)
    return values_and_indices(name)(gather(input, axis, index), index)


@numpy_names
def cummax(input: Any, dim: int) -> ValuesAndIndices:
    """The largest so far along ``dim`` and where it stands, the last of equals."""
    return _running("cummax", np.maximum, input, dim)


@numpy_names
def cummin(input: Any, dim: int) -> ValuesAndIndices:
    """The smallest so far along ``dim`` and where it stands, the last of equals."""
    return _running("cummin", np.minimum, input, dim)


def _part(g: Any, sign: int, out: Any) -> Any:
    """``log(g) - out`` for what has that sign in g, and -inf elsewhere."""
    chosen = np.greater(sign * g, 0)
    return np.where(chosen, np.log(np.where(chosen, sign * g, 1.0)) - out, -np.inf)


def _later(x: Any, axis: int) -> Any:
    return np.flip(_logcumsumexp(np.flip(x, axis), axis), axis)


def _logcumsumexp_rule(g: Any, x: Any, out: Any, axis: int) -> Any:
    """The sum of ``g[k] exp(x[i] - out[k])`` over k >= i, its two signs apart and in logarithms."""
    if not len(x.shape):
        return g
    parts = [np.exp(_later(_part(g, sign, out), axis) + x) for sign in (1, -1)]
    return parts[0] - parts[1]


def _logcumsumexp_definition(x: Any, axis: int) -> Any:
    """``logsumexp`` of each beginning: the logarithms of ``g`` in the rule have no slope at 0."""
    if not len(x.shape):
        return x
    rows = np.moveaxis(x, axis, -1)
    n = rows.shape[-1]
    beginnings = np.where(np.tril(np.ones((n, n), np.bool_)), rows[..., None, :], -np.inf)
    return np.moveaxis(logsumexp(beginnings, -1), -1, axis)


@np.errstate(all="ignore")
def _running_logsumexp(x: Any, axis: int) -> Any:
    return np.logaddexp.accumulate(x, axis) if x.ndim else x.copy()


_logcumsumexp: Operation = primitive(
    _running_logsumexp,
    name="logcumsumexp",
    family="trailing",
    definition=_logcumsumexp_definition,
    x=_logcumsumexp_rule,
)


@numpy_names
def logcumsumexp(input: Any, dim: int) -> Tensor:
    """``log(cumsum(exp(input)))`` along ``dim``, without overflow."""
    need_floats("logcumsumexp", input)
    return _logcumsumexp(input, axis_of("logcumsumexp", dim, input.array.ndim))


# --- differences and areas -----------------------------------------------------------------------------


@numpy_names
def diff(input: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Tensor:
    """Differences between neighbours along ``dim``, taken ``n`` times; of bools, where they differ.

    Args:
        input: a tensor of at least one dimension.
        n: how often.
        dim: the dimension.
        prepend: put in front first.
        append: put behind first.

    Raises:
        RuntimeError: for a 0-d tensor or a negative ``n``.
    """
    if not input.array.ndim:
        raise RuntimeError("diff: expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"diff: order must be non-negative but got {n}")
    if not n:
        return input.clone()
    axis = axis_of("diff", dim, input.array.ndim)
    parts = [p for p in (prepend, input, append) if p is not None]
    input = cat(parts, axis) if len(parts) > 1 else input
    minus = logical_xor if input.array.dtype.kind == "b" else sub
    for _ in range(n):
        size = input.array.shape[axis]
        if not size:
            break
        input = minus(narrow(input, axis, 1, size - 1), narrow(input, axis, 0, size - 1))
    return input


def _steps(y: Any, x: Any, dx: Any, axis: int) -> Any:
    """The widths of the pieces between samples, to be broadcast against them."""
    if x is None:
        return 1.0 if dx is None else dx
    return diff(x) if axis == -1 else diff(x if x.array.ndim > 1 else _column(x, axis), 1, axis)


def _column(x: Any, axis: int) -> Any:
    return x.reshape((-1,) + (1,) * (-axis - 1))


def _pieces(y: Any, x: Any, dx: Any, dim: int) -> tuple[Any, int]:
    axis = axis_of("trapezoid", dim, y.array.ndim)
    if y.array.dtype.kind == "b":
        raise RuntimeError("trapezoid: bools are not supported: convert with .float()")
    if y.array.dtype.kind in "iu":
        y = cast(y, INT64)
    size = y.array.shape[axis]
    y = y if size else y.detach()
    pairs = narrow(y, axis, 1, size - 1) + narrow(y, axis, 0, size - 1) if size else y
    return pairs * _steps(y, x, dx, axis), axis


@numpy_names
def trapezoid(y: Any, x: Any = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The area under samples ``y`` at places ``x``, or ``dx`` apart, by the trapezoidal rule."""
    axis = axis_of("trapezoid", dim, y.array.ndim)
    if y.array.ndim and not y.array.shape[axis]:
        return y.detach().sum(axis).to(y.dtype)
    pieces, axis = _pieces(y, x, dx, dim)
    return pieces.sum(axis) / 2


trapz = trapezoid


@numpy_names
def cumulative_trapezoid(y: Any, x: Any = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The area under the samples up to each but the first."""
    pieces, axis = _pieces(y, x, dx, dim)
    return cumsum(pieces, axis) / 2


@numpy_names
def gradient(
    input: Any, *, spacing: Any = 1, dim: Any = None, edge_order: int = 1
) -> tuple[Tensor, ...]:
    """The slope along each dimension: central differences inside, one-sided ones at the edges.

    Args:
        input: samples.
        spacing: the distance between them, one a dimension, or tensors of their places.
        dim: the dimensions; all of them if ``None``.
        edge_order: 1 or 2: the order of the differences at the edges.

    Raises:
        RuntimeError: for a dimension with fewer than ``edge_order + 1`` samples.
    """
    input = float_input(input)
    axes = axes_of("gradient", dim, input.array.ndim)
    many = isinstance(spacing, list | tuple)
    if many and len(spacing) != len(axes):
        raise RuntimeError(f"gradient: {len(spacing)} spacings for {len(axes)} dimensions")
    spacing = 1 if spacing is None else spacing
    return tuple(
        _slope(input, axis, spacing[i] if many else spacing, edge_order)
        for i, axis in enumerate(axes)
    )


def _slope(y: Any, axis: int, spacing: Any, edge_order: int) -> Any:
    n = y.array.shape[axis]
    if edge_order not in (1, 2) or n < edge_order + 1:
        raise RuntimeError(f"gradient: {n} samples are too few for edge_order {edge_order}")
    if isinstance(spacing, Value) and spacing.array.ndim:
        h: Any = diff(cast(spacing, y.array.dtype))
    else:
        h = y.new_tensor(np.full(n - 1, float(spacing)), dtype=y.array.dtype)
    h = _column(h, axis)
    slopes = diff(y, 1, axis) / h
    first, last = narrow(slopes, axis, 0, 1), narrow(slopes, axis, n - 2, 1)
    if n == 2:
        return cat([first, last], axis)
    before, after = narrow(h, axis, 0, n - 2), narrow(h, axis, 1, n - 2)
    left, right = narrow(slopes, axis, 0, n - 2), narrow(slopes, axis, 1, n - 2)
    inner = (left * after + right * before) / (before + after)
    if edge_order == 2:
        first = 2 * first - _extrapolated(inner, slopes, h, axis, 0)
        last = 2 * last - _extrapolated(inner, slopes, h, axis, n - 3)
    return cat([first, inner, last], axis)


def _extrapolated(inner: Any, slopes: Any, h: Any, axis: int, place: int) -> Any:
    """The inner slope next to an edge: a parabola's slope is linear."""
    return narrow(inner, axis, place, 1)
