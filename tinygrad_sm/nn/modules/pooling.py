"""Pooling layers: one number for each window of an image."""

from __future__ import annotations

from typing import Any

from ...tensor import Tensor
from .. import functional as F
from .module import Module, rejected

_Sizes = int | tuple[int, int]


class MaxPool2d(Module):
    """The largest pixel of each window; a tie goes to the first.

    Args:
        kernel_size: height and width of the window; one number, or a pair.
        stride: steps between windows; the window's size by default.
        padding: how many pixels that are never the largest are added on each side.
        dilation: distance between the pixels of a window.
        return_indices: return also where each maximum stood, as an index into the flat image.
        ceil_mode: let the last windows reach beyond the edge.

    Shapes: (N, C, H, W) or (C, H, W) to (N, C, H', W') or (C, H', W').

    >>> import tinygrad_sm as sg
    >>> sg.nn.MaxPool2d(2)(sg.arange(16.0).reshape(1, 4, 4))
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """

    def __init__(
        self,
        kernel_size: _Sizes,
        stride: _Sizes | None = None,
        padding: _Sizes = 0,
        dilation: _Sizes = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Any:
        """The maxima, or with ``return_indices`` a pair of maxima and places."""
        try:
            return F.max_pool2d(
                input,
                self.kernel_size,
                self.stride,
                self.padding,
                self.dilation,
                ceil_mode=self.ceil_mode,
                return_indices=self.return_indices,
            )
        except Exception as error:
            raise rejected(self, input, error) from error

    def extra_repr(self) -> str:
        """The window."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class AvgPool2d(Module):
    """The mean of each window.

    Args:
        kernel_size: height and width of the window; one number, or a pair.
        stride: steps between windows; the window's size by default.
        padding: how many zeros are added on each side.
        ceil_mode: let the last windows reach beyond the edge.
        count_include_pad: count the added zeros in the mean.
        divisor_override: divide by this number instead of the window's size.

    Shapes: (N, C, H, W) or (C, H, W) to (N, C, H', W') or (C, H', W').
    """

    def __init__(
        self,
        kernel_size: _Sizes,
        stride: _Sizes | None = None,
        padding: _Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        """The means."""
        try:
            return F.avg_pool2d(
                input,
                self.kernel_size,
                self.stride,
                self.padding,
                self.ceil_mode,
                self.count_include_pad,
                self.divisor_override,
            )
        except Exception as error:
            raise rejected(self, input, error) from error

    def extra_repr(self) -> str:
        """The window."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AdaptiveAvgPool2d(Module):
    """Means of windows that are chosen so that the result has a given size.

    Args:
        output_size: height and width of the result; one number, or a pair in which ``None``
            keeps the input's.

    Shapes: (N, C, H, W) or (C, H, W) to (N, C, H', W') or (C, H', W').
    """

    def __init__(self, output_size: int | tuple[int | None, int | None] | None) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        """The means."""
        try:
            return F.adaptive_avg_pool2d(input, self.output_size)
        except Exception as error:
            raise rejected(self, input, error) from error

    def extra_repr(self) -> str:
        """The size of the result."""
        return f"output_size={self.output_size}"
