"""Layers that drop a part of their input at random."""

from __future__ import annotations

from ...tensor import Tensor
from .. import functional as F
from .module import Module


class Dropout(Module):
    """In training, each element becomes 0 with probability ``p``, and the others grow in turn.

    They are multiplied by ``1 / (1 - p)``, so that the expected value stays (Srivastava et al.,
    2014). In evaluation the input is returned as it is.

    Args:
        p: the probability.
        inplace: overwrite the input.

    Raises:
        ValueError: for a probability outside [0, 1].
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The result, in the input's shape."""
        return F.dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        """The probability."""
        return f"p={self.p}, inplace={self.inplace}"
