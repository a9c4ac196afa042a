"""The categorical distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from ..dtypes import finfo
from ..ops.creation import arange, full
from ..ops.random import multinomial
from ..ops.shape import unsqueeze
from ..tape import no_grad
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution
from .utils import broadcast_all, lazy_property, logits_to_probs, probs_to_logits


class Categorical(Distribution):
    """The categorical distribution: a number from 0 to K - 1, each with a probability.

    Args:
        probs: the K probabilities along the last dimension, up to a factor.
        logits: log-probabilities up to a constant instead.
        validate_args: whether arguments are checked.

    Raises:
        ValueError: if not one of ``probs`` and ``logits`` is given, one has no dimensions, or one
            is out of its range.

    >>> import tinygrad_sm as sg
    >>> from tinygrad_sm.distributions import Categorical
    >>> policy = Categorical(logits=sg.tensor([0.0, 1.0, 2.0]))
    >>> policy.log_prob(sg.tensor(2))
    tensor(-0.4076)
    """

    arg_constraints: ClassVar = {"probs": constraints.simplex, "logits": constraints.real_vector}
    has_enumerate_support = True

    def __init__(
        self, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        name, value = ("probs", probs) if logits is None else ("logits", logits)
        if value.ndim < 1:
            raise ValueError(f"`{name}` parameter must be at least one-dimensional.")
        if name == "probs":
            self.probs = value / value.sum(-1, keepdim=True)
        else:
            self.logits = value - value.logsumexp(dim=-1, keepdim=True)
        self._num_events = value.shape[-1]
        super().__init__(value.shape[:-1], validate_args=validate_args)

    @lazy_property
    def logits(self) -> Tensor:
        """The log-probabilities."""
        return probs_to_logits(self.probs)

    @lazy_property
    def probs(self) -> Tensor:
        """The probabilities."""
        return logits_to_probs(self.logits)

    @property
    def support(self) -> constraints.Constraint:
        """0 to K - 1."""
        return constraints.integer_interval(0, self._num_events - 1)

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter."""
        return self.logits.shape if "logits" in self.__dict__ else self.probs.shape

    @property
    def mean(self) -> Tensor:
        """NaN: the numbers are mere names."""
        return full(self._extended_shape(), float("nan"), dtype=self.probs.dtype)

    @property
    def mode(self) -> Tensor:
        """The likeliest number."""
        return self.probs.argmax(dim=-1)

    @property
    def variance(self) -> Tensor:
        """NaN: the numbers are mere names."""
        return full(self._extended_shape(), float("nan"), dtype=self.probs.dtype)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draw numbers, as int64."""
        shape = self._extended_shape(sample_shape)
        count = 1
        for n in sample_shape:
            count *= n
        with no_grad():
            rows = self.probs.reshape(-1, self._num_events)
            return multinomial(rows, count, True).T.reshape(shape)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability."""
        if self._validate_args:
            self._validate_sample(value)
        index = unsqueeze(value.long(), -1)
        shape = broadcast_all(index, self.logits[..., :1])[0].shape[:-1]
        logits = self.logits.expand(*shape, self._num_events)
        return logits.gather(-1, index.expand(*shape, 1))[..., 0]

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        logits = self.logits.clamp(min=finfo(self.logits.dtype).min)
        return -(logits * self.probs).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """0 to K - 1."""
        values = arange(self._num_events).reshape(-1, *[1] * len(self._batch_shape))
        return values.expand(self._num_events, *self._batch_shape) if expand else values
