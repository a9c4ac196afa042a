"""Images of another size, one dimension after the other.

Each new element is a weighted sum of a few old ones along a dimension (its taps). Which, and with
what weights, says the mode: nearest, linear (in 1 to 3 dimensions), cubic, or the mean of an area.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...tape import wrap
from ...tensor import Tensor
from .adaptive_pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d

_DIMENSIONS = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}
_CUBIC = -0.75  # Keys' parameter, 1981, as PyTorch has it


def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Lines, images or volumes (N, C, ...) brought to another size.

    Args:
        input: (N, C, L), (N, C, H, W) or (N, C, D, H, W).
        size: the new sizes, one number or one a dimension.
        scale_factor: or by what they are multiplied.
        mode: ``"nearest"``, ``"nearest-exact"``, ``"area"``, ``"linear"`` (lines), ``"bilinear"``
            or ``"bicubic"`` (images), ``"trilinear"`` (volumes).
        align_corners: whether the centres of the corner elements, rather than their outer edges,
            keep their places.
        recompute_scale_factor: whether to take the factors from the sizes, rounded as they are.
        antialias: whether each new pixel, where an image shrinks, is a mean over all that it
            covers (``"bilinear"`` and ``"bicubic"``).

    Raises:
        ValueError: for options that do not go together.
        NotImplementedError: for a mode that does not go with the dimensions.

    >>> import tinygrad_sm as sg
    >>> interpolate(sg.tensor([[[1.0, 2.0]]]), size=4, mode="linear")
    tensor([[[1.0000, 1.2500, 1.7500, 2.0000]]])
    """
    old = input.array.shape[2:]
    _check(input, mode, align_corners, antialias)
    sizes, factors = _sizes(old, size, scale_factor)
    if recompute_scale_factor:
        if scale_factor is None:
            raise ValueError("interpolate: recompute_scale_factor is not meaningful with a size")
        factors = None
    if min(sizes) < 1 or min(old) < 1:
        raise RuntimeError(
            f"interpolate: Input and output sizes should be greater than 0, but got input {old} "
            f"and output {sizes}"
        )
    if mode == "area":
        return {1: adaptive_avg_pool1d, 2: adaptive_avg_pool2d, 3: adaptive_avg_pool3d}[len(old)](
            input, sizes
        )
    kind = input.array.dtype
    mixes = not mode.startswith("nearest")
    if kind.kind != "f" and (kind != np.uint8 or (mixes and len(old) != 2)):
        raise NotImplementedError(
            f"interpolate: mode {mode!r} not implemented for {kind} of shape {input.array.shape}: "
            "use .float()"
        )
    # PyTorch finds places in float32, unless it interpolates float64 or bytes
    bytes_mixed = mixes and kind == np.uint8
    precise = np.float64 if bytes_mixed or kind == np.float64 else np.float32
    taps = _means if antialias else _taps
    for i in reversed(range(len(old))) if bytes_mixed else range(len(old)):
        step = precise(old[i] / sizes[i] if factors is None else 1 / factors[i])
        places, weights = taps(mode, old[i], sizes[i], step, bool(align_corners))
        if bytes_mixed:
            numbers = _resampled(input.double(), 2 + i, places, _in_15_bits(weights))
            input = (numbers + 0.5).floor().clamp(0, 255).byte()
        else:
            input = _resampled(input, 2 + i, places, weights)
    return input


def _in_15_bits(weights: Any) -> np.ndarray:
    """Weights rounded to binary fractions of 15 bits, as PyTorch mixes bytes by."""
    scale = 2.0 ** (math.ceil(math.log2((2**15 - 0.5) / weights.max())) - 1)
    return np.floor(np.abs(weights) * scale + 0.5) / np.copysign(scale, weights)


def _check(input: Tensor, mode: str, align_corners: bool | None, antialias: bool) -> None:
    dimensions = input.array.ndim - 2
    if mode in ("nearest", "nearest-exact", "area"):
        if align_corners is not None:
            raise ValueError(
                "interpolate: align_corners option can only be set with the interpolating modes: "
                f"{' | '.join(_DIMENSIONS)}"
            )
    elif mode not in _DIMENSIONS:
        raise NotImplementedError(f"interpolate: unknown mode {mode!r}")
    if antialias and (mode not in ("bilinear", "bicubic") or dimensions != 2):
        raise ValueError(
            "interpolate: Anti-alias option is restricted to bilinear and bicubic modes and "
            f"requires a 4-D tensor as input, not mode {mode!r} and shape {input.array.shape}"
        )
    if dimensions not in (1, 2, 3) or _DIMENSIONS.get(mode, dimensions) != dimensions:
        raise NotImplementedError(
            f"interpolate: Input Error: mode {mode!r} does not go with an input of shape "
            f"{input.array.shape}: linear takes 3 dimensions, bilinear and bicubic 4, trilinear 5"
        )


def _sizes(
    old: tuple[int, ...], size: Any, scale_factor: Any
) -> tuple[tuple[int, ...], tuple[float, ...] | None]:
    """The new sizes, and the factors if they were given."""
    if (size is None) == (scale_factor is None):
        raise ValueError("interpolate: only one of size or scale_factor should be defined")
    given = scale_factor if size is None else size
    each: Sequence[Any] = given if isinstance(given, list | tuple) else (given,) * len(old)
    if len(each) != len(old):
        raise ValueError(
            f"interpolate: Input and output must have the same number of spatial dimensions, but "
            f"got input with spatial dimensions of {old} and {given}"
        )
    if size is not None:
        return tuple(int(s) for s in each), None
    factors = tuple(float(f) for f in each)
    return tuple(math.floor(n * f) for n, f in zip(old, factors, strict=True)), factors


def _taps(
    mode: str, old: int, new: int, step: np.floating, align_corners: bool
) -> tuple[np.ndarray, np.ndarray | None]:
    """Which old elements make each new one, (taps, new), and their weights (``None``: 1)."""
    places = np.arange(new, dtype=step.dtype)
    if mode in ("nearest", "nearest-exact"):
        source = (places + (0.5 if mode == "nearest-exact" else 0)) * step
        nearest = source.astype(np.float32).astype(np.int64)  # PyTorch rounds so in float64 too
        return np.minimum(nearest, old - 1)[None], None
    if align_corners:
        source = places * _between_corners(old, new, step)
    else:  # rounded once
        source = ((places + 0.5) * np.float64(step) - 0.5).astype(step.dtype)
    if mode == "bicubic":
        first = np.floor(source).astype(np.int64)
        offsets = np.arange(-1, 3)[:, None]
        return np.clip(first + offsets, 0, old - 1), _keys(source - first - offsets)
    source = np.maximum(source, 0)
    first = np.minimum(source.astype(np.int64), old - 1)
    fraction = source - first
    return np.stack([first, np.minimum(first + 1, old - 1)]), np.stack([1 - fraction, fraction])


def _between_corners(old: int, new: int, like: np.floating) -> Any:
    """The step that leads from the first corner's centre to the last one's."""
    return like.dtype.type((old - 1) / (new - 1) if new > 1 else 0.0)


def _means(
    mode: str, old: int, new: int, step: np.floating, align_corners: bool
) -> tuple[np.ndarray, np.ndarray]:
    """The taps of a kernel as wide as the step, if that is more than 1, their weights adding to 1."""
    if align_corners:
        step = _between_corners(old, new, step)
    width = max(step, step.dtype.type(1))
    reach = width * (1 if mode == "bilinear" else 2)
    centre = (np.arange(new, dtype=step.dtype) + 0.5) * step
    first = np.maximum((centre - reach + 0.5).astype(np.int64), 0)
    last = np.minimum((centre + reach + 0.5).astype(np.int64), old)
    taps = first + np.arange((last - first).max())[:, None]
    away = np.abs((taps - centre + 0.5) / width)
    weights = np.maximum(1 - away, 0) if mode == "bilinear" else _keys(away, -0.5)
    weights = np.where(taps < last, weights, 0)
    return np.minimum(taps, old - 1), weights / weights.sum(0)


def _keys(x: np.ndarray, a: float = _CUBIC) -> np.ndarray:
    """Keys' kernel of cubic convolution (1981, equation 4), with his parameter a."""
    x = np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))


def _resampled(x: Tensor, axis: int, taps: np.ndarray, weights: np.ndarray | None) -> Tensor:
    """Along an axis, each new element: the sum of its taps times their weights."""
    total = None
    column = (-1, *(1,) * (x.array.ndim - axis - 1))
    for i, places in enumerate(taps):
        part = x.index_select(axis, wrap(places))
        if weights is not None:
            part = part * wrap(weights[i].astype(x.array.dtype).reshape(column))
        total = part if total is None else total + part
    assert total is not None
    return total


def upsample(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """``interpolate`` by its older name, which is warned about."""
    warnings.warn(
        "`nn.functional.upsample` is deprecated. Use `nn.functional.interpolate` instead.",
        stacklevel=2,
    )
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """``interpolate`` with ``mode="nearest"``."""
    return interpolate(input, size, scale_factor, "nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """``interpolate`` with ``mode="bilinear"`` and ``align_corners=True``."""
    return interpolate(input, size, scale_factor, "bilinear", align_corners=True)
