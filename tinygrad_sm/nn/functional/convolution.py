"""Convolution of lines, images and volumes, and its transpose.

All is done by convolution of images. Lines are images of height 1. In volumes, the layers that a
window meets are laid side by side as channels: what is left is a convolution of images.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...ops import convolution
from ...ops.indexing import collect
from ...ops.padding import constant_pad
from ...tape import wrap
from ...tensor import Tensor
from .windows import Margins, batched, check_fit, like_input, reaches, several

Sizes = tuple[int, ...]


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Lines (N, C, L) or (C, L) correlated with kernels (out, C / groups, k); see ``conv2d``."""
    return _convolve("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Images correlated with kernels.

    Args:
        input: (N, C, H, W) or (C, H, W).
        weight: (out, C / groups, kh, kw).
        bias: (out,) or ``None``.
        stride: step of the window, one number or two.
        padding: zeros around the images: one number, two, ``"same"`` or ``"valid"``.
        dilation: distance between the kernel's pixels.
        groups: channels are cut into so many groups that do not mix.

    Raises:
        RuntimeError: if channels, sizes or dtypes do not fit.
    """
    return _convolve("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Volumes (N, C, D, H, W) or (C, D, H, W) correlated with kernels (out, C / groups, kd, kh, kw).

    Arguments and errors as ``conv2d`` has them.
    """
    return _convolve("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def _convolve(
    name: str,
    dimensions: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> Tensor:
    x = batched(name, input, dimensions)
    _check_weight(name, x, weight, bias, dimensions, groups, transposed=False)
    kernel = weight.array.shape[2:]
    steps, gaps = several(name, stride, dimensions), several(name, dilation, dimensions)
    margins = _margins(name, padding, kernel, steps, gaps)
    check_fit(name, x.array.shape[2:], kernel, steps, margins, gaps)
    if dimensions == 1:
        flat = _images(x.unsqueeze(2), weight.unsqueeze(2), steps, margins, gaps, groups)
        out = flat.squeeze(2)
    elif dimensions == 2:
        out = _images(x, weight, steps, margins, gaps, groups)
    else:
        out = _volumes(x, weight, steps, margins, gaps, groups)
    if bias is not None:
        out = out + bias.reshape(-1, *(1,) * dimensions)
    return like_input(out, input, dimensions)


def _check_weight(
    name: str,
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    dimensions: int,
    groups: int,
    transposed: bool,
) -> None:
    if weight.array.ndim != dimensions + 2:
        raise RuntimeError(
            f"{name}: expected a weight of {dimensions + 2} dimensions, but got shape "
            f"{weight.array.shape}"
        )
    first, second = weight.array.shape[:2]
    channels = x.array.shape[1]
    if groups < 1 or first % groups or channels != (first if transposed else second * groups):
        raise RuntimeError(
            f"{name}: given groups={groups} and weight of size {weight.array.shape}, expected "
            f"input of shape {x.array.shape} to have {first if transposed else second * groups} "
            f"channels, but got {channels} channels instead"
        )
    if x.array.dtype != weight.array.dtype:
        raise RuntimeError(
            f"{name}: Input type ({x.dtype}) and weight type ({weight.dtype}) should be the same: "
            "convert one with .to(...)"
        )
    if bias is not None and x.array.dtype != bias.array.dtype:
        raise RuntimeError(
            f"{name}: Input type ({x.dtype}) and bias type ({bias.dtype}) should be the same: "
            "convert one with .to(...)"
        )
    outputs = second * groups if transposed else first
    if bias is not None and bias.array.shape != (outputs,):
        raise RuntimeError(
            f"{name}: given weight of size {weight.array.shape}, expected bias to be "
            f"1-dimensional with {outputs} elements, but got bias of size {bias.array.shape}"
        )


def _margins(name: str, padding: Any, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Margins:
    """The zeros before and after each dimension."""
    if not isinstance(padding, str):
        return tuple((p, p) for p in several(name, padding, len(kernel)))
    if padding == "valid":
        return ((0, 0),) * len(kernel)
    if padding != "same":
        raise RuntimeError(f"{name}: Invalid padding string: {padding!r}")
    if any(s != 1 for s in stride):
        raise RuntimeError(f"{name}: padding='same' is not supported for strided convolutions")
    totals = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    return tuple((t // 2, t - t // 2) for t in totals)


def _two(sizes: Sizes) -> tuple[int, int]:
    """Numbers for height and width, where a line has a height of 1."""
    return (1, sizes[0]) if len(sizes) == 1 else (sizes[0], sizes[1])


def _images(
    x: Tensor, weight: Tensor, stride: Sizes, margins: Margins, dilation: Sizes, groups: int
) -> Tensor:
    both = margins if len(margins) == 2 else ((0, 0), *margins)
    return convolution.conv2d(x, weight, _two(stride), both, _two(dilation), groups)


def _volumes(
    x: Tensor, weight: Tensor, stride: Sizes, margins: Margins, dilation: Sizes, groups: int
) -> Tensor:
    count, channels = x.array.shape[:2]
    out, per_group, depth, *area = weight.array.shape
    x = constant_pad(x, ((0, 0), (0, 0), margins[0], (0, 0), (0, 0)), 0.0)
    layers = _window_layers(x.array.shape[2], depth, stride[0], dilation[0])
    met = x.index_select(2, wrap(layers.reshape(-1)))
    rest = met.array.shape[3:]
    met = met.reshape(count, channels, *layers.shape, *rest).permute(0, 2, 1, 3, 4, 5)
    flat = _images(
        met.reshape(count * len(layers), channels * depth, *rest),
        weight.reshape(out, per_group * depth, *area),
        stride[1:],
        margins[1:],
        dilation[1:],
        groups,
    )
    by_layer = flat.reshape(count, len(layers), *flat.array.shape[1:])
    return by_layer.permute(0, 2, 1, 3, 4).contiguous()


def _window_layers(size: int, kernel: int, stride: int, dilation: int) -> np.ndarray:
    """The layers that each window meets: (windows, kernel)."""
    windows = (size - dilation * (kernel - 1) - 1) // stride + 1
    return np.arange(windows)[:, None] * stride + np.arange(kernel) * dilation


# --- the transpose ------------------------------------------------------------------------------


def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """The transpose of ``conv1d`` by its input; see ``conv_transpose2d``."""
    return _transposed(
        "conv_transpose1d",
        1,
        input,
        weight,
        bias,
        stride,
        padding,
        output_padding,
        groups,
        dilation,
    )


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """The transpose of ``conv2d`` by its input: each pixel lays a multiple of the kernel down.

    Args:
        input: (N, C, H, W) or (C, H, W).
        weight: (C, out / groups, kh, kw).
        bias: (out,) or ``None``.
        stride: step between the places where neighbouring pixels lay the kernel.
        padding: how much is cut off on each side of the result.
        output_padding: how much longer the result is at the end of each dimension.
        groups: channels are cut into so many groups that do not mix.
        dilation: distance between the kernel's pixels.

    Raises:
        RuntimeError: if channels, sizes or dtypes do not fit.
    """
    return _transposed(
        "conv_transpose2d",
        2,
        input,
        weight,
        bias,
        stride,
        padding,
        output_padding,
        groups,
        dilation,
    )


def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """The transpose of ``conv3d`` by its input; see ``conv_transpose2d``."""
    return _transposed(
        "conv_transpose3d",
        3,
        input,
        weight,
        bias,
        stride,
        padding,
        output_padding,
        groups,
        dilation,
    )


def _transposed(
    name: str,
    dimensions: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
) -> Tensor:
    x = batched(name, input, dimensions)
    _check_weight(name, x, weight, bias, dimensions, groups, transposed=True)
    steps, gaps = several(name, stride, dimensions), several(name, dilation, dimensions)
    cut = several(name, padding, dimensions)
    longer = several(name, output_padding, dimensions)
    if any(o < 0 or o >= max(s, d) for o, s, d in zip(longer, steps, gaps, strict=True)):
        raise RuntimeError(
            f"{name}: output padding must be smaller than either stride or dilation, but got "
            f"output_padding {longer}, stride {steps}, dilation {gaps}"
        )
    if dimensions == 1:
        out = _laid(x.unsqueeze(2), weight.unsqueeze(2), steps, gaps, groups)
    elif dimensions == 2:
        out = _laid(x, weight, steps, gaps, groups)
    else:
        out = _laid_volumes(x, weight, steps, gaps, groups)
    edges = tuple((-c, o - c) for c, o in zip(cut, longer, strict=True))
    untouched = ((0, 0),) * (out.array.ndim - dimensions)
    sizes = [n + sum(e) for n, e in zip(out.array.shape[-dimensions:], edges, strict=True)]
    if min(sizes) < 1:
        raise RuntimeError(
            f"{name}: the calculated output size {tuple(sizes)} is too small: padding {cut} cuts "
            "off all there is"
        )
    if any(edge != (0, 0) for edge in edges):
        out = constant_pad(out, (*untouched, *edges), 0.0)
    if dimensions == 1:
        out = out.squeeze(2)
    if bias is not None:
        out = out + bias.reshape(-1, *(1,) * dimensions)
    return like_input(out, input, dimensions)


def _laid(x: Tensor, weight: Tensor, stride: Sizes, dilation: Sizes, groups: int) -> Tensor:
    """Kernels laid down by images, with nothing cut off."""
    steps, gaps = _two(stride), _two(dilation)
    reach = reaches(weight.array.shape[2:], gaps)
    size = tuple((n - 1) * s + r for n, s, r in zip(x.array.shape[2:], steps, reach, strict=True))
    return convolution.conv2d_input(x, weight, size, steps, ((0, 0), (0, 0)), gaps, groups)


def _laid_volumes(x: Tensor, weight: Tensor, stride: Sizes, dilation: Sizes, groups: int) -> Tensor:
    count, channels, layers, *area = x.array.shape
    per_group, depth, *kernel = weight.array.shape[1:]
    flat = _laid(
        x.permute(0, 2, 1, 3, 4).reshape(count * layers, channels, *area),
        weight.reshape(channels, per_group * depth, *kernel),
        stride[1:],
        dilation[1:],
        groups,
    )
    rest = flat.array.shape[2:]
    parts = flat.reshape(count, layers, groups * per_group, depth, *rest).permute(1, 3, 0, 2, 4, 5)
    size = (layers - 1) * stride[0] + dilation[0] * (depth - 1) + 1
    places = _window_layers(size, depth, stride[0], dilation[0]).reshape(-1)
    sizes = (size, count, groups * per_group, *rest)
    by_layer = collect(parts.reshape(-1, *sizes[1:]), places, sizes)
    return by_layer.permute(1, 2, 0, 3, 4).contiguous()
