"""Operations that move elements or look at them differently; most results are views."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from operator import index as as_int
from typing import TYPE_CHECKING, Any

import numpy as np

from ..dtypes import dtype as DType
from ..dtypes import promote
from ..primitive import primitive
from ..tape import Value, View, values_of, wrap
from .dims import axes_of, axis_of, numpy_names, sizes_of

if TYPE_CHECKING:
    from ..tensor import Tensor


def seen_through(source: Any, out: Any, look: Callable[[Any], Any]) -> Any:
    """Make ``out`` a view of ``source``: they share memory and its count of writes."""
    if not isinstance(source, Value):
        return out
    out.version = source.version
    if source.level and out.level == source.level:
        source.share(out, lambda below, view: seen_through(below, view, look))
    if source.window is None:
        out.window = View(source, look, source.version[0])
    else:
        inner = source.window.look
        out.window = View(source.window.base, lambda base: look(inner(base)), source.version[0])
    return out


_reshape = primitive(
    lambda x, sizes: x.reshape(sizes),
    "The same elements in another shape.",
    name="view",
    linear=("x",),
    x=lambda g, shape: g.reshape(shape),
)


def _complete(name: str, shape: tuple[int, ...], sizes: tuple[int, ...]) -> tuple[int, ...]:
    """The sizes with -1 worked out.

    Raises:
        RuntimeError: if the number of elements does not fit.
    """
    total = math.prod(shape)
    if sizes.count(-1) > 1:
        raise RuntimeError(f"{name}: only one dimension can be inferred, but got {sizes}")
    known = math.prod(s for s in sizes if s != -1)
    fits = known == total if -1 not in sizes else known and total % known == 0
    if not fits or any(s < -1 for s in sizes):
        raise RuntimeError(
            f"{name}: shape '{list(sizes)}' is invalid for input of size {total} (its shape is "
            f"{shape}): the products of the sizes must be equal"
        )
    return tuple(total // known if s == -1 else s for s in sizes)


def reshape(input: Any, *sizes: Any, shape: Any = None) -> Tensor:
    """The elements in another shape, one size of which may be -1; a view where possible.

    Raises:
        RuntimeError: if the number of elements does not fit.
    """
    full = _complete("reshape", tuple(input.shape), sizes_of(sizes, shape))
    out = _reshape(input, full)
    if not isinstance(input, Value):
        return out
    if np.may_share_memory(values_of(out), values_of(input)):
        return seen_through(input, out, lambda base: base.reshape(full))
    return _clone(out) if out.level else out  # what lies beside it may have been a view


def view(input: Any, *sizes: Any, size: Any = None, dtype: Any = None) -> Tensor:
    """``reshape`` that never copies.

    Raises:
        RuntimeError: if the elements do not fit, or lie so that only a copy could be reshaped.
    """
    if len(sizes) == 1 and isinstance(sizes[0], DType):
        dtype = sizes[0]
    if dtype is not None:
        return _reinterpreted(input, dtype.numpy)
    full = _complete("view", input.array.shape, sizes_of(sizes, size))
    out = _reshape(input, full)
    if out.array.size and not np.may_share_memory(values_of(out), values_of(input)):
        raise RuntimeError(
            f"view: size {full} is not compatible with a tensor of shape {input.array.shape} "
            "whose elements are not contiguous: use .reshape(...), or .contiguous() first"
        )
    return seen_through(input, out, lambda base: base.reshape(full))


def _reinterpreted(input: Any, kind: np.dtype) -> Any:
    """The same bytes as numbers of another dtype; a view, off the tape."""
    try:
        out = wrap(input.array.view(kind))
    except ValueError as error:
        raise RuntimeError(f"view: {input.array.dtype} as {kind}: {error}") from None
    return seen_through(input, out, lambda base: base.view(kind))


@numpy_names
def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions ``start_dim`` to ``end_dim`` made one."""
    shape = input.shape or (1,)
    first = axis_of("flatten", start_dim, len(shape)) + len(shape)
    last = axis_of("flatten", end_dim, len(shape)) + len(shape)
    if first > last:
        raise RuntimeError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}")
    middle = math.prod(shape[first : last + 1])
    return reshape(input, *shape[:first], middle, *shape[last + 1 :])


def ravel(input: Any) -> Tensor:
    """All elements in one dimension."""
    return reshape(input, -1) if input.array.size else reshape(input, 0)


_permute = primitive(
    lambda x, axes: np.transpose(x, axes),
    name="permute",
    linear=("x",),
    x=lambda g, axes: np.transpose(g, tuple(int(i) for i in np.argsort(axes))),
)


def permute(input: Any, *order: Any, dims: Any = None) -> Tensor:
    """The dimensions in another order, as a view.

    Raises:
        RuntimeError: unless each dimension is named once.
    """
    ndim = input.array.ndim
    order = sizes_of(order, dims)
    axes = tuple(axis_of("permute", d, ndim) + ndim for d in order)
    if sorted(axes) != list(range(ndim)):
        raise RuntimeError(f"permute: dims {order} do not name each of {ndim} dimensions once")
    return seen_through(input, _permute(input, axes), lambda base: np.transpose(base, axes))


def transpose(input: Any, dim0: int, dim1: int) -> Tensor:
    """Two dimensions swapped, as a view."""
    ndim = input.array.ndim
    a, b = axis_of("transpose", dim0, ndim), axis_of("transpose", dim1, ndim)
    order = list(range(ndim))
    if ndim:
        order[a], order[b] = order[b], order[a]
    axes = tuple(order)
    return seen_through(input, _permute(input, axes), lambda base: np.transpose(base, axes))


swapaxes = transpose


def t(input: Any) -> Tensor:
    """A matrix transposed; vectors and 0-d tensors as they are.

    Raises:
        RuntimeError: with more than two dimensions.
    """
    if input.array.ndim > 2:
        raise RuntimeError(f"t: expected at most 2 dimensions, not {input.array.ndim}: use mT")
    return transpose(input, 0, -1)


@numpy_names
def squeeze(input: Any, dim: Any = None) -> Tensor:
    """Without dimensions of size 1: all of them, or those of ``dim`` that have it."""
    shape = input.array.shape
    if isinstance(dim, tuple) and not dim:
        return reshape(input, shape)
    chosen = {a % len(shape) for a in axes_of("squeeze", dim, len(shape))}
    return reshape(input, tuple(n for i, n in enumerate(shape) if n != 1 or i not in chosen))


@numpy_names
def unsqueeze(input: Any, dim: int) -> Tensor:
    """With a dimension of size 1 put in at ``dim``."""
    shape = list(input.array.shape)
    position = axis_of("unsqueeze", dim, len(shape) + 1) + len(shape) + 1
    shape.insert(position, 1)
    return reshape(input, tuple(shape))


_broadcast = primitive(
    lambda x, sizes: np.broadcast_to(x, sizes), name="expand", linear=("x",), x=lambda g: g
)


def broadcast_to(input: Any, *sizes: Any, size: Any = None) -> Tensor:
    """The tensor repeated along dimensions of size 1 without taking memory; -1 keeps a size.

    Raises:
        RuntimeError: if a size cannot be broadcast to the one asked for.
    """
    sizes = sizes_of(sizes, size)
    shape = input.array.shape
    kept = (None,) * (len(sizes) - len(shape)) + shape
    full = tuple(n if s == -1 else s for s, n in zip(sizes, kept, strict=False))
    if (
        len(sizes) < len(shape)
        or None in full
        or any(n not in (None, 1, s) for s, n in zip(full, kept, strict=True))
    ):
        raise RuntimeError(
            f"expand: a tensor of shape {shape} cannot be expanded to {sizes}: each size must "
            "equal the tensor's, or the tensor's must be 1"
        )
    return seen_through(input, _broadcast(input, full), lambda base: np.broadcast_to(base, full))


expand = broadcast_to


def repeat(input: Any, *times: Any, repeats: Any = None) -> Tensor:
    """Copies laid side by side, ``repeats`` of them along each dimension.

    Raises:
        RuntimeError: with fewer numbers than the tensor has dimensions.
    """
    times = sizes_of(times, repeats)
    shape = input.array.shape
    if len(times) < len(shape):
        raise RuntimeError(f"repeat: {len(times)} numbers for {len(shape)} dimensions")
    shape = (1,) * (len(times) - len(shape)) + shape
    inner = tuple(x for n in shape for x in (1, n))
    full = tuple(x for n, r in zip(shape, times, strict=True) for x in (r, n))
    out = tuple(n * r for n, r in zip(shape, times, strict=True))
    return reshape(broadcast_to(reshape(input, inner), full), out).contiguous()


# --- joining and cutting -----------------------------------------------------------------------------

_cat = primitive(
    lambda axis, cuts, *arrays: np.concatenate(arrays, axis),
    name="cat",
    linear=("arrays",),
    arrays=lambda g, axis, cuts: np.split(g, cuts, axis),
)


@numpy_names
def cat(tensors: Sequence[Any], dim: int = 0) -> Tensor:
    """Tensors joined along an existing dimension; dtypes are promoted.

    Raises:
        ValueError: without tensors.
        RuntimeError: for 0-d ones, or if other sizes differ.
    """
    tensors = list(tensors)
    if not tensors:
        raise ValueError("cat: expected a non-empty list of Tensors")
    kept = [x for x in tensors if x.array.shape != (0,)] or tensors[:1]
    first = kept[0].array.shape
    if not first:
        raise RuntimeError("cat: zero-dimensional tensors cannot be concatenated: use stack")
    axis = axis_of("cat", dim, len(first))
    for i, x in enumerate(kept):
        problem = _clash(x.array.shape, first, axis)
        if problem:
            raise RuntimeError(
                f"cat: sizes of tensors must match except in dimension {dim}: of "
                f"{[x.array.shape for x in kept]} number {i} has {problem}"
            )
    kind = promote(*(np.empty((1,), x.array.dtype) for x in tensors))
    kept = [x if x.array.dtype == kind else x.to(kind) for x in kept]
    sizes = [x.array.shape[axis] for x in kept]
    cuts = tuple(int(c) for c in np.cumsum(sizes)[:-1])
    return _cat(axis, cuts, *kept)


def _clash(shape: tuple[int, ...], first: tuple[int, ...], axis: int) -> str:
    """How a shape differs from the first one, other than along an axis; empty if it does not."""
    if len(shape) != len(first):
        return f"{len(shape)} dimensions instead of {len(first)}"
    for i, (size, expected) in enumerate(zip(shape, first, strict=True)):
        if size != expected and i != axis % len(first):
            return f"size {size} instead of {expected} in dimension {i}"
    return ""


concat = concatenate = cat


@numpy_names
def stack(tensors: Sequence[Any], dim: int = 0) -> Tensor:
    """Tensors of one shape joined along a new dimension.

    Raises:
        RuntimeError: without tensors, or if shapes differ.
        IndexError: for a dimension that there will not be.
    """
    tensors = list(tensors)
    if not tensors:
        raise RuntimeError("stack: expected a non-empty list of Tensors")
    axis_of("stack", dim, tensors[0].array.ndim + 1)
    shapes = {x.array.shape for x in tensors}
    if len(shapes) > 1:
        raise RuntimeError(f"stack: expects each tensor to be equal size, but got {shapes}")
    return cat([unsqueeze(x, dim) for x in tensors], dim)


_split = primitive(
    lambda x, cuts, axis: tuple(np.split(x, cuts, axis)),
    name="split",
    linear=("x",),
    several=True,
    x=lambda g, axis: np.concatenate(g, axis),
)


@numpy_names
def split(
    tensor: Any, split_size_or_sections: Any = None, dim: int = 0, *, split_size: Any = None
) -> tuple[Tensor, ...]:
    """Cut into pieces of a size (the last may be smaller), or of the sizes given, as views.

    Raises:
        RuntimeError: if sizes do not add up to the dimension.
        TypeError: without sizes.
    """
    if split_size_or_sections is None:
        split_size_or_sections = split_size  # what the method calls it
    shape = tensor.array.shape
    if not shape:
        raise RuntimeError("split: expects at least a 1-dimensional tensor")
    axis = axis_of("split", dim, len(shape))
    total = shape[axis]
    if isinstance(split_size_or_sections, Sequence):
        sizes = [as_int(s) for s in split_size_or_sections]
        if sum(sizes) != total or min(sizes, default=0) < 0:
            raise RuntimeError(f"split: sizes {sizes} do not add up to dimension {dim}'s {total}")
    else:
        step = as_int(split_size_or_sections)
        if step < 0 or (step == 0 and total):
            raise RuntimeError(f"split: split_size must be positive, but got {step}")
        sizes = [min(step, total - i) for i in range(0, total, step)] if total else [0]
    edges = [int(c) for c in np.cumsum([0, *sizes])]
    pieces = _split(tensor, tuple(edges[1:-1]), axis)
    return tuple(
        seen_through(tensor, piece, _slicer(axis, a, b))
        for piece, a, b in zip(pieces, edges, edges[1:], strict=False)
    )


def _slicer(axis: int, start: int, stop: int) -> Callable[[Any], Any]:
    return lambda base: base[(..., slice(start, stop), *(slice(None),) * (-axis - 1))]


@numpy_names
def chunk(input: Any, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most ``chunks`` pieces of equal size along ``dim`` (the last may be smaller)."""
    if chunks < 1:
        raise RuntimeError(f"chunk: expects chunks to be greater than 0, got {chunks}")
    if not input.array.ndim:
        raise RuntimeError("chunk: expects at least a 1-dimensional tensor")
    total = input.array.shape[axis_of("chunk", dim, input.array.ndim)]
    return split(input, -(-total // chunks) if total else [0] * chunks, dim)


@numpy_names
def unbind(input: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along ``dim``, which is removed."""
    axis = axis_of("unbind", dim, input.array.ndim)
    if input.array.shape[axis] == 0:
        return ()
    return tuple(squeeze(piece, axis) for piece in split(input, 1, axis))


_flip = primitive(
    lambda x, axes: np.flip(x, axes).copy(),
    name="flip",
    linear=("x",),
    family="trailing",
    x=lambda g, axes: np.flip(g, axes),
)


def flip(input: Any, *axes: Any, dims: Any = ()) -> Tensor:
    """The order of elements along ``dims`` turned round, as a copy."""
    chosen = sizes_of(axes or (dims,))
    if not chosen:
        return clone(input)
    return _flip(input, axes_of("flip", chosen, input.array.ndim))


# --- triangles ------------------------------------------------------------------------------------------

_tril = primitive(
    lambda x, k: np.tril(x, k),
    name="tril",
    linear=("x",),
    family="trailing",
    x=lambda g, k: np.tril(g, k),
)
_triu = primitive(
    lambda x, k: np.triu(x, k),
    name="triu",
    linear=("x",),
    family="trailing",
    x=lambda g, k: np.triu(g, k),
)


def tril(input: Any, diagonal: int = 0) -> Tensor:
    """The lower triangles of matrices; the rest is 0."""
    _need_matrix("tril", input)
    return _tril(input, diagonal)


def triu(input: Any, diagonal: int = 0) -> Tensor:
    """The upper triangles of matrices; the rest is 0."""
    _need_matrix("triu", input)
    return _triu(input, diagonal)


def _need_matrix(name: str, input: Any) -> None:
    if input.array.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")


_clone = primitive(lambda x: x.copy(), name="clone", family="elementwise", x=lambda g: g)


def clone(input: Any, *, memory_format: Any = None) -> Tensor:
    """A copy with memory of its own; gradients pass through."""
    return _clone(input)


def contiguous(input: Any, memory_format: Any = None) -> Tensor:
    """The tensor with elements in row-major order: itself if it is so, else a copy."""
    return input if input.array.flags.c_contiguous else _clone_in_order(input)


_clone_in_order = primitive(
    lambda x: np.ascontiguousarray(x), name="contiguous", family="elementwise", x=lambda g: g
)


def detached(input: Any) -> Any:
    """The same memory off the tape; a write through either is seen, and counted, by both."""
    out = input.below(detached) if input.level else wrap(input.array)
    out.version = input.version
    return out
