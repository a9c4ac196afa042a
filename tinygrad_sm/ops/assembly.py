"""Putting tensors together, and taking them apart."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..dtypes import promote
from ..tape import Value, wrap
from .dims import axis_of, numpy_names
from .indexing import getitem, narrow
from .shape import broadcast_to, cat, reshape, split, stack, unsqueeze

if TYPE_CHECKING:
    from ..tensor import Tensor


def _all(tensors: tuple[Any, ...]) -> list[Any]:
    """``f(a, b)`` and ``f([a, b])`` both mean two tensors."""
    if len(tensors) == 1 and isinstance(tensors[0], list | tuple):
        return list(tensors[0])
    return list(tensors)


def _each(tensors: tuple[Any, ...], change: Any) -> Any:
    """One tensor changed, or a tuple of several."""
    if len(tensors) == 1 and isinstance(tensors[0], Value):
        return change(tensors[0])
    return tuple(change(t) for t in _all(tensors))


def atleast_1d(*tensors: Any) -> Any:
    """Tensors with 1 dimension at least."""
    return _each(tensors, lambda t: t if t.array.ndim else reshape(t, 1))


def _two(t: Any) -> Any:
    return t if t.array.ndim > 1 else unsqueeze(atleast_1d(t), 0)


def atleast_2d(*tensors: Any) -> Any:
    """Tensors with 2 dimensions at least: vectors become rows."""
    return _each(tensors, _two)


def _three(t: Any) -> Any:
    return t if t.array.ndim > 2 else unsqueeze(_two(t), -1)


def atleast_3d(*tensors: Any) -> Any:
    """Tensors with 3 dimensions at least: (n) -> (1, n, 1), (m, n) -> (m, n, 1)."""
    return _each(tensors, _three)


def _joined(name: str, tensors: list[Any], dim: int) -> Any:
    if not tensors:
        raise RuntimeError(f"{name}: expects a non-empty TensorList")
    return cat(tensors, dim)


def hstack(tensors: Sequence[Any]) -> Tensor:
    """Joined side by side: along the second dimension, or the first of vectors."""
    parts = [atleast_1d(t) for t in tensors]
    return _joined("hstack", parts, 0 if parts and parts[0].array.ndim == 1 else 1)


def vstack(tensors: Sequence[Any]) -> Tensor:
    """Joined one below the other, vectors as rows."""
    return _joined("vstack", [_two(t) for t in tensors], 0)


row_stack = vstack


def dstack(tensors: Sequence[Any]) -> Tensor:
    """Joined one behind the other, along the third dimension."""
    return _joined("dstack", [_three(t) for t in tensors], 2)


def column_stack(tensors: Sequence[Any]) -> Tensor:
    """Joined side by side, vectors as columns."""
    parts = [t if t.array.ndim > 1 else reshape(t, -1, 1) for t in tensors]
    return _joined("column_stack", parts, 1)


def block_diag(*tensors: Any) -> Tensor:
    """The matrix with matrices (or numbers, or rows) along its diagonal and zeros elsewhere.

    Raises:
        RuntimeError: for more than two dimensions.
    """
    parts = _all(tensors) or [wrap(np.zeros((1, 0), np.float32))]
    kind = promote(*(t.array for t in parts))
    blocks = [_two(t.to(kind)) for t in parts]
    if any(b.array.ndim > 2 for b in blocks):
        raise RuntimeError("block_diag: expected tensors of at most 2 dimensions")
    total = sum(b.array.shape[1] for b in blocks)
    rows, before = [], 0
    for b in blocks:
        height, width = b.array.shape
        left = b.new_zeros(height, before)
        right = b.new_zeros(height, total - before - width)
        rows.append(cat([left, b, right], 1))
        before += width
    return cat(rows, 0)


# --- grids -------------------------------------------------------------------------------------------------


def broadcast_shapes(*shapes: Any) -> Any:
    """The shape that several shapes broadcast to.

    Raises:
        RuntimeError: if they do not.
    """
    plain = [(s,) if isinstance(s, int) else tuple(s) for s in shapes]
    try:
        return wrap(np.broadcast_to(0, np.broadcast_shapes(*plain))).shape
    except ValueError:
        raise RuntimeError(f"broadcast_shapes: {plain} do not broadcast to one shape") from None


def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """Tensors expanded to the shape that they share."""
    parts = _all(tensors)
    shape = broadcast_shapes(*(t.array.shape for t in parts))
    return tuple(broadcast_to(t, shape) for t in parts)


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Coordinates of a grid, one tensor an axis, each of the shape of the grid.

    Args:
        tensors: the places along each axis: vectors or numbers.
        indexing: ``"ij"``: the first tensor runs along the rows; ``"xy"``: along the columns.

    Raises:
        RuntimeError: for another indexing, more than one dimension, or several dtypes.
    """
    parts = _all(tensors)
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f"meshgrid: indexing must be one of 'xy' or 'ij', not {indexing!r}")
    if any(t.array.ndim > 1 for t in parts):
        raise RuntimeError("meshgrid: expected 0-D or 1-D tensors")
    if len({t.array.dtype for t in parts}) > 1:
        raise RuntimeError("meshgrid: expected tensors of one dtype")
    swapped = indexing == "xy" and len(parts) > 1
    if swapped:
        parts[:2] = parts[1::-1]
    sizes = tuple(t.array.size for t in parts)
    grids = [
        broadcast_to(reshape(t, (-1,) + (1,) * (len(sizes) - 1 - i)), sizes)
        for i, t in enumerate(parts)
    ]
    if swapped:
        grids[:2] = grids[1::-1]
    return tuple(grids)


def cartesian_prod(*tensors: Any) -> Tensor:
    """All combinations of one element of each vector, a row each."""
    parts = _all(tensors)
    if len(parts) == 1:
        return parts[0].clone()
    return stack([reshape(g, -1) for g in meshgrid(*parts)], 1)


def combinations(input: Any, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All choices of ``r`` elements of a vector, a row each, in order."""
    if input.array.ndim != 1 or r < 0:
        raise RuntimeError("combinations: expected a 1-D tensor and r >= 0")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    chosen = np.array(list(choose(range(input.array.size), r)), np.int64).reshape(-1, r)
    return getitem(input, chosen) if r else input.new_empty(0)


# --- cutting ------------------------------------------------------------------------------------------------


@numpy_names
def tensor_split(input: Any, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Cut into so many nearly equal pieces, or before each of the given places; views.

    Raises:
        RuntimeError: for no pieces, or a 0-d tensor.
    """
    if not input.array.ndim:
        raise RuntimeError("tensor_split: expected at least a one-dimensional tensor")
    axis = axis_of("tensor_split", dim, input.array.ndim)
    size = input.array.shape[axis]
    cuts = indices_or_sections
    if isinstance(cuts, Value):
        cuts = cuts.array.tolist()
    if isinstance(cuts, int):
        if cuts <= 0:
            raise RuntimeError(
                f"tensor_split: number of sections must be larger than 0, not {cuts}"
            )
        small, larger = divmod(size, cuts)
        return split(input, [small + 1] * larger + [small] * (cuts - larger), axis)
    edges = [0, *(slice(c).indices(size)[1] for c in cuts), size]
    return tuple(narrow(input, axis, a, max(b - a, 0)) for a, b in itertools.pairwise(edges))


def split_with_sizes(input: Any, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Cut into pieces of the given sizes; views."""
    return split(input, list(split_sizes), dim)


def _evenly(name: str, input: Any, cuts: Any, dim: int, least: int) -> tuple[Tensor, ...]:
    if input.array.ndim < least:
        raise RuntimeError(f"{name}: requires a tensor with at least {least} dimension(s)")
    if isinstance(cuts, int) and input.array.shape[dim] % max(cuts, 1):
        raise RuntimeError(
            f"{name}: dimension {dim} of size {input.array.shape[dim]} cannot be cut into {cuts} "
            "equal pieces"
        )
    return tensor_split(input, cuts, dim)


def hsplit(input: Any, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Cut into equal pieces side by side, or before the given columns; views."""
    return _evenly("hsplit", input, indices_or_sections, 0 if input.array.ndim == 1 else 1, 1)


def vsplit(input: Any, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Cut into equal pieces one below the other, or before the given rows; views."""
    return _evenly("vsplit", input, indices_or_sections, 0, 2)


def dsplit(input: Any, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Cut along the third dimension into equal pieces, or before the given places; views."""
    return _evenly("dsplit", input, indices_or_sections, 2, 3)
