"""Reductions of segments: of runs of neighbours, whose lengths or bounds are given."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..tape import wrap
from .creation import full
from .elementwise import where
from .indexing import narrow
from .scatter import scatter_reduce

if TYPE_CHECKING:
    from ..tensor import Tensor

_REDUCTIONS = {
    "sum": ("sum", 0.0),
    "mean": ("sum", 0.0),
    "prod": ("prod", 1.0),
    "max": ("amax", -math.inf),
    "min": ("amin", math.inf),
}


def segment_reduce(
    data: Any,
    reduce: str,
    *,
    lengths: Any = None,
    indices: Any = None,
    offsets: Any = None,
    axis: int = 0,
    unsafe: bool = False,
    initial: float | None = None,
) -> Tensor:
    """Each segment along ``axis`` reduced to one element.

    Args:
        data: floating numbers.
        reduce: ``"sum"``, ``"mean"``, ``"max"``, ``"min"`` or ``"prod"``.
        lengths: how long the segments are, (..., segments), for each place before ``axis``.
        indices: not supported, as in PyTorch.
        offsets: instead of lengths, where segments begin, and where the last one ends.
        axis: the dimension that is cut into segments.
        unsafe: whether what lies beyond the last segment is left out, not refused.
        initial: with which each reduction begins.

    Raises:
        RuntimeError: for lengths that do not fill the dimension, or another reduction.

    >>> import tinygrad_sm as sg
    >>> segment_reduce(sg.tensor([1.0, 2.0, 5.0]), "max", lengths=sg.tensor([2, 1]))
    tensor([2., 5.])
    """
    if reduce not in _REDUCTIONS:
        raise RuntimeError(f"segment_reduce: unsupported reduction {reduce!r}")
    if indices is not None or (lengths is None) == (offsets is None):
        raise RuntimeError("segment_reduce: expected either lengths or offsets")
    sizes = np.diff(offsets.array, axis=-1) if lengths is None else lengths.array
    shape = data.array.shape
    rest = shape[axis] - sizes.sum(-1)
    fits = np.all(rest >= 0 if unsafe else rest == 0)
    if sizes.shape[:-1] != shape[:axis] or np.any(sizes < 0) or not fits:
        raise RuntimeError(
            f"segment_reduce: expected segments that fill dimension {axis} of {shape} for each place "
            f"before it, but got lengths {sizes.tolist()}"
        )
    if np.any(rest):  # what is left over is a segment more, which is dropped
        sizes = np.concatenate([sizes, np.asarray(rest)[..., None]], -1)
        more = segment_reduce(data, reduce, lengths=wrap(sizes), axis=axis, initial=initial)
        return narrow(more, axis, 0, sizes.shape[-1] - 1)
    how, identity = _REDUCTIONS[reduce]
    trailing = (1,) * (len(shape) - axis - 1)
    start = full(
        (*sizes.shape, *shape[axis + 1 :]),
        identity if initial is None else float(initial),
        dtype=data.dtype,
    )
    index = np.broadcast_to(
        _numbered(sizes, shape[axis]).reshape(*shape[: axis + 1], *trailing), shape
    )
    out = scatter_reduce(start, axis, wrap(index.copy()), data, how)
    if reduce != "mean":
        return out
    counts = wrap(sizes.astype(data.array.dtype).reshape(*sizes.shape, *trailing))
    return out / counts if initial is None else where(counts > 0, out / counts, start)


def _numbered(sizes: np.ndarray, count: int) -> np.ndarray:
    """For each element the number of its segment: (..., count)."""
    ends = np.cumsum(sizes, -1)[..., None, :]
    return (np.arange(count)[:, None] >= ends).sum(-1)
