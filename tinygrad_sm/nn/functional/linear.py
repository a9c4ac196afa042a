"""Affine maps."""

from __future__ import annotations

from ...ops import fused
from ...ops.linear_algebra import einsum, matmul
from ...tensor import Tensor


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
    out = einsum("...i,oij,...j->...o", input1, weight, input2)
    return out if bias is None else out + bias
