"""The binomial distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from ..nn import functional as F
from ..ops.creation import arange
from ..ops.gamma_functions import lgamma
from ..ops.sampling import binomial
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution
from .utils import broadcast_all, lazy_property, logits_to_probs, probs_to_logits


class Binomial(Distribution):
    """The binomial distribution: how many of ``total_count`` trials succeed.

    Args:
        total_count: the number of trials.
        probs: the probability of success.
        logits: its log-odds instead.
        validate_args: whether arguments are checked.

    Raises:
        ValueError: if not one of ``probs`` and ``logits`` is given, or one is out of its range.
    """

    arg_constraints: ClassVar = {
        "total_count": constraints.nonnegative_integer,
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }
    has_enumerate_support = True

    def __init__(
        self,
        total_count: Any = 1,
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
    def support(self) -> constraints.Constraint:
        """Whole numbers up to ``total_count``."""
        return constraints.integer_interval(0, self.total_count)

    @property
    def mean(self) -> Tensor:
        """``total_count * probs``."""
        return self.total_count * self.probs

    @property
    def mode(self) -> Tensor:
        """``(total_count + 1) * probs``, rounded down, at most ``total_count``."""
        return ((self.total_count + 1) * self.probs).floor().minimum(self.total_count)

    @property
    def variance(self) -> Tensor:
        """``total_count * probs * (1 - probs)``."""
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draw numbers of successes, in the dtype of the probability."""
        shape = self._extended_shape(sample_shape)
        return binomial(self.total_count.detach().expand(shape), self.probs.detach().expand(shape))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability."""
        if self._validate_args:
            self._validate_sample(value)
        n, logits = self.total_count, self.logits
        choices = lgamma(n + 1) - lgamma(value + 1) - lgamma(n - value + 1)
        return value * logits + choices + n * F.logsigmoid(-logits)

    def entropy(self) -> Tensor:
        """The entropy, in nats, as a sum over all values.

        Raises:
            NotImplementedError: for batches with different numbers of trials.
        """
        log_prob = self.log_prob(self.enumerate_support(False))
        return -(log_prob.exp() * log_prob).sum(0)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """0 to ``total_count``.

        Raises:
            NotImplementedError: for batches with different numbers of trials.
        """
        count = int(self.total_count.array.max())
        if not (self.total_count.array == count).all():
            raise NotImplementedError(
                "Inhomogeneous total count not supported by `enumerate_support`."
            )
        values = arange(1 + count, dtype=self.total_count.dtype)
        values = values.reshape(-1, *[1] * len(self._batch_shape))
        return values.expand(1 + count, *self._batch_shape) if expand else values
