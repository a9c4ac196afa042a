"""Linear algebra of matrices and batches of them, (..., m, n), differentiable throughout."""

from __future__ import annotations

from ..ops.linear_algebra import matmul
from ..out import public as _public
from .checks import LinAlgError
from .elimination import lu, lu_factor, lu_factor_ex, lu_solve
from .factorizations import cholesky, cholesky_ex, eigh, eigvalsh, matrix_rank, qr, svd, svdvals
from .householder import householder_product
from .norms import cond, matrix_norm, norm, vector_norm
from .products import cross, diagonal, matrix_exp, matrix_power, multi_dot, vander, vecdot
from .solvers import (
    det,
    inv,
    inv_ex,
    lstsq,
    pinv,
    slogdet,
    solve,
    solve_ex,
    solve_triangular,
    tensorinv,
    tensorsolve,
)

__all__ = [
    "LinAlgError",
    "cholesky",
    "cholesky_ex",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "householder_product",
    "inv",
    "inv_ex",
    "lstsq",
    "lu",
    "lu_factor",
    "lu_factor_ex",
    "lu_solve",
    "matmul",
    "matrix_exp",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "multi_dot",
    "norm",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_ex",
    "solve_triangular",
    "svd",
    "svdvals",
    "tensorinv",
    "tensorsolve",
    "vander",
    "vecdot",
    "vector_norm",
]

_WITH_OUT = """
    cholesky cholesky_ex cond cross det eigh eigvalsh householder_product inv inv_ex lstsq lu
    lu_factor lu_factor_ex lu_solve matmul matrix_norm matrix_power matrix_rank multi_dot norm pinv qr slogdet solve solve_ex solve_triangular svd
    svdvals tensorinv tensorsolve vecdot vector_norm
"""
_public(globals(), _WITH_OUT)

_LEFT_OUT = {
    "eig": "its results are complex: for symmetric matrices there is eigh",
    "eigvals": "its results are complex: for symmetric matrices there is eigvalsh",
    "ldl_factor": "use lu_factor, which takes every matrix that it takes",
    "ldl_factor_ex": "use lu_factor_ex, which takes every matrix that it takes",
    "ldl_solve": "use lu_solve, or solve",
}


def __getattr__(name: str) -> object:
    if name in _LEFT_OUT:
        raise NotImplementedError(f"linalg.{name} is left out: {_LEFT_OUT[name]}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
