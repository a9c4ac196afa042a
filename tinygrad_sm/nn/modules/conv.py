"""Convolutional layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ...ops.creation import empty
from ...tape import no_grad
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter, UninitializedParameter
from .lazy import LazyModuleMixin
from .module import Module, rejected
from .utils import _ntuple

_Sizes = int | tuple[int, ...]
_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _ConvNd(Module):
    """What convolutions of all dimensions, and their transposes, share."""

    dimensions = 0
    transposed = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: _Sizes,
        stride: _Sizes,
        padding: str | _Sizes,
        dilation: _Sizes,
        output_padding: _Sizes,
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any,
        dtype: Any,
    ) -> None:
        super().__init__()
        name, each = type(self).__name__, _ntuple(self.dimensions)
        _check_groups(name, in_channels, out_channels, groups)
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = each(kernel_size)
        self.stride = each(stride)
        self.padding = padding if isinstance(padding, str) else each(padding)
        self.dilation = each(dilation)
        self.output_padding = each(output_padding)
        self.groups = groups
        self.padding_mode = padding_mode
        self._check_padding(name)
        self.weight = Parameter(empty(self._weight_shape(), device=device, dtype=dtype))
        self.register_parameter(
            "bias", Parameter(empty(out_channels, device=device, dtype=dtype)) if bias else None
        )
        self.reset_parameters()

    def _weight_shape(self) -> tuple[int, ...]:
        channels = (self.out_channels, self.in_channels)
        first, second = channels[::-1] if self.transposed else channels
        return first, second // self.groups, *self.kernel_size

    def _check_padding(self, name: str) -> None:
        if self.padding_mode not in _PADDING_MODES:
            raise ValueError(
                f"{name}: padding_mode must be one of {_PADDING_MODES}, but got "
                f"padding_mode={self.padding_mode!r}"
            )
        if self.transposed and self.padding_mode != "zeros":
            raise ValueError(f'{name}: Only "zeros" padding mode is supported')
        if isinstance(self.padding, str):
            if self.padding not in ("same", "valid"):
                raise ValueError(
                    f"{name}: Invalid padding string {self.padding!r}, should be 'same' or 'valid'"
                )
            if self.padding == "same" and any(step != 1 for step in self.stride):
                raise ValueError(
                    f"{name}: padding='same' is not supported for strided convolutions: give the "
                    "padding as numbers"
                )

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        init.uniform_bias_(self.bias, init._calculate_fan_in_and_fan_out(self.weight)[0])

    def extra_repr(self) -> str:
        """Sizes, and the options that are not at their defaults."""
        parts = [
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}",
            f"stride={self.stride}",
        ]
        nothing = (0,) * self.dimensions
        if self.padding != nothing:
            parts.append(f"padding={self.padding}")
        if self.dilation != (1,) * self.dimensions:
            parts.append(f"dilation={self.dilation}")
        if self.output_padding != nothing:
            parts.append(f"output_padding={self.output_padding}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


def _check_groups(name: str, in_channels: int, out_channels: int, groups: int) -> None:
    if groups <= 0:
        raise ValueError(f"{name}: groups must be a positive integer, not {groups}")
    for what, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
        if channels % groups:
            raise ValueError(
                f"{name}: {what} must be divisible by groups, but {what}={channels} and "
                f"groups={groups}"
            )


class _Conv(_ConvNd):
    """What convolutions of all dimensions share."""

    _function: Callable[..., Tensor]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: _Sizes,
        stride: _Sizes = 1,
        padding: str | _Sizes = 0,
        dilation: _Sizes = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            0,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def forward(self, input: Tensor) -> Tensor:
        """(N, in_channels, ...) to (N, out_channels, ...)."""
        try:
            return self._conv_forward(input, self.weight, self.bias)
        except Exception as error:
            raise rejected(self, input, error) from error

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            input, padding = F.pad(input, self._margins(), self.padding_mode), 0
        return self._function(input, weight, bias, self.stride, padding, self.dilation, self.groups)

    def _margins(self) -> list[int]:
        """The padding as ``F.pad`` takes it: (left, right, top, bottom)."""
        margins = []
        for size, gap, amount in zip(
            self.kernel_size[::-1],
            self.dilation[::-1],
            (0,) * self.dimensions if isinstance(self.padding, str) else self.padding[::-1],
            strict=True,
        ):
            total = gap * (size - 1) if self.padding == "same" else 2 * amount
            margins += [total // 2, total - total // 2]
        return margins


class Conv1d(_Conv):
    """Lines (N, C, L) or (C, L) correlated with learned kernels; see ``Conv2d``."""

    dimensions = 1
    _function = staticmethod(F.conv1d)


class Conv2d(_Conv):
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

    dimensions = 2
    _function = staticmethod(F.conv2d)


class Conv3d(_Conv):
    """Volumes (N, C, D, H, W) or (C, D, H, W) correlated with learned kernels; see ``Conv2d``."""

    dimensions = 3
    _function = staticmethod(F.conv3d)


# --- transposed -----------------------------------------------------------------------------------


class _ConvTranspose(_ConvNd):
    """What transposed convolutions of all dimensions share."""

    transposed = True
    _function: Callable[..., Tensor]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: _Sizes,
        stride: _Sizes = 1,
        padding: _Sizes = 0,
        output_padding: _Sizes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: _Sizes = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            output_padding,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """(N, in_channels, ...) to (N, out_channels, ...).

        Args:
            input: the input; a single sample too.
            output_size: the wanted sizes, where several are convolved to the input's; they take
                the place of ``output_padding``.

        Raises:
            ValueError: for sizes that are not.
        """
        try:
            return self._function(
                input,
                self.weight,
                self.bias,
                self.stride,
                self.padding,
                self._output_padding(input, output_size),
                self.groups,
                self.dilation,
            )
        except Exception as error:
            raise rejected(self, input, error) from error

    def _output_padding(self, input: Tensor, output_size: Sequence[int] | None) -> tuple[int, ...]:
        if output_size is None:
            return self.output_padding
        wanted = tuple(output_size)[-self.dimensions :]
        extra = []
        for i, size in enumerate(input.array.shape[-self.dimensions :]):
            least = (
                (size - 1) * self.stride[i]
                - 2 * self.padding[i]
                + self.dilation[i] * (self.kernel_size[i] - 1)
                + 1
            )
            extra.append(wanted[i] - least)
            if not 0 <= extra[i] < self.stride[i]:
                raise ValueError(
                    f"requested an output size of {wanted}, but in dimension {i} valid sizes range "
                    f"from {least} to {least + self.stride[i] - 1} for an input of shape "
                    f"{input.array.shape}"
                )
        return tuple(extra)


class ConvTranspose1d(_ConvTranspose):
    """The transpose of ``Conv1d`` by its input; see ``ConvTranspose2d``."""

    dimensions = 1
    _function = staticmethod(F.conv_transpose1d)


class ConvTranspose2d(_ConvTranspose):
    """The transpose of ``Conv2d`` by its input: each pixel lays a multiple of the kernel down.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the result.
        kernel_size: height and width of the kernels; one number, or a pair.
        stride: steps between the places where neighbouring pixels lay the kernel.
        padding: how much is cut off on each side of the result.
        output_padding: how much longer the result is at the end of each dimension.
        groups: into how many groups channels are cut that do not mix.
        bias: whether to add a number for each channel.
        dilation: distance between the kernel's pixels.
        padding_mode: ``"zeros"``.
        device: the CPU.
        dtype: of the parameters; float32 by default.

    Shapes: (N, in_channels, H, W) to (N, out_channels, H', W'); the weight is (in_channels,
    out_channels / groups, kh, kw).

    Raises:
        ValueError: for groups that do not divide both counts of channels, or another mode.

    >>> import tinygrad_sm as sg
    >>> up = sg.nn.ConvTranspose2d(8, 3, kernel_size=4, stride=2, padding=1)
    >>> up(sg.zeros(1, 8, 14, 14)).shape
    tinygrad_sm.Size([1, 3, 28, 28])
    """

    dimensions = 2
    _function = staticmethod(F.conv_transpose2d)


class ConvTranspose3d(_ConvTranspose):
    """The transpose of ``Conv3d`` by its input; see ``ConvTranspose2d``."""

    dimensions = 3
    _function = staticmethod(F.conv_transpose3d)


# --- sizes from the first input -----------------------------------------------------------------


class _LazyConvNd(LazyModuleMixin, _ConvNd):
    """What lazy convolutions of all dimensions, and their transposes, share."""

    def _start(self, out_channels: int, bias: bool, device: Any, dtype: Any) -> None:
        """Put uninitialized parameters in the places of the empty ones."""
        self.out_channels = out_channels
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw weight and bias anew, once there are any."""
        if not self.has_uninitialized_params() and self.in_channels:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor, *args: Any, **kwargs: Any) -> None:
        """Take ``in_channels`` from the input."""
        started = not self.has_uninitialized_params()
        self.in_channels = self._channels_of(input)
        if started:
            return
        _check_groups(type(self).__name__, self.in_channels, self.out_channels, self.groups)
        with no_grad():
            self._materialize("weight", self._weight_shape())
            self._materialize("bias", (self.out_channels,))
            self.reset_parameters()

    def _channels_of(self, input: Tensor) -> int:
        n = self.dimensions
        if input.ndim not in (n + 1, n + 2):
            raise RuntimeError(
                f"Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to "
                f"{type(self).__name__}, but got input of size: {tuple(input.shape)}"
            )
        return int(input.shape[-n - 1])


class _LazyConv(_LazyConvNd, _Conv):
    """What lazy convolutions of all dimensions share."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: _Sizes,
        stride: _Sizes = 1,
        padding: str | _Sizes = 0,
        dilation: _Sizes = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)
        self._start(out_channels, bias, device, dtype)


class LazyConv1d(_LazyConv, Conv1d):
    """A ``Conv1d`` whose ``in_channels`` are those of the first input; see ``LazyConv2d``."""

    cls_to_become = Conv1d


class LazyConv2d(_LazyConv, Conv2d):
    """A ``Conv2d`` whose ``in_channels`` are those of the first input.

    Arguments as ``Conv2d`` has them, without ``in_channels``.

    Raises:
        RuntimeError: when called, for a wrong number of dimensions.
        ValueError: when called, for groups that do not divide the channels.
    """

    cls_to_become = Conv2d


class LazyConv3d(_LazyConv, Conv3d):
    """A ``Conv3d`` whose ``in_channels`` are those of the first input; see ``LazyConv2d``."""

    cls_to_become = Conv3d


class _LazyConvTranspose(_LazyConvNd, _ConvTranspose):
    """What lazy transposed convolutions of all dimensions share."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: _Sizes,
        stride: _Sizes = 1,
        padding: _Sizes = 0,
        output_padding: _Sizes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: _Sizes = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            0,
            0,
            kernel_size,
            stride,
            padding,
            output_padding,
            groups,
            False,
            dilation,
            padding_mode,
        )
        self._start(out_channels, bias, device, dtype)


class LazyConvTranspose1d(_LazyConvTranspose, ConvTranspose1d):
    """A ``ConvTranspose1d`` that takes ``in_channels`` from the first input; see ``LazyConv2d``."""

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConvTranspose, ConvTranspose2d):
    """A ``ConvTranspose2d`` that takes ``in_channels`` from the first input; see ``LazyConv2d``."""

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyConvTranspose, ConvTranspose3d):
    """A ``ConvTranspose3d`` that takes ``in_channels`` from the first input; see ``LazyConv2d``."""

    cls_to_become = ConvTranspose3d
