"""Margins: elements added around a tensor, or cut off."""

from __future__ import annotations

import numpy as np

from ..primitive import Operation, primitive

Widths = tuple[tuple[int, int], ...]


def _constant_pad(x: np.ndarray, widths: Widths, value: float) -> np.ndarray:
    sizes = tuple(n + before + after for n, (before, after) in zip(x.shape, widths, strict=True))
    out = np.full(sizes, value, x.dtype)
    inside = tuple(
        slice(max(before, 0), n + before + min(after, 0))
        for n, (before, after) in zip(x.shape, widths, strict=True)
    )
    kept = tuple(
        slice(max(-before, 0), n + min(after, 0))
        for n, (before, after) in zip(x.shape, widths, strict=True)
    )
    out[inside] = x[kept]
    return out


def opposite(widths: Widths) -> Widths:
    """What takes a margin off again."""
    return tuple((-before, -after) for before, after in widths)


constant_pad: Operation = primitive(
    _constant_pad,
    "``x`` with (before, after) elements of ``value`` added to each dimension; negative: cut off.",
    name="constant_pad_nd",
    x=lambda g, widths: constant_pad(g, opposite(widths), 0.0),
)
