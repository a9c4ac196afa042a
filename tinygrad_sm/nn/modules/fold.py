"""Windows of images as columns, and back."""

from __future__ import annotations

from ...tensor import Tensor
from .. import functional as F
from .module import Module, rejected

_Sizes = int | tuple[int, ...]


class Unfold(Module):
    """The windows of images (N, C, H, W) as columns (N, C kh kw, windows).

    Args:
        kernel_size: height and width of the windows.
        dilation: distance between the pixels of a window.
        padding: how many zeros are added on each side.
        stride: steps between windows.
    """

    def __init__(
        self, kernel_size: _Sizes, dilation: _Sizes = 1, padding: _Sizes = 0, stride: _Sizes = 1
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        """Images to columns."""
        try:
            return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)
        except Exception as error:
            raise rejected(self, input, error) from error

    def extra_repr(self) -> str:
        """The window."""
        return (
            f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, "
            f"stride={self.stride}"
        )


class Fold(Module):
    """Columns (N, C kh kw, windows) added up into images (N, C, H, W).

    Args:
        output_size: height and width of the images.
        kernel_size: height and width of the windows.
        dilation: distance between the pixels of a window.
        padding: what ``Unfold`` added on each side.
        stride: steps between windows.
    """

    def __init__(
        self,
        output_size: _Sizes,
        kernel_size: _Sizes,
        dilation: _Sizes = 1,
        padding: _Sizes = 0,
        stride: _Sizes = 1,
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        """Columns to images."""
        try:
            return F.fold(
                input,
                self.output_size,
                self.kernel_size,
                self.dilation,
                self.padding,
                self.stride,
            )
        except Exception as error:
            raise rejected(self, input, error) from error

    def extra_repr(self) -> str:
        """The images and the window."""
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, "
            f"dilation={self.dilation}, padding={self.padding}, stride={self.stride}"
        )
