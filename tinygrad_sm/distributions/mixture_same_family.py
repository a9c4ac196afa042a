"""Mixtures of distributions of one family."""

from __future__ import annotations

from typing import Any, ClassVar

from ..tape import no_grad
from ..tensor import Tensor
from . import constraints
from .categorical import Categorical
from .distribution import Distribution


class MixtureSameFamily(Distribution):
    """A mixture: a component is drawn first, and then from it.

    Args:
        mixture_distribution: which component, and how likely each is.
        component_distribution: the components, along the last dimension of its batch.
        validate_args: whether arguments are checked.

    Raises:
        ValueError: for something else than distributions, or batches that do not fit.
    """

    arg_constraints: ClassVar = {}
    has_rsample = False

    def __init__(
        self,
        mixture_distribution: Categorical,
        component_distribution: Distribution,
        validate_args: bool | None = None,
    ) -> None:
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError(
                "The Mixture distribution needs to be an instance of distributions.Categorical"
            )
        if not isinstance(component_distribution, Distribution):
            raise ValueError(
                "The Component distribution needs to be an instance of distributions.Distribution"
            )
        self._mixture_distribution = mixture_distribution
        self._component_distribution = component_distribution
        *batch, components = component_distribution.batch_shape
        choices = mixture_distribution.logits.shape[-1]
        if choices != components:
            raise ValueError(
                f"`mixture_distribution component` ({choices}) does not equal "
                f"`component_distribution.batch_shape[-1]` ({components})"
            )
        for i, j in zip(reversed(mixture_distribution.batch_shape), reversed(batch), strict=False):
            if i != 1 and j not in (1, i):
                raise ValueError(
                    f"`mixture_distribution.batch_shape` ({mixture_distribution.batch_shape}) is not "
                    f"compatible with `component_distribution.batch_shape` ({tuple(batch)})"
                )
        super().__init__(batch, component_distribution.event_shape, validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> MixtureSameFamily:
        """The same mixtures in a larger batch."""
        choices = self._mixture_distribution.expand(batch_shape)
        parts = self._component_distribution
        return MixtureSameFamily(
            choices, parts.expand((*batch_shape, parts.batch_shape[-1])), self._validate_args
        )

    @property
    def support(self) -> constraints.Constraint:
        """The components'."""
        support = self._component_distribution.support
        lower = getattr(support, "lower_bound", None)
        if isinstance(lower, Tensor):  # the components differ: any of theirs
            return constraints.real
        return support

    @property
    def mixture_distribution(self) -> Categorical:
        """Which component."""
        return self._mixture_distribution

    @property
    def component_distribution(self) -> Distribution:
        """The components."""
        return self._component_distribution

    def _weights(self) -> Tensor:
        """The probabilities of the components, ready to multiply events."""
        probs = self._mixture_distribution.probs
        return probs.reshape(*probs.shape, *[1] * len(self._event_shape))

    def _within(self, value: Tensor) -> Tensor:
        """A value with a dimension for the components."""
        return value.unsqueeze(-1 - len(self._event_shape))

    @property
    def mean(self) -> Tensor:
        """The mean of the means."""
        dim = -1 - len(self._event_shape)
        return (self._weights() * self._component_distribution.mean).sum(dim)

    @property
    def variance(self) -> Tensor:
        """The mean of the variances, and the variance of the means."""
        dim = -1 - len(self._event_shape)
        parts = self._component_distribution
        inner = (self._weights() * parts.variance).sum(dim)
        spread = parts.mean - self._within(self.mean)
        return inner + (self._weights() * spread**2).sum(dim)

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of a draw that is at most ``value``."""
        parts = self._component_distribution.cdf(self._within(value))
        return (parts * self._mixture_distribution.probs).sum(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        if self._validate_args:
            self._validate_sample(value)
        parts = self._component_distribution.log_prob(self._within(value))
        weights = self._mixture_distribution.logits.log_softmax(-1)
        return (parts + weights).logsumexp(-1)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draw a component, and then from it."""
        with no_grad():
            dim = len(sample_shape) + len(self._batch_shape)
            chosen = self._mixture_distribution.sample(sample_shape)
            parts = self._component_distribution.sample(sample_shape)
            index = chosen.reshape(*chosen.shape, *[1] * (1 + len(self._event_shape)))
            index = index.expand(*parts.shape[:dim], 1, *self._event_shape)
            return parts.gather(dim, index).squeeze(dim)

    def __repr__(self) -> str:
        return (
            f"MixtureSameFamily(\n  {self._mixture_distribution},\n  "
            f"{self._component_distribution})"
        )
