"""Images read at given places, between the pixels too: what spatial transformers are made of.

Jaderberg et al., 2015. Places are (x, y) or (x, y, z) with -1 and 1 at the edges of the image.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from ...ops.creation import linspace
from ...ops.elementwise import where
from ...ops.indexing import getitem
from ...ops.linear_algebra import matmul
from ...tape import values_of, wrap
from ...tensor import Tensor

Tap = tuple[Tensor, Tensor | None]  # pixels, int64, and their weights
_CUBIC = -0.75  # as ``interpolate`` has it


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The places at which an affine map reads, for ``grid_sample``.

    Args:
        theta: maps (N, 2, 3) of (x, y, 1), or (N, 3, 4) of (x, y, z, 1).
        size: the sizes of the result, (N, C, H, W) or (N, C, D, H, W).
        align_corners: whether -1 and 1 are the centres of the corner pixels, not their edges.

    Returns:
        (N, H, W, 2) or (N, D, H, W, 3).

    Raises:
        ValueError: if theta is not floating, or does not go with the number of sizes.
        RuntimeError: for another number of maps than samples.
    """
    if not theta.is_floating_point():
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    sizes = tuple(size)
    n = len(sizes) - 2
    if n not in (2, 3) or theta.array.shape != (sizes[0], n, n + 1):
        kind = RuntimeError if theta.array.shape[1:] == (n, n + 1) else ValueError
        raise kind(
            f"affine_grid: Expected a batch of affine matrices of shape ({sizes[0]}, 2, 3) for "
            f"size (N, C, H, W), or ({sizes[0]}, 3, 4) for (N, C, D, H, W), but got shape "
            f"{theta.array.shape} and size {sizes}"
        )
    if align_corners is None:
        _warn_of_default("affine_grid")
    dtype = theta.array.dtype
    axes = [_centres(m, bool(align_corners), dtype) for m in sizes[2:]]
    grid = np.meshgrid(*axes, indexing="ij")[::-1]
    points = np.stack([*grid, np.ones(sizes[2:], dtype)], -1)
    rows = matmul(wrap(points.reshape(1, -1, n + 1)), theta.transpose(1, 2))
    return rows.reshape(sizes[0], *sizes[2:], n)


def _centres(count: int, align_corners: bool, kind: np.dtype) -> np.ndarray:
    """Places in [-1, 1], rounded as PyTorch rounds: at a pixel's centre, the side decides a slope."""
    if count == 1:
        return np.zeros(1, kind)
    ends = linspace(-1, 1, count, dtype=kind).array
    return ends if align_corners else ends * kind.type(count - 1) / kind.type(count)


def _warn_of_default(name: str) -> None:
    warnings.warn(
        f"Default {name} behavior has changed to align_corners=False since 1.3.0. Please specify "
        "align_corners=True if the old behavior is desired.",
        stacklevel=3,
    )


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """The values of images at the places of a grid.

    Args:
        input: (N, C, H, W) or (N, C, D, H, W).
        grid: (N, H', W', 2) or (N, D', H', W', 3).
        mode: ``"bilinear"``, ``"nearest"`` or, for images, ``"bicubic"``.
        padding_mode: what is outside: ``"zeros"``, ``"border"`` or ``"reflection"``.
        align_corners: whether -1 and 1 are the centres of the corner pixels, not their edges.

    Returns:
        (N, C, H', W') or (N, C, D', H', W').

    Raises:
        ValueError: for an unknown mode.
        RuntimeError: if shapes or dtypes do not fit.
    """
    n = input.array.ndim - 2
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ValueError(f"grid_sample: expected mode 'bilinear', 'nearest' or 'bicubic': {mode!r}")
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(
            "grid_sample: expected padding_mode to be 'zeros', 'border' or 'reflection', but got "
            f"{padding_mode!r}"
        )
    if (
        n not in (2, 3)
        or grid.array.ndim != n + 2
        or grid.array.shape[-1] != n
        or grid.array.shape[0] != input.array.shape[0]
        or input.array.dtype != grid.array.dtype
        or 0 in input.array.shape[2:]
        or (mode == "bicubic" and n == 3)
    ):
        raise RuntimeError(
            f"grid_sample: expected an input (N, C, H, W) with a grid (N, H', W', 2), or (N, C, D, "
            f"H, W) with (N, D', H', W', 3), of one dtype (bicubic: images only), but got "
            f"{input.array.shape} {input.dtype} and {grid.array.shape} {grid.dtype}"
        )
    if align_corners is None:
        _warn_of_default("grid_sample")
    sizes = input.array.shape[2:]
    aligned = bool(align_corners)
    pixels = _pixels if len(sizes) == 2 else _voxels
    places = [pixels(grid[..., i], m, aligned) for i, m in enumerate(sizes[::-1])][::-1]
    if mode != "bicubic":
        places = [_inside(p, m, padding_mode, aligned) for p, m in zip(places, sizes, strict=True)]
    axes = [_taps(p, m, mode, padding_mode, aligned) for p, m in zip(places, sizes, strict=True)]
    return _read(input, axes, grid.array.shape[1:-1])


def _pixels(x: Tensor, size: int, align_corners: bool) -> Tensor:
    """Places in [-1, 1] as pixels, counted from 0."""
    return (x + 1) * ((size - 1) / 2) if align_corners else (x + 1) * (size / 2) - 0.5


def _voxels(x: Tensor, size: int, align_corners: bool) -> Tensor:
    """``_pixels`` as PyTorch rounds it in three dimensions."""
    return (x + 1) / 2 * (size - 1) if align_corners else ((x + 1) * size - 1) / 2


def _inside(x: Tensor, size: int, padding_mode: str, align_corners: bool) -> Tensor:
    """Places outside moved in, as the padding mode wants it."""
    if padding_mode == "reflection":
        low, span = (0.0, size - 1.0) if align_corners else (-0.5, float(size))
        x = _reflected(x, low, span)
    return x if padding_mode == "zeros" else x.clamp(0, size - 1)


def _reflected(x: Tensor, low: float, span: float) -> Tensor:
    """Places mirrored at both ends of [low, low + span] until they lie within."""
    if span == 0:
        return x * 0
    distance = (x - low).abs()
    turns = (distance.detach() / span).floor()
    extra = distance - turns * span
    return where(turns % 2 == 0, extra + low, span - extra + low)


def _taps(x: Tensor, size: int, mode: str, padding_mode: str, align_corners: bool) -> list[Tap]:
    """For each place along a dimension: the pixels that count, and how much (``None``: 1)."""
    if mode == "nearest":
        return [_masked(x.detach().round(), None, size)]
    first = x.detach().floor()
    t = x - first
    if mode == "bilinear":
        return [_masked(first, 1 - t, size), _masked(first + 1, t, size)]
    weights = (_far(t + 1), _near(t), _near(1 - t), _far(2 - t))
    taps = []
    for i, weight in enumerate(weights, -1):
        place = _inside(first + i, size, padding_mode, align_corners)
        taps.append(_masked(place.round(), weight, size))
    return taps


def _near(x: Tensor) -> Tensor:
    return ((_CUBIC + 2) * x - (_CUBIC + 3)) * x * x + 1


def _far(x: Tensor) -> Tensor:
    return ((_CUBIC * x - 5 * _CUBIC) * x + 8 * _CUBIC) * x - 4 * _CUBIC


def _masked(place: Tensor, weight: Tensor | None, size: int) -> Tap:
    """Pixels that are there; the others are given the weight 0."""
    there = (place >= 0) & (place < size)
    index = where(there, place, 0.0).long()
    if values_of(there).all():
        return index, weight
    mask = there.to(place.dtype)
    return index, mask if weight is None else weight * mask


def _read(input: Tensor, axes: list[list[Tap]], shape: tuple[int, ...]) -> Tensor:
    """The sum over all combinations of taps of the pixel times the weights.

    Pixels are read as rows of their channels, which lie together.
    """
    count, channels, *sizes = input.array.shape
    rows = input.movedim(1, -1).reshape(count * math.prod(sizes), channels)
    total = None
    for taps in product(*axes):
        place: Any = wrap(np.arange(count).reshape(-1, *(1,) * len(shape)))
        weight = None
        for (index, factor), size in zip(taps, sizes, strict=True):
            place = place * size + index
            if factor is not None:
                weight = factor if weight is None else weight * factor
        part = getitem(rows, place.reshape(-1))
        if weight is not None:
            part = part * weight.reshape(-1, 1)
        total = part if total is None else total + part
    assert total is not None
    return total.reshape(count, *shape, channels).movedim(-1, 1).contiguous()
