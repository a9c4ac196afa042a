"""The LKJ distribution of correlation matrices."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ..dtypes import finfo
from ..ops.creation import arange
from ..ops.gamma_functions import lgamma, mvlgamma
from ..ops.shape import cat
from ..tape import no_grad
from ..tensor import Tensor
from . import constraints
from .beta import Beta
from .distribution import Distribution
from .utils import broadcast_all, standard_normal


class LKJCholesky(Distribution):
    """Lower Cholesky factors of correlation matrices M, whose density is ``det(M)^(eta - 1)``.

    Source: D. Lewandowski, D. Kurowicka and H. Joe, Generating random correlation matrices based on
    vines and extended onion method, 2009.

    Args:
        dim: of the matrices, at least 2.
        concentration: eta; 1 is uniform.
        validate_args: whether arguments are checked.

    Raises:
        ValueError: for fewer than 2 dimensions.
    """

    arg_constraints: ClassVar = {"concentration": constraints.positive}
    support = constraints.corr_cholesky

    def __init__(
        self, dim: int, concentration: Any = 1.0, validate_args: bool | None = None
    ) -> None:
        if dim < 2:
            raise ValueError(
                f"Expected dim to be an integer greater than or equal to 2. Found {dim}."
            )
        self.dim = dim
        (self.concentration,) = broadcast_all(concentration)
        super().__init__(self.concentration.shape, (dim, dim), validate_args)
        offset = cat([arange(1.0) * 0, arange(dim - 1.0)]).to(self.concentration.dtype)
        marginal = self.concentration + 0.5 * (dim - 2)
        # PyTorch has offset + 1/2 in the first place, so that its draws stray from its log_prob
        self._beta = Beta(0.5 * offset + 0.5, marginal[..., None] - 0.5 * offset)

    def expand(self, batch_shape: Any, _instance: Any = None) -> LKJCholesky:
        """The same distributions in a larger batch."""
        wide = self.concentration.expand(tuple(batch_shape))
        return LKJCholesky(self.dim, wide, self._validate_args)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draw row by row: a direction on a sphere, and how much of the row lies along it."""
        with no_grad():
            along = self._beta.sample(sample_shape)[..., None]
            normal = standard_normal(self._extended_shape(sample_shape), self.concentration).tril(
                -1
            )
            length = (normal**2).sum(-1, keepdim=True).sqrt()
            rows = along.sqrt() * (normal / length.where(length > 0, 1.0))
            rest = (1 - (rows**2).sum(-1)).clamp(min=finfo(rows.dtype).tiny).sqrt()
            return rows + rest.diag_embed()

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density of the factor."""
        if self._validate_args:
            self._validate_sample(value)
        diagonal = value.diagonal(dim1=-1, dim2=-2)[..., 1:]
        order = arange(2, self.dim + 1, dtype=self.concentration.dtype)
        order = 2 * (self.concentration - 1)[..., None] + self.dim - order
        below = self.dim - 1
        alpha = self.concentration + 0.5 * below
        scale = 0.5 * below * math.log(math.pi) + mvlgamma(alpha - 0.5, below)
        return (order * diagonal.log()).sum(-1) - scale + lgamma(alpha) * below
