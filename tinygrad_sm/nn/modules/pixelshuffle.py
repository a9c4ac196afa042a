"""Channels as pixels, and back."""

from __future__ import annotations

from ...tensor import Tensor
from .. import functional as F
from .module import Module, rejected


class PixelShuffle(Module):
    """(..., C r^2, H, W) to (..., C, H r, W r) (Shi et al., 2016)."""

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        """Channels to pixels."""
        try:
            return F.pixel_shuffle(input, self.upscale_factor)
        except Exception as error:
            raise rejected(self, input, error) from error

    def extra_repr(self) -> str:
        """The factor."""
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """(..., C, H r, W r) to (..., C r^2, H, W)."""

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        """Pixels to channels."""
        try:
            return F.pixel_unshuffle(input, self.downscale_factor)
        except Exception as error:
            raise rejected(self, input, error) from error

    def extra_repr(self) -> str:
        """The factor."""
        return f"downscale_factor={self.downscale_factor}"
