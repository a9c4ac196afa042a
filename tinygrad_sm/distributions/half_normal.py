"""The half-normal distribution."""

from __future__ import annotations

import math

from ..tensor import Tensor
from .half import Half
from .normal import Normal


class HalfNormal(Half):
    """The distribution of the absolute value of a draw of ``Normal(0, scale)``.

    Args:
        scale: the width.
        validate_args: whether arguments are checked.
    """

    whole = Normal

    @property
    def mean(self) -> Tensor:
        """``scale * sqrt(2 / pi)``."""
        return self.scale * math.sqrt(2 / math.pi)

    @property
    def variance(self) -> Tensor:
        """``scale ** 2 * (1 - 2 / pi)``."""
        return self.scale**2 * (1 - 2 / math.pi)
