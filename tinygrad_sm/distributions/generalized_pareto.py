"""The generalized Pareto distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ..ops.elementwise import where
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution
from .utils import broadcast_all, standard_uniform

_ALMOST_0 = 1e-8  # a concentration below is that of an exponential


class GeneralizedPareto(Distribution):
    """How far numbers exceed a high threshold: the tails of most distributions (Pickands, 1975).

    Args:
        loc: the threshold.
        scale: the width.
        concentration: how heavy the tail is: 0 is the exponential's, below 0 it ends.
        validate_args: whether arguments are checked.
    """

    arg_constraints: ClassVar = {
        "loc": constraints.real,
        "scale": constraints.positive,
        "concentration": constraints.real,
    }
    has_rsample = True

    def __init__(
        self, loc: Any, scale: Any, concentration: Any, validate_args: bool | None = None
    ) -> None:
        self.loc, self.scale, self.concentration = broadcast_all(loc, scale, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> GeneralizedPareto:
        """The same distributions in a larger batch."""
        size = tuple(batch_shape)
        loc, scale, c = (t.expand(size) for t in (self.loc, self.scale, self.concentration))
        return GeneralizedPareto(loc, scale, c, self._validate_args)

    def _curved(self) -> tuple[Tensor, Tensor]:
        """Where the tail is an exponential's, and the concentration that is safe to divide by."""
        straight = self.concentration.abs() <= _ALMOST_0
        return straight, where(straight, 1.0, self.concentration)

    @property
    def mean(self) -> Tensor:
        """``loc + scale / (1 - concentration)``; NaN from a concentration of 1 on."""
        finite = self.concentration < 1
        safe = where(finite, self.concentration, 0.5)
        return where(finite, self.loc + self.scale / (1 - safe), math.nan)

    @property
    def mode(self) -> Tensor:
        """``loc``."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """``scale^2 / ((1 - c)^2 (1 - 2 c))`` for a concentration c below 1/2, else NaN."""
        finite = self.concentration < 0.5
        safe = where(finite, self.concentration, 0.25)
        return where(finite, self.scale**2 / ((1 - safe) ** 2 * (1 - 2 * safe)), math.nan)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        """From ``loc`` on, as far as the tail reaches."""
        ends = self.concentration < 0
        reach = self.scale / where(ends, self.concentration, -1.0)
        return constraints.interval(self.loc, where(ends, self.loc - reach, math.inf))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """A uniform number through the inverse of ``cdf``."""
        return self.icdf(standard_uniform(self._extended_shape(sample_shape), self.loc))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        if self._validate_args:
            self._validate_sample(value)
        straight, c = self._curved()
        z = (value - self.loc) / self.scale
        power = 1 / c + 1
        fall = where(power == 0, 0.0, power * (c * z).log1p())
        return -self.scale.log() - where(straight, z, fall)

    def log_survival_function(self, value: Tensor) -> Tensor:
        """The logarithm of the probability of a draw above ``value``."""
        if self._validate_args:
            self._validate_sample(value)
        straight, c = self._curved()
        z = (value - self.loc) / self.scale
        return where(straight, -z, -(c * z).log1p() / c)

    def log_cdf(self, value: Tensor) -> Tensor:
        """The logarithm of ``cdf``."""
        return (-self.log_survival_function(value).exp()).log1p()

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of a draw that is at most ``value``."""
        return self.log_cdf(value).exp()

    def icdf(self, value: Tensor) -> Tensor:
        """The value at which ``cdf`` is ``value``."""
        straight, c = self._curved()
        log_rest = (-value).log1p()
        return self.loc + self.scale * where(straight, -log_rest, (-c * log_rest).expm1() / c)

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        return self.scale.log() + self.concentration + 1
