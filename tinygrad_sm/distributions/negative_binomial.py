"""The negative binomial distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from ..nn import functional as F
from ..ops.elementwise import where
from ..ops.gamma_functions import lgamma
from ..ops.sampling import poisson
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution
from .gamma import Gamma
from .utils import broadcast_all, lazy_property, logits_to_probs, probs_to_logits


class NegativeBinomial(Distribution):
    """The negative binomial distribution: successes before ``total_count`` failures.

    Args:
        total_count: the number of failures, not negative; it need not be whole.
        probs: the probability of success, in [0, 1).
        logits: its log-odds instead.
        validate_args: whether arguments are checked.

    Raises:
        ValueError: if not one of ``probs`` and ``logits`` is given, or one is out of its range.
    """

    arg_constraints: ClassVar = {
        "total_count": constraints.greater_than_eq(0),
        "probs": constraints.half_open_interval(0.0, 1.0),
        "logits": constraints.real,
    }
    support = constraints.nonnegative_integer

    def __init__(
        self,
        total_count: Any,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        name, value = ("probs", probs) if logits is None else ("logits", logits)
        count, value = broadcast_all(total_count, value)
        self.__dict__[name] = value
        self.total_count = count.to(value.dtype)
        super().__init__(value.shape, validate_args=validate_args)

    @lazy_property
    def logits(self) -> Tensor:
        """The log-odds of success."""
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self) -> Tensor:
        """The probability of success."""
        return logits_to_probs(self.logits, is_binary=True)

    @property
    def mean(self) -> Tensor:
        """``total_count * exp(logits)``."""
        return self.total_count * self.logits.exp()

    @property
    def mode(self) -> Tensor:
        """``(total_count - 1) * exp(logits)``, rounded down, at least 0."""
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0.0)

    @property
    def variance(self) -> Tensor:
        """``mean / (1 - probs)``."""
        return self.mean / (-self.logits).sigmoid()

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draw numbers of successes: Poisson numbers of gamma distributed rates."""
        rates = Gamma(self.total_count, (-self.logits).exp(), validate_args=False)
        return poisson(rates.sample(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability."""
        if self._validate_args:
            self._validate_sample(value)
        n = self.total_count
        chance = -n * F.softplus(self.logits) - value * F.softplus(-self.logits)
        ways = lgamma(n + value) - lgamma(1.0 + value) - lgamma(n)
        return chance + where(n + value != 0.0, ways, 0.0)
