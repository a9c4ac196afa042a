"""The multivariate normal distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from ..linalg import cholesky, solve_triangular
from ..ops.creation import eye
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution
from .utils import lazy_property, standard_normal, the_matrix


class MultivariateNormal(Distribution):
    """The normal distribution of vectors.

    Args:
        loc: the mean.
        covariance_matrix: the covariance, a positive definite matrix,
        precision_matrix: or its inverse,
        scale_tril: or its lower Cholesky factor: one of the three.
        validate_args: whether arguments are checked.

    Raises:
        ValueError: for a mean without dimensions, not exactly one matrix, one of fewer than two
            dimensions, or one out of its range.
    """

    arg_constraints: ClassVar = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self,
        loc: Tensor,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        if loc.ndim < 1:
            raise ValueError("loc must be at least one-dimensional.")
        name, matrix = the_matrix(
            covariance_matrix=covariance_matrix,
            precision_matrix=precision_matrix,
            scale_tril=scale_tril,
        )
        batch_shape = np.broadcast_shapes(matrix.shape[:-2], loc.shape[:-1])
        self.loc = loc.expand(*batch_shape, loc.shape[-1])
        self.__dict__[name] = matrix.expand(*batch_shape, *matrix.shape[-2:])
        super().__init__(batch_shape, loc.shape[-1:], validate_args)

    @lazy_property
    def _factor(self) -> Tensor:
        if "scale_tril" in self.__dict__:
            return self.scale_tril
        if "covariance_matrix" in self.__dict__:
            return cholesky(self.covariance_matrix)
        # turned round, the factor of the precision is the inverse of that of the covariance
        turned = cholesky(self.precision_matrix.flip(-2, -1)).flip(-2, -1).mT
        return solve_triangular(turned, self._identity(), upper=False)

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The lower Cholesky factor of the covariance."""
        return self._factor

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariance."""
        return self._factor @ self._factor.mT

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance."""
        inverse = solve_triangular(self._factor, self._identity(), upper=False)
        return inverse.mT @ inverse

    def _identity(self) -> Tensor:
        n = self._event_shape[0]
        return eye(n, dtype=self.loc.dtype).expand(*self._batch_shape, n, n)

    @property
    def mean(self) -> Tensor:
        """``loc``."""
        return self.loc

    @property
    def mode(self) -> Tensor:
        """``loc``."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """The variance of each element."""
        return (self._factor**2).sum(-1)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """``loc + scale_tril @ n`` with a standard normal vector n."""
        normal = standard_normal(self._extended_shape(sample_shape), self.loc)
        return self.loc + (self._factor @ normal[..., None])[..., 0]

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        if self._validate_args:
            self._validate_sample(value)
        away = (value - self.loc)[..., None]
        shape = away.shape[:-2]
        factor = self._factor.expand(*shape, *self._factor.shape[-2:])
        distance = (solve_triangular(factor, away, upper=False) ** 2).sum((-2, -1))
        n = self._event_shape[0]
        return -0.5 * (n * math.log(2 * math.pi) + distance) - self._log_volume()

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        return 0.5 * self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + self._log_volume()

    def _log_volume(self) -> Tensor:
        """Half the logarithm of the covariance's determinant."""
        return self._factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
