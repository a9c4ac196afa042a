"""The Gumbel distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ..dtypes import finfo
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution
from .utils import broadcast_all, euler_constant, standard_uniform


class Gumbel(Distribution):
    """The Gumbel distribution: the largest of many numbers with exponential tails.

    Args:
        loc: the likeliest value.
        scale: the width.
        validate_args: whether arguments are checked.
    """

    arg_constraints: ClassVar = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """``loc + scale * 0.5772...``."""
        return self.loc + self.scale * euler_constant

    @property
    def mode(self) -> Tensor:
        """``loc``."""
        return self.loc

    @property
    def stddev(self) -> Tensor:
        """``scale * pi / sqrt(6)``."""
        return (math.pi / math.sqrt(6)) * self.scale

    @property
    def variance(self) -> Tensor:
        """``scale ** 2 * pi ** 2 / 6``."""
        return self.stddev**2

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """A uniform number through the inverse of ``cdf``."""
        kind = finfo(self.loc.dtype)
        u = standard_uniform(self._extended_shape(sample_shape), self.loc)
        return self.icdf(kind.tiny + u * (1 - kind.eps - kind.tiny))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        if self._validate_args:
            self._validate_sample(value)
        y = (self.loc - value) / self.scale
        return (y - y.exp()) - self.scale.log()

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of a draw that is at most ``value``."""
        if self._validate_args:
            self._validate_sample(value)
        return (-((self.loc - value) / self.scale).exp()).exp()

    def icdf(self, value: Tensor) -> Tensor:
        """The value at which ``cdf`` is ``value``."""
        return self.loc - self.scale * (-value.log()).log()

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        return self.scale.log() + (1 + euler_constant)
