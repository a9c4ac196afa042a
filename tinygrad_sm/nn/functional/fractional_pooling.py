"""The largest of windows at random places, so that sizes shrink by a fraction (Graham, 2014)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...ops.indexing import gather
from ...ops.random import rand
from ...primitive import primitive
from ...tensor import Tensor
from .windows import batched, like_input, several


def fractional_max_pool2d(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """The largest of windows of images (N, C, H, W) or (C, H, W) that lie at random places.

    Along each dimension the windows start at ``floor(a (i + u)) - floor(a u)``, where u is drawn
    for each image and channel, and a is such that the last one ends with the image.

    Args:
        input: the images.
        kernel_size: height and width of the windows; one number, or a pair.
        output_size: height and width of the result.
        output_ratio: in place of the size, its ratio to the input's, between 0 and 1.
        return_indices: return also where each largest stood, as an index into the flat image.
        _random_samples: (N, C, 2) numbers u in [0, 1), that of the width first.

    Raises:
        ValueError: if neither a size nor a ratio is given.
        RuntimeError: for windows that do not fit into the input.
    """
    return _pooled(
        "fractional_max_pool2d", 2, input, kernel_size, output_size, output_ratio, return_indices,
        _random_samples,
    )  # fmt: skip


def fractional_max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """Both the largest of windows and their places; see ``fractional_max_pool2d``."""
    return fractional_max_pool2d(
        input, kernel_size, output_size, output_ratio, True, _random_samples
    )


def fractional_max_pool3d(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """The largest of boxes of volumes (N, C, D, H, W) or (C, D, H, W) that lie at random places.

    ``_random_samples`` is (N, C, 3), the number of the depth first; for the rest see
    ``fractional_max_pool2d``.
    """
    return _pooled(
        "fractional_max_pool3d", 3, input, kernel_size, output_size, output_ratio, return_indices,
        _random_samples,
    )  # fmt: skip


def fractional_max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """Both the largest of boxes and their places; see ``fractional_max_pool3d``."""
    return fractional_max_pool3d(
        input, kernel_size, output_size, output_ratio, True, _random_samples
    )


def _pooled(
    name: str,
    dimensions: int,
    input: Tensor,
    kernel_size: Any,
    output_size: Any,
    output_ratio: Any,
    return_indices: bool,
    samples: Tensor | None,
) -> Any:
    if output_size is None and output_ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    x = batched(name, input, dimensions)
    sizes = x.array.shape[2:]
    kernel = several(name, kernel_size, dimensions)
    if output_size is None:
        ratios = output_ratio if isinstance(output_ratio, Sequence) else (output_ratio,)
        ratios = (*ratios,) * (dimensions if len(ratios) == 1 else 1)
        output_size = [int(n * r) for n, r in zip(sizes, ratios, strict=True)]
    goal = several(name, output_size, dimensions)
    _check(name, x.array.shape, kernel, goal)
    if samples is None:
        samples = rand(*x.array.shape[:2], dimensions, dtype=x.dtype)
    order = (1, 0) if dimensions == 2 else (0, 1, 2)
    places = _places(x, samples[: x.array.shape[0]], kernel, goal, order)
    out = gather(x.flatten(2), 2, places.flatten(2)).reshape(places.array.shape)
    out = like_input(out, input, dimensions)
    return (out, like_input(places, input, dimensions)) if return_indices else out


def _find(
    x: np.ndarray,
    u: np.ndarray,
    kernel: tuple[int, ...],
    goal: tuple[int, ...],
    order: tuple[int, ...],
) -> np.ndarray:
    starts = [
        _starts(u[..., k], n, size, count)
        for k, n, size, count in zip(order, x.shape[2:], kernel, goal, strict=True)
    ]
    return _largest(x, starts, kernel, goal)


# an operation without rules, so that it runs under vmap: places have no gradient
_places = primitive(_find, name="fractional_places")


def _check(
    name: str, shape: tuple[int, ...], kernel: tuple[int, ...], goal: tuple[int, ...]
) -> None:
    if 0 in shape[1:]:
        raise RuntimeError(
            f"{name}: Expected input to have non-zero size for non-batch dimensions, but got {shape}"
        )
    spare = len(kernel) == 3  # volumes need one place more, as in PyTorch
    for size, window, count in zip(shape[2:], kernel, goal, strict=True):
        if window < 1 or count < 1 or count + window - 1 + spare > size:
            raise RuntimeError(
                f"{name}: {count} windows of size {window} do not fit into an input of shape "
                f"{shape}: output_size + kernel_size - 1 must be at most {size - spare}"
            )


def _starts(u: np.ndarray, size: int, window: int, count: int) -> np.ndarray:
    """Where the windows along one dimension begin, (N, C, count)."""
    last = np.full((*u.shape, 1), size - window)
    if count == 1:
        return last
    step = u.dtype.type((size - window) / (count - 1))
    u = u[..., None]
    first = ((np.arange(count - 1, dtype=u.dtype) + u) * step).astype(np.int64)
    return np.concatenate([first - (u * step).astype(np.int64), last], -1)


def _largest(
    x: np.ndarray, starts: list[np.ndarray], kernel: tuple[int, ...], goal: tuple[int, ...]
) -> np.ndarray:
    """The flat place of the first largest of each window, (N, C, *goal)."""
    dimensions = len(kernel)
    places = np.zeros((1,) * (2 + 2 * dimensions), np.int64)
    for i, (start, size, window) in enumerate(zip(starts, x.shape[2:], kernel, strict=True)):
        along = start[..., None] + np.arange(window)
        shape = [*start.shape[:2], *(1,) * (2 * dimensions)]
        shape[2 + i], shape[2 + dimensions + i] = along.shape[2:]
        places = places * size + along.reshape(shape)
    places = places.reshape(*x.shape[:2], math.prod(goal), math.prod(kernel))
    flat = x.reshape(*x.shape[:2], 1, math.prod(x.shape[2:]))
    best = np.take_along_axis(flat, places, -1).argmax(-1)[..., None]
    return np.take_along_axis(places, best, -1).reshape(*x.shape[:2], *goal)
