"""Dropping a part of the input at random.

What is kept is drawn from the random stream as PyTorch draws it: the same seed keeps the same.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import numpy as np

from ...ops.in_place import in_place
from ...ops.random import default_generator, sample
from ...tensor import Tensor

_ALPHA = 1.7580993408473766  # minus what SELU tends to: -scale * alpha


def _kept(shape: tuple[int, ...], p: float, kind: np.dtype) -> np.ndarray:
    """1 where something is kept, which happens with probability ``1 - p``; else 0."""
    draws = default_generator.uniform(math.prod(shape), np.dtype(np.float64))
    return (draws < 1 - p).reshape(shape).astype(kind)


def _check(p: float) -> None:
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def _applied(
    name: str, function: Callable[[Tensor], Tensor], input: Tensor, inplace: bool
) -> Tensor:
    return in_place(function, name + "_")(input) if inplace else function(input)


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """In training, zero with probability ``p`` and scale the rest by ``1 / (1 - p)``.

    Srivastava et al., 2014.

    Raises:
        ValueError: for a probability outside [0, 1].
    """
    _check(p)
    return _dropped("dropout", input, input.array.shape, p, training, inplace)


def _kept_like(x: np.ndarray, p: float) -> np.ndarray:
    """What is kept of each element: drawn in the order in which they lie in memory."""
    order = np.argsort([-step for step in x.strides], kind="stable")
    kept = _kept(tuple(x.shape[i] for i in order), p, x.dtype)
    return kept.transpose(np.argsort(order))


def _dropped(
    name: str, input: Tensor, shape: tuple[int, ...], p: float, training: bool, inplace: bool
) -> Tensor:
    """The input times a mask of a shape that broadcasts to its own."""
    if not training or p == 0 or not input.array.size:
        return input
    kind = input.array.dtype
    if kind.kind != "f":
        raise RuntimeError(
            f"{name}: result type Float can't be cast to the desired output type {kind}: use .float()"
        )

    def draw(sizes: tuple[int, ...]) -> np.ndarray:
        if p == 1:
            return np.zeros(sizes, kind)
        whole = sizes == input.array.shape
        mask = _kept_like(input.array, p) if whole else _kept(sizes, p, kind)
        return mask / kind.type(1 - p)

    mask = sample(draw, tuple(shape))
    return _applied(name, lambda x: x * mask, input, inplace)


def dropout1d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Drop whole channels of lines (N, C, L) or (C, L)."""
    return _channels_dropped("dropout1d", 1, input, p, training, inplace)


def dropout2d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Drop whole channels of images (N, C, H, W) (Tompson et al., 2015).

    Three dimensions are taken as (N, C, L), as in PyTorch.
    """
    return _channels_dropped("dropout2d", 2, input, p, training, inplace)


def dropout3d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Drop whole channels of volumes (N, C, D, H, W) or (C, D, H, W)."""
    return _channels_dropped("dropout3d", 3, input, p, training, inplace)


def _channels_dropped(
    name: str, dimensions: int, input: Tensor, p: float, training: bool, inplace: bool
) -> Tensor:
    _check(p)
    ndim = input.array.ndim
    if dimensions == 1 and ndim not in (2, 3):
        raise RuntimeError(f"{name}: Expected 2D or 3D input, but received a {ndim}D input")
    if ndim not in (dimensions + 1, dimensions + 2):
        warnings.warn(
            f"{name}: Received a {ndim}-D input, which is deprecated: expected (N, C, ...) with "
            f"{dimensions} dimensions after the channels",
            stacklevel=4,
        )
    unbatched = dimensions != 2 and ndim == dimensions + 1
    whole = 1 if unbatched else 2
    shape = (*input.array.shape[:whole], *(1,) * (ndim - whole))
    return _dropped(name, input, shape, p, training, inplace)


def alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """Dropout for SELU networks: mean and variance are kept (Klambauer et al., 2017)."""
    _check(p)
    return _alpha_dropped("alpha_dropout", input, input.array.shape, p, training, inplace)


def feature_alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """``alpha_dropout`` of whole channels of (N, C, ...)."""
    _check(p)
    shape = (*input.array.shape[:2], *(1,) * (input.array.ndim - 2))
    return _alpha_dropped("feature_alpha_dropout", input, shape, p, training, inplace)


def _alpha_dropped(
    name: str, input: Tensor, shape: tuple[int, ...], p: float, training: bool, inplace: bool
) -> Tensor:
    if not training or p == 0 or not input.array.size:
        return input
    kind = input.array.dtype
    if p == 1:
        return _applied(name, lambda x: x * 0.0, input, inplace)
    slope = 1 / math.sqrt((_ALPHA * _ALPHA * p + 1) * (1 - p))
    kept = sample(lambda sizes: _kept(sizes, p, kind), tuple(shape))
    shift = (kept - 1) * (_ALPHA * slope) + _ALPHA * slope * p
    return _applied(name, lambda x: x * (kept * slope) + shift, input, inplace)
