"""Affine maps."""

from __future__ import annotations

from typing import Any

from ...ops import fused
from ...ops.linear_algebra import einsum, matmul
from ...tensor import Tensor
from .classification import cross_entropy


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``input weight^T + bias``.

    Args:
        input: (..., in_features).
        weight: (out_features, in_features), or (in_features,).
        bias: (out_features,) or ``None``.

    Raises:
        RuntimeError: if features or dtypes differ.
    """
    x, w = input.array, weight.array
    if not x.ndim or x.shape[-1] != w.shape[-1]:
        raise RuntimeError(
            f"linear: the input has shape {x.shape}, but the weight {w.shape} expects "
            f"{w.shape[-1]} features in the last dimension: flatten the input, or change "
            "in_features"
        )
    if x.dtype != w.dtype:
        raise RuntimeError(
            f"linear: expected input and weight of one dtype, but got {input.dtype} and "
            f"{weight.dtype}: convert the input with .to(weight.dtype)"
        )
    if bias is not None and w.ndim == 2 and bias.array.shape == w.shape[:1]:
        return fused.linear(input, weight, bias)
    out = matmul(input, weight.t())
    return out if bias is None else out + bias


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``x1^T A x2 + b``, with a matrix ``A`` for each output.

    Args:
        input1: (..., in1_features).
        input2: (..., in2_features).
        weight: (out_features, in1_features, in2_features).
        bias: (out_features,) or ``None``.

    Raises:
        RuntimeError: if sizes do not fit.
    """
    for i, given in enumerate((input1, input2), 1):
        size, expected = given.array.shape[-1], weight.array.shape[i]
        if size != expected:
            raise RuntimeError(
                f"bilinear: input{i} has shape {given.array.shape}, but the weight "
                f"{weight.array.shape} expects {expected} features in its last dimension"
            )
    out = einsum("...i,oij,...j->...o", input1, weight, input2)
    return out if bias is None else out + bias


def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: Any = None,
) -> Tensor:
    """``cross_entropy`` of ``linear(input, linear_weight, linear_bias)``.

    Args:
        input: (features,) or (N, features).
        linear_weight: (C, features), or (C, d1, ..., features) for targets (N, d1, ...).
        target: labels, or probabilities in the shape of the scores.
        linear_bias: the weight's shape without the features.
        weight: a factor for each class, (C,).
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        ignore_index: the label that counts nothing, -100 by default; not with probabilities.
        label_smoothing: how much of each label is spread over all classes.
        options: accepted; PyTorch's are about memory.

    Raises:
        RuntimeError: if shapes do not fit.
    """
    *classes, features = linear_weight.array.shape
    batch = input.array.shape[:-1]
    shape = (*batch, *classes)
    if input.array.ndim not in (1, 2) or not classes or (not batch and classes[1:]):
        raise RuntimeError(
            f"linear_cross_entropy: expected input of 1 or 2 dimensions (2 for labels with more) and "
            f"a linear_weight of at least 2, but got {input.array.shape}, {linear_weight.array.shape}"
        )
    if input.array.shape[-1] != features or (
        linear_bias is not None and linear_bias.array.shape != tuple(classes)
    ):
        bias = None if linear_bias is None else linear_bias.array.shape
        raise RuntimeError(
            f"linear_cross_entropy: input {input.array.shape}, linear_weight "
            f"{linear_weight.array.shape} and linear_bias {bias} do not fit together"
        )
    if ignore_index is not None and target.array.shape == shape:
        raise RuntimeError(
            "linear_cross_entropy: ignore_index cannot be specified when target contains "
            "probabilities"
        )
    flat = linear_bias if linear_bias is None else linear_bias.reshape(-1)
    scores = linear(input, linear_weight.reshape(-1, features), flat).reshape(shape)
    ignored = -100 if ignore_index is None else ignore_index
    return cross_entropy(
        scores,
        target,
        weight,
        ignore_index=ignored,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )
