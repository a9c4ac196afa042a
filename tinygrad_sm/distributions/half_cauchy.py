"""The half-Cauchy distribution."""

from __future__ import annotations

import math

from ..ops.creation import full_like
from ..tensor import Tensor
from .cauchy import Cauchy
from .half import Half


class HalfCauchy(Half):
    """The distribution of the absolute value of a draw of ``Cauchy(0, scale)``.

    Args:
        scale: the width.
        validate_args: whether arguments are checked.
    """

    whole = Cauchy

    @property
    def mean(self) -> Tensor:
        """Infinite."""
        return full_like(self.scale, math.inf)

    @property
    def variance(self) -> Tensor:
        """Infinite."""
        return full_like(self.scale, math.inf)
