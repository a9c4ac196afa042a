"""Affine layers."""

from __future__ import annotations

import math
from typing import Any

from ...ops.creation import empty
from ...tape import no_grad
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter, UninitializedParameter
from .lazy import LazyModuleMixin
from .module import Module, rejected


class Identity(Module):
    """What comes in goes out; arguments of the constructor are ignored."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        """The input."""
        return input


class Linear(Module):
    """``x W^T + b``: an affine map of the last dimension.

    Weight and bias start uniform in +-1/sqrt(in_features).

    Args:
        in_features: size of the input's last dimension.
        out_features: size of the result's.
        bias: whether to add ``b``.
        device: the CPU.
        dtype: of the parameters; float32 by default.

    Shapes: (..., in_features) to (..., out_features); the weight is (out_features, in_features).

    >>> import tinygrad_sm as sg
    >>> layer = sg.nn.Linear(20, 30)
    >>> layer(sg.randn(128, 20)).shape
    tinygrad_sm.Size([128, 30])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(empty(out_features, in_features, device=device, dtype=dtype))
        self.register_parameter(
            "bias", Parameter(empty(out_features, device=device, dtype=dtype)) if bias else None
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        init.uniform_bias_(self.bias, self.in_features)

    def forward(self, input: Tensor) -> Tensor:
        """(..., in_features) to (..., out_features)."""
        try:
            return F.linear(input, self.weight, self.bias)
        except Exception as error:
            raise rejected(self, input, error) from error

    def extra_repr(self) -> str:
        """Sizes, and whether there is a bias."""
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


class NonDynamicallyQuantizableLinear(Linear):
    """A Linear under the name that it has inside ``MultiheadAttention``."""


class Bilinear(Module):
    """``x1^T A x2 + b``, with a matrix ``A`` for each output.

    Args:
        in1_features: size of the first input's last dimension.
        in2_features: size of the second input's.
        out_features: size of the result's.
        bias: whether to add ``b``.
        device: the CPU.
        dtype: of the parameters; float32 by default.

    Shapes: (..., in1_features) and (..., in2_features) to (..., out_features); the weight is
    (out_features, in1_features, in2_features).

    Raises:
        ValueError: if ``in1_features`` is not positive.
    """

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if in1_features <= 0:
            raise ValueError(f"Bilinear: in1_features must be > 0, but got {in1_features}")
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        sizes = (out_features, in1_features, in2_features)
        self.weight = Parameter(empty(*sizes, device=device, dtype=dtype))
        self.register_parameter(
            "bias", Parameter(empty(out_features, device=device, dtype=dtype)) if bias else None
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew: uniform in +-1/sqrt(in1_features)."""
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        init.uniform_bias_(self.bias, self.in1_features)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        """(..., in1_features) and (..., in2_features) to (..., out_features)."""
        try:
            return F.bilinear(input1, input2, self.weight, self.bias)
        except Exception as error:
            raise rejected(self, input1, error) from error

    def extra_repr(self) -> str:
        """Sizes, and whether there is a bias."""
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )


class LazyLinear(LazyModuleMixin, Linear):
    """A ``Linear`` whose ``in_features`` is the size of the first input's last dimension.

    Args:
        out_features: size of the result's last dimension.
        bias: whether to add a bias.
        device: the CPU.
        dtype: of the parameters; float32 by default.

    >>> import tinygrad_sm as sg
    >>> layer = sg.nn.LazyLinear(3)
    >>> layer(sg.zeros(2, 5)).shape, layer
    (tinygrad_sm.Size([2, 3]), Linear(in_features=5, out_features=3, bias=True))
    """

    cls_to_become = Linear

    def __init__(
        self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(0, 0, False)
        self.out_features = out_features
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw weight and bias anew, once there are any."""
        if not self.has_uninitialized_params() and self.in_features:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Take ``in_features`` from the input."""
        started = not self.has_uninitialized_params()
        self.in_features = input.shape[-1]
        if started:
            return
        with no_grad():
            self._materialize("weight", (self.out_features, self.in_features))
            self._materialize("bias", (self.out_features,))
            self.reset_parameters()
