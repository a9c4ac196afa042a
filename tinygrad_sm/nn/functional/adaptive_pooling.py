"""Pooling to a given size, and the way back from the places of the largest.

A dimension of ``size`` is cut into ``count`` bins, of which the i-th reaches from
``floor(i size / count)`` to ``ceil((i + 1) size / count)``. Both the mean and the largest of a box
can be taken one dimension after the other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ...ops import shape
from ...ops.creation import arange, zeros
from ...ops.indexing import gather, scatter
from ...tensor import Tensor
from .pooling import avg_pool2d
from .windows import batched, like_input, several

Sizes = tuple[int, ...]


def _goal(name: str, x: Tensor, output_size: Any) -> Sizes:
    """The wanted sizes, ``None`` standing for the input's own."""
    sizes = x.array.shape[2:]
    if output_size is None or isinstance(output_size, int):
        wanted: Sequence[Any] = (output_size,) * len(sizes)
    else:
        wanted = tuple(output_size) * (len(sizes) if len(output_size) == 1 else 1)
    if len(wanted) != len(sizes) or any(w is not None and w < 0 for w in wanted):
        raise RuntimeError(
            f"{name}: output_size must be {len(sizes)} numbers that are not negative, not "
            f"{output_size}"
        )
    if 0 in sizes:
        raise RuntimeError(
            f"{name}: Expected input to have non-zero size for non-batch dimensions, but got "
            f"shape {x.array.shape}"
        )
    return tuple(n if w is None else int(w) for w, n in zip(wanted, sizes, strict=True))


def _bins(size: int, count: int) -> list[tuple[int, int]]:
    return [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]


# --- means --------------------------------------------------------------------------------------------


def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """Means of bins of lines (N, C, L) or (C, L), so that the result has ``output_size``."""
    return _adaptive_avg("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """Means of boxes of images (N, C, H, W) or (C, H, W), so that the result has ``output_size``.

    Args:
        input: the images.
        output_size: one number or two; ``None`` keeps the input's.

    Raises:
        RuntimeError: for negative sizes or an image without pixels.
    """
    return _adaptive_avg("adaptive_avg_pool2d", 2, input, output_size)


def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """Means of boxes of volumes (N, C, D, H, W) or (C, D, H, W) to ``output_size``."""
    return _adaptive_avg("adaptive_avg_pool3d", 3, input, output_size)


def _adaptive_avg(name: str, dimensions: int, input: Tensor, output_size: Any) -> Tensor:
    x = batched(name, input, dimensions)
    sizes, goal = x.array.shape[2:], _goal(name, x, output_size)
    if 0 in goal:
        out = x.new_zeros(*x.array.shape[:2], *goal)
    elif all(g == 1 for g in goal):
        out = x.mean(tuple(range(-dimensions, 0)), keepdim=True)
    elif dimensions == 2 and all(n % g == 0 for n, g in zip(sizes, goal, strict=True)):
        out = avg_pool2d(x, tuple(n // g for n, g in zip(sizes, goal, strict=True)))
    else:
        out = x
        for axis, (size, count) in enumerate(zip(sizes, goal, strict=True), 2):
            if size != count:
                bins = [out.narrow(axis, a, b - a).mean(axis) for a, b in _bins(size, count)]
                out = shape.stack(bins, axis)
    return like_input(out, input, dimensions)


# --- the largest ----------------------------------------------------------------------------------------


def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest of bins of lines (N, C, L) or (C, L); see ``adaptive_max_pool2d``."""
    return _adaptive_max("adaptive_max_pool1d", 1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest of boxes of images (N, C, H, W) or (C, H, W) to ``output_size``.

    Args:
        input: the images.
        output_size: one number or two; ``None`` keeps the input's.
        return_indices: return also where each stood, as an index into the flat image.

    Raises:
        RuntimeError: for negative sizes or an image without pixels.
    """
    return _adaptive_max("adaptive_max_pool2d", 2, input, output_size, return_indices)


def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest of boxes of volumes; see ``adaptive_max_pool2d``."""
    return _adaptive_max("adaptive_max_pool3d", 3, input, output_size, return_indices)


def adaptive_max_pool1d_with_indices(input: Tensor, output_size: Any, *_: Any) -> Any:
    """``adaptive_max_pool1d`` with ``return_indices=True``."""
    return adaptive_max_pool1d(input, output_size, True)


def adaptive_max_pool2d_with_indices(input: Tensor, output_size: Any, *_: Any) -> Any:
    """``adaptive_max_pool2d`` with ``return_indices=True``."""
    return adaptive_max_pool2d(input, output_size, True)


def adaptive_max_pool3d_with_indices(input: Tensor, output_size: Any, *_: Any) -> Any:
    """``adaptive_max_pool3d`` with ``return_indices=True``."""
    return adaptive_max_pool3d(input, output_size, True)


def _adaptive_max(
    name: str, dimensions: int, input: Tensor, output_size: Any, return_indices: bool
) -> Any:
    x = batched(name, input, dimensions)
    sizes, goal = x.array.shape[2:], _goal(name, x, output_size)
    out = x
    places = arange(math.prod(sizes)).reshape(sizes).expand(x.array.shape)
    for axis in range(dimensions + 1, 1, -1):
        bins = [
            (a, out.narrow(axis, a, b - a).max(axis, keepdim=True))
            for a, b in _bins(sizes[axis - 2], goal[axis - 2])
        ]
        if not bins:
            empty = x.new_zeros(*x.array.shape[:2], *goal)
            return (empty, empty.long()) if return_indices else empty
        places = gather(places, axis, shape.cat([found.indices + a for a, found in bins], axis))
        out = shape.cat([found.values for _, found in bins], axis)
    out = like_input(out, input, dimensions)
    return (out, like_input(places, input, dimensions)) if return_indices else out


# --- the way back ---------------------------------------------------------------------------------------


def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Tensor:
    """Undo ``max_pool1d`` as far as possible; see ``max_unpool2d``."""
    return _unpool("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Tensor:
    """Undo ``max_pool2d`` as far as possible: the largest at their old places, zeros elsewhere.

    Args:
        input: (N, C, H, W) or (C, H, W), as ``max_pool2d`` returned it.
        indices: the places, as it returned them.
        kernel_size: as it was given.
        stride: as it was given.
        padding: as it was given.
        output_size: the size before pooling, where several are pooled to the same.

    Raises:
        ValueError: for a size that is not pooled to the input's.
        RuntimeError: if shapes differ, or an index is outside of the image.
    """
    return _unpool("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Tensor:
    """Undo ``max_pool3d`` as far as possible; see ``max_unpool2d``."""
    return _unpool("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)


def _unpool(
    name: str,
    dimensions: int,
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    output_size: Any,
) -> Tensor:
    x = batched(name, input, dimensions)
    if indices.array.shape != input.array.shape:
        raise RuntimeError(
            f"{name}: expected indices of the input's shape {input.array.shape}, but got "
            f"{indices.array.shape}"
        )
    kernel = several(name, kernel_size, dimensions)
    steps = kernel if stride is None else several(name, stride, dimensions)
    pads = several(name, padding, dimensions)
    sizes = tuple(
        (n - 1) * s - 2 * p + k
        for n, s, p, k in zip(x.array.shape[2:], steps, pads, kernel, strict=True)
    )
    if output_size is not None:
        sizes = _wanted(name, tuple(output_size)[-dimensions:], sizes, steps)
    count, channels = x.array.shape[:2]
    blank = zeros(count, channels, math.prod(sizes), dtype=x.dtype)
    places = indices.reshape(count, channels, -1)
    out = scatter(blank, 2, places, x.reshape(count, channels, -1))
    return like_input(out.reshape(count, channels, *sizes), input, dimensions)


def _wanted(name: str, wanted: Sizes, default: Sizes, stride: Sizes) -> Sizes:
    for w, n, s in zip(wanted, default, stride, strict=True):
        if not n - s < w < n + s:
            raise ValueError(
                f"{name}: invalid output_size {wanted}: each must lie within the stride "
                f"{stride} of {default}"
            )
    return wanted
