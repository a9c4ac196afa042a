"""The geometric distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from ..dtypes import finfo
from ..nn import functional as F
from ..ops.elementwise import where
from ..tape import no_grad
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution
from .utils import broadcast_all, lazy_property, logits_to_probs, probs_to_logits, standard_uniform


class Geometric(Distribution):
    """The geometric distribution: how many trials fail before the first success.

    Args:
        probs: the probability of success, in (0, 1].
        logits: its log-odds instead.
        validate_args: whether arguments are checked.

    Raises:
        ValueError: if not one of ``probs`` and ``logits`` is given, or one is out of its range.
    """

    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.nonnegative_integer

    def __init__(
        self, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        name, value = ("probs", probs) if logits is None else ("logits", logits)
        (self.__dict__[name],) = broadcast_all(value)
        super().__init__(self.__dict__[name].shape, validate_args=validate_args)
        if self._validate_args and probs is not None and not (self.probs.array > 0).all():
            raise ValueError(
                f"Expected parameter probs of distribution {self!r} to be positive but found "
                f"invalid values:\n{self.probs}"
            )

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
        """``1 / probs - 1``."""
        return 1.0 / self.probs - 1.0

    @property
    def mode(self) -> Tensor:
        """0."""
        return self.probs * 0

    @property
    def variance(self) -> Tensor:
        """``(1 / probs - 1) / probs``."""
        return (1.0 / self.probs - 1.0) / self.probs

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """A uniform number through the inverse of the distribution function."""
        with no_grad():
            u = standard_uniform(self._extended_shape(sample_shape), self.probs)
            u = u.clamp(min=finfo(u.dtype).tiny)
            return (u.log() / (-self.probs).log1p()).floor()

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability."""
        if self._validate_args:
            self._validate_sample(value)
        fails = (-self.probs).log1p()
        fails = where((self.probs != 1) | (value != 0), fails, 0.0)  # 0 * log 0 is 0
        return value * fails + self.probs.log()

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        loss = F.binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")
        return loss / self.probs
