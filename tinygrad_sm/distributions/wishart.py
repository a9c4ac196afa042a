"""The Wishart distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from ..linalg import slogdet
from ..linalg.older_names import cholesky_solve
from ..ops.creation import arange, as_tensor
from ..ops.elementwise import where
from ..ops.gamma_functions import digamma, mvlgamma
from ..tensor import Tensor
from . import constraints
from .chi2 import Chi2
from .distribution import Distribution
from .multivariate_normal import MultivariateNormal
from .utils import lazy_property, standard_normal, the_matrix


class Wishart(Distribution):
    """The distribution of ``sum x x^T`` over ``df`` normal vectors x of mean 0: positive matrices.

    Args:
        df: the degrees of freedom, more than the dimension less 1.
        covariance_matrix: the covariance of x,
        precision_matrix: or its inverse,
        scale_tril: or its lower Cholesky factor: one of the three.
        validate_args: whether arguments are checked.

    Raises:
        ValueError: for too few degrees of freedom, or as ``MultivariateNormal`` does.
    """

    arg_constraints: ClassVar = {
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
        "df": constraints.greater_than(0),
    }
    support = constraints.positive_definite
    has_rsample = True

    def __init__(
        self,
        df: Any,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        name, matrix = the_matrix(
            covariance_matrix=covariance_matrix,
            precision_matrix=precision_matrix,
            scale_tril=scale_tril,
        )
        n = matrix.shape[-1]
        degrees = as_tensor(df, dtype=matrix.dtype)
        if not (degrees.array > n - 1).all():
            raise ValueError(f"Value of df={df} expected to be greater than ndim - 1 = {n - 1}.")
        batch = np.broadcast_shapes(degrees.shape, matrix.shape[:-2])
        self.df = degrees.expand(batch)
        self.__dict__[name] = matrix.expand(*batch, n, n)
        super().__init__(batch, (n, n), validate_args)

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The lower Cholesky factor of the covariance."""
        known = {
            name: self.__dict__[name]
            for name in ("covariance_matrix", "precision_matrix")
            if name in self.__dict__
        }
        (matrix,) = known.values()
        vector = matrix[..., 0] * 0
        return MultivariateNormal(vector, **known, validate_args=False).scale_tril

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariance of x."""
        return self.scale_tril @ self.scale_tril.mT

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of that covariance."""
        identity = (self.scale_tril[..., 0] * 0 + 1).diag_embed()
        return cholesky_solve(identity, self.scale_tril)

    @property
    def mean(self) -> Tensor:
        """``df * covariance_matrix``."""
        return self.df[..., None, None] * self.covariance_matrix

    @property
    def mode(self) -> Tensor:
        """``(df - n - 1) * covariance_matrix``; NaN where that is not positive."""
        factor = self.df - self._event_shape[-1] - 1
        return where(factor <= 0, math.nan, factor)[..., None, None] * self.covariance_matrix

    @property
    def variance(self) -> Tensor:
        """``df (V_ij^2 + V_ii V_jj)`` for the covariance V."""
        V = self.covariance_matrix
        diagonal = V.diagonal(dim1=-2, dim2=-1)
        outer = diagonal[..., :, None] * diagonal[..., None, :]
        return self.df[..., None, None] * (V**2 + outer)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Bartlett's decomposition: chi on the diagonal of a triangle, normal numbers below it."""
        n = self._event_shape[-1]
        chi = Chi2(self.df[..., None] - arange(n, dtype=self.df.dtype)).rsample(sample_shape).sqrt()
        shape = self._extended_shape(sample_shape)
        triangle = standard_normal(shape, self.df).tril(-1) + chi.diag_embed()
        root = self.scale_tril @ triangle
        return root @ root.mT

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        if self._validate_args:
            self._validate_sample(value)
        n, nu = self._event_shape[-1], self.df
        shape = np.broadcast_shapes(value.shape, self.scale_tril.shape)
        value, factor = value.expand(shape), self.scale_tril.expand(shape)
        trace = cholesky_solve(value, factor).diagonal(dim1=-2, dim2=-1).sum(-1)
        scale = nu * (0.5 * n * math.log(2) + self._log_volume()) + mvlgamma(0.5 * nu, n)
        return 0.5 * (nu - n - 1) * slogdet(value).logabsdet - 0.5 * trace - scale

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        n, nu = self._event_shape[-1], self.df
        half = 0.5 * nu[..., None] - 0.5 * arange(n, dtype=nu.dtype)
        log_det = digamma(half).sum(-1) + n * math.log(2) + 2 * self._log_volume()
        scale = nu * (0.5 * n * math.log(2) + self._log_volume()) + mvlgamma(0.5 * nu, n)
        return scale - 0.5 * (nu - n - 1) * log_det + 0.5 * n * nu

    def _log_volume(self) -> Tensor:
        """Half the logarithm of the covariance's determinant."""
        return self.scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)
