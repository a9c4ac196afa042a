"""A batch normalization that is done training, as part of the layer in front of it.

In evaluation it is ``(y - mean) / sqrt(var + eps) * weight + bias``, linear in the layer's output
``y``: a factor and a shift of the layer's own weight and bias.
"""

from __future__ import annotations

import copy
from typing import Any

from ...ops.creation import ones_like, zeros_like
from ...ops.elementwise import rsqrt
from ...tensor import Tensor
from ..parameter import Parameter

__all__ = [
    "fuse_conv_bn_eval",
    "fuse_conv_bn_weights",
    "fuse_linear_bn_eval",
    "fuse_linear_bn_weights",
]


def fuse_conv_bn_eval(conv: Any, bn: Any, transpose: bool = False) -> Any:
    """A copy of the convolution that does what it and the normalization do one after the other.

    Args:
        conv: the convolution; ``transpose`` says whether it is a transposed one.
        bn: the normalization behind it.
        transpose: whether the weight has the outputs in its second dimension.

    Raises:
        AssertionError: if one of them is in training.

    >>> import tinygrad_sm as sg
    >>> conv, bn = sg.nn.Conv2d(3, 4, 3).eval(), sg.nn.BatchNorm2d(4).eval()
    >>> x = sg.rand(2, 3, 5, 5)
    >>> sg.allclose(fuse_conv_bn_eval(conv, bn)(x), bn(conv(x)), atol=1e-6)
    True
    """
    fused = _copied(conv, bn)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight,
        fused.bias,
        bn.running_mean,
        bn.running_var,
        bn.eps,
        bn.weight,
        bn.bias,
        transpose,
    )
    return fused


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """The weight and the bias of such a convolution; ``rm`` and ``rv``: running mean and variance."""
    factor, bias = _scaled(conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b)
    sizes = [1] * conv_w.array.ndim
    sizes[1 if transpose else 0] = -1
    weight = (conv_w * factor.reshape(sizes)).to(conv_w.dtype)
    return _parameter(weight, conv_w), _parameter(bias.to(conv_w.dtype), conv_b)


def fuse_linear_bn_eval(linear: Any, bn: Any) -> Any:
    """A copy of the linear layer that does what it and the normalization do one after the other.

    Raises:
        AssertionError: if one of them is in training, or their numbers of features differ.
    """
    fused = _copied(linear, bn)
    assert linear.out_features == bn.num_features or bn.num_features == 1, (
        f"To fuse, linear.out_features == bn.num_features or bn.num_features == 1: "
        f"{linear.out_features}, {bn.num_features}"
    )
    fused.weight, fused.bias = fuse_linear_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias
    )
    return fused


def fuse_linear_bn_weights(
    linear_w: Tensor,
    linear_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
) -> tuple[Parameter, Parameter]:
    """The weight and the bias of such a linear layer."""
    return fuse_conv_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b)


def _copied(layer: Any, bn: Any) -> Any:
    assert not layer.training, "Fusion only for eval!"
    assert not bn.training, "Fusion only for eval!"
    return copy.deepcopy(layer)


def _scaled(b: Any, mean: Any, var: Any, eps: float, w: Any, shift: Any) -> tuple[Any, Any]:
    """The factor of the normalization, and the bias that is left of it all."""
    b = zeros_like(mean) if b is None else b
    factor = (ones_like(mean) if w is None else w) * rsqrt(var + eps)
    return factor, (b - mean) * factor + (zeros_like(mean) if shift is None else shift)


def _parameter(value: Tensor, old: Tensor | None) -> Parameter:
    return Parameter(value.detach(), old is not None and old.requires_grad)
