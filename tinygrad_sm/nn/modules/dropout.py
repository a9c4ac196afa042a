"""Layers that drop a part of their input at random, in training."""

from __future__ import annotations

from ...tensor import Tensor
from .. import functional as F
from .module import Module


class _DropoutNd(Module):
    """What the layers share: a probability, and whether the input is overwritten.

    Raises:
        ValueError: for a probability outside [0, 1].
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        """The probability."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    """In training, each element becomes 0 with probability ``p``, and the others grow in turn.

    They are multiplied by ``1 / (1 - p)``, so that the expected value stays (Srivastava et al.,
    2014). In evaluation the input is returned as it is.

    Args:
        p: the probability.
        inplace: overwrite the input.

    Raises:
        ValueError: for a probability outside [0, 1].
    """

    def forward(self, input: Tensor) -> Tensor:
        """The result, in the input's shape."""
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_DropoutNd):
    """Drops whole channels of lines (N, C, L) or (C, L)."""

    def forward(self, input: Tensor) -> Tensor:
        """The result, in the input's shape."""
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_DropoutNd):
    """Drops whole channels of images (N, C, H, W) (Tompson et al., 2015)."""

    def forward(self, input: Tensor) -> Tensor:
        """The result, in the input's shape."""
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_DropoutNd):
    """Drops whole channels of volumes (N, C, D, H, W) or (C, D, H, W)."""

    def forward(self, input: Tensor) -> Tensor:
        """The result, in the input's shape."""
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_DropoutNd):
    """Dropout for SELU networks: mean and variance are kept (Klambauer et al., 2017)."""

    def forward(self, input: Tensor) -> Tensor:
        """The result, in the input's shape."""
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_DropoutNd):
    """``AlphaDropout`` of whole channels of (N, C, ...)."""

    def forward(self, input: Tensor) -> Tensor:
        """The result, in the input's shape."""
        return F.feature_alpha_dropout(input, self.p, self.training)
