"""Layers that bring their input to a standard scale."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ...ops import fused
from ...ops.elementwise import cast, need_floats
from ...ops.shape import cat
from ...tape import wrap, written
from ...tensor import Tensor
from .padding import pad
from .pooling import avg_pool2d


def _check_normalized(name: str, input: Tensor, normalized_shape: Sequence[int]) -> tuple[int, ...]:
    tail = tuple(normalized_shape)
    if not tail or input.array.shape[-len(tail) :] != tail:
        raise RuntimeError(
            f"{name}: Given normalized_shape={list(tail)}, expected input with shape [*, "
            f"{', '.join(map(str, tail))}], but got input of size {input.array.shape}"
        )
    return tail


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Each sample brought to mean 0 and variance 1 over its last dimensions, then scaled.

    Ba, Kiros and Hinton, 2016.

    Raises:
        RuntimeError: if the last dimensions, the weight or the bias are not ``normalized_shape``.
    """
    tail = _check_normalized("layer_norm", input, normalized_shape)
    need_floats("layer_norm", input)
    kind = input.array.dtype
    if weight is None:
        weight = wrap(np.ones(tail, kind))
    if bias is None:
        bias = wrap(np.zeros(tail, kind))
    for name, parameter in (("weight", weight), ("bias", bias)):
        if parameter.array.shape != tail:
            raise RuntimeError(
                f"layer_norm: Expected {name} to be of same shape as normalized_shape, but got "
                f"{name} of shape {parameter.array.shape} and normalized_shape = {list(tail)}"
            )
    if len(tail) == 1:
        return fused.layer_norm(input, weight, bias, eps)
    flat = input.reshape(*input.array.shape[: -len(tail)], math.prod(tail))
    out = fused.layer_norm(flat, weight.reshape(-1), bias.reshape(-1), eps)
    return out.reshape(input.array.shape)


def rms_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """Each sample divided by its root mean square, then scaled (Zhang and Sennrich, 2019)."""
    tail = _check_normalized("rms_norm", input, normalized_shape)
    need_floats("rms_norm", input)
    eps = float(np.finfo(input.array.dtype).eps) if eps is None else eps
    axes = tuple(range(-len(tail), 0))
    x = input.float() if input.array.dtype == np.float16 else input  # whose squares overflow
    out = cast(x * ((x * x).mean(axes, keepdim=True) + eps).rsqrt(), input.array.dtype)
    return out if weight is None else out * weight


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Each group of a sample's channels brought to mean 0 and variance 1 (Wu and He, 2018).

    Args:
        input: (N, C, ...).
        num_groups: into how many groups the channels are cut.
        weight: a factor for each channel, (C,).
        bias: added to each channel, (C,).
        eps: added to the variance.

    Raises:
        RuntimeError: if the groups do not divide the channels, or weight and bias are not one each.
        ValueError: for groups of a single value.
    """
    shape = input.array.shape
    if len(shape) < 2 or num_groups < 1 or shape[1] % num_groups:
        raise RuntimeError(
            f"group_norm: Expected number of channels in input to be divisible by num_groups, but "
            f"got input of shape {shape} and num_groups={num_groups}"
        )
    for name, given in (("weight", weight), ("bias", bias)):
        if given is not None and given.array.shape != shape[1:2]:
            raise RuntimeError(
                f"group_norm: Expected {name} to be a vector of size equal to the number of channels "
                f"in input, {shape[1]} in dimension 1, but got {name} of shape {given.array.shape} "
                f"and input of shape {shape}"
            )
    if math.prod(shape) == num_groups and math.prod(shape[2:]) == 1:
        raise ValueError(
            f"group_norm: Expected more than 1 value per channel when training, got input size "
            f"{shape} in {num_groups} groups"
        )
    need_floats("group_norm", input)
    groups = input.reshape(shape[0], num_groups, math.prod(shape[1:]) // num_groups)
    out = layer_norm(groups, groups.array.shape[2:], None, None, eps).reshape(shape)
    each = (-1, *(1,) * (len(shape) - 2))
    out = out if weight is None else out * weight.reshape(each)
    return out if bias is None else out + bias.reshape(each)


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Each channel brought to mean 0 and variance 1 over the batch (Ioffe and Szegedy, 2015).

    In training the batch's own statistics are used and, without a graph, mixed into the running
    ones (the variance unbiased there).

    Args:
        input: (N, C, ...).
        running_mean: (C,).
        running_var: (C,).
        weight: a factor for each channel, (C,).
        bias: added to each channel, (C,).
        training: whether to use, and remember, the batch's own statistics.
        momentum: the share of this batch in the running statistics.
        eps: added to the variance.

    Raises:
        ValueError: in training with one value a channel, which has no variance, or for an ``eps``
            below 0 (in training, also 0).
        RuntimeError: if what belongs to channels is not (C,), or for evaluation without running
            statistics.
    """
    shape = input.array.shape
    _check_channels(
        shape,
        {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias},
    )
    axes, each = (0, *range(2, len(shape))), (-1, *(1,) * (len(shape) - 2))
    if eps < 0 or (training and not eps):
        expected = "positive during training" if training else "non-negative"
        raise ValueError(f"batch_norm eps must be {expected}, but got {eps}")
    if training:
        count = input.array.size // max(shape[1], 1)
        if count == 1:
            raise ValueError(
                f"batch_norm: Expected more than 1 value per channel when training, got input "
                f"size {shape}"
            )
        mean = input.mean(axes, keepdim=True)
        centred = input - mean
        var = (centred * centred).mean(axes, keepdim=True)
        if running_mean is not None and count:
            _mix(running_mean, mean.array.reshape(-1), momentum)
        if running_var is not None and count:
            _mix(running_var, var.array.reshape(-1) * (count / (count - 1)), momentum)
    else:
        if running_mean is None or running_var is None:
            raise RuntimeError(
                "batch_norm: Expected running_mean and running_var to be defined when "
                "training=False"
            )
        centred = input - running_mean.reshape(each)
        var = running_var.reshape(each)
    scale = (var + eps).rsqrt()
    out = centred * (scale if weight is None else scale * weight.reshape(each))
    return out if bias is None else out + bias.reshape(each)


def _check_channels(shape: tuple[int, ...], given: dict[str, Tensor | None]) -> None:
    if len(shape) < 2:
        raise RuntimeError(f"batch_norm: expected (N, C, ...), but got shape {shape}")
    for name, tensor in given.items():
        if tensor is not None and tensor.array.shape != (shape[1],):
            raise RuntimeError(
                f"batch_norm: {name} should contain {shape[1]} elements not "
                f"{tensor.array.size}: the input has shape {shape}"
            )


def _mix(running: Tensor, new: np.ndarray, momentum: float) -> None:
    running.array[...] = (1 - momentum) * running.array + momentum * new
    written(running)


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Each channel of each sample brought to mean 0 and variance 1 (Ulyanov et al., 2016).

    It is batch norm of a single sample that has all samples' channels. Running statistics are
    mixed with the mean over the samples.

    Args:
        input: (N, C, ...).
        running_mean: (C,).
        running_var: (C,).
        weight: a factor for each channel, (C,).
        bias: added to each channel, (C,).
        use_input_stats: use each channel's own statistics; else the running ones.
        momentum: the share of this batch in the running statistics.
        eps: added to the variance.

    Raises:
        ValueError: for a single value in each channel.
        RuntimeError: for running statistics that are asked for and not given.
    """
    shape = input.array.shape
    count, channels = shape[:2]
    if use_input_stats and math.prod(shape[2:]) == 1:
        raise ValueError(
            f"instance_norm: Expected more than 1 spatial element when training, got input size "
            f"{shape}"
        )
    means, variances, factors, shifts = (
        None if t is None else cat([t] * count) for t in (running_mean, running_var, weight, bias)
    )
    out = batch_norm(
        input.reshape(1, count * channels, *shape[2:]),
        means,
        variances,
        factors,
        shifts,
        use_input_stats,
        momentum,
        eps,
    )
    if use_input_stats:
        for running, mixed in ((running_mean, means), (running_var, variances)):
            if running is not None and mixed is not None:
                running.array[...] = mixed.array.reshape(count, channels).mean(0)
                written(running)
    return out.reshape(shape)


def local_response_norm(
    input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """Each element over ``(k + alpha mean(x^2))^beta``, the mean over ``size`` channels around.

    Krizhevsky et al., 2012.

    Raises:
        ValueError: for fewer than 3 dimensions.
    """
    shape = input.array.shape
    if len(shape) < 3:
        raise ValueError(
            f"Expected 3D or higher dimensionality input (got {len(shape)} dimensions)"
        )
    if not input.array.size:
        return input
    squares = (input * input).reshape(shape[0], 1, shape[1], -1)
    around = pad(squares, (0, 0, size // 2, (size - 1) // 2))
    means = avg_pool2d(around, (size, 1), stride=1).reshape(shape)
    return input / (means * alpha + k).pow(beta)
