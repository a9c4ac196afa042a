"""The Cauchy distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from ..ops.creation import full_like
from ..ops.random import default_generator, sample
from ..ops.trigonometry import atan, tan
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution
from .utils import broadcast_all


class Cauchy(Distribution):
    """The Cauchy distribution, whose tails are so heavy that it has no mean.

    Args:
        loc: the median.
        scale: half the distance between the quartiles.
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
        """NaN: there is none."""
        return full_like(self.loc, math.nan)

    @property
    def mode(self) -> Tensor:
        """``loc``."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """Infinite."""
        return full_like(self.loc, math.inf)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """A uniform number through the inverse of ``cdf``."""
        shape = self._extended_shape(sample_shape)
        kind = self.loc.array.dtype

        def draw(sizes: tuple[int, ...]) -> np.ndarray:
            uniform = default_generator.uniform(math.prod(sizes), np.dtype(np.float64))
            return np.tan(math.pi * (uniform - 0.5)).reshape(sizes).astype(kind)

        return self.loc + sample(draw, tuple(shape)) * self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        if self._validate_args:
            self._validate_sample(value)
        distance = (value - self.loc) / self.scale
        return -math.log(math.pi) - self.scale.log() - (distance**2).log1p()

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of a draw that is at most ``value``."""
        if self._validate_args:
            self._validate_sample(value)
        return atan((value - self.loc) / self.scale) / math.pi + 0.5

    def icdf(self, value: Tensor) -> Tensor:
        """The value at which ``cdf`` is ``value``."""
        return tan(math.pi * (value - 0.5)) * self.scale + self.loc

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        return math.log(4 * math.pi) + self.scale.log()
