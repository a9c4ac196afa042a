"""The multinomial distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from ..nn import functional as F
from ..ops.elementwise import where
from ..ops.gamma_functions import lgamma
from ..tensor import Tensor
from . import constraints
from .binomial import Binomial
from .categorical import Categorical
from .distribution import Distribution
from .utils import broadcast_all


class Multinomial(Distribution):
    """The multinomial distribution: how often each of K outcomes comes in ``total_count`` trials.

    Args:
        total_count: the number of trials, the same for the whole batch.
        probs: the K probabilities along the last dimension, up to a factor.
        logits: log-probabilities up to a constant instead.
        validate_args: whether arguments are checked.

    Raises:
        NotImplementedError: for a ``total_count`` that is not an int.
        ValueError: as for ``Categorical``.
    """

    arg_constraints: ClassVar = {"probs": constraints.simplex, "logits": constraints.real_vector}

    def __init__(
        self,
        total_count: int = 1,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        if not isinstance(total_count, int):
            raise NotImplementedError("inhomogeneous total_count is not supported")
        self.total_count = total_count
        self._categorical = Categorical(probs=probs, logits=logits)
        batch_shape = self._categorical.batch_shape
        super().__init__(batch_shape, self._categorical.param_shape[-1:], validate_args)

    @property
    def support(self) -> constraints.Constraint:
        """Counts that sum to ``total_count``."""
        return constraints.multinomial(self.total_count)

    @property
    def logits(self) -> Tensor:
        """The log-probabilities."""
        return self._categorical.logits

    @property
    def probs(self) -> Tensor:
        """The probabilities."""
        return self._categorical.probs

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter."""
        return self._categorical.param_shape

    @property
    def mean(self) -> Tensor:
        """``total_count * probs``."""
        return self.probs * self.total_count

    @property
    def variance(self) -> Tensor:
        """``total_count * probs * (1 - probs)``."""
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draw counts, in the dtype of the probabilities."""
        outcomes = self._categorical.sample((self.total_count, *sample_shape))
        counts = F.one_hot(outcomes, self._event_shape[0]).sum(0)
        return counts.to(self.probs.dtype)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability."""
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        logits = where((value != 0) | (logits != -float("inf")), logits, 0.0)  # 0 * log 0 is 0
        orders = lgamma(value.sum(-1) + 1) - lgamma(value + 1).sum(-1)
        return orders + (logits * value).sum(-1)

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        n = self.probs.detach().sum(-1) * 0 + self.total_count
        whole = self.total_count * self._categorical.entropy() - lgamma(n + 1)
        each = Binomial(self.total_count, probs=self.probs)
        values = each.enumerate_support(expand=False)[1:]
        return whole + (each.log_prob(values).exp() * lgamma(values + 1)).sum((0, -1))
