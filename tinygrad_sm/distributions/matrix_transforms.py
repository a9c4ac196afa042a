"""Transforms to triangular and positive matrices, and of several parts side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..nn import functional as F
from ..ops.creation import eye
from ..ops.shape import cat, stack
from ..tensor import Size, Tensor
from . import constraints
from .elementary_transforms import Transform
from .utils import tril_matrix_to_vec, vec_to_tril_matrix

__all__ = [
    "CatTransform",
    "CorrCholeskyTransform",
    "CumulativeDistributionTransform",
    "LowerCholeskyTransform",
    "PositiveDefiniteTransform",
    "StackTransform",
]


class LowerCholeskyTransform(Transform):
    """Matrices to lower triangular ones with a positive diagonal, its exponential."""

    domain = constraints.independent(constraints.real, 2)
    codomain: constraints.Constraint = constraints.lower_cholesky

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    __hash__ = object.__hash__

    def _call(self, x: Tensor) -> Tensor:
        return x.tril(-1) + x.diagonal(dim1=-2, dim2=-1).exp().diag_embed()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.tril(-1) + y.diagonal(dim1=-2, dim2=-1).log().diag_embed()


class PositiveDefiniteTransform(LowerCholeskyTransform):
    """Matrices to positive definite ones, by way of their Cholesky factor."""

    codomain = constraints.positive_definite

    def _call(self, x: Tensor) -> Tensor:
        factor = super()._call(x)
        return factor @ factor.mT

    def _inverse(self, y: Tensor) -> Tensor:
        return super()._inverse(y.cholesky())


class CorrCholeskyTransform(Transform):
    """n (n - 1) / 2 real numbers to the Cholesky factor of an (n, n) correlation matrix.

    A row's numbers, brought into (-1, 1), are partial correlations: each takes its share of what
    those before it have left of the row's length, which is 1.
    """

    domain = constraints.real_vector
    codomain = constraints.corr_cholesky
    bijective = True

    def _call(self, x: Tensor) -> Tensor:
        r = vec_to_tril_matrix(x.tanh(), diag=-1)
        left = (1 - r**2).sqrt().cumprod(-1)
        r = r + eye(r.shape[-1], dtype=r.dtype)
        return r * F.pad(left[..., :-1], [1, 0], value=1)

    def _inverse(self, y: Tensor) -> Tensor:
        left = F.pad((1 - (y**2).cumsum(-1))[..., :-1], [1, 0], value=1)
        t = tril_matrix_to_vec(y, diag=-1) / tril_matrix_to_vec(left, diag=-1).sqrt()
        return 0.5 * (t.log1p() - (-t).log1p())

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """Of the tanh, and of what was left at each place."""
        left = tril_matrix_to_vec((1 - (y**2).cumsum(-1)), diag=-2)
        stretch = 0.5 * left.log().sum(-1)
        return stretch - 2 * (x + F.softplus(-2 * x) - math.log(2.0)).sum(-1)

    def forward_shape(self, shape: Any) -> Size:
        """A matrix in a vector's place."""
        count = shape[-1]
        n = round((0.25 + 2 * count) ** 0.5 + 0.5)
        if n * (n - 1) // 2 != count:
            raise ValueError("Input is not a flattened lower-diagonal number")
        return Size((*shape[:-1], n, n))

    def inverse_shape(self, shape: Any) -> Size:
        """A vector in a matrix's place."""
        if len(shape) < 2 or shape[-2] != shape[-1]:
            raise ValueError(f"Input is not a square matrix: {tuple(shape)}")
        n = shape[-1]
        return Size((*shape[:-2], n * (n - 1) // 2))


class CumulativeDistributionTransform(Transform):
    """Draws of a distribution to their place in it, by its ``cdf``.

    Args:
        distribution: the distribution.
        cache_size: accepted; nothing is kept.
    """

    bijective = True
    codomain = constraints.unit_interval
    sign = +1

    def __init__(self, distribution: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.distribution = distribution

    @property
    def domain(self) -> constraints.Constraint:  # type: ignore[override]
        """What the distribution can yield."""
        return self.distribution.support

    def _call(self, x: Tensor) -> Tensor:
        return self.distribution.cdf(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return self.distribution.icdf(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """The logarithm of the density."""
        return self.distribution.log_prob(x)


class CatTransform(Transform):
    """Transforms of pieces that lie side by side along a dimension.

    Args:
        tseq: the transforms.
        dim: the dimension.
        lengths: how long each piece is; 1 by default.
        cache_size: accepted; nothing is kept.
    """

    def __init__(
        self,
        tseq: Sequence[Transform],
        dim: int = 0,
        lengths: Sequence[int] | None = None,
        cache_size: int = 0,
    ) -> None:
        super().__init__(cache_size)
        self.transforms = list(tseq)
        self.lengths = list(lengths) if lengths is not None else [1] * len(self.transforms)
        if len(self.lengths) != len(self.transforms):
            raise ValueError(f"{len(self.lengths)} lengths for {len(self.transforms)} transforms")
        self.dim = dim
        self.bijective = all(t.bijective for t in self.transforms)

    @property
    def length(self) -> int:
        """Of all pieces together."""
        return sum(self.lengths)

    @property
    def domain(self) -> constraints.Constraint:  # type: ignore[override]
        """What each piece takes."""
        return constraints.cat([t.domain for t in self.transforms], self.dim, self.lengths)

    @property
    def codomain(self) -> constraints.Constraint:  # type: ignore[override]
        """What each piece gives."""
        return constraints.cat([t.codomain for t in self.transforms], self.dim, self.lengths)

    def _pieces(self, x: Tensor) -> tuple[Tensor, ...]:
        return x.split(self.lengths, self.dim)

    def _call(self, x: Tensor) -> Tensor:
        pairs = zip(self.transforms, self._pieces(x), strict=True)
        return cat([t(piece) for t, piece in pairs], self.dim)

    def _inverse(self, y: Tensor) -> Tensor:
        pairs = zip(self.transforms, self._pieces(y), strict=True)
        return cat([t.inv(piece) for t, piece in pairs], self.dim)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """Each piece's, side by side."""
        triples = zip(self.transforms, self._pieces(x), self._pieces(y), strict=True)
        return cat([t.log_abs_det_jacobian(a, b) for t, a, b in triples], self.dim)


class StackTransform(Transform):
    """Transforms of the slices along a dimension.

    Args:
        tseq: the transforms, one a slice.
        dim: the dimension.
        cache_size: accepted; nothing is kept.
    """

    def __init__(self, tseq: Sequence[Transform], dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.transforms = list(tseq)
        self.dim = dim
        self.bijective = all(t.bijective for t in self.transforms)

    @property
    def domain(self) -> constraints.Constraint:  # type: ignore[override]
        """What each slice takes."""
        return constraints.stack([t.domain for t in self.transforms], self.dim)

    @property
    def codomain(self) -> constraints.Constraint:  # type: ignore[override]
        """What each slice gives."""
        return constraints.stack([t.codomain for t in self.transforms], self.dim)

    def _call(self, x: Tensor) -> Tensor:
        pairs = zip(self.transforms, x.unbind(self.dim), strict=True)
        return stack([t(part) for t, part in pairs], self.dim)

    def _inverse(self, y: Tensor) -> Tensor:
        pairs = zip(self.transforms, y.unbind(self.dim), strict=True)
        return stack([t.inv(part) for t, part in pairs], self.dim)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """Each slice's."""
        triples = zip(self.transforms, x.unbind(self.dim), y.unbind(self.dim), strict=True)
        return stack([t.log_abs_det_jacobian(a, b) for t, a, b in triples], self.dim)
