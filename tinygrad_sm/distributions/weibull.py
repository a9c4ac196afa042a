"""The Weibull distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from ..ops.gamma_functions import lgamma
from ..tensor import Tensor
from . import constraints
from .exponential import Exponential
from .transformed_distribution import TransformedDistribution
from .transforms import AffineTransform, PowerTransform
from .utils import broadcast_all, euler_constant


class Weibull(TransformedDistribution):
    """The Weibull distribution: a power of an exponential number, such as a time to failure.

    Args:
        scale: the unit.
        concentration: the shape; 1 is the exponential distribution.
        validate_args: whether arguments are checked.
    """

    arg_constraints: ClassVar = {
        "scale": constraints.positive,
        "concentration": constraints.positive,
    }
    support = constraints.positive

    def __init__(self, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.scale, self.concentration = broadcast_all(scale, concentration)
        self.concentration_reciprocal = self.concentration.reciprocal()
        base = Exponential(self.scale * 0 + 1, validate_args=validate_args)
        steps = [
            PowerTransform(exponent=self.concentration_reciprocal),
            AffineTransform(loc=0, scale=self.scale),
        ]
        super().__init__(base, steps, validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Weibull:
        """The same distributions in a larger batch."""
        size = tuple(batch_shape)
        return Weibull(
            self.scale.expand(size), self.concentration.expand(size), self._validate_args
        )

    @property
    def mean(self) -> Tensor:
        """``scale Gamma(1 + 1 / concentration)``."""
        return self.scale * lgamma(1 + self.concentration_reciprocal).exp()

    @property
    def mode(self) -> Tensor:
        """``scale ((concentration - 1) / concentration) ^ (1 / concentration)``."""
        k = self.concentration
        return self.scale * ((k - 1) / k) ** k.reciprocal()

    @property
    def variance(self) -> Tensor:
        """``scale^2 (Gamma(1 + 2 / concentration) - Gamma(1 + 1 / concentration)^2)``."""
        r = self.concentration_reciprocal
        return self.scale**2 * (lgamma(1 + 2 * r).exp() - (2 * lgamma(1 + r)).exp())

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        r = self.concentration_reciprocal
        return euler_constant * (1 - r) + (self.scale * r).log() + 1
