"""Pixels and channels in other places, and windows as columns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...ops.indexing import collect
from ...ops.padding import constant_pad
from ...tape import wrap
from ...tensor import Tensor
from .windows import batched, check_fit, like_input, several


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """(..., C r^2, H, W) to (..., C, H r, W r): channels become pixels (Shi et al., 2016).

    Raises:
        RuntimeError: if the channels are not a multiple of ``r^2``.
    """
    r = upscale_factor
    *batch, channels, height, width = _image_sizes("pixel_shuffle", input)
    if r <= 0 or channels % (r * r):
        raise RuntimeError(
            f"pixel_shuffle expects its input's 'channel' dimension to be divisible by the square "
            f"of upscale_factor, but input.size(-3)={channels} is not divisible by {r * r}"
        )
    n = len(batch)
    cut = input.reshape(*batch, channels // (r * r), r, r, height, width)
    moved = cut.permute(*range(n + 1), n + 3, n + 1, n + 4, n + 2)
    return moved.reshape(*batch, channels // (r * r), height * r, width * r)


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """(..., C, H r, W r) to (..., C r^2, H, W): undo ``pixel_shuffle``.

    Raises:
        RuntimeError: if height or width is not a multiple of ``r``.
    """
    r = downscale_factor
    *batch, channels, height, width = _image_sizes("pixel_unshuffle", input)
    if r <= 0 or height % r or width % r:
        raise RuntimeError(
            f"pixel_unshuffle expects height and width to be divisible by downscale_factor, but "
            f"{height} and {width} are not both divisible by {r}"
        )
    n = len(batch)
    cut = input.reshape(*batch, channels, height // r, r, width // r, r)
    moved = cut.permute(*range(n + 1), n + 2, n + 4, n + 1, n + 3)
    return moved.reshape(*batch, channels * r * r, height // r, width // r)


def _image_sizes(name: str, input: Tensor) -> tuple[int, ...]:
    if input.array.ndim < 3:
        raise RuntimeError(
            f"{name} expects input to have at least 3 dimensions, but got input with "
            f"{input.array.ndim} dimension(s)"
        )
    return input.array.shape


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """Channels (N, C, ...) dealt out: those of one group go to all others (Zhang et al., 2018).

    Raises:
        RuntimeError: if the groups do not divide the channels.
    """
    shape = input.array.shape
    if len(shape) < 3 or groups < 1 or shape[1] % groups:
        raise RuntimeError(
            f"channel_shuffle: Number of channels must be divisible by groups. Got input of shape "
            f"{shape} and {groups} groups."
        )
    dealt = input.reshape(shape[0], groups, shape[1] // groups, *shape[2:])
    return dealt.transpose(1, 2).reshape(shape)


native_channel_shuffle = channel_shuffle


# --- windows as columns ---------------------------------------------------------------------------


def _places(
    sizes: tuple[int, int], kernel: Any, stride: Any, dilation: Any
) -> tuple[np.ndarray, tuple[int, int]]:
    """The flat index of each pixel of each window, (kh kw, windows), and how many windows."""
    axes = []
    for n, k, s, d in zip(sizes, kernel, stride, dilation, strict=True):
        windows = (n - d * (k - 1) - 1) // s + 1
        axes.append(np.arange(k)[:, None] * d + np.arange(windows) * s)
    rows, columns = axes
    flat = rows[:, None, :, None] * sizes[1] + columns[None, :, None, :]
    counts = (rows.shape[1], columns.shape[1])
    return flat.reshape(len(rows) * len(columns), math.prod(counts)), counts


def unfold(
    input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """The windows of images (N, C, H, W) or (C, H, W) as columns: (N, C kh kw, windows).

    Args:
        input: the images.
        kernel_size: height and width of the windows.
        dilation: distance between the pixels of a window.
        padding: how many zeros are added on each side.
        stride: steps between windows.

    Raises:
        RuntimeError: if a window does not fit.
    """
    x = batched("unfold", input, 2)
    kernel, gaps = several("unfold", kernel_size, 2), several("unfold", dilation, 2)
    pads, steps = several("unfold", padding, 2), several("unfold", stride, 2)
    margins = tuple((p, p) for p in pads)
    check_fit("unfold", x.array.shape[2:], kernel, steps, margins, gaps)
    x = constant_pad(x, ((0, 0), (0, 0), *margins), 0.0)
    count, channels, height, width = x.array.shape
    places, _ = _places((height, width), kernel, steps, gaps)
    pixels = x.reshape(count, channels, height * width).index_select(2, wrap(places.reshape(-1)))
    return like_input(pixels.reshape(count, channels * len(places), places.shape[1]), input, 2)


def fold(
    input: Tensor,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Tensor:
    """Columns (N, C kh kw, windows) added up into images (N, C, H, W): the transpose of ``unfold``.

    Args:
        input: the columns; (C kh kw, windows) too.
        output_size: height and width of the images.
        kernel_size: height and width of the windows.
        dilation: distance between the pixels of a window.
        padding: what ``unfold`` added on each side.
        stride: steps between windows.

    Raises:
        RuntimeError: if the columns are not those of such images.
    """
    x = batched("fold", input, 1)
    goal = several("fold", output_size, 2)
    kernel, gaps = several("fold", kernel_size, 2), several("fold", dilation, 2)
    pads, steps = several("fold", padding, 2), several("fold", stride, 2)
    check_fit("fold", goal, kernel, steps, tuple((p, p) for p in pads), gaps)
    height, width = (g + 2 * p for g, p in zip(goal, pads, strict=True))
    places, counts = _places((height, width), kernel, steps, gaps)
    samples, rows, windows = x.array.shape
    if rows % len(places) or windows != math.prod(counts):
        raise RuntimeError(
            f"fold: Expected input's sizes (N, C * {len(places)}, {math.prod(counts)}) for "
            f"output_size={goal}, kernel_size={kernel}, dilation={gaps}, padding={pads} and "
            f"stride={steps}, but got {x.array.shape}"
        )
    channels = rows // len(places)
    parts = x.reshape(samples, channels, len(places), windows).permute(2, 3, 0, 1)
    flat = collect(
        parts.reshape(-1, samples, channels),
        places.reshape(-1),
        (height * width, samples, channels),
    )
    images = flat.permute(1, 2, 0).reshape(samples, channels, height, width)
    edges = tuple((-p, -p) for p in pads)
    return like_input(constant_pad(images, ((0, 0), (0, 0), *edges), 0.0), input, 1)
