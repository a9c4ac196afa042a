"""The multivariate normal distribution whose covariance is a thin matrix's square and a diagonal."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from ..linalg import cholesky, solve_triangular
from ..ops.creation import eye
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution
from .utils import lazy_property, standard_normal


class LowRankMultivariateNormal(Distribution):
    """The normal distribution of vectors with covariance ``W W^T + diag(D)``.

    No (n, n) matrix is made for a draw or a density: for a factor of m columns, one of (m, m) is
    (the lemmas of Woodbury and of the matrix determinant).

    Args:
        loc: the mean, (..., n).
        cov_factor: W, (..., n, m).
        cov_diag: D, (..., n).
        validate_args: whether arguments are checked.

    Raises:
        ValueError: for shapes that do not fit.
    """

    arg_constraints: ClassVar = {
        "loc": constraints.real_vector,
        "cov_factor": constraints.independent(constraints.real, 2),
        "cov_diag": constraints.independent(constraints.positive, 1),
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self, loc: Tensor, cov_factor: Tensor, cov_diag: Tensor, validate_args: bool | None = None
    ) -> None:
        if loc.ndim < 1:
            raise ValueError("loc must be at least one-dimensional.")
        if cov_factor.ndim < 2:
            raise ValueError(
                "cov_factor must be at least two-dimensional, with optional leading batch dimensions"
            )
        size = loc.shape[-1]
        if cov_factor.shape[-2] != size:
            raise ValueError(f"cov_factor must be a batch of matrices with shape {size} x m")
        if cov_diag.shape[-1] != size:
            raise ValueError(f"cov_diag must be a batch of vectors with shape ({size},)")
        try:
            batch = np.broadcast_shapes(loc.shape[:-1], cov_factor.shape[:-2], cov_diag.shape[:-1])
        except ValueError:
            raise ValueError(
                f"Incompatible batch shapes: loc {loc.shape}, cov_factor {cov_factor.shape}, "
                f"cov_diag {cov_diag.shape}"
            ) from None
        self.loc = loc.expand(*batch, size)
        self.cov_factor = cov_factor.expand(*batch, size, cov_factor.shape[-1])
        self.cov_diag = cov_diag.expand(*batch, size)
        super().__init__(batch, (size,), validate_args)

    @lazy_property
    def _capacitance_tril(self) -> Tensor:
        """The Cholesky factor of ``I + W^T D^-1 W``."""
        scaled = self.cov_factor / self.cov_diag[..., None]
        m = self.cov_factor.shape[-1]
        return cholesky(eye(m, dtype=self.loc.dtype) + self.cov_factor.mT @ scaled)

    @property
    def mean(self) -> Tensor:
        """``loc``."""
        return self.loc

    @property
    def mode(self) -> Tensor:
        """``loc``."""
        return self.loc

    @lazy_property
    def variance(self) -> Tensor:
        """The variance of each element."""
        return (self.cov_factor**2).sum(-1) + self.cov_diag

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariance."""
        return self.cov_factor @ self.cov_factor.mT + self.cov_diag.diag_embed()

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The lower Cholesky factor of the covariance."""
        return cholesky(self.covariance_matrix)

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance."""
        scaled = (self.cov_factor / self.cov_diag[..., None]).mT
        half = solve_triangular(self._capacitance_tril, scaled, upper=False)
        return self.cov_diag.reciprocal().diag_embed() - half.mT @ half

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """``loc + W a + sqrt(D) b`` with standard normal vectors a and b."""
        shape = self._extended_shape(sample_shape)
        wide = standard_normal((*shape[:-1], self.cov_factor.shape[-1]), self.loc)
        long = standard_normal(shape, self.loc)
        low = (self.cov_factor @ wide[..., None])[..., 0]
        return self.loc + low + self.cov_diag.sqrt() * long

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        if self._validate_args:
            self._validate_sample(value)
        away = value - self.loc
        scaled = away / self.cov_diag
        low = self.cov_factor.mT @ scaled[..., None]
        factor = self._capacitance_tril.expand(*low.shape[:-2], *self._capacitance_tril.shape[-2:])
        half = solve_triangular(factor, low, upper=False)[..., 0]
        distance = (away * scaled).sum(-1) - (half**2).sum(-1)
        n = self._event_shape[0]
        return -0.5 * (n * math.log(2 * math.pi) + distance) - self._log_volume()

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        return 0.5 * self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + self._log_volume()

    def _log_volume(self) -> Tensor:
        """Half the logarithm of the covariance's determinant."""
        inner = self._capacitance_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        return inner + 0.5 * self.cov_diag.log().sum(-1)
