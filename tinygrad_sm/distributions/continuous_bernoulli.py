"""The continuous Bernoulli distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ..nn import functional as F
from ..ops.elementwise import where
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution
from .utils import (
    broadcast_all,
    clamp_probs,
    lazy_property,
    logits_to_probs,
    probs_to_logits,
    standard_uniform,
)


class ContinuousBernoulli(Distribution):
    """Numbers in [0, 1] whose density is that of Bernoulli's, made to integrate to 1.

    The formulas divide by ``1 - 2 probs``; near 1/2 their Taylor series take over. Source:
    G. Loaiza-Ganem and J. P. Cunningham, The Continuous Bernoulli, 2019.

    Args:
        probs: the parameter in [0, 1],
        logits: or its log-odds.
        lims: between which probabilities the series are used.
        validate_args: whether arguments are checked.

    Raises:
        ValueError: unless one of ``probs`` and ``logits`` is given.
    """

    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True

    def __init__(
        self,
        probs: Any = None,
        logits: Any = None,
        lims: tuple[float, float] = (0.499, 0.501),
        validate_args: bool | None = None,
    ) -> None:
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        if probs is not None:
            (self.probs,) = broadcast_all(probs)
            self.probs = clamp_probs(self.probs)
        else:
            (self.logits,) = broadcast_all(logits)
        self._lims = lims
        given = self.probs if probs is not None else self.logits
        super().__init__(given.shape, validate_args=validate_args)

    @lazy_property
    def logits(self) -> Tensor:
        """The log-odds."""
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self) -> Tensor:
        """The parameter in [0, 1]."""
        return clamp_probs(logits_to_probs(self.logits, is_binary=True))

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter."""
        return self.batch_shape

    def _outside(self) -> Tensor:
        return (self.probs <= self._lims[0]) | (self.probs > self._lims[1])

    def _cut(self) -> Tensor:
        """The parameter where the formulas are used, and the lower limit elsewhere."""
        return where(self._outside(), self.probs, self._lims[0])

    def _or_series(self, formula: Tensor, series: Tensor) -> Tensor:
        return where(self._outside(), formula, series)

    def _log_norm(self) -> Tensor:
        cut, x = self._cut(), self.probs - 0.5
        below = where(cut <= 0.5, cut, 0.0)
        above = where(cut >= 0.5, cut, 1.0)
        spread = where(cut <= 0.5, (-2 * below).log1p(), (2 * above - 1).log())
        formula = ((-cut).log1p() - cut.log()).abs().log() - spread
        return self._or_series(formula, math.log(2) + (4 / 3 + 104 / 45 * x**2) * x**2)

    @property
    def mean(self) -> Tensor:
        """The mean."""
        cut, x = self._cut(), self.probs - 0.5
        formula = cut / (2 * cut - 1) + 1 / ((-cut).log1p() - cut.log())
        return self._or_series(formula, 0.5 + (1 / 3 + 16 / 45 * x**2) * x)

    @property
    def variance(self) -> Tensor:
        """The variance."""
        cut, square = self._cut(), (self.probs - 0.5) ** 2
        formula = cut * (cut - 1) / (1 - 2 * cut) ** 2 + 1 / ((-cut).log1p() - cut.log()) ** 2
        return self._or_series(formula, 1 / 12 - (1 / 15 - 128 / 945 * square) * square)

    @property
    def stddev(self) -> Tensor:
        """The standard deviation."""
        return self.variance.sqrt()

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """A uniform number through the inverse of ``cdf``."""
        return self.icdf(standard_uniform(self._extended_shape(sample_shape), self.probs))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        odds = F.binary_cross_entropy_with_logits(logits, value, reduction="none")
        return self._log_norm() - odds

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of a draw that is at most ``value``."""
        if self._validate_args:
            self._validate_sample(value)
        cut = self._cut()
        formula = (cut**value * (1 - cut) ** (1 - value) + cut - 1) / (2 * cut - 1)
        inside = self._or_series(formula, value)
        return where(value <= 0, 0.0, where(value >= 1, 1.0, inside))

    def icdf(self, value: Tensor) -> Tensor:
        """The value at which ``cdf`` is ``value``."""
        cut = self._cut()
        rise = (-cut + value * (2 * cut - 1)).log1p() - (-cut).log1p()
        return self._or_series(rise / (cut.log() - (-cut).log1p()), value)

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        none, one = (-self.probs).log1p(), self.probs.log()
        return self.mean * (none - one) - self._log_norm() - none
