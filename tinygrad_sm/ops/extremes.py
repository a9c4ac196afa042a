"""Operations that pick elements by their rank: largest, smallest, and what lies between."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..primitive import primitive
from ..tape import Value, wrap
from .dims import axis_of, numpy_names
from .elementwise import maximum, minimum
from .indexing import gather, sort
from .reduction import amax, amin, extreme_with_index
from .results import Results, ValuesAndIndices, values_and_indices

if TYPE_CHECKING:
    from ..tensor import Tensor


@numpy_names
def max(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The largest element; along ``dim``: (values, indices); or of two tensors, elementwise."""
    dim = other if dim is None else dim
    if dim is None:
        return amax(input)
    if isinstance(dim, Value):
        return maximum(input, dim)
    return values_and_indices("max")(*extreme_with_index("max", input, dim, keepdim))


@numpy_names
def min(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The smallest element; along ``dim``: (values, indices); or of two tensors, elementwise."""
    dim = other if dim is None else dim
    if dim is None:
        return amin(input)
    if isinstance(dim, Value):
        return minimum(input, dim)
    return values_and_indices("min")(*extreme_with_index("min", input, dim, keepdim))


class MinMax(Results, name="aminmax"):
    """What ``aminmax`` returns."""

    min: Any
    max: Any


@numpy_names
def aminmax(input: Any, *, dim: Any = None, keepdim: bool = False) -> MinMax:
    """(smallest, largest) of everything or along ``dim``; equal ones share the gradient."""
    return MinMax(amin(input, dim, keepdim), amax(input, dim, keepdim))


def _picked(
    name: str, input: Any, dim: int, keepdim: bool, find: Callable[..., Any], *options: Any
) -> ValuesAndIndices:
    """The elements, one a row along ``dim``, at the places that ``find(input, axis)`` returns."""
    axis = axis_of(name, dim, input.array.ndim)
    kind = values_and_indices(name)
    if not input.array.ndim:
        return kind(input.clone(), wrap(np.zeros((), np.int64)))
    if not input.array.shape[axis]:
        raise IndexError(f"{name}: expected dimension {dim} to have non-zero size")
    index = find(input, axis, *options)
    values = gather(input, axis, index)
    if keepdim:
        return kind(values, index)
    return kind(values.squeeze(axis), index.squeeze(axis))


@numpy_names
def kthvalue(input: Any, k: int, dim: int = -1, keepdim: bool = False) -> ValuesAndIndices:
    """The ``k``-th smallest along ``dim``, counted from 1, and where it stands.

    Raises:
        RuntimeError: if there are fewer than ``k``.
    """
    axis = axis_of("kthvalue", dim, input.array.ndim)
    size = input.array.shape[axis] if input.array.ndim else 1
    if size and not 1 <= k <= size:
        raise RuntimeError(f"kthvalue: selected number k ({k}) out of range for dimension {dim}")
    return _picked("kthvalue", input, dim, keepdim, _place_of_rank, k - 1)


def _at_rank(x: np.ndarray, axis: int, rank: Any) -> np.ndarray:
    """Where the elements of a rank stand: one number, or one a row."""
    order = np.argsort(x, axis, kind="stable")
    sizes = list(x.shape)
    sizes[axis] = 1
    return np.take_along_axis(order, np.broadcast_to(rank, sizes), axis)


def _at_median(x: np.ndarray, axis: int, skip_nan: bool) -> np.ndarray:
    missing = np.count_nonzero(x != x, axis, keepdims=True)
    size = x.shape[axis]
    if skip_nan:
        return _at_rank(x, axis, np.maximum(size - missing - 1, 0) // 2)
    return _at_rank(x, axis, np.where(missing > 0, size - missing, (size - 1) // 2))


def _at_mode(x: np.ndarray, axis: int) -> np.ndarray:
    rows = np.moveaxis(x, axis, -1)
    index = np.zeros((*rows.shape[:-1], 1), np.int64)
    for place in np.ndindex(*rows.shape[:-1]):
        values, counts = np.unique(rows[place], return_counts=True)
        index[place] = np.flatnonzero(rows[place] == values[counts.argmax()])[-1]
    return np.moveaxis(index, -1, axis)


# operations without rules, so that they run under vmap: an index has no gradient
_place_of_rank = primitive(_at_rank, name="place_of_rank", family="trailing")
_place_of_median = primitive(_at_median, name="place_of_median", family="trailing")
_place_of_mode = primitive(_at_mode, name="place_of_mode", family="trailing")


def _lower_middle(x: np.ndarray, skip_nan: bool) -> Any:
    ordered = np.sort(x.reshape(-1))
    count = ordered.size - np.count_nonzero(ordered != ordered) if skip_nan else ordered.size
    if not count and x.dtype.kind != "f":
        return np.asarray(np.iinfo(x.dtype).min if x.dtype.kind in "iu" else False, x.dtype)
    if not count or (not skip_nan and ordered[-1] != ordered[-1]):
        return np.asarray(np.nan, x.dtype)
    return ordered[(count - 1) // 2]


def _share_median(g: Any, x: Any, out: Any) -> Any:
    """Each of n elements equal to the median gets 1/n of the gradient; NaN equals NaN here."""
    hit = np.equal(x, out) | (np.isnan(x) & np.isnan(out))
    return g * hit / np.sum(hit)


_median = primitive(lambda x, skip_nan: _lower_middle(x, skip_nan), name="median", x=_share_median)


def _median_of(name: str, input: Any, dim: Any, keepdim: bool, skip_nan: bool) -> Any:
    if dim is None:
        return _median(input, skip_nan)
    return _picked(name, input, dim, keepdim, _place_of_median, skip_nan)


@numpy_names
def median(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """The median, the lower of two middle ones; along ``dim``: (values, indices); NaN if one is."""
    return _median_of("median", input, dim, keepdim, skip_nan=False)


@numpy_names
def nanmedian(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """``median`` of what is not NaN."""
    return _median_of("nanmedian", input, dim, keepdim, skip_nan=True)


@numpy_names
def mode(input: Any, dim: int = -1, keepdim: bool = False) -> ValuesAndIndices:
    """The most frequent value along ``dim``, the smallest of equals, and where it stands last."""
    return _picked("mode", input, dim, keepdim, _place_of_mode)


# --- quantiles ---------------------------------------------------------------------------------------------

_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(
    name: str, input: Any, q: Any, dim: Any, keepdim: bool, interpolation: str, skip_nan: bool
) -> Any:
    if interpolation not in _INTERPOLATIONS:
        raise RuntimeError(f"{name}: interpolation must be one of {_INTERPOLATIONS}")
    if input.array.dtype.kind != "f" or input.array.dtype.itemsize < 4:
        raise RuntimeError(f"{name}: input must be float32 or float64, not {input.array.dtype}")
    levels = np.asarray(q.array if isinstance(q, Value) else q, np.float64)
    if isinstance(q, Value) and q.array.dtype != input.array.dtype:
        raise RuntimeError(f"{name}: q must be of the same dtype as the input")
    if levels.ndim > 1 or not np.all((levels >= 0) & (levels <= 1)):
        raise RuntimeError(f"{name}: q must hold values in [0, 1] in at most one dimension")
    if not input.array.size:
        raise RuntimeError(f"{name}: input tensor must be non-empty")
    ndim = input.array.ndim
    axis = -1 if dim is None else axis_of(name, dim, ndim)
    rows = input.reshape(-1) if dim is None or not ndim else input.movedim(axis, -1)
    out = _between(sort(rows, -1).values, q, levels.reshape(-1), interpolation, skip_nan)
    if keepdim and dim is None:
        out = out.reshape((1,) * ndim + (-1,))
    elif keepdim and ndim:
        out = out.unsqueeze(axis - 1)
    return out.movedim(-1, 0) if levels.ndim else out.squeeze(-1)


def _between(ordered: Any, q: Any, levels: np.ndarray, interpolation: str, skip_nan: bool) -> Any:
    """The quantiles of sorted rows, in a last dimension of their own."""
    low, high, weight, last = _neighbours(ordered, levels, interpolation, skip_nan)
    if isinstance(q, Value) and interpolation == "linear":
        weight = weight + _zero_at(q).reshape(-1) * last
    below, above = gather(ordered, -1, low), gather(ordered, -1, high)
    return below + (above - below) * weight


def _zero_at(q: Any) -> Any:
    """0, with the gradient of ``q``."""
    return q - q.detach()


def _around(ordered: np.ndarray, levels: np.ndarray, interpolation: str, skip_nan: bool) -> Any:
    """Places below and above each quantile, the weight of the second, and the last place."""
    missing = np.isnan(ordered).sum(-1, keepdims=True)
    size = ordered.shape[-1]
    last = np.maximum(size - missing, 1) - 1 if skip_nan else np.full_like(missing, size - 1)
    ranks = levels * last
    ranks = np.where((missing > 0) & (not skip_nan), size - 1, ranks)
    rounding = {"lower": np.floor, "higher": np.ceil, "nearest": np.rint}
    if interpolation in rounding:
        ranks = rounding[interpolation](ranks)
    low = np.floor(ranks)
    share = np.full_like(ranks, 0.5) if interpolation == "midpoint" else ranks - low
    places = low.astype(np.int64), np.ceil(ranks).astype(np.int64)
    return (*places, share.astype(ordered.dtype), last.astype(ordered.dtype))


_neighbours = primitive(_around, name="quantile_places", family="trailing", several=True)


@numpy_names
def quantile(
    input: Any, q: Any, dim: Any = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """The values below which the shares ``q`` of the elements lie; NaN if an element is.

    Args:
        input: float32 or float64.
        q: a number in [0, 1], or a tensor of several, which then get a first dimension.
        dim: the dimension; all elements if ``None``.
        keepdim: keep the dimension with size 1.
        interpolation: between two elements: ``linear``, ``lower``, ``higher``, ``midpoint`` or
            ``nearest``.

    Raises:
        RuntimeError: for q outside [0, 1], other dtypes, or no elements.
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, skip_nan=False)


@numpy_names
def nanquantile(
    input: Any, q: Any, dim: Any = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """``quantile`` of what is not NaN."""
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, skip_nan=True)
