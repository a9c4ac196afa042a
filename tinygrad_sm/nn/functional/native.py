"""PyTorch's lower names of layers, which find themselves in ``torch`` alone.

They take all arguments, codes in place of words, and return what their gradients would need.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...ops.creation import empty_like
from ...ops.padding import constant_pad
from ...out import public as _public
from ...tape import no_grad, wrap
from ...tensor import Tensor
from .grid_sampling import affine_grid, grid_sample
from .normalization import batch_norm, group_norm, layer_norm
from .pooling import max_pool1d_with_indices as max_pool1d_with_indices
from .rearranging import channel_shuffle as native_channel_shuffle

__all__ = [
    "affine_grid_generator",
    "constant_pad_nd",
    "grid_sampler",
    "grid_sampler_2d",
    "grid_sampler_3d",
    "max_pool1d_with_indices",
    "native_batch_norm",
    "native_channel_shuffle",
    "native_dropout",
    "native_group_norm",
    "native_layer_norm",
]

_MODES = ("bilinear", "nearest", "bicubic")
_PADDINGS = ("zeros", "border", "reflection")


def constant_pad_nd(input: Tensor, pad: Sequence[int], value: float = 0) -> Tensor:
    """``pad`` by a number, (before, after) of the last dimension first; negative: cut off.

    Raises:
        RuntimeError: for widths that do not come in pairs, one of each dimension at most.
    """
    widths = tuple(pad)
    ndim = input.array.ndim
    if len(widths) % 2 or len(widths) > 2 * ndim:
        raise RuntimeError(
            f"constant_pad_nd: Length of pad must be even and at most twice the {ndim} dimensions, "
            f"but got {widths}"
        )
    pairs = [(widths[i], widths[i + 1]) for i in range(0, len(widths), 2)]
    full = ((0, 0),) * (ndim - len(pairs)) + tuple(pairs[::-1])
    if any(n + sum(p) < 0 for n, p in zip(input.array.shape, full, strict=True)):
        raise RuntimeError(f"constant_pad_nd: pad {widths} cuts more than there is")
    return constant_pad(input, full, value)


def grid_sampler(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """``grid_sample``, its modes as their numbers in the order that it names them in."""
    return grid_sample(
        input, grid, _MODES[interpolation_mode], _PADDINGS[padding_mode], align_corners
    )


grid_sampler_2d = grid_sampler_3d = grid_sampler


def affine_grid_generator(theta: Tensor, size: Sequence[int], align_corners: bool) -> Tensor:
    """``affine_grid``."""
    return affine_grid(theta, size, align_corners)


def native_layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None,
    bias: Tensor | None,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """``layer_norm``, the means, and one over the standard deviations."""
    out = layer_norm(input, list(normalized_shape), weight, bias, eps)
    axes = tuple(range(-len(normalized_shape), 0))
    return out, *_statistics(input, axes, eps)


def native_group_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    N: int,
    C: int,
    HxW: int,
    group: int,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """``group_norm``, and means and one over the standard deviations, (N, group)."""
    out = group_norm(input, group, weight, bias, eps)
    groups = input.reshape(N, group, C // group * HxW)
    rstd = (groups.var(-1, correction=0) + eps).rsqrt()
    return out, groups.mean(-1), rstd


def native_batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """``batch_norm``, and of training the means and one over the standard deviations, (C,)."""
    out = batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)
    if not training:
        return out, input.new_zeros(0), input.new_zeros(0)
    axes = tuple(i for i in range(input.array.ndim) if i != 1)
    mean, rstd = _statistics(input, axes, eps)
    return out, mean.reshape(-1), rstd.reshape(-1)


def _statistics(input: Tensor, axes: tuple[int, ...], eps: float) -> tuple[Tensor, Tensor]:
    with no_grad():
        rstd = (input.var(axes, correction=0, keepdim=True) + eps).rsqrt()
        return input.mean(axes, keepdim=True), rstd


def native_dropout(input: Tensor, p: float, train: bool | None) -> tuple[Tensor, Tensor]:
    """``dropout``, and which elements it kept."""
    if train is False or not p:
        return input.clone(), wrap(np.ones(input.array.shape, bool))
    with no_grad():
        kept = empty_like(input).bernoulli_(1 - p).bool()
    return input * kept * (0.0 if p == 1 else 1 / (1 - p)), kept


_public(globals())
