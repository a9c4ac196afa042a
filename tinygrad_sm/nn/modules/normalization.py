"""Layers that bring their input to a standard scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...ops.creation import ones
from ...ops.linear_algebra import matmul
from ...tape import wrap
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .affine import register_affine, reset_affine
from .module import Module, rejected


def _shape(normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    return (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)


class LayerNorm(Module):
    """Each sample brought to mean 0 and variance 1 over its last dimensions.

    Ba, Kiros and Hinton, 2016.

    Args:
        normalized_shape: the sizes of those dimensions; a number means the last one alone.
        eps: added to the variance.
        elementwise_affine: whether to multiply by a learned ``weight``, which starts at 1.
        bias: whether to add a learned ``bias`` then, which starts at 0.
        device: the CPU.
        dtype: of the parameters; float32 by default.
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        register_affine(self, self.normalized_shape, elementwise_affine, bias, device, dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Start anew: weight 1, bias 0."""
        reset_affine(self)

    def forward(self, input: Tensor) -> Tensor:
        """The result, in the input's shape."""
        try:
            return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)
        except Exception as error:
            raise rejected(self, input, error) from error

    def extra_repr(self) -> str:
        """The shape and the options."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Each sample divided by the root mean square of its last dimensions.

    Zhang and Sennrich, 2019.

    Args:
        normalized_shape: the sizes of those dimensions; a number means the last one alone.
        eps: added to the mean square; by default the spacing of the dtype's numbers at 1.
        elementwise_affine: whether to multiply by a learned ``weight``, which starts at 1.
        device: the CPU.
        dtype: of the parameter; float32 by default.
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        sizes = self.normalized_shape
        weight = Parameter(ones(sizes, device=device, dtype=dtype)) if elementwise_affine else None
        self.register_parameter("weight", weight)

    def reset_parameters(self) -> None:
        """Start anew: weight 1."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, input: Tensor) -> Tensor:
        """The result, in the input's shape."""
        try:
            return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)
        except Exception as error:
            raise rejected(self, input, error) from error

    def extra_repr(self) -> str:
        """The shape and the options."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )


class GroupNorm(Module):
    """Each group of a sample's channels brought to mean 0 and variance 1 (Wu and He, 2018).

    Args:
        num_groups: into how many groups the channels are cut.
        num_channels: the number of channels, the input's second dimension.
        eps: added to the variance.
        affine: whether to multiply by a learned ``weight``, which starts at 1, and to add a
            learned ``bias``, which starts at 0; one of each a channel.
        device: the CPU.
        dtype: of the parameters; float32 by default.
        bias: whether to add a ``bias``, if ``affine``.

    Raises:
        ValueError: if the groups do not divide the channels.
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(
                f"GroupNorm: num_channels ({num_channels}) must be divisible by num_groups "
                f"({num_groups})"
            )
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        register_affine(self, (num_channels,), affine, bias, device, dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Start anew: weight 1, bias 0."""
        reset_affine(self)

    def forward(self, input: Tensor) -> Tensor:
        """The result, in the input's shape."""
        try:
            return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)
        except Exception as error:
            raise rejected(self, input, error) from error

    def extra_repr(self) -> str:
        """The groups, the channels and the options."""
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class LocalResponseNorm(Module):
    """Each element over ``(k + alpha mean(x^2))^beta``, the mean over ``size`` channels around.

    Krizhevsky et al., 2012.

    Args:
        size: how many channels.
        alpha: factor of the mean.
        beta: the power.
        k: added to the mean.
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        """The result, in the input's shape."""
        try:
            return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)
        except Exception as error:
            raise rejected(self, input, error) from error

    def extra_repr(self) -> str:
        """The options."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class CrossMapLRN2d(Module):
    """Each element over ``(k + alpha/size s)^beta``, s a sum of squares over channels around it.

    As in PyTorch: with r = (size + 1) // 2, the sum is over the channels nearer than r and, from
    the r-th channel on, over the very first one too. ``LocalResponseNorm`` sums the ``size``
    channels around. Arguments as ``LocalResponseNorm`` has them.

    Raises:
        ValueError: when called with anything but (N, C, H, W).
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        """The result, in the input's shape."""
        if input.ndim != 4:
            raise ValueError(f"CrossMapLRN2d: Expected input to be 4D, got {input.ndim}D instead.")
        channel, reach = np.arange(input.array.shape[1]), (self.size + 1) // 2
        counted = np.abs(channel[:, None] - channel) < reach
        counted[reach:, 0] = True
        sums = matmul(wrap(counted.astype(input.array.dtype)), (input * input).flatten(2))
        scale = sums.reshape(input.shape) * (self.alpha / self.size) + self.k
        return input * scale.pow(-self.beta)

    def extra_repr(self) -> str:
        """The options."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
