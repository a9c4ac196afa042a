"""Convolutional layers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ...ops.creation import empty
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module, rejected

_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


def pair(value: Any) -> tuple[int, ...]:
    """One number for height and width, or a tuple of both, as a tuple."""
    return tuple(value) if isinstance(value, Iterable) else (value, value)


class Conv2d(Module):
    """Images correlated with learned kernels.

    Weight and bias start uniform in +-1/sqrt(in_channels / groups * kernel height * width).

    Args:
        in_channels: channels of the input.
        out_channels: channels of the result, one kernel each.
        kernel_size: height and width of the kernels; one number, or a pair.
        stride: steps between the places at which the kernels are applied.
        padding: how much is added on each side; or ``"valid"`` for nothing, or ``"same"`` for
            what keeps the size at stride 1.
        dilation: distance between the pixels that a kernel meets.
        groups: into how many groups channels are cut that do not mix.
        bias: whether to add a number for each channel.
        padding_mode: what is added: ``"zeros"``, ``"reflect"``, ``"replicate"`` or
            ``"circular"``.
        device: the CPU.
        dtype: of the parameters; float32 by default.

    Shapes: (N, in_channels, H, W) or (in_channels, H, W) to (N, out_channels, H', W') or
    (out_channels, H', W'); the weight is (out_channels, in_channels / groups, kh, kw).

    Raises:
        ValueError: for groups that do not divide both counts of channels, or an unknown padding.

    >>> import tinygrad_sm as sg
    >>> sg.nn.Conv2d(3, 8, kernel_size=5, padding=2)(sg.zeros(1, 3, 28, 28)).shape
    tinygrad_sm.Size([1, 8, 28, 28])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: str | int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        _check_groups(in_channels, out_channels, groups)
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = pair(kernel_size)
        self.stride = pair(stride)
        self.padding = padding if isinstance(padding, str) else pair(padding)
        self.dilation = pair(dilation)
        self.groups = groups
        self.padding_mode = padding_mode
        self._check_padding()
        sizes = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = Parameter(empty(*sizes, device=device, dtype=dtype))
        self.register_parameter(
            "bias", Parameter(empty(out_channels, device=device, dtype=dtype)) if bias else None
        )
        self.reset_parameters()

    def _check_padding(self) -> None:
        if self.padding_mode not in _PADDING_MODES:
            raise ValueError(
                f"Conv2d: padding_mode must be one of {_PADDING_MODES}, but got "
                f"padding_mode={self.padding_mode!r}"
            )
        if isinstance(self.padding, str):
            if self.padding not in ("same", "valid"):
                raise ValueError(
                    f"Conv2d: Invalid padding string {self.padding!r}, should be 'same' or 'valid'"
                )
            if self.padding == "same" and any(step != 1 for step in self.stride):
                raise ValueError(
                    "Conv2d: padding='same' is not supported for strided convolutions: give the "
                    "padding as numbers"
                )

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        init.uniform_bias_(self.bias, init._calculate_fan_in_and_fan_out(self.weight)[0])

    def forward(self, input: Tensor) -> Tensor:
        """(N, in_channels, H, W) to (N, out_channels, H', W')."""
        try:
            if self.padding_mode == "zeros":
                padding: Any = self.padding
            else:
                input, padding = F.pad(input, self._margins(), self.padding_mode), 0
            return F.conv2d(
                input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups
            )
        except Exception as error:
            raise rejected(self, input, error) from error

    def _margins(self) -> list[int]:
        """The padding as ``F.pad`` takes it: (left, right, top, bottom)."""
        margins = []
        for size, gap, amount in zip(
            self.kernel_size[::-1],
            self.dilation[::-1],
            (0, 0) if isinstance(self.padding, str) else self.padding[::-1],
            strict=True,
        ):
            total = gap * (size - 1) if self.padding == "same" else 2 * amount
            margins += [total // 2, total - total // 2]
        return margins

    def extra_repr(self) -> str:
        """Sizes, and the options that are not at their defaults."""
        parts = [
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}",
            f"stride={self.stride}",
        ]
        nothing = (0,) * len(self.kernel_size)
        if self.padding != nothing:
            parts.append(f"padding={self.padding}")
        if self.dilation != (1,) * len(self.kernel_size):
            parts.append(f"dilation={self.dilation}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


def _check_groups(in_channels: int, out_channels: int, groups: int) -> None:
    if groups <= 0:
        raise ValueError(f"Conv2d: groups must be a positive integer, not {groups}")
    for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
        if channels % groups:
            raise ValueError(
                f"Conv2d: {name} must be divisible by groups, but {name}={channels} and "
                f"groups={groups}"
            )
