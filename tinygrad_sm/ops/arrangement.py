"""More ways to arrange the same elements: rolled, turned, tiled, diagonals, windows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..primitive import Operation, primitive
from ..tape import Value, wrap
from .dims import axis_of, numpy_names, sizes_of
from .indexing import collect, getitem, index_select, narrow
from .shape import flip, permute, repeat, seen_through, transpose, view

if TYPE_CHECKING:
    from ..tensor import Tensor


def movedim(input: Any, source: Any, destination: Any) -> Tensor:
    """Dimensions moved to other places, the rest in their order; a view.

    Raises:
        RuntimeError: if the two do not name as many dimensions, or one twice.
    """
    ndim = input.array.ndim
    start = _places("movedim", source, ndim)
    stop = _places("movedim", destination, ndim)
    if len(start) != len(stop):
        raise RuntimeError(f"movedim: source {source} and destination {destination} do not match")
    rest = iter(i for i in range(ndim) if i not in start)
    moved = dict(zip(stop, start, strict=True))
    return permute(input, *(moved[i] if i in moved else next(rest) for i in range(ndim)))


def _places(name: str, dim: Any, ndim: int) -> list[int]:
    dims = dim if isinstance(dim, Sequence) else (dim,)
    places = [axis_of(name, d, ndim) % max(ndim, 1) for d in dims]
    if len(set(places)) < len(places):
        raise RuntimeError(f"{name}: a dimension appears more than once in {tuple(dims)}")
    return places if ndim else []


moveaxis = movedim

_roll: Operation = primitive(
    lambda x, shifts, axes: np.roll(x, shifts, axes),
    name="roll",
    linear=("x",),
    x=lambda g, shifts, axes: _roll(g, tuple(-s for s in shifts), axes),
)


def roll(input: Any, shifts: Any, dims: Any = None) -> Tensor:
    """Elements moved along ``dims``, those pushed out at one end coming in at the other.

    Without ``dims`` the flattened tensor is rolled.

    Raises:
        RuntimeError: if shifts and dims are not as many.
    """
    steps = sizes_of((shifts,))
    if dims is None or dims == ():
        if len(steps) != 1:
            raise RuntimeError("roll: several shifts need as many dims")
        return roll(input.reshape(-1), steps, (0,)).reshape(input.array.shape)
    if not input.array.size:
        return input.clone()
    names = sizes_of((dims,))
    if len(names) != len(steps):
        raise RuntimeError(f"roll: shifts and dims must be as many, not {shifts} and {dims}")
    axes = tuple(axis_of("roll", d, input.array.ndim) for d in names)
    if not input.array.ndim:
        raise IndexError("roll: a dimension is given, but the tensor has none")
    return _roll(input, steps, axes)


def _spread_diagonal(g: Any, offset: int, sizes: tuple[int, ...], a: int, b: int) -> Any:
    out = np.zeros(sizes, g.dtype)
    view = np.einsum("...ii->...i", _square_part(np.moveaxis(out, (a, b), (-2, -1)), offset))
    view[...] = g
    return out


def _square_part(x: Any, offset: int) -> Any:
    """The largest square whose main diagonal is the one asked for."""
    x = x[..., max(-offset, 0) :, max(offset, 0) :]
    n = min(x.shape[-2:])
    return x[..., :n, :n]


_to_diagonal = primitive(
    lambda g, offset, sizes, a, b: _spread_diagonal(g, offset, sizes, a, b),
    name="diagonal_backward",
    linear=("g",),
    g=lambda cotangent, offset, a, b: diagonal(cotangent, offset, a, b),
)


def read_diagonal(x: Any, offset: int, a: int, b: int) -> Any:
    """A writable view, which NumPy's own ``diagonal`` is not."""
    return np.einsum("...ii->...i", _square_part(np.moveaxis(x, (a, b), (-2, -1)), offset))


_diagonal = primitive(
    read_diagonal,
    name="diagonal",
    linear=("x",),
    x=lambda g, offset, a, b, shape: _to_diagonal(g, offset, shape, a, b),
)


def diagonal(input: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of two dimensions, put last; a view.

    Args:
        input: a tensor.
        offset: how far above (or, negative, below) the main diagonal.
        dim1: the rows.
        dim2: the columns.

    Raises:
        RuntimeError: if both are the same dimension.
    """
    ndim = input.ndim
    a, b = axis_of("diagonal", dim1, ndim), axis_of("diagonal", dim2, ndim)
    if a == b or ndim < 2:
        raise RuntimeError(f"diagonal: dimensions cannot be identical: {dim1}, {dim2}")
    rows, columns = input.shape[a], input.shape[b]
    offset = max(-rows, min(columns, offset))
    out = _diagonal(input, offset, a, b)
    return seen_through(input, out, lambda base: _diagonal(base, offset, a, b))


def diag_embed(input: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices of zeros, in two new dimensions, with the last dimension on a diagonal."""
    if not input.array.ndim:
        raise IndexError("diag_embed: expected a tensor with at least 1 dimension")
    ndim = input.array.ndim + 1
    a, b = axis_of("diag_embed", dim1, ndim), axis_of("diag_embed", dim2, ndim)
    if a == b:
        raise RuntimeError(f"diag_embed: dimensions cannot be identical: {dim1}, {dim2}")
    n = input.array.shape[-1] + abs(offset)
    sizes = list(input.array.shape[:-1])
    for axis in sorted((a % ndim, b % ndim)):
        sizes.insert(axis, n)
    return _to_diagonal(input, offset, tuple(sizes), a, b)


def diag(input: Any, diagonal: int = 0) -> Tensor:
    """The diagonal of a matrix, as a copy; or the matrix with a vector on its diagonal.

    Raises:
        RuntimeError: for other than one or two dimensions.
    """
    if input.array.ndim == 1:
        return diag_embed(input, diagonal)
    if input.array.ndim == 2:
        return _diagonal_of(input, diagonal).clone()
    raise RuntimeError(f"diag: expected a matrix or a vector, not {input.array.ndim} dimensions")


_diagonal_of = diagonal


def diagflat(input: Any, offset: int = 0) -> Tensor:
    """The matrix with all elements on its diagonal."""
    return diag_embed(input.reshape(-1), offset)


# --- turned and tiled -----------------------------------------------------------------------------------


def rot90(input: Any, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """Turned by ``k`` times 90 degrees, from the first of ``dims`` toward the second.

    Raises:
        RuntimeError: unless two different dimensions are given.
    """
    if len(dims) != 2 or input.array.ndim < 2:
        raise RuntimeError(f"rot90: expected two dimensions, and a tensor that has them: {dims}")
    a, b = (axis_of("rot90", d, input.array.ndim) for d in dims)
    if a == b:
        raise RuntimeError(f"rot90: expected two different dimensions, not {dims}")
    if k % 4 == 2:
        return flip(input, a, b)
    if k % 2:
        return transpose(flip(input, b), a, b) if k % 4 == 1 else flip(transpose(input, a, b), b)
    return input.clone()


def fliplr(input: Any) -> Tensor:
    """The columns in reverse order."""
    if input.array.ndim < 2:
        raise RuntimeError("fliplr: input must be at least 2-d")
    return flip(input, 1)


def flipud(input: Any) -> Tensor:
    """The rows in reverse order."""
    if input.array.ndim < 1:
        raise RuntimeError("flipud: input must be at least 1-d")
    return flip(input, 0)


def tile(input: Any, *times: Any, dims: Any = None) -> Tensor:
    """``repeat`` that counts missing numbers, in front, as 1."""
    times = sizes_of(times, dims)
    return repeat(input, *(1,) * (input.array.ndim - len(times)), *times)


@numpy_names
def repeat_interleave(
    input: Any, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each slice along ``dim`` repeated, in place of the whole; flattened without ``dim``.

    With one argument alone, a tensor of counts: each place as often as its count says.

    Raises:
        RuntimeError: if counts are negative, or not as many as slices.
    """
    if repeats is None:
        return wrap(np.repeat(np.arange(input.array.size), input.array))
    if dim is None:
        input, dim = input.reshape(-1), 0
    if not input.array.ndim:
        raise IndexError("repeat_interleave: a dimension is given, but the tensor has none")
    axis = axis_of("repeat_interleave", dim, input.array.ndim)
    size = input.array.shape[axis]
    counts = repeats.array if isinstance(repeats, Value) else np.asarray(repeats)
    if counts.size not in (1, size) or np.any(counts < 0):
        raise RuntimeError(
            f"repeat_interleave: repeats must be 1 or {size} numbers, none negative: {counts}"
        )
    places = np.repeat(np.arange(size), counts.reshape(-1))
    return index_select(input, axis, wrap(places))


def unflatten(input: Any, dim: int, sizes: Any) -> Tensor:
    """One dimension made into several of the given sizes, one of which may be -1; a view."""
    shape = input.array.shape
    axis = axis_of("unflatten", dim, len(shape)) % max(len(shape), 1)
    parts = list(sizes_of((sizes,)))
    known = math.prod(n for n in parts if n != -1)
    if parts.count(-1) == 1 and known > 0:  # of this dimension alone: another may be 0
        parts[parts.index(-1)] = shape[axis] // known
    if shape and math.prod(parts) != shape[axis]:
        raise RuntimeError(
            f"unflatten: Provided sizes {sizes} don't multiply up to the size of dim {dim} "
            f"({shape[axis]}) in the input tensor"
        )
    return view(input, (*shape[:axis], *parts, *shape[axis + 1 :]))


# --- windows into memory -----------------------------------------------------------------------------------


def _windows(x: Any, axis: int, size: int, step: int) -> Any:
    if not x.ndim:
        return x.reshape(1)
    every: Any = np.lib.stride_tricks.sliding_window_view(
        x, size, axis, writeable=x.flags.writeable
    )
    return every[(..., slice(None, None, step), *(slice(None),) * -axis)]


def _add_windows(g: Any, axis: int, size: int, step: int, sizes: tuple[int, ...]) -> Any:
    if not sizes:
        return g.reshape(())
    out = np.zeros(sizes, g.dtype)
    moved, count = np.moveaxis(out, axis, -1), g.shape[axis - 1]
    for k in range(size):
        moved[..., k : k + (count - 1) * step + 1 : step] += np.moveaxis(g[..., k], axis, -1)
    return out


_unfold = primitive(
    _windows,
    name="unfold",
    family="trailing",
    x=lambda g, axis, size, step, shape: _fold(g, axis, size, step, shape),
)
_fold: Operation = primitive(
    _add_windows,
    name="unfold_backward",
    g=lambda cotangent, axis, size, step: _unfold(cotangent, axis, size, step),
)


def unfold(input: Any, dimension: int, size: int, step: int) -> Tensor:
    """Windows of ``size`` elements, ``step`` apart, along a dimension, put last; a view.

    Raises:
        RuntimeError: if a window is larger than the dimension, or the step is not positive.
    """
    axis = axis_of("unfold", dimension, input.array.ndim)
    total = input.array.shape[axis] if input.array.ndim else 1
    if not 0 <= size <= total or step <= 0:
        raise RuntimeError(
            f"unfold: windows of {size} with step {step} do not fit a dimension of {total}"
        )
    out = _unfold(input, axis, size, step)
    return seen_through(input, out, lambda base: _unfold(base, axis, size, step))


def _strided(x: Any, size: Any, stride: Any, offset: int) -> Any:
    steps = tuple(s * x.itemsize for s in stride)
    return np.lib.stride_tricks.as_strided(x.reshape(-1)[offset:], size, steps)


def strided_places(size: Any, stride: Any, offset: int) -> Any:
    """The flat places of the elements that such a view shows."""
    grid = np.ogrid[tuple(slice(n) for n in size)] if size else ()
    places = np.asarray(offset + sum(i * s for i, s in zip(grid, stride, strict=True)))
    return np.broadcast_to(places, size)


def checked_strides(name: str, total: int, size: Any, stride: Any, offset: int) -> tuple[Any, Any]:
    """Sizes and steps of a view into a memory of ``total`` elements.

    Raises:
        RuntimeError: if it would reach outside the memory.
    """
    sizes, steps = sizes_of((size,)), sizes_of((stride,))
    if len(sizes) != len(steps) or min((*sizes, *steps, offset), default=0) < 0:
        raise RuntimeError(f"{name}: size {sizes}, stride {steps}, offset {offset} do not fit")
    last = offset + sum((n - 1) * s for n, s in zip(sizes, steps, strict=True))
    if 0 not in sizes and last >= total:
        raise RuntimeError(
            f"{name}: size {sizes} with stride {steps} from {offset} reaches element {last} of {total}"
        )
    return sizes, steps


def _strided_rule(g: Any, size: Any, stride: Any, offset: int, shape: tuple[int, ...]) -> Any:
    count = int(np.prod(shape))
    return collect(g, strided_places(size, stride, offset), (count,)).reshape(shape)


_as_strided = primitive(_strided, name="as_strided_copy", x=_strided_rule)


def as_strided(input: Any, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """A view of the memory with sizes and steps, in elements, of its own.

    Raises:
        RuntimeError: if it would reach outside the memory.
    """
    sample = not isinstance(input.array, np.ndarray)
    base = input if input.window is None else input.window.base
    if sample and storage_offset is None and input is not base:
        raise RuntimeError("as_strided: vmap: a view of a sample needs a storage_offset")
    if not sample and not base.array.flags.c_contiguous:
        raise RuntimeError("as_strided: the memory is not contiguous: use .contiguous() first")
    own = 0 if sample else input.storage_offset()
    offset = own if storage_offset is None else storage_offset
    sizes, steps = checked_strides("as_strided", base.array.size, size, stride, offset)
    if sample:  # under vmap, where it is a copy
        return getitem(base.reshape(-1), wrap(strided_places(sizes, steps, offset)))
    out = _as_strided(base, sizes, steps, offset)
    return seen_through(base, out, lambda memory: _as_strided(memory, sizes, steps, offset))


def narrow_copy(input: Any, dim: int, start: int, length: int) -> Tensor:
    """``narrow`` as a copy."""
    return narrow(input, dim, start, length).clone()


def adjoint(input: Any) -> Tensor:
    """Matrices transposed: their conjugates are themselves."""
    return transpose(input, -2, -1)


swapdims = transpose
