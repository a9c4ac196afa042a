"""The absolute value of a draw from a distribution that is symmetric about 0."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ..ops.creation import zeros_like
from ..ops.elementwise import where
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution


class Half(Distribution):
    """What the half of a symmetric distribution does, whichever it is.

    A subclass names the whole in ``whole``, a class of ``(loc, scale)``.

    Args:
        scale: the width.
        validate_args: whether arguments are checked.
    """

    whole: ClassVar[Any]
    arg_constraints: ClassVar = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, scale: Any, validate_args: bool | None = None) -> None:
        self._whole = self.whole(0, scale, validate_args=False)
        super().__init__(self._whole.batch_shape, validate_args=validate_args)

    @property
    def scale(self) -> Tensor:
        """The width."""
        return self._whole.scale

    @property
    def mode(self) -> Tensor:
        """0."""
        return zeros_like(self.scale)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """The absolute value of a draw."""
        return self._whole.rsample(sample_shape).abs()

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density: minus infinity below 0."""
        if self._validate_args:
            self._validate_sample(value)
        log_prob = self._whole.log_prob(value) + math.log(2)
        return where(value >= 0, log_prob, -math.inf)

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of a draw that is at most ``value``."""
        if self._validate_args:
            self._validate_sample(value)
        return 2 * self._whole.cdf(value) - 1

    def icdf(self, value: Tensor) -> Tensor:
        """The value at which ``cdf`` is ``value``."""
        return self._whole.icdf((value + 1) / 2)

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        return self._whole.entropy() - math.log(2)
