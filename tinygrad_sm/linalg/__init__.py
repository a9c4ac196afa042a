"""Linear algebra of matrices and batches of them, (..., m, n), differentiable throughout."""

from __future__ import annotations

from ..ops.arrangement import diagonal
from ..ops.linear_algebra import matmul
from ..out import public as _public
from .checks import LinAlgError
from .factorizations import cholesky, cholesky_ex, eigh, eigvalsh, matrix_rank, qr, svd, svdvals
from .norms import cond, matrix_norm, norm, vector_norm
from .products import cross, matrix_exp, matrix_power, multi_dot, vander, vecdot
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
    "inv",
    "inv_ex",
    "lstsq",
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
    cholesky cholesky_ex cond cross det eigh eigvalsh inv inv_ex lstsq matmul matrix_norm
    matrix_power matrix_rank multi_dot norm pinv qr slogdet solve solve_ex solve_triangular svd
    svdvals tensorinv tensorsolve vecdot vector_norm
"""
_public(globals(), _WITH_OUT)

_LEFT_OUT = ("eig", "eigvals", "ldl_factor", "ldl_solve", "lu", "lu_factor", "lu_solve")


def __getattr__(name: str) -> object:
    if name in _LEFT_OUT:
        raise NotImplementedError(f"linalg.{name} is left out: it has no dense real form here")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
