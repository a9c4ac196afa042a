"""Finding: places in sorted sequences, distinct elements."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np

from ..dtypes import INT64
from ..primitive import primitive
from ..tape import Value, wrap
from .dims import axis_of
from .indexing import gather, nonzero

if TYPE_CHECKING:
    from ..tensor import Tensor


def searchsorted(
    sorted_sequence: Any,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Any = None,
) -> Tensor:
    """Where to put elements so that ascending sequences stay in order.

    Args:
        sorted_sequence: one sequence, or one a row, (..., n).
        input: a number, or values (..., m) with the same rows.
        out_int32: int32 in place of int64.
        right: behind equal elements, not before.
        side: ``"left"`` or ``"right"``, the same said otherwise.
        sorter: places that sort the sequence, where it is not sorted.

    Raises:
        RuntimeError: if rows do not match, or ``right`` and ``side`` contradict.
    """
    if side is not None and (side not in ("left", "right") or (right and side == "left")):
        raise RuntimeError(f"searchsorted: side must be left or right, not against right: {side!r}")
    behind: Any = "right" if right or side == "right" else "left"
    steps = sorted_sequence if sorter is None else gather(sorted_sequence, -1, sorter)
    values = input if isinstance(input, Value) else wrap(np.asarray(input))
    rows, wanted = steps.array.shape[:-1], values.array.shape[:-1]
    if rows and rows != wanted:
        raise RuntimeError(
            f"searchsorted: rows of {steps.array.shape} and of values {values.array.shape} should "
            "be the same"
        )
    found: Tensor = _search(steps, values, behind, np.int32 if out_int32 else INT64)
    return found


def _places(steps: np.ndarray, values: np.ndarray, behind: Any, kind: Any) -> np.ndarray:
    if steps.ndim == 1:
        return np.asarray(np.searchsorted(steps, values, behind)).astype(kind)
    out = np.empty(values.shape, kind)
    for row in np.ndindex(*steps.shape[:-1]):
        out[row] = np.searchsorted(steps[row], values[row], behind)
    return out


_search = primitive(_places, name="searchsorted")


def bucketize(
    input: Any, boundaries: Any, *, out_int32: bool = False, right: bool = False
) -> Tensor:
    """For each element the index of the interval between ascending boundaries that it falls in."""
    if boundaries.array.ndim != 1:
        raise RuntimeError("bucketize: boundaries tensor must be 1 dimension")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


def argwhere(input: Any) -> Tensor:
    """The indices of elements that are not 0: shape (n, ndim)."""
    return nonzero(input)


def _slices_of(name: str, x: np.ndarray, dim: int) -> int:
    """The axis whose slices are compared: not of numbers, nor where other sides are 0."""
    if not x.ndim:
        raise IndexError(f"{name}: dim={dim} was given, but the tensor has no dimensions")
    axis = axis_of(name, dim, x.ndim)
    if 0 in np.delete(x.shape, axis):
        raise RuntimeError(f"{name}: the slices along dim={dim} of shape {x.shape} are empty")
    return axis


def unique(
    input: Any,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The distinct elements, ascending, or the distinct slices along ``dim``.

    Args:
        input: a tensor.
        sorted: not used: they always are.
        return_inverse: return, too, where each element is found among them.
        return_counts: return, too, how often each occurs.
        dim: compare slices along it; elements if ``None``.
    """
    x = input.array
    axis = None if dim is None else _slices_of("unique", x, dim)
    values, inverse, counts = np.unique(
        x, return_inverse=True, return_counts=True, axis=axis, equal_nan=False
    )
    inverse = inverse.reshape(x.shape if axis is None else -1)
    return _chosen(values, inverse, counts, return_inverse, return_counts)


def _chosen(values: Any, inverse: Any, counts: Any, with_inverse: bool, with_counts: bool) -> Any:
    found = [wrap(values)]
    if with_inverse:
        found.append(wrap(inverse.astype(INT64)))
    if with_counts:
        found.append(wrap(counts.astype(INT64)))
    return tuple(found) if len(found) > 1 else found[0]


def unique_consecutive(
    input: Any,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """Each run of equal elements, or of equal slices along ``dim``, once.

    Args:
        input: a tensor, flattened without ``dim``.
        return_inverse: return, too, in which run each element is.
        return_counts: return, too, how long each run is.
        dim: compare slices along it.
    """
    x = input.array
    axis = 0 if dim is None else _slices_of("unique_consecutive", x, dim)
    rows = x.reshape(-1) if dim is None else np.moveaxis(x, axis, 0)
    n = len(rows)
    same = np.all(rows[1:] == rows[:-1], tuple(range(1, rows.ndim)))
    starts = np.flatnonzero(np.concatenate([np.ones(min(n, 1), bool), ~same]))
    inverse = np.cumsum(np.concatenate([np.zeros(min(n, 1), bool), ~same]))
    counts = np.diff(np.append(starts, n))
    values = rows[starts] if dim is None else np.moveaxis(rows[starts], 0, axis)
    inverse = inverse.reshape(x.shape) if dim is None else inverse
    return _chosen(values, inverse, counts, return_inverse, return_counts)


def unravel_index(indices: Any, shape: Any) -> tuple[Any, ...]:
    """Places in a flattened tensor as one index a dimension of its shape.

    Args:
        indices: integers; beyond the end they begin anew.
        shape: a size, or a sequence of sizes.

    Raises:
        TypeError: for indices that are no integers.
        ValueError: for negative sizes.
    """
    if indices.array.dtype.kind not in "iu":
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    sizes = (index(shape),) if hasattr(shape, "__index__") else tuple(index(n) for n in shape)
    if any(n < 0 for n in sizes):
        raise ValueError(f"'shape' cannot have negative values, but got {sizes}")
    found, rest = [], indices.array.astype(np.int64)
    for n in reversed(sizes):
        found.append(wrap(rest % n))
        rest = rest // n
    return tuple(reversed(found))
