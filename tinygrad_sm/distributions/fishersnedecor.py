"""The F distribution of Fisher and Snedecor."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ..dtypes import finfo
from ..ops.elementwise import where
from ..ops.gamma_functions import lgamma
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution
from .gamma import Gamma
from .utils import broadcast_all


class FisherSnedecor(Distribution):
    """The distribution of the ratio of two chi-squared numbers, each over its degrees of freedom.

    Args:
        df1: the degrees of freedom above the line.
        df2: those below.
        validate_args: whether arguments are checked.
    """

    arg_constraints: ClassVar = {"df1": constraints.positive, "df2": constraints.positive}
    support = constraints.positive
    has_rsample = True

    def __init__(self, df1: Any, df2: Any, validate_args: bool | None = None) -> None:
        self.df1, self.df2 = broadcast_all(df1, df2)
        super().__init__(self.df1.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """``df2 / (df2 - 2)``; NaN for ``df2`` up to 2."""
        return where(self.df2 <= 2, math.nan, self.df2 / (self.df2 - 2))

    @property
    def mode(self) -> Tensor:
        """``(df1 - 2) / df1 * df2 / (df2 + 2)``; NaN for ``df1`` up to 2."""
        a, b = self.df1, self.df2
        return where(a <= 2, math.nan, (a - 2) / a * b / (b + 2))

    @property
    def variance(self) -> Tensor:
        """``2 df2^2 (df1 + df2 - 2) / (df1 (df2 - 2)^2 (df2 - 4))``; NaN for ``df2`` up to 4."""
        a, b = self.df1, self.df2
        value = 2 * b**2 * (a + b - 2) / (a * (b - 2) ** 2 * (b - 4))
        return where(b <= 4, math.nan, value)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """The ratio of two gamma numbers of mean 1/2."""
        shape = tuple(sample_shape)
        above = Gamma(self.df1 * 0.5, self.df1).rsample(shape)
        below = Gamma(self.df2 * 0.5, self.df2).rsample(shape)
        tiny = finfo(below.dtype).tiny
        return (above / below.clamp(min=tiny)).clamp(min=tiny)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        if self._validate_args:
            self._validate_sample(value)
        a, b, ratio = self.df1 * 0.5, self.df2 * 0.5, self.df1 / self.df2
        scale = lgamma(a + b) - lgamma(a) - lgamma(b) + a * ratio.log()
        return scale + (a - 1) * value.log() - (a + b) * (ratio * value).log1p()
