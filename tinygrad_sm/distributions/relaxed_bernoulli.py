"""The relaxed Bernoulli distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from ..nn import functional as F
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution
from .transformed_distribution import TransformedDistribution
from .transforms import SigmoidTransform
from .utils import (
    broadcast_all,
    clamp_probs,
    lazy_property,
    logits_to_probs,
    open_uniform,
    probs_to_logits,
)


class LogitRelaxedBernoulli(Distribution):
    """The log-odds of a relaxed Bernoulli draw.

    Args:
        temperature: how soft the draws are; towards 0 they are all but 0 or 1.
        probs: the probability of 1.
        logits: its log-odds instead.
        validate_args: whether arguments are checked.

    Raises:
        ValueError: if not one of ``probs`` and ``logits`` is given, or one is out of its range.
    """

    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.real
    has_rsample = True

    def __init__(
        self,
        temperature: Any,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        name, value = ("probs", probs) if logits is None else ("logits", logits)
        (value,) = broadcast_all(value)
        self.__dict__[name] = value
        self.temperature = temperature
        super().__init__(value.shape, validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> LogitRelaxedBernoulli:
        """The same distributions in a larger batch."""
        new: LogitRelaxedBernoulli = super().expand(batch_shape, _instance)
        new.temperature = self.temperature
        return new

    @lazy_property
    def logits(self) -> Tensor:
        """The log-odds of 1."""
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self) -> Tensor:
        """The probability of 1."""
        return logits_to_probs(self.logits, is_binary=True)

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter."""
        return self._batch_shape

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """A logistic number, shifted by the log-odds."""
        shape = self._extended_shape(sample_shape)
        u, probs = open_uniform(shape, self.probs), clamp_probs(self.probs.expand(shape))
        return (probs_to_logits(u, True) + probs_to_logits(probs, True)) / self.temperature

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        if self._validate_args:
            self._validate_sample(value)
        logits, value, temperature = broadcast_all(self.logits, value, self.temperature)
        distance = logits - value * temperature
        return temperature.log() + distance - 2 * F.softplus(distance)


class RelaxedBernoulli(TransformedDistribution):
    """Numbers between 0 and 1, differentiable by their probability of being near 1.

    Also called binary concrete (Maddison et al., 2017; Jang et al., 2017).

    Args:
        temperature: how soft the draws are; towards 0 they are all but 0 or 1.
        probs: the probability of 1.
        logits: its log-odds instead.
        validate_args: whether arguments are checked.

    Raises:
        ValueError: if not one of ``probs`` and ``logits`` is given, or one is out of its range.
    """

    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True
    base_dist: Any

    def __init__(
        self,
        temperature: Any,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        base = LogitRelaxedBernoulli(temperature, probs, logits)
        super().__init__(base, SigmoidTransform(), validate_args=validate_args)

    @property
    def temperature(self) -> Any:
        """How soft the draws are."""
        return self.base_dist.temperature

    @property
    def logits(self) -> Tensor:
        """The log-odds of 1."""
        logits: Tensor = self.base_dist.logits
        return logits

    @property
    def probs(self) -> Tensor:
        """The probability of 1."""
        probs: Tensor = self.base_dist.probs
        return probs
