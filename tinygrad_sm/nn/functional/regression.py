"""Losses of numbers, and of distributions, against others."""

from __future__ import annotations

import math

import numpy as np

from ...dtypes import promote
from ...hints import warn, warn_once
from ...ops.arithmetic import huber
from ...ops.elementwise import need_floats, where
from ...tape import values_of
from ...tensor import Tensor
from .reduction import chosen, reduced


def _difference(name: str, input: Tensor, target: Tensor) -> Tensor:
    """``input - target``, broadcast, which is rarely meant.

    Raises:
        RuntimeError: if the shapes do not broadcast.
    """
    a, b = input.array.shape, target.array.shape
    if a != b:
        try:
            np.broadcast_shapes(a, b)
        except ValueError:
            raise RuntimeError(
                f"{name}: shapes {a} and {b} do not broadcast: the target should have the input's "
                "shape"
            ) from None
        warn_once(
            f"{name}: Using a target size {b} that is different to the input size {a}: both are "
            f"broadcast to {np.broadcast_shapes(a, b)}, so that the loss compares what does not "
            "belong together. Give them the same shape: squeeze() or unsqueeze() one"
        )
    return input - target


def _floating_difference(name: str, input: Tensor, target: Tensor) -> Tensor:
    if "b" in (input.array.dtype.kind, target.array.dtype.kind) and input.dtype != target.dtype:
        kind = promote(input.array, target.array)
        input, target = input.to(kind), target.to(kind)  # bools have no difference
    difference = _difference(name, input, target)
    need_floats(name, difference)
    return difference


def _weighted(name: str, loss: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    """The losses put together; a mean is over the weights."""
    if weight is None:
        return reduced(name, loss, reduction)
    if weight.array.shape != loss.array.shape:
        raise ValueError(
            f"{name}: Weights and input must have the same size, but got {weight.array.shape} and "
            f"{loss.array.shape}"
        )
    if reduction == "mean":
        return (loss * weight).sum() / weight.sum()
    return reduced(name, loss * weight, reduction)


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Squared differences; ``weight``: a factor for each, of the same shape."""
    reduction = chosen(size_average, reduce, reduction)
    return _weighted(
        "mse_loss", _floating_difference("mse_loss", input, target).square(), weight, reduction
    )


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Absolute differences; ``weight``: a factor for each, of the same shape."""
    reduction = chosen(size_average, reduce, reduction)
    return _weighted("l1_loss", _difference("l1_loss", input, target).abs(), weight, reduction)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """``d^2 / (2 beta)`` for differences below ``beta``, else ``|d| - beta / 2`` (Girshick, 2015).

    Raises:
        RuntimeError: if ``beta`` is negative.
    """
    reduction = chosen(size_average, reduce, reduction)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    difference = _floating_difference("smooth_l1_loss", input, target)
    if beta == 0:
        return reduced("smooth_l1_loss", difference.abs(), reduction)
    return reduced("smooth_l1_loss", huber(difference, beta) / beta, reduction)


def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:
    """``d^2 / 2`` for differences below ``delta``, else ``delta (|d| - delta / 2)`` (Huber, 1964).

    Raises:
        RuntimeError: if ``delta`` is not positive.
    """
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    loss = huber(_floating_difference("huber_loss", input, target), delta)
    if weight is not None and reduction == "mean":  # as in PyTorch, not over the weights
        return _weighted("huber_loss", loss, weight, "none").mean()
    return _weighted("huber_loss", loss, weight, reduction)


# --- distributions --------------------------------------------------------------------------------


def _x_log_x(x: Tensor) -> Tensor:
    """``x log x``, and 0 at 0."""
    zero = x == 0
    return where(zero, 0.0, x * where(zero, 1.0, x).log())


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """The Kullback-Leibler divergence, ``target (log target - input)`` element by element.

    Args:
        input: log-probabilities.
        target: probabilities, or their logarithms.
        size_average: PyTorch's older way to say ``reduction``.
        reduce: PyTorch's older way to say ``reduction``.
        reduction: ``"batchmean"`` (the sum over the size of the first dimension, which is the
            divergence by definition), ``"mean"``, ``"sum"`` or ``"none"``.
        log_target: whether the target is given as logarithms.
    """
    reduction = chosen(size_average, reduce, reduction)
    if reduction == "mean":
        warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support "
            "size. 'batchmean' divides only by the batch size, and aligns with the KL div math "
            "definition."
        )
    entropy = target.exp() * target if log_target else _x_log_x(target)
    loss = entropy - (target.exp() if log_target else target) * input
    if reduction == "batchmean":
        return loss.sum() / (input.array.shape[0] if input.array.ndim else 1)
    return reduced("kl_div", loss, reduction)


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Minus the log-likelihood of counts under a Poisson distribution.

    Args:
        input: the rate, or its logarithm.
        target: the counts.
        log_input: whether the input is the logarithm of the rate.
        full: add Stirling's approximation of ``log(target!)``.
        size_average: PyTorch's older way to say ``reduction``.
        eps: added to the rate before its logarithm.
        reduce: PyTorch's older way to say ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
    """
    reduction = chosen(size_average, reduce, reduction)
    loss = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        safe = target.clamp(min=1)
        stirling = target * safe.log() - target + (safe * (2 * math.pi)).log() * 0.5
        loss = loss + where(target <= 1, 0.0, stirling)
    return reduced("poisson_nll_loss", loss, reduction)


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """Minus the log-likelihood of numbers under normal distributions.

    Args:
        input: the means.
        target: the numbers.
        var: the variances, in the input's shape or with one for the whole of a dimension.
        full: add the constant ``log(2 pi) / 2``.
        eps: the least variance that is taken.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: for a variance that is negative or of the wrong shape.
    """
    spread = var if isinstance(var, Tensor) else input.new_full(input.array.shape, var)
    shape, given = input.array.shape, spread.array.shape
    if given != shape:
        if given == shape[:-1]:
            spread = spread.unsqueeze(-1)
        elif len(given) != len(shape) or [
            n for n, m in zip(given, shape, strict=True) if n != m
        ] != [1]:
            raise ValueError(f"gaussian_nll_loss: var is of incorrect size: {given} for {shape}")
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"gaussian_nll_loss: {reduction} is not valid")
    if (values_of(spread) < 0).any():
        raise ValueError("gaussian_nll_loss: var has negative entry/entries")
    spread = spread + (eps - spread.detach()).clamp(min=0)
    loss = (spread.log() + (input - target).square() / spread) * 0.5
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return reduced("gaussian_nll_loss", loss, reduction)
