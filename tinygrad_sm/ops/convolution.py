"""Convolution and pooling over images: windows that slide, as products of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..primitive import Operation, primitive

Pair = tuple[int, int]


def padded(x: np.ndarray, pad: Any, value: float = 0.0) -> np.ndarray:
    """Images with ``pad`` = ((top, bottom), (left, right)) more pixels around."""
    (top, bottom), (left, right) = pad
    if not (top or bottom or left or right):
        return x
    n, c, h, w = x.shape
    out = np.full((n, c, h + top + bottom, w + left + right), value, x.dtype)
    out[:, :, top : top + h, left : left + w] = x
    return out


def windows(x: np.ndarray, kernel: Pair, stride: Pair, dilation: Pair = (1, 1)) -> np.ndarray:
    """All windows of images, as a view: (n, c, kh, kw, out_h, out_w)."""
    n, c, h, w = x.shape
    out_h = (h - dilation[0] * (kernel[0] - 1) - 1) // stride[0] + 1
    out_w = (w - dilation[1] * (kernel[1] - 1) - 1) // stride[1] + 1
    sn, sc, sh, sw = x.strides
    return as_strided(
        x,
        (n, c, *kernel, out_h, out_w),
        (sn, sc, sh * dilation[0], sw * dilation[1], sh * stride[0], sw * stride[1]),
        writeable=False,
    )


def _columns(x: np.ndarray, kernel: Pair, stride: Pair, dilation: Pair, groups: int) -> np.ndarray:
    """The windows as matrices: (groups, c/groups kh kw, n out_h out_w)."""
    w = windows(x, kernel, stride, dilation)
    n, c, kh, kw, oh, ow = w.shape
    return w.transpose(1, 2, 3, 0, 4, 5).reshape(groups, c // groups * kh * kw, n * oh * ow)


def _rows(weight: np.ndarray, groups: int) -> np.ndarray:
    return weight.reshape(groups, weight.shape[0] // groups, -1)


def _conv2d(
    x: np.ndarray, weight: np.ndarray, stride: Pair, pad: Any, dilation: Pair, groups: int
) -> np.ndarray:
    x = padded(x, pad)
    kernel = weight.shape[2:]
    oh, ow = windows(x, kernel, stride, dilation).shape[-2:]
    product = _rows(weight, groups) @ _columns(x, kernel, stride, dilation, groups)
    out = product.reshape(weight.shape[0], len(x), oh, ow)
    return np.ascontiguousarray(out.transpose(1, 0, 2, 3))


def _by_channel(g: np.ndarray, groups: int) -> np.ndarray:
    """(n, c, h, w) as (groups, c/groups, n h w)."""
    n, c, h, w = g.shape
    return g.transpose(1, 0, 2, 3).reshape(groups, c // groups, n * h * w)


def _conv2d_weight(
    x: np.ndarray, g: np.ndarray, kernel: Pair, stride: Pair, pad: Any, dilation: Pair, groups: int
) -> np.ndarray:
    """The gradient of the weight: each pixel of ``g`` times the window that it came from."""
    columns = _columns(padded(x, pad), kernel, stride, dilation, groups)
    product = _by_channel(g, groups) @ columns.transpose(0, 2, 1)
    return product.reshape(g.shape[1], x.shape[1] // groups, *kernel)


def _conv2d_input(
    g: np.ndarray,
    weight: np.ndarray,
    size: Pair,
    stride: Pair,
    pad: Any,
    dilation: Pair,
    groups: int,
) -> np.ndarray:
    """The gradient of the images: each window's share added back where it was read."""
    n, _, oh, ow = g.shape
    kh, kw = weight.shape[2:]
    columns = _rows(weight, groups).transpose(0, 2, 1) @ _by_channel(g, groups)
    shares = columns.reshape(groups * weight.shape[1], kh, kw, n, oh, ow)
    (top, bottom), (left, right) = pad
    full = np.zeros((len(shares), n, size[0] + top + bottom, size[1] + left + right), shares.dtype)
    for i in range(kh):
        for j in range(kw):
            rows = slice(i * dilation[0], i * dilation[0] + stride[0] * oh, stride[0])
            cols = slice(j * dilation[1], j * dilation[1] + stride[1] * ow, stride[1])
            full[:, :, rows, cols] += shares[:, i, j]
    inner = full[:, :, top : top + size[0], left : left + size[1]]
    return np.ascontiguousarray(inner.transpose(1, 0, 2, 3))


conv2d: Operation = primitive(
    _conv2d,
    "Images (n, c, h, w) convolved with a weight (out, c/groups, kh, kw).",
    name="convolution",
    linear=("x", "weight"),
    x=lambda g, weight, stride, pad, dilation, groups, shape: conv2d_input(
        g, weight, shape[2:], stride, pad, dilation, groups
    ),
    weight=lambda g, x, stride, pad, dilation, groups, shape: conv2d_weight(
        x, g, shape[2:], stride, pad, dilation, groups
    ),
)
conv2d_input: Operation = primitive(
    _conv2d_input,
    "The gradient of conv2d by its images: linear in ``g`` and in the weight.",
    name="convolution_input",
    linear=("g", "weight"),
    g=lambda cotangent, weight, stride, pad, dilation, groups: conv2d(
        cotangent, weight, stride, pad, dilation, groups
    ),
    weight=lambda cotangent, g, stride, pad, dilation, groups, shape: conv2d_weight(
        cotangent, g, shape[2:], stride, pad, dilation, groups
    ),
)
conv2d_weight: Operation = primitive(
    _conv2d_weight,
    "The gradient of conv2d by its weight: linear in the images and in ``g``.",
    name="convolution_weight",
    linear=("x", "g"),
    x=lambda cotangent, g, stride, pad, dilation, groups, shape: conv2d_input(
        g, cotangent, shape[2:], stride, pad, dilation, groups
    ),
    g=lambda cotangent, x, stride, pad, dilation, groups: conv2d(
        x, cotangent, stride, pad, dilation, groups
    ),
)


def _max_pool(x: np.ndarray, kernel: Pair, stride: Pair, pad: Any, dilation: Pair) -> Any:
    """The largest of each window, and where in the window it first stands."""
    w = windows(padded(x, pad, -np.inf), kernel, stride, dilation)
    best = w[:, :, 0, 0].copy()
    place = np.zeros(best.shape, np.int64)
    for k in range(1, kernel[0] * kernel[1]):
        candidate = w[:, :, k // kernel[1], k % kernel[1]]
        better = (candidate > best) | (np.isnan(candidate) & ~np.isnan(best))
        place += (k - place) * better
        np.maximum(best, candidate, out=best)
    return best, place


def max_pool_places(
    x: np.ndarray, kernel: Pair, stride: Pair, pad: Any, dilation: Pair
) -> np.ndarray:
    """The flat index in each image of each window's largest pixel, the first of equals."""
    _, place = _max_pool(x, kernel, stride, pad, dilation)
    rows = np.arange(place.shape[2])[:, None] * stride[0] - pad[0][0]
    cols = np.arange(place.shape[3]) * stride[1] - pad[1][0]
    row = rows + place // kernel[1] * dilation[0]
    return row * x.shape[3] + cols + place % kernel[1] * dilation[1]


def _avg_pool(x: np.ndarray, kernel: Pair, stride: Pair, pad: Any) -> np.ndarray:
    w = windows(padded(x, pad), kernel, stride)
    total = w[:, :, 0, 0].copy()
    for k in range(1, kernel[0] * kernel[1]):
        total += w[:, :, k // kernel[1], k % kernel[1]]
    return total


def _avg_pool_input(g: np.ndarray, size: Pair, kernel: Pair, stride: Pair, pad: Any) -> np.ndarray:
    n, c, oh, ow = g.shape
    (top, bottom), (left, right) = pad
    full = np.zeros((n, c, size[0] + top + bottom, size[1] + left + right), g.dtype)
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            rows = slice(i, i + stride[0] * oh, stride[0])
            full[:, :, rows, slice(j, j + stride[1] * ow, stride[1])] += g
    return full[:, :, top : top + size[0], left : left + size[1]]


sum_pool: Operation = primitive(
    _avg_pool,
    "The sum of each window of images.",
    name="avg_pool2d",
    linear=("x",),
    x=lambda g, kernel, stride, pad, shape: sum_pool_input(g, shape[2:], kernel, stride, pad),
)
sum_pool_input: Operation = primitive(
    _avg_pool_input,
    "The transpose of ``sum_pool``.",
    name="avg_pool2d_input",
    linear=("g",),
    g=lambda cotangent, kernel, stride, pad: sum_pool(cotangent, kernel, stride, pad),
)


def _max_pool_out(x: Any, kernel: Pair, stride: Pair, pad: Any, dilation: Pair) -> Any:
    return _max_pool(x, kernel, stride, pad, dilation)


def _route(
    g: np.ndarray,
    place: np.ndarray,
    size: Pair,
    kernel: Pair,
    stride: Pair,
    pad: Any,
    dilation: Pair,
) -> np.ndarray:
    """Each window's gradient to the pixel that it took."""
    n, c, oh, ow = g.shape
    (top, bottom), (left, right) = pad
    full = np.zeros((n, c, size[0] + top + bottom, size[1] + left + right), g.dtype)
    for k in range(kernel[0] * kernel[1]):
        i, j = k // kernel[1] * dilation[0], k % kernel[1] * dilation[1]
        rows = slice(i, i + stride[0] * oh, stride[0])
        full[:, :, rows, slice(j, j + stride[1] * ow, stride[1])] += g * (place == k)
    return full[:, :, top : top + size[0], left : left + size[1]]


def _collect_places(
    x: np.ndarray, place: np.ndarray, kernel: Pair, stride: Pair, pad: Any, dilation: Pair
) -> np.ndarray:
    w = windows(padded(x, pad), kernel, stride, dilation)
    out = np.zeros(place.shape, x.dtype)
    for k in range(kernel[0] * kernel[1]):
        out += w[:, :, k // kernel[1], k % kernel[1]] * (place == k)
    return out


route: Operation = primitive(
    _route,
    "The transpose of reading one pixel a window.",
    name="max_pool2d_input",
    linear=("g",),
    g=lambda cotangent, place, kernel, stride, pad, dilation: read_places(
        cotangent, place, kernel, stride, pad, dilation
    ),
)
read_places: Operation = primitive(
    _collect_places,
    "One pixel of each window.",
    name="max_pool2d_read",
    linear=("x",),
    x=lambda g, place, kernel, stride, pad, dilation, shape: route(
        g, place, shape[2:], kernel, stride, pad, dilation
    ),
)
find_places: Operation = primitive(
    lambda x, kernel, stride, pad, dilation: _max_pool(x, kernel, stride, pad, dilation)[1],
    "Which pixel of each window is the largest, the first of equals.",
    name="max_pool2d_places",
)


def max_pool_definition(x: Any, *window: Any) -> Any:
    """Read the pixels that are the largest."""
    return read_places(x, find_places(x, *window), *window)


max_pool: Operation = primitive(
    _max_pool_out,
    "The largest pixel of each window; a tie goes to the first.",
    name="max_pool2d",
    residuals=("place",),
    definition=max_pool_definition,
    x=lambda g, place, kernel, stride, pad, dilation, shape: route(
        g, place, shape[2:], kernel, stride, pad, dilation
    ),
)
