"""Distributions of what a function makes of the draws of another one."""

from __future__ import annotations

from typing import Any, ClassVar

from ..tape import no_grad
from ..tensor import Size, Tensor
from . import constraints
from .distribution import Distribution
from .independent import Independent
from .transforms import ComposeTransform, Transform
from .utils import sum_rightmost


class TransformedDistribution(Distribution):
    """The distribution of ``f(x)``, where x is drawn from another distribution.

    Its density is that of x divided by the volume that ``f`` makes of a unit of it.

    Args:
        base_distribution: where x is drawn from.
        transforms: the function, or several in their order.
        validate_args: whether arguments are checked.

    Raises:
        ValueError: for something that is no transform, or a distribution of too few dimensions.

    >>> import tinygrad_sm as sg
    >>> from tinygrad_sm.distributions import Normal, TransformedDistribution, transforms
    >>> log_normal = TransformedDistribution(Normal(0.0, 1.0), transforms.ExpTransform())
    >>> log_normal.log_prob(sg.tensor(1.0))
    tensor(-0.9189)
    """

    arg_constraints: ClassVar = {}

    def __init__(
        self,
        base_distribution: Distribution,
        transforms: Transform | list[Transform],
        validate_args: bool | None = None,
    ) -> None:
        chosen = [transforms] if isinstance(transforms, Transform) else transforms
        if not isinstance(chosen, list) or not all(isinstance(t, Transform) for t in chosen):
            raise ValueError(f"transforms must be a Transform or a list of them, but was {chosen}")
        self.transforms = chosen
        whole = ComposeTransform(chosen)
        base, events = base_distribution, len(base_distribution.event_shape)
        shape = Size((*base.batch_shape, *base.event_shape))
        taken, given = whole.domain.event_dim, whole.codomain.event_dim
        if len(shape) < taken:
            raise ValueError(
                f"base_distribution needs to have shape with size at least {taken}, but got {shape}."
            )
        made = whole.forward_shape(shape)
        back = whole.inverse_shape(made)
        if back != shape:  # parameters of the transforms broadcast it
            base = base.expand(back[: len(back) - events])
        if taken > events:
            base = Independent(base, taken - events)
        self.base_dist = base
        cut = len(made) - max(given, events + given - taken)
        super().__init__(made[:cut], made[cut:], validate_args=validate_args)

    @property
    def support(self) -> constraints.Constraint:
        """What the last transform gives."""
        if not self.transforms:
            return self.base_dist.support
        support = self.transforms[-1].codomain
        more = len(self._event_shape) - support.event_dim
        return constraints.independent(support, more) if more > 0 else support

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        """Whether the base distribution has it."""
        return self.base_dist.has_rsample

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """A draw of the base distribution, transformed."""
        with no_grad():
            return ComposeTransform(self.transforms)(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """A differentiable draw of the base distribution, transformed."""
        return ComposeTransform(self.transforms)(self.base_dist.rsample(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        if self._validate_args:
            self._validate_sample(value)
        events = len(self._event_shape)
        stretch: Any = 0.0
        for transform in reversed(self.transforms):
            x = transform.inv(value)
            events += transform.domain.event_dim - transform.codomain.event_dim
            each = transform.log_abs_det_jacobian(x, value)
            stretch = stretch + sum_rightmost(each, events - transform.domain.event_dim)
            value = x
        base = self.base_dist.log_prob(value)
        return sum_rightmost(base, events - len(self.base_dist.event_shape)) - stretch

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of a draw that is at most ``value``, for transforms that are monotone."""
        for transform in reversed(self.transforms):
            value = transform.inv(value)
        if self.base_dist._validate_args:
            self.base_dist._validate_sample(value)
        return self._turned(self.base_dist.cdf(value))

    def icdf(self, value: Tensor) -> Tensor:
        """The value at which ``cdf`` is ``value``."""
        return ComposeTransform(self.transforms)(self.base_dist.icdf(self._turned(value)))

    def _turned(self, probability: Tensor) -> Tensor:
        """The probability, counted from the other end if the transform falls."""
        sign = ComposeTransform(self.transforms).sign
        return sign * (probability - 0.5) + 0.5
