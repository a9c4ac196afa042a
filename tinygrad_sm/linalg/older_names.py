"""Functions of ``linalg`` as they are called at the top of the package, with their own arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..ops.dims import numpy_names
from ..ops.reduction import norm as norm_over
from ..out import NUMBERS as _NUMBERS
from ..out import public as _public
from . import elimination, factorizations, householder, products, solvers
from .norms import matrix_norm
from .products import multi_dot

if TYPE_CHECKING:
    from ..tensor import Tensor

det, slogdet, logdet = solvers.det, solvers.slogdet, solvers.logdet
inverse, pinverse = solvers.inv, solvers.pinv
matrix_power, matrix_exp = products.matrix_power, products.matrix_exp
cholesky_solve, cholesky_inverse = solvers.cholesky_solve, solvers.cholesky_inverse
triangular_solve = solvers.triangular_solve
svd = factorizations.old_svd
lu, lu_solve, lu_unpack = elimination.old_lu, elimination.old_lu_solve, elimination.lu_unpack
geqrf, orgqr, ormqr = householder.geqrf, householder.householder_product, householder.ormqr
svd_lowrank, pca_lowrank = householder.svd_lowrank, householder.pca_lowrank


def norm(
    input: Any, p: Any = "fro", dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """The p-norm over ``dim``; ``"fro"`` is 2 and ``"nuc"`` the sum of a matrix's singular values.

    Raises:
        ValueError: for a ``p`` that is neither a number nor one of these.
    """
    input = input if dtype is None else input.to(dtype)
    if p == "nuc":
        return matrix_norm(input, "nuc", (-2, -1) if dim is None else dim, keepdim)
    return norm_over(input, p, dim, keepdim)


@numpy_names
def frobenius_norm(input: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
    """The root of the sum of squares over ``dim``."""
    return norm_over(input, 2, dim, keepdim)


def nuclear_norm(input: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
    """The sum of the singular values of the matrices along two dimensions, the last by default."""
    return matrix_norm(input, "nuc", (-2, -1) if dim is None else dim, keepdim)


def cholesky(input: Any, upper: bool = False) -> Tensor:
    """``linalg.cholesky``."""
    return factorizations.cholesky(input, upper=upper)


def qr(input: Any, some: bool = True) -> factorizations.QR:
    """``linalg.qr``, reduced with ``some``, else complete."""
    return factorizations.qr(input, "reduced" if some else "complete")


def chain_matmul(*matrices: Any) -> Tensor:
    """``linalg.multi_dot`` of its arguments."""
    if len(matrices) == 1:
        one: Any = matrices[0]
        return multi_dot(one) if isinstance(one, list | tuple) else one
    return multi_dot(matrices)


def cross(input: Any, other: Any, dim: int | None = None) -> Tensor:
    """``linalg.cross`` along the first dimension of size 3, unless ``dim`` is given.

    Raises:
        RuntimeError: if there is no such dimension.
    """
    if dim is None:
        sizes = input.array.shape
        if 3 not in sizes:
            raise RuntimeError(f"cross: no dimension of size 3 in input of shape {sizes}")
        dim = sizes.index(3)
    return products.cross(input, other, dim=dim)


_WITH_OUT = """
    chain_matmul cholesky cholesky_inverse cholesky_solve cross frobenius_norm geqrf inverse lu
    lu_solve lu_unpack matrix_power norm nuclear_norm orgqr ormqr qr svd triangular_solve
"""
_public(globals(), _WITH_OUT, _NUMBERS)
