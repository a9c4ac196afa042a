"""The Dirichlet distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from ..dtypes import finfo
from ..ops.creation import zeros_like
from ..ops.elementwise import where
from ..ops.gamma_functions import digamma, lgamma
from ..ops.logarithms import xlogy
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution
from .gamma import standard_gamma


class Dirichlet(Distribution):
    """The Dirichlet distribution of vectors that are positive and sum to 1.

    Args:
        concentration: the weights along the last dimension, often called alpha.
        validate_args: whether arguments are checked.

    Raises:
        ValueError: for a concentration without dimensions, or one out of its range.
    """

    arg_constraints: ClassVar = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, concentration: Tensor, validate_args: bool | None = None) -> None:
        if concentration.ndim < 1:
            raise ValueError("`concentration` parameter must be at least one-dimensional.")
        self.concentration = concentration
        shape = concentration.shape
        super().__init__(shape[:-1], shape[-1:], validate_args)

    @property
    def mean(self) -> Tensor:
        """The concentrations, divided by their sum."""
        return self.concentration / self.concentration.sum(-1, True)

    @property
    def mode(self) -> Tensor:
        """The likeliest vector; where no concentration is above 1, the end of the largest one."""
        above = (self.concentration - 1).clamp(min=0.0)
        mode = above / above.sum(-1, True)
        flat = (self.concentration < 1).all(-1, True)
        corner = zeros_like(mode).scatter(-1, mode.argmax(-1, True), 1.0)
        return where(flat, corner, mode)

    @property
    def variance(self) -> Tensor:
        """The variance of each element."""
        total = self.concentration.sum(-1, True)
        return self.concentration * (total - self.concentration) / (total**2 * (total + 1))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Gamma draws, divided by their sum."""
        gammas = standard_gamma(self.concentration.expand(self._extended_shape(sample_shape)))
        eps = finfo(gammas.dtype)
        return (gammas / gammas.sum(-1, True)).clamp(min=eps.tiny, max=1 - eps.eps)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        if self._validate_args:
            self._validate_sample(value)
        a = self.concentration
        return xlogy(a - 1.0, value).sum(-1) + lgamma(a.sum(-1)) - lgamma(a).sum(-1)

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        a = self.concentration
        k, total = a.shape[-1], a.sum(-1)
        spread = (total - k) * digamma(total) - ((a - 1.0) * digamma(a)).sum(-1)
        return lgamma(a).sum(-1) - lgamma(total) + spread
