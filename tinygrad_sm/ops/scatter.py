"""Writing at chosen places, as a copy: each result is the input with some of its elements replaced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..dtypes import BOOL, check_fits
from ..primitive import primitive, put
from ..tape import Value, values_of, wrap
from .arrangement import checked_strides, read_diagonal, strided_places
from .dims import axis_of, numpy_names
from .elementwise import cast, where
from .indexing import (
    _along,
    _checked_places,
    _part,
    _scatter_add,
    gather,
    getitem,
    plain_index,
)
from .indexing import index_put as _put_at
from .indexing import scatter as _scatter

if TYPE_CHECKING:
    from ..tensor import Tensor


def _at(name: str, input: Any, dim: int, index: Any) -> tuple[Any, ...]:
    """The index of whole slices along ``dim``, at places that are checked."""
    axis = axis_of(name, dim, input.array.ndim)
    places = index.array.reshape(-1)
    size = input.array.shape[axis] if input.array.ndim else 1
    if places.dtype.kind not in "iu" or places.dtype.itemsize < 4 or index.array.ndim > 1:
        raise RuntimeError(
            f"{name}: expected a 1-D index of int32 or int64, not {places.dtype}, "
            f"{index.array.shape}"
        )
    if places.size and not (places.min() >= 0 and places.max() < size):
        raise IndexError(f"{name}: index out of range for dimension {dim} with size {size}")
    return (..., places, *(slice(None),) * (-axis - 1))


def _source(name: str, input: Any, dim: int, index: Any, source: Any) -> Any:
    """The source in the shape that its places have."""
    if input.array.dtype != source.array.dtype:
        raise RuntimeError(
            f"{name}: input {input.array.dtype} and source {source.array.dtype} must have one dtype"
        )
    shape = list(input.array.shape)
    if shape:
        shape[axis_of(name, dim, len(shape))] = index.array.size
    if source.array.shape != tuple(shape) and source.array.size != int(np.prod(shape)):
        raise RuntimeError(
            f"{name}: source of shape {source.array.shape} does not fit: expected {tuple(shape)}"
        )
    return source.reshape(tuple(shape))


def _raised(operation: Callable[..., Any], input: Any, dim: int, *rest: Any) -> Any:
    """An operation along ``dim`` on a 0-d tensor: on its one element."""
    return operation(input.reshape(1), dim, *rest).reshape(())


@numpy_names
def index_add(input: Any, dim: int, index: Any, source: Any, *, alpha: float = 1) -> Tensor:
    """With ``alpha`` times the slices of ``source`` added at ``index`` along ``dim``; repeats add up.

    Raises:
        RuntimeError: if dtypes differ or the source does not fit.
        IndexError: for an index out of range.
    """
    if not input.array.ndim:
        return index_add(input.reshape(1), dim, index, source.reshape(1), alpha=alpha).reshape(())
    at = _at("index_add", input, dim, index)
    part = _source("index_add", input, dim, index, source)
    return _scatter_add(input, at, part if alpha == 1 else part * alpha)


@numpy_names
def index_copy(input: Any, dim: int, index: Any, source: Any) -> Tensor:
    """With the slices of ``source`` put at ``index`` along ``dim``.

    Raises:
        RuntimeError: if dtypes differ or the source does not fit.
        IndexError: for an index out of range.
    """
    if not input.array.ndim:
        return _raised(index_copy, input, dim, index, source.reshape(1))
    at = _at("index_copy", input, dim, index)
    return _put_at(input, at, _source("index_copy", input, dim, index, source))


@numpy_names
def index_fill(input: Any, dim: int, index: Any, value: Any) -> Tensor:
    """With one number (or 0-d tensor) put at ``index`` along ``dim``.

    Raises:
        RuntimeError: for a value with dimensions.
        IndexError: for an index out of range.
    """
    if not input.array.ndim:
        return _raised(index_fill, input, dim, index, value)
    if isinstance(value, Value):
        if value.array.ndim:
            raise RuntimeError("index_fill: only supports a number or a 0-d tensor as value")
        value = cast(value, input.array.dtype)
    else:
        check_fits("index_fill", value, input.array.dtype)
        value = np.asarray(value).astype(input.array.dtype)
    once = wrap(np.unique(index.array))
    return _put_at(input, _at("index_fill", input, dim, once), value)


def index_put(input: Any, indices: Sequence[Any], values: Any, accumulate: bool = False) -> Tensor:
    """``input[indices] = values`` as a copy; with ``accumulate``, added, repeats adding up.

    Raises:
        RuntimeError: if dtypes differ.
        IndexError: for an index out of range.
    """
    if values.array.dtype != input.array.dtype:
        raise RuntimeError(
            f"index_put: requires the source and destination dtypes match, got "
            f"{input.array.dtype} and {values.array.dtype}"
        )
    at = tuple(slice(None) if i is None else plain_index(i) for i in indices)
    return (_scatter_add if accumulate else _put_at)(input, at, values)


def _flat_places(name: str, input: Any, index: Any) -> Any:
    places = values_of(index)
    if places.dtype != np.int64:
        raise RuntimeError(f"{name}: expected an int64 index, not {places.dtype}")
    size = input.array.size
    if places.size and not (-size <= places.min() and places.max() < size):
        raise IndexError(f"{name}: index out of range: the tensor has {size} elements")
    return index if index.level else places


def take(input: Any, index: Any) -> Tensor:
    """The elements at places in the flattened tensor, in the shape of the index."""
    return getitem(input.reshape(-1), _flat_places("take", input, index))


def put_flat(input: Any, index: Any, source: Any, accumulate: bool = False) -> Tensor:
    """``put``: with ``source`` put, or added, at places in the flattened tensor.

    Raises:
        RuntimeError: if dtypes or numbers of elements differ.
        IndexError: for an index out of range.
    """
    places = _flat_places("put", input, index).reshape(-1)
    if source.array.dtype != input.array.dtype or source.array.size != index.array.size:
        raise RuntimeError(
            f"put: source needs {index.array.size} elements of {input.array.dtype}, not "
            f"{source.array.size} of {source.array.dtype}"
        )
    write = _scatter_add if accumulate else _put_at
    flat = write(input.reshape(-1), places, source.reshape(-1))
    return flat.reshape(input.array.shape)


def take_along_dim(input: Any, indices: Any, dim: int | None = None) -> Tensor:
    """``gather`` with broadcasting; places in the flattened tensor without ``dim``.

    Raises:
        RuntimeError: for an index that is not int64, or has another number of dimensions.
    """
    if indices.array.dtype.kind not in "iu" or indices.array.dtype.itemsize < 8:
        raise RuntimeError(f"take_along_dim: expected an int64 index, not {indices.array.dtype}")
    if dim is None:
        return gather(input.reshape(-1), 0, indices.reshape(-1))
    ndim = input.array.ndim
    if indices.array.ndim != ndim:
        raise RuntimeError(
            f"take_along_dim: input and indices should have the same number of dimensions, but "
            f"got {ndim} and {indices.array.ndim}"
        )
    axis = axis_of("take_along_dim", dim, ndim)
    shape, rows = list(input.array.shape), list(indices.array.shape)
    shape[axis] = rows[axis] = 1
    common = list(np.broadcast_shapes(tuple(shape), tuple(rows)))
    common[axis] = indices.array.shape[axis]
    wide = list(common)
    wide[axis] = input.array.shape[axis]
    places = where(indices < 0, indices + wide[axis], indices)
    return gather(input.expand(tuple(wide)), axis, places.expand(tuple(common)))


def masked_scatter(input: Any, mask: Any, source: Any) -> Tensor:
    """With the elements of ``source``, in order, put where a bool mask holds.

    Raises:
        RuntimeError: for a mask that is not bool, other dtypes, or too few elements.
    """
    if mask.array.dtype != BOOL or source.array.dtype != input.array.dtype:
        raise RuntimeError(
            f"masked_scatter: expected a bool mask and one dtype, not {mask.array.dtype}, "
            f"{input.array.dtype} and {source.array.dtype}"
        )
    shape = np.broadcast_shapes(input.array.shape, mask.array.shape)
    places = mask.expand(shape)
    held = values_of(places)  # of all samples under vmap, in front
    count = int(held.sum(tuple(range(held.ndim - len(shape), held.ndim))).max(initial=0))
    if source.array.size < count:
        raise RuntimeError(
            f"masked_scatter: the mask holds {count} times, source has {source.array.size} elements"
        )
    if not count:
        return input.expand(shape).clone()
    turn = (places.reshape(-1).cumsum(0) - 1).clamp(min=0)
    taken = gather(source.reshape(-1), 0, turn).reshape(shape)
    return where(places, taken, input)


# --- with reductions -----------------------------------------------------------------------------------


def _folded(x: np.ndarray, index: Any, src: Any, fold: Any) -> np.ndarray:
    out = x.copy()
    fold.at(out, index, src)
    return out


def _ties(x: Any, index: Any, src: Any, out: Any) -> Any:
    """How many values equal the extreme that each place ended up with."""
    return _scatter_add(1.0 * np.equal(x, out), index, 1.0 * np.equal(src, out[index]))


_scatter_extreme = primitive(
    _folded,
    name="scatter_reduce",
    x=lambda g, x, index, src, out: g * np.equal(x, out) / _ties(x, index, src, out),
    src=lambda g, x, index, src, out: (
        (g / _ties(x, index, src, out))[index] * np.equal(src, out[index])
    ),
)


def _one_for_zero(x: Any) -> Any:
    return np.where(np.equal(x, 0), 1.0, x)


def _zeros_alone(x: Any) -> Any:
    """The zeros of x as they are, and 0 elsewhere: no other values, but other derivatives."""
    return np.where(np.equal(x, 0), x, 0.0)


def _without(value: Any, product: Any, zeros: Any, total: Any) -> Any:
    """A product without one factor: no zero is divided by, nor lost to the second derivative.

    From the product of the factors that are not 0, the count of those that are, and their sum.
    """
    zero = np.equal(value, 0)
    others = zeros - 1.0 * zero
    last = np.where(np.equal(others, 1), total - _zeros_alone(value), 0.0)
    return np.where(np.equal(others, 0), 1.0, last) * product / np.where(zero, 1.0, value)


def _prod_parts(x: Any, index: Any, src: Any) -> Any:
    zeros = _scatter_add(1.0 * np.equal(x, 0), index, 1.0 * np.equal(src, 0))
    total = _scatter_add(_zeros_alone(x), index, _zeros_alone(src))
    return _scatter_prod(_one_for_zero(x), index, _one_for_zero(src), np.multiply), zeros, total


def _prod_rule(g: Any, x: Any, index: Any, src: Any) -> Any:
    return g * _without(x, *_prod_parts(x, index, src))


def _prod_source_rule(g: Any, x: Any, index: Any, src: Any) -> Any:
    return g[index] * _without(src, *(part[index] for part in _prod_parts(x, index, src)))


_scatter_prod: Any = primitive(_folded, name="scatter_prod", x=_prod_rule, src=_prod_source_rule)


@numpy_names
def scatter_reduce(
    input: Any, dim: int, index: Any, src: Any, reduce: str, *, include_self: bool = True
) -> Tensor:
    """With ``src[i][j]`` folded into ``[index[i][j]][j]`` (for ``dim=0``) by a reduction.

    Args:
        input: what is folded into.
        dim: the dimension that the index is for.
        index: int64 places.
        src: the values.
        reduce: ``"sum"``, ``"prod"``, ``"mean"``, ``"amax"`` or ``"amin"``.
        include_self: whether the input's own elements take part.

    Raises:
        RuntimeError: for another reduction, or an index or source that does not fit.
    """
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise RuntimeError(
            f"scatter_reduce: reduce must be sum, prod, mean, amax or amin: {reduce}"
        )
    if input.array.dtype != src.array.dtype:
        raise RuntimeError(
            f"scatter_reduce: expected one dtype, not {input.array.dtype} and {src.array.dtype}"
        )
    places = _checked_places("scatter_reduce", input, dim, index)
    if not input.array.ndim:
        one = scatter_reduce(
            input.reshape(1),
            0,
            index.reshape(-1),
            src.reshape(-1),
            reduce,
            include_self=include_self,
        )
        return one.reshape(())
    at = _along(places, axis_of("scatter_reduce", dim, input.array.ndim))
    part = _part("scatter_reduce", input, src, places)
    base = input if include_self else _put_at(input, at, _identity(reduce, input.array.dtype))
    if reduce == "prod":
        return _scatter_prod(base, at, part, np.multiply)
    if reduce in ("amax", "amin"):
        return _scatter_extreme(base, at, part, np.maximum if reduce == "amax" else np.minimum)
    total = _scatter_add(base, at, part)
    return total if reduce == "sum" else _mean(total, places, at, include_self)


def _mean(total: Any, places: np.ndarray, at: Any, include_self: bool) -> Any:
    count = np.ones(total.array.shape, np.int64)
    if not include_self:
        count[at] = 0
    np.add.at(count, at, 1)
    if total.array.dtype.kind == "f":
        return total / wrap(count.astype(total.array.dtype))
    return wrap(np.floor_divide(total.array, count).astype(total.array.dtype))


def _identity(reduce: str, kind: np.dtype) -> Any:
    if reduce in ("sum", "mean"):
        return 0
    if reduce == "prod":
        return 1
    if kind.kind == "b":
        return reduce == "amin"
    if kind.kind == "f":
        return -np.inf if reduce == "amax" else np.inf
    return np.iinfo(kind).min if reduce == "amax" else np.iinfo(kind).max


@numpy_names
def scatter(
    input: Any, dim: int, index: Any, src: Any = None, *, value: Any = None, reduce: Any = None
) -> Tensor:
    """With ``src`` (a tensor or a number) put at ``[index[i][j]][j]`` (for ``dim=0``).

    Args:
        input: what is written into.
        dim: the dimension that the index is for.
        index: int64 places.
        src: the values.
        value: one number for all places.
        reduce: ``"add"`` or ``"multiply"`` into what is there instead of replacing it.

    Raises:
        RuntimeError: for another reduction, or an index or source that does not fit.
    """
    source = value if src is None else src
    if reduce is None:
        return _scatter(input, dim, index, source)
    if reduce not in ("add", "multiply"):
        raise RuntimeError(
            f"scatter: reduce argument must be either add or multiply, not {reduce!r}"
        )
    if not isinstance(source, Value):
        source = input.new_full(index.array.shape, source)
    fold = "sum" if reduce == "add" else "prod"
    return scatter_reduce(input, dim, index, source, fold)


@numpy_names
def index_reduce(
    input: Any, dim: int, index: Any, source: Any, reduce: str, *, include_self: bool = True
) -> Tensor:
    """With the slices of ``source`` folded in at ``index``: ``prod``, ``mean``, ``amax``, ``amin``."""
    _at("index_reduce", input, dim, index)
    if not input.array.ndim:
        return scatter_reduce(input, 0, index, source, reduce, include_self=include_self)
    part = _source("index_reduce", input, dim, index, source)
    column = (-1,) + (1,) * (-axis_of("index_reduce", dim, input.array.ndim) - 1)
    places = index.long().reshape(column).expand(part.array.shape)
    return scatter_reduce(input, dim, places, part, reduce, include_self=include_self)


# --- writing what a view would see ---------------------------------------------------------------------


def _check_shape(name: str, src: Any, place: tuple[int, ...]) -> None:
    if src.array.shape != place:
        raise RuntimeError(f"{name}: expected src of shape {place}, not {src.array.shape}")


def _written(name: str, input: Any, src: Any, look: Callable[[Any], Any]) -> Any:
    _check_shape(name, src, look(np.broadcast_to(np.zeros(()), input.array.shape)).shape)
    return put(input, cast(src, input.array.dtype), look)


def select_scatter(input: Any, src: Any, dim: int, index: int) -> Tensor:
    """With ``src`` put where ``select(dim, index)`` would look."""
    axis = axis_of("select_scatter", dim, input.array.ndim)
    at = (..., index, *(slice(None),) * (-axis - 1))
    return _written("select_scatter", input, src, lambda base: base[at])


def slice_scatter(
    input: Any, src: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1
) -> Tensor:
    """With ``src`` put where the slice ``start:end:step`` along ``dim`` would look."""
    axis = axis_of("slice_scatter", dim, input.array.ndim)
    at = (..., slice(start, end, step), *(slice(None),) * (-axis - 1))
    return _written("slice_scatter", input, src, lambda base: base[at])


def diagonal_scatter(input: Any, src: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """With ``src`` put where ``diagonal(offset, dim1, dim2)`` would look."""
    ndim = input.array.ndim
    a, b = axis_of("diagonal_scatter", dim1, ndim), axis_of("diagonal_scatter", dim2, ndim)
    return _written("diagonal_scatter", input, src, lambda base: read_diagonal(base, offset, a, b))


def as_strided_scatter(
    input: Any, src: Any, size: Any, stride: Any, storage_offset: int | None = None
) -> Tensor:
    """With ``src`` put where ``as_strided(size, stride, storage_offset)`` would look.

    Raises:
        RuntimeError: if that is outside of the memory, or ``src`` has another shape.
    """
    offset, total = storage_offset or 0, input.array.size
    sizes, steps = checked_strides("as_strided_scatter", total, size, stride, offset)
    _check_shape("as_strided_scatter", src, sizes)
    places = wrap(strided_places(sizes, steps, offset))
    flat = _put_at(input.reshape(-1), places, cast(src, input.array.dtype))
    return flat.reshape(input.array.shape)
