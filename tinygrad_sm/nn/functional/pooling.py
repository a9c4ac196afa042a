"""One number for each window of lines, images and volumes.

All is done by pooling images. Lines are images of height 1; volumes are pooled layer by layer and
then along their depth.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...ops import convolution
from ...ops.elementwise import div
from ...ops.indexing import gather
from ...tape import wrap
from ...tensor import Tensor
from .windows import Margins, batched, check_fit, like_input, reaches, several

Sizes = tuple[int, ...]


def _layout(
    name: str,
    x: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
) -> tuple[Sizes, Sizes, Margins, Sizes]:
    """Kernel, stride, margins and dilation, checked; ``ceil_mode`` widens the margins at the end."""
    sizes = x.array.shape[2:]
    kernel = several(name, kernel_size, len(sizes))
    steps = kernel if stride is None or stride in ([], ()) else several(name, stride, len(sizes))
    pads, gaps = several(name, padding, len(sizes)), several(name, dilation, len(sizes))
    reach = reaches(kernel, gaps)
    if any(p > k // 2 for p, k in zip(pads, kernel, strict=True)):
        raise RuntimeError(
            f"{name}: pad should be smaller than or equal to half of kernel size, but got "
            f"pad={pads} and kernel_size={kernel}"
        )
    check_fit(name, sizes, (1,) * len(sizes), steps, tuple((p, p) for p in pads), gaps)
    margins = []
    for n, r, s, p in zip(sizes, reach, steps, pads, strict=True):
        free = n + 2 * p - r
        windows = -(-free // s) if ceil_mode else 0
        windows -= windows * s >= n + p
        margins.append((p, p + (max(windows * s - free, 0) if ceil_mode else 0)))
    check_fit(name, sizes, kernel, steps, tuple(margins), gaps)
    return kernel, steps, tuple(margins), gaps


def _flat(sizes: Sizes) -> tuple[int, int]:
    """Numbers for height and width, where a line has a height of 1."""
    return (1, sizes[0]) if len(sizes) == 1 else (sizes[0], sizes[1])


# --- the largest ----------------------------------------------------------------------------------


def max_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest of each window of lines (N, C, L) or (C, L); see ``max_pool2d``."""
    return _max_pool(
        "max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


def max_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest pixel of each window; a tie goes to the first.

    Args:
        input: (N, C, H, W) or (C, H, W).
        kernel_size: height and width of the windows.
        stride: steps between windows; the kernel's size by default.
        padding: how many pixels that are never the largest are added on each side.
        dilation: distance between the pixels of a window.
        ceil_mode: let the last windows reach beyond the edge.
        return_indices: return also where each stood, as an index into the flat image.

    Raises:
        RuntimeError: if the padding is more than half the kernel, or the kernel larger than the
            image.
    """
    return _max_pool(
        "max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


def max_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest of each window of volumes (N, C, D, H, W) or (C, D, H, W); see ``max_pool2d``."""
    return _max_pool(
        "max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


def max_pool1d_with_indices(input: Tensor, *args: Any, **kwargs: Any) -> Any:
    """``max_pool1d`` with ``return_indices=True``."""
    return max_pool1d(input, *args, **{**kwargs, "return_indices": True})


def max_pool2d_with_indices(input: Tensor, *args: Any, **kwargs: Any) -> Any:
    """``max_pool2d`` with ``return_indices=True``."""
    return max_pool2d(input, *args, **{**kwargs, "return_indices": True})


def max_pool3d_with_indices(input: Tensor, *args: Any, **kwargs: Any) -> Any:
    """``max_pool3d`` with ``return_indices=True``."""
    return max_pool3d(input, *args, **{**kwargs, "return_indices": True})


def _max_pool(
    name: str,
    dimensions: int,
    input: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
    return_indices: bool,
) -> Any:
    x = batched(name, input, dimensions)
    layout = _layout(name, x, kernel_size, stride, padding, dilation, ceil_mode)
    if dimensions == 3:
        out, places = _largest_in_volumes(x, *layout, return_indices)
    elif dimensions == 1:
        out, places = _largest(x.unsqueeze(2), *layout, return_indices)
        out = out.squeeze(2)
    else:
        out, places = _largest(x, *layout, return_indices)
    out = like_input(out, input, dimensions)
    if not return_indices:
        return out
    return out, places.reshape(out.array.shape)


def _largest(
    x: Tensor, kernel: Sizes, stride: Sizes, margins: Margins, dilation: Sizes, indices: bool
) -> tuple[Tensor, Any]:
    """The largest of windows of images, and the index of each in its flat image."""
    both = margins if len(margins) == 2 else ((0, 0), *margins)
    layout = (_flat(kernel), _flat(stride), both, _flat(dilation))
    places = convolution.max_pool_places(x, *layout) if indices else None
    return convolution.max_pool(x, *layout), places


def _largest_in_volumes(
    x: Tensor, kernel: Sizes, stride: Sizes, margins: Margins, dilation: Sizes, indices: bool
) -> tuple[Tensor, Any]:
    count, channels, depth, *area = x.array.shape
    layers = x.reshape(count * channels, depth, *area)
    inner, in_layer = _largest(layers, kernel[1:], stride[1:], margins[1:], dilation[1:], indices)
    rest = inner.array.shape[2:]
    columns = inner.reshape(count * channels, 1, depth, math.prod(rest))
    outer, in_column = _largest(
        columns,
        (kernel[0], 1),
        (stride[0], 1),
        (margins[0], (0, 0)),
        (dilation[0], 1),
        indices,
    )
    out = outer.reshape(count, channels, outer.array.shape[2], *rest)
    if not indices:
        return out, None
    chosen = in_column.reshape(count * channels, -1)
    in_area = gather(in_layer.reshape(count * channels, -1), 1, chosen)
    return out, chosen // math.prod(rest) * math.prod(area) + in_area


# --- means ------------------------------------------------------------------------------------------


def avg_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window of lines (N, C, L) or (C, L); see ``avg_pool2d``."""
    return _avg_pool(
        "avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None
    )


def avg_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window.

    Args:
        input: (N, C, H, W) or (C, H, W).
        kernel_size: height and width of the windows.
        stride: steps between windows; the kernel's size by default.
        padding: how many zeros are added on each side.
        ceil_mode: let the last windows reach beyond the edge.
        count_include_pad: count the added zeros in the mean.
        divisor_override: divide the sum by this number.

    Raises:
        RuntimeError: if the padding is more than half the kernel, or the kernel larger than the
            image.
    """
    return _avg_pool(
        "avg_pool2d",
        2,
        input,
        kernel_size,
        stride,
        padding,
        ceil_mode,
        count_include_pad,
        divisor_override,
    )


def avg_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of volumes (N, C, D, H, W) or (C, D, H, W); see ``avg_pool2d``."""
    return _avg_pool(
        "avg_pool3d",
        3,
        input,
        kernel_size,
        stride,
        padding,
        ceil_mode,
        count_include_pad,
        divisor_override,
    )


def _avg_pool(
    name: str,
    dimensions: int,
    input: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor: int | None,
) -> Tensor:
    if divisor == 0:
        raise RuntimeError(f"{name}: divisor must be not zero")
    x = batched(name, input, dimensions)
    kernel, steps, margins, _ = _layout(name, x, kernel_size, stride, padding, 1, ceil_mode)
    total = _sum_windows(x, kernel, steps, margins)
    count: Any = divisor or math.prod(kernel)
    if divisor is None and (ceil_mode or (not count_include_pad and margins[0] + margins[-1])):
        sizes = x.array.shape[2:]
        counts = np.ones((), x.array.dtype)
        for n, k, s, margin in zip(sizes, kernel, steps, margins, strict=True):
            counts = counts[..., None] * _counted(n, k, s, margin, count_include_pad)
        count = wrap(counts.astype(x.array.dtype))
    mean = total / count if x.array.dtype.kind == "f" else div(total, count, rounding_mode="trunc")
    return like_input(mean, input, dimensions)


def _sum_windows(x: Tensor, kernel: Sizes, stride: Sizes, margins: Margins) -> Tensor:
    if len(kernel) == 1:
        lines = convolution.sum_pool(
            x.unsqueeze(2), _flat(kernel), _flat(stride), ((0, 0), *margins)
        )
        return lines.squeeze(2)
    if len(kernel) == 2:
        return convolution.sum_pool(x, kernel, stride, margins)
    count, channels, depth, *area = x.array.shape
    layers = x.reshape(count * channels, depth, *area)
    inner = convolution.sum_pool(layers, kernel[1:], stride[1:], margins[1:])
    rest = inner.array.shape[2:]
    columns = inner.reshape(count * channels, 1, depth, math.prod(rest))
    outer = convolution.sum_pool(columns, (kernel[0], 1), (stride[0], 1), (margins[0], (0, 0)))
    return outer.reshape(count, channels, outer.array.shape[2], *rest)


def _counted(
    size: int, kernel: int, stride: int, margin: tuple[int, int], include: bool
) -> np.ndarray:
    """How many elements each window along one dimension counts: none beyond the padding."""
    pad = margin[0]
    windows = (size + sum(margin) - kernel) // stride + 1
    start = np.arange(windows) * stride - pad
    stop = np.minimum(start + kernel, size + pad)
    if include:
        return stop - start
    return np.minimum(stop, size) - np.maximum(start, 0)


# --- norms --------------------------------------------------------------------------------------------


def lp_pool1d(
    input: Tensor,
    norm_type: float,
    kernel_size: int,
    stride: Any = None,
    ceil_mode: bool = False,
) -> Tensor:
    """The p-norm of each window of lines: ``sum(x^p)^(1/p)``."""
    means = avg_pool1d(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return _root(means, norm_type, several("lp_pool1d", kernel_size, 1))


def lp_pool2d(
    input: Tensor,
    norm_type: float,
    kernel_size: Any,
    stride: Any = None,
    ceil_mode: bool = False,
) -> Tensor:
    """The p-norm of each window of images: ``sum(x^p)^(1/p)``."""
    means = avg_pool2d(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return _root(means, norm_type, several("lp_pool2d", kernel_size, 2))


def lp_pool3d(
    input: Tensor,
    norm_type: float,
    kernel_size: Any,
    stride: Any = None,
    ceil_mode: bool = False,
) -> Tensor:
    """The p-norm of each window of volumes: ``sum(x^p)^(1/p)``."""
    means = avg_pool3d(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return _root(means, norm_type, several("lp_pool3d", kernel_size, 3))


def _root(means: Tensor, p: float, kernel: Sizes) -> Tensor:
    total = means.sign() * means.abs().relu() * float(math.prod(kernel))
    return total.pow(1 / p)
