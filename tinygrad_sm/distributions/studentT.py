"""Student's t-distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from ..ops.elementwise import where
from ..ops.gamma_functions import digamma, lgamma
from ..tape import wrap
from ..tensor import Tensor
from . import constraints
from .chi2 import Chi2
from .distribution import Distribution
from .utils import broadcast_all, standard_normal


class StudentT(Distribution):
    """Student's t-distribution.

    Args:
        df: the degrees of freedom.
        loc: the middle.
        scale: the width.
        validate_args: whether arguments are checked.
    """

    arg_constraints: ClassVar = {
        "df": constraints.positive,
        "loc": constraints.real,
        "scale": constraints.positive,
    }
    support = constraints.real
    has_rsample = True

    def __init__(
        self, df: Any, loc: Any = 0.0, scale: Any = 1.0, validate_args: bool | None = None
    ) -> None:
        self.df, self.loc, self.scale = broadcast_all(df, loc, scale)
        super().__init__(self.df.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """``loc``; NaN up to 1 degree of freedom."""
        none = wrap(np.where(self.df.array <= 1, math.nan, 0).astype(self.loc.array.dtype))
        return self.loc + none

    @property
    def mode(self) -> Tensor:
        """``loc``."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """The variance; infinite up to 2 degrees of freedom, NaN up to 1."""
        df = self.df.array
        none = np.where(df <= 1, math.nan, np.where(df <= 2, math.inf, 0)).astype(df.dtype)
        safe = where(self.df > 2, self.df, 3.0)
        return self.scale**2 * safe / (safe - 2) + wrap(none)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """A normal number over the root of a mean square."""
        shape = self._extended_shape(sample_shape)
        normal = standard_normal(shape, self.df)
        square = Chi2(self.df, validate_args=False).rsample(sample_shape)
        return self.loc + self.scale * normal * (square / self.df).rsqrt()

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        if self._validate_args:
            self._validate_sample(value)
        y = (value - self.loc) / self.scale
        norm = (
            self.scale.log()
            + 0.5 * self.df.log()
            + 0.5 * math.log(math.pi)
            + lgamma(0.5 * self.df)
            - lgamma(0.5 * (self.df + 1.0))
        )
        return -0.5 * (self.df + 1.0) * (y**2.0 / self.df).log1p() - norm

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        half, above = 0.5 * self.df, 0.5 * (self.df + 1)
        log_beta = lgamma(half) + lgamma(above * 0 + 0.5) - lgamma(above)
        return (
            self.scale.log()
            + above * (digamma(above) - digamma(half))
            + 0.5 * self.df.log()
            + log_beta
        )
