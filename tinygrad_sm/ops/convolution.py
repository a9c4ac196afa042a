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


# A kernel row's windows along the width are copied out; along the height they are rows that lie one
# after the other in memory, so that every window of a row of the result is one strided view, and
# the convolution one batch of matrix products. Against copying out whole windows (im2col) this moves
# a fifth of the memory for a 5x5 kernel, and a LeNet step takes two thirds of the time.


def _out_size(size: Pair, kernel: Pair, stride: Pair, dilation: Pair) -> Pair:
    h, w = (
        (n - d * (k - 1) - 1) // s + 1
        for n, k, s, d in zip(size, kernel, stride, dilation, strict=True)
    )
    return h, w


def _by_row(x: np.ndarray, groups: int) -> np.ndarray:
    """Images (n, c, h, w) as a view (groups, h, c/groups, n, w)."""
    n, c, h, w = x.shape
    return x.reshape(n, groups, c // groups, h, w).transpose(1, 3, 2, 0, 4)


def _by_image(rows: np.ndarray) -> np.ndarray:
    """The transpose of ``_by_row``, as a contiguous array."""
    groups, h, c, n, w = rows.shape
    return np.ascontiguousarray(rows.transpose(3, 0, 2, 1, 4)).reshape(n, groups * c, h, w)


def _steps(j: int, count: int, stride: int, dilation: int) -> slice:
    """The pixels of a line that ``count`` windows see at their place ``j``."""
    return slice(j * dilation, j * dilation + stride * (count - 1) + 1, stride)


def _columns(x: np.ndarray, kernel: int, stride: int, dilation: int, ow: int, groups: int) -> Any:
    """The windows along the width: (groups, h, c/groups kernel, n ow)."""
    rows = _by_row(x, groups)
    groups, h, c, n, _ = rows.shape
    out = np.empty((groups, h, c, kernel, n, ow), x.dtype)
    for j in range(kernel):
        out[:, :, :, j] = rows[..., _steps(j, ow, stride, dilation)]
    return out.reshape(groups, h, c * kernel, n * ow)


def _stacked(rows: np.ndarray, kernel: int, stride: int, dilation: int, oh: int) -> np.ndarray:
    """The windows along the height of (groups, h, r, m): (groups, oh, kernel r, m), a view if it can."""
    groups, _, r, m = rows.shape
    if dilation == 1:
        across, down, *inner = rows.strides
        return as_strided(rows, (groups, oh, kernel * r, m), (across, down * stride, *inner))
    index = np.arange(oh)[:, None] * stride + np.arange(kernel) * dilation
    return rows[:, index].reshape(groups, oh, kernel * r, m)


def _windows_of(
    x: np.ndarray, kernel: Pair, out: Pair, stride: Pair, dilation: Pair, groups: int
) -> np.ndarray:
    """Every window as a column: (groups, oh, kh c/groups kw, n ow)."""
    columns = _columns(x, kernel[1], stride[1], dilation[1], out[1], groups)
    return _stacked(columns, kernel[0], stride[0], dilation[0], out[0])


def _conv2d(
    x: np.ndarray, weight: np.ndarray, stride: Pair, pad: Any, dilation: Pair, groups: int
) -> np.ndarray:
    x = padded(x, pad)
    o, c, kh, kw = weight.shape
    oh, ow = out = _out_size(x.shape[2:], (kh, kw), stride, dilation)
    w = _windows_of(x, (kh, kw), out, stride, dilation, groups)
    matrices = weight.transpose(0, 2, 1, 3).reshape(groups, 1, o // groups, kh * c * kw)
    return _by_image((matrices @ w).reshape(groups, oh, o // groups, len(x), ow))


def _conv2d_weight(
    x: np.ndarray, g: np.ndarray, kernel: Pair, stride: Pair, pad: Any, dilation: Pair, groups: int
) -> np.ndarray:
    """The gradient of the weight: each pixel of ``g`` times the window that it came from."""
    n, o, oh, ow = g.shape
    kh, kw = kernel
    w = _windows_of(padded(x, pad), kernel, (oh, ow), stride, dilation, groups)
    rows = _by_row(g, groups).reshape(groups, oh, o // groups, n * ow)
    products = (rows @ w.swapaxes(-1, -2)).sum(1)
    return products.reshape(o, kh, x.shape[1] // groups, kw).transpose(0, 2, 1, 3)


def _conv2d_input(
    g: np.ndarray,
    weight: np.ndarray,
    size: Pair,
    stride: Pair,
    pad: Any,
    dilation: Pair,
    groups: int,
) -> np.ndarray:
    """The gradient of the images: ``g``, spread out, convolved with the kernel turned around."""
    n, o, oh, ow = g.shape
    _, c, kh, kw = weight.shape
    (top, bottom), (left, right) = pad
    h, reach = size[0] + top + bottom, dilation[0] * (kh - 1)
    spread = np.zeros((groups, h + reach, o // groups, n, ow), g.dtype)
    spread[:, _steps(kh - 1, oh, stride[0], dilation[0])] = _by_row(g, groups)
    spread = spread.reshape(groups, h + reach, o // groups, n * ow)
    turned = weight[:, :, ::-1].reshape(groups, o // groups, c, kh, kw).transpose(0, 2, 4, 3, 1)
    matrices = turned.reshape(groups, 1, c * kw, kh * (o // groups))
    columns = matrices @ _stacked(spread, kh, 1, dilation[0], h)
    columns = columns.reshape(groups, h, c, kw, n, ow)
    full = np.zeros((groups, h, c, n, size[1] + left + right), g.dtype)
    for j in range(kw):
        full[..., _steps(j, ow, stride[1], dilation[1])] += columns[:, :, :, j]
    return _by_image(full[:, top : top + size[0], ..., left : left + size[1]])


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
    """The largest of each window, and where in the window it first stands.

    Pixels at the same place of all windows are one strided view, so a pool is a few comparisons of
    views; where the largest stands is kept in bytes, on which arithmetic is cheap.
    """
    w = windows(padded(x, pad, -np.inf), kernel, stride, dilation)
    count = kernel[0] * kernel[1]
    best = w[:, :, 0, 0].copy()
    place = np.zeros(best.shape, np.uint8 if count <= 256 else np.int64)
    for k in range(1, count):
        candidate = w[:, :, k // kernel[1], k % kernel[1]]
        np.maximum(place, (candidate > best) * place.dtype.type(k), out=place)
        np.maximum(best, candidate, out=best)
    for k in range(count) if np.isnan(best).any() else ():
        place[np.isnan(w[:, :, k // kernel[1], k % kernel[1]])] = k  # the last NaN, as in PyTorch
    return best, place


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
    apart = stride[0] > (kernel[0] - 1) * dilation[0] and stride[1] > (kernel[1] - 1) * dilation[1]
    for k in range(kernel[0] * kernel[1]):
        rows = _steps(k // kernel[1], oh, stride[0], dilation[0])
        cols = _steps(k % kernel[1], ow, stride[1], dilation[1])
        if apart:
            np.multiply(g, place == k, out=full[:, :, rows, cols])
        else:
            full[:, :, rows, cols] += g * (place == k)
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


def max_pool_places(x: Any, kernel: Pair, stride: Pair, pad: Any, dilation: Pair) -> Any:
    """The flat index in each image of each window's largest pixel, the first of equals."""
    place = find_places(x, kernel, stride, pad, dilation).long()
    high, wide = place.array.shape[2:]
    rows = np.arange(high)[:, None] * stride[0] - pad[0][0]
    cols = np.arange(wide) * stride[1] - pad[1][0]
    row = place // kernel[1] * dilation[0] + rows
    return row * x.array.shape[3] + place % kernel[1] * dilation[1] + cols


def max_pool_definition(x: Any, *window: Any) -> Any:
    """Read the pixels that are the largest."""
    return read_places(x, find_places(x, *window), *window)


max_pool: Operation = primitive(
    _max_pool,
    "The largest pixel of each window; a tie goes to the first.",
    name="max_pool2d",
    residuals=("place",),
    definition=max_pool_definition,
    x=lambda g, place, kernel, stride, pad, dilation, shape: route(
        g, place, shape[2:], kernel, stride, pad, dilation
    ),
)
