"""Reading and writing by index, and orders: sort, topk."""

from __future__ import annotations

from operator import index as as_int
from typing import TYPE_CHECKING, Any

import numpy as np

from ..dtypes import BOOL, INT64, check_fits
from ..primitive import Operation, clash, primitive
from ..tape import Value, values_of, wrap
from .accumulation import add_at, only_axis
from .dims import axis_of, numpy_names
from .results import ValuesAndIndices, values_and_indices
from .shape import reshape, seen_through

if TYPE_CHECKING:
    from ..tensor import Tensor


def plain_index(index: Any) -> Any:
    """An index with arrays for tensors, and a tuple where NumPy reads a list as one."""
    if isinstance(index, tuple):
        return tuple(plain_index(i) for i in index)
    if isinstance(index, Value):
        array = index.array
        if index.level:
            return index
        if array.dtype == np.uint8:
            return array.astype(BOOL)
        if array.dtype.kind == "f":
            raise IndexError(
                "tensors used as indices must be long, int, byte or bool tensors, not "
                f"{array.dtype}: convert with .long()"
            )
        return array if array.ndim or array.dtype == BOOL else as_int(array.item())
    if isinstance(index, list | range):
        return np.asarray(index, dtype=None if len(index) else np.int64)
    return index


def is_basic(index: Any) -> bool:
    """Whether an index holds ints, slices, ``None`` and ``...`` alone, so that it gives a view."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        p is None
        or p is Ellipsis
        or (isinstance(p, slice | int | np.integer) and not isinstance(p, bool))
        for p in parts
    )


def numbers_first(index: Any) -> tuple[Any, Any] | None:
    """An index in two steps, numbers and then the rest, if it holds both numbers and arrays.

    PyTorch takes numbers as it takes slices; NumPy would count them among the arrays, and put the
    arrays' dimensions in front if a slice stands between.
    """
    parts = index if isinstance(index, tuple) else ()
    if is_basic(index) or not any(_is_number(p) for p in parts):
        return None
    first: list[Any] = []
    rest = []
    for p in parts:
        if _is_number(p):
            first.append(p)
            continue
        rest.append(p)
        if p is Ellipsis:
            first.append(p)
        elif p is not None:
            first.extend([slice(None)] * _width(p))
    return tuple(first), tuple(rest)


def _is_number(part: Any) -> bool:
    return isinstance(part, int | np.integer) and not isinstance(part, bool)


def _width(part: Any) -> int:
    """How many dimensions a part of an index takes: of a mask, as many as it has."""
    array = part.array if isinstance(part, Value) else np.asarray(part)
    return array.ndim if array.dtype == BOOL else 1


def _as_view(index: Any) -> tuple[Any, ...]:
    """A basic index that gives a view even of a single element, where NumPy gives a number."""
    parts = index if isinstance(index, tuple) else (index,)
    return parts if any(p is Ellipsis for p in parts) else (*parts, Ellipsis)


def _collect(g: Any, index: Any, sizes: tuple[int, ...]) -> np.ndarray:
    """Zeros of a shape with ``g`` added at ``index``, once for each time that it occurs."""
    out = np.zeros(sizes, g.dtype)
    if is_basic(index):
        out[index] = g
    else:
        add_at(out, index, g)
    return out


def _taken(x: Any, index: Any) -> Any:
    axis = only_axis(index)
    return x[index] if axis is None else np.take(x, index[axis], axis)


collect = primitive(
    _collect,
    "The transpose of indexing.",
    name="collect",
    linear=("g",),
    g=lambda cotangent, index: cotangent[index],
)
_take = primitive(
    _taken,
    name="index",
    linear=("x",),
    x=lambda g, index, shape: collect(g, index, shape),
)


def getitem(input: Any, index: Any) -> Tensor:
    """``input[index]``: a view for ints, slices, ``None`` and ``...``; else a copy.

    Raises:
        IndexError: for an index out of range, or too many of them.
    """
    index = plain_index(index)
    basic = is_basic(index)
    if basic:
        index = _as_view(index)
    elif (steps := numbers_first(index)) is not None:
        return getitem(getitem(input, steps[0]), steps[1])
    try:
        out = _take(input, index)
    except IndexError as error:
        raise IndexError(f"{error} (indexing a tensor of shape {input.array.shape})") from None
    if basic:
        return seen_through(input, out, lambda base: base[index])
    return out


def select(input: Any, dim: int, index: int) -> Tensor:
    """The slice at one place along ``dim``, which is removed; a view."""
    axis = axis_of("select", dim, input.array.ndim)
    return getitem(input, (..., as_int(index), *(slice(None),) * (-axis - 1)))


def narrow(input: Any, dim: int, start: Any, length: int) -> Tensor:
    """``length`` elements from ``start`` on along ``dim``; a view.

    Raises:
        IndexError: if the start is out of range.
        RuntimeError: if there are not as many elements from there on.
    """
    if not input.array.ndim:
        raise RuntimeError("narrow: cannot be applied to a 0-d tensor")
    axis = axis_of("narrow", dim, input.array.ndim)
    size = input.array.shape[axis]
    if isinstance(start, Value):
        if start.array.ndim or start.array.dtype.kind not in "iu":
            raise RuntimeError("narrow: start must be an 0-dim integral Tensor.")
        start = start.array.item()
    start = as_int(start)
    begin = start + size if start < 0 else start
    if not 0 <= begin <= size:
        raise IndexError(f"narrow: start {start} is out of range for dimension size {size}")
    if not 0 <= length <= size - begin:
        raise RuntimeError(
            f"narrow: start ({start}) + length ({length}) exceeds dimension size ({size})"
        )
    return getitem(input, (..., slice(begin, begin + length), *(slice(None),) * (-axis - 1)))


@numpy_names
def index_select(input: Any, dim: int, index: Any) -> Tensor:
    """The slices along ``dim`` at the places in a 1-d ``index``, as a copy."""
    places = index.reshape(-1) if index.level else index.array.reshape(-1)
    if index.array.dtype.kind not in "iu":
        raise RuntimeError(f"index_select: expected an int index, not {index.array.dtype}")
    axis = axis_of("index_select", dim, input.array.ndim)
    if input.array.ndim == 0:
        if places.size != 1:
            raise RuntimeError(f"index_select: a 0-d tensor takes 1 index, not {places.size}")
        _check_bounds("index_select", places, 1, dim)
        return getitem(input.reshape(1), places)[0]
    _check_bounds("index_select", places, input.array.shape[axis], dim)
    return getitem(input, (*(slice(None),) * (axis % input.array.ndim), places))


def _check_bounds(name: str, index: Any, size: int, dim: int) -> None:
    index = values_of(index)
    bad = (index < 0) | (index >= size)
    if bad.any():
        raise IndexError(
            f"{name}: index {index[bad].flat[0]} is out of bounds for dimension {dim} with size "
            f"{size}"
        )


def _along(index: Any, axis: int) -> tuple[Any, ...]:
    """The full index by which ``gather`` reads: ``index`` along the axis, its own place elsewhere."""
    grid = list(np.ogrid[tuple(slice(n) for n in index.shape)]) if index.ndim else []
    if grid:
        grid[axis] = index
    return tuple(grid)


def gather(input: Any, dim: int, index: Any) -> Tensor:
    """``out[i][j] = input[index[i][j]][j]`` for ``dim=0``, and so on.

    Raises:
        RuntimeError: if the index is not int64, or larger than the input along another dimension.
        IndexError: for an index out of range.
    """
    if not index.array.size and not index.level:  # of any dtype and shape, as in PyTorch
        axis_of("gather", dim, input.array.ndim)
        return _take(reshape(input, -1), index.array.astype(INT64))
    places = _checked_places("gather", input, dim, index)
    if input.array.ndim == 0:
        return input.expand(places.shape).clone()
    axis = axis_of("gather", dim, input.array.ndim)
    out = _take(input, _along(places, axis))
    return reshape(out, ()) if index.array.ndim == 0 else out


def _checked_places(name: str, input: Any, dim: int, index: Any) -> Any:
    """The index checked: as an array, or as it is where it stands for a batch of them."""
    if index.array.ndim == 0 and input.array.ndim == 1:  # one place, as in PyTorch
        index = reshape(index, (1,))
    places = index if index.level else index.array
    kind = index.array.dtype
    if index.array.size and kind not in (np.int32, INT64):
        raise RuntimeError(f"{name}: expected dtype int64 for index, not {kind}")
    shape = input.array.shape or (1,)
    axis = axis_of(name, dim, len(shape)) % len(shape)
    if places.ndim != len(shape) and (input.array.ndim or places.ndim > 1):
        raise RuntimeError(
            f"{name}: index must have the same number of dimensions as the input: index "
            f"{places.shape}, input {shape}"
        )
    if any(p > n for i, (p, n) in enumerate(zip(places.shape, shape, strict=False)) if i != axis):
        raise RuntimeError(
            f"{name}: size of index {places.shape} does not fit input {input.array.shape} apart from "
            f"dimension {dim}"
        )
    try:
        _check_bounds(name, places, shape[axis], dim)
    except IndexError as error:
        raise RuntimeError(str(error)) from None
    return places


def _added(x: np.ndarray, index: Any, src: Any) -> np.ndarray:
    out = np.array(x)
    add_at(out, index, src)
    return out


_scatter_add = primitive(
    _added,
    name="scatter_add",
    linear=("x+src",),
    x=lambda g: g,
    src=lambda g, index: g[index],
)


def scatter_add(input: Any, dim: int, index: Any, src: Any) -> Tensor:
    """A copy with ``src[i][j]`` added at ``[index[i][j]][j]`` (for ``dim=0``); repeats add up."""
    places = _checked_places("scatter_add", input, dim, index)
    source = _part("scatter_add", input, src, places)
    if not places.size:
        return input.clone()
    return _scatter_add(input, _along(places, _axis("scatter_add", input, dim)), source)


def _axis(name: str, input: Any, dim: int) -> int:
    return axis_of(name, dim, input.array.ndim)


def _part(name: str, input: Any, src: Any, places: np.ndarray) -> Any:
    if src.array.dtype != input.array.dtype:
        raise RuntimeError(
            f"{name}: expected src of the input's dtype {input.array.dtype}, not {src.array.dtype}"
        )
    if src.array.ndim != places.ndim and (src.array.ndim > 1 or places.ndim > 1):
        raise RuntimeError(
            f"{name}: index and src must have the same number of dimensions, but have shapes "
            f"{places.shape} and {src.array.shape}"
        )
    if src.array.ndim == 0 and places.ndim == 1:
        src = reshape(src, (1,))
    if places.size and any(p > n for p, n in zip(places.shape, src.array.shape, strict=True)):
        raise RuntimeError(f"{name}: index {places.shape} is larger than src {src.array.shape}")
    return getitem(src, tuple(slice(n) for n in places.shape))


def _placed(x: np.ndarray, index: Any, src: Any) -> np.ndarray:
    out = np.array(x)
    out[index] = src
    return out


index_put: Operation = primitive(
    _placed,
    "A copy of ``x`` with ``src`` at ``index``.",
    name="index_put",
    linear=("x+src",),
    x=lambda g, index: index_put(g, index, 0.0),
    src=lambda g, index: g[index],
)


def scatter(input: Any, dim: int, index: Any, src: Any) -> Tensor:
    """A copy with ``src`` (a tensor or a number) put at ``[index[i][j]][j]`` (for ``dim=0``)."""
    places = _checked_places("scatter", input, dim, index)
    if not places.size:
        return input.clone()
    if isinstance(src, Value):
        source = _part("scatter", input, src, places)
    else:
        check_fits("scatter", src, input.array.dtype)
        source = np.asarray(src).astype(input.array.dtype)
    return index_put(input, _along(places, _axis("scatter", input, dim)), source)


def masked_select(input: Any, mask: Any) -> Tensor:
    """The elements where a bool mask holds, in one dimension."""
    try:
        shape = np.broadcast_shapes(input.array.shape, mask.array.shape)
    except ValueError:
        raise clash("masked_select", input.array, mask.array) from None
    if mask.array.dtype != BOOL:
        raise RuntimeError(f"masked_select: expected a bool mask, not {mask.array.dtype}")
    return getitem(input.expand(shape), mask.expand(shape))


def nonzero(input: Any, *, as_tuple: bool = False) -> Any:
    """The indices of elements that are not 0: shape (n, ndim), or one tensor a dimension."""
    found = np.nonzero(input.array) if input.array.ndim else np.nonzero(input.array.reshape(1))
    if as_tuple:
        return tuple(wrap(i) for i in found)
    if not input.array.ndim:
        return wrap(np.zeros((len(found[0]), 0), np.int64))
    return wrap(np.stack(found, -1).astype(np.int64))


def nonzero_static(input: Any, *, size: int, fill_value: int = -1) -> Any:
    """``nonzero`` cut, or filled up with ``fill_value``, to ``size`` rows.

    Raises:
        RuntimeError: for a negative size.
    """
    if size < 0:
        raise RuntimeError(f"nonzero_static: 'size' must be an non-negative integer, not {size}")
    found = nonzero(input).array[:size]
    out = np.full((size, input.array.ndim), fill_value, np.int64)
    out[: len(found)] = found
    return wrap(out)


# --- orders ----------------------------------------------------------------------------------------


def _descending(x: np.ndarray, axis: int) -> np.ndarray:
    """A stable order from largest to smallest: that of the reversed array, reversed."""
    size = x.shape[axis]
    return np.flip(size - 1 - np.argsort(np.flip(x, axis), axis=axis, kind="stable"), axis)


def _order(x: np.ndarray, axis: int, descending: bool) -> np.ndarray:
    order = _descending(x, axis) if descending else np.argsort(x, axis=axis, kind="stable")
    return np.ascontiguousarray(order)


_argsort = primitive(_order, name="argsort", family="trailing")


@numpy_names
def argsort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """The indices that sort along ``dim``; equal elements keep their order."""
    axis = axis_of("argsort", dim, input.array.ndim)
    if not input.array.ndim:
        return wrap(np.zeros((), np.int64))
    return _argsort(input, axis, descending)


@numpy_names
def sort(
    input: Any, dim: int = -1, descending: bool = False, stable: bool = False
) -> ValuesAndIndices:
    """(values, indices) in order along ``dim``; stable, NaN counted as largest."""
    order = argsort(input, dim, descending)
    return values_and_indices("sort")(gather(input, dim, order), order)


@numpy_names
def topk(
    input: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True
) -> ValuesAndIndices:
    """The ``k`` largest (or smallest) along ``dim`` with their indices, in order.

    Raises:
        RuntimeError: if there are fewer than ``k``.
    """
    axis = axis_of("topk", dim, input.array.ndim)
    size = input.array.shape[axis] if input.array.ndim else 1
    if not 0 <= k <= size:
        raise RuntimeError(f"topk: selected index k ({k}) out of range for dimension size {size}")
    order = argsort(input, dim, largest)
    if input.array.ndim:
        order = narrow(order, axis, 0, k)
    return values_and_indices("topk")(gather(input, dim, order), order)
