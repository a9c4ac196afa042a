"""Inverses, determinants, and solutions of linear equations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..ops.elementwise import where
from ..ops.linear_algebra import matmul
from ..ops.results import Results
from ..ops.shape import tril, triu
from ..primitive import Operation, primitive
from ..tape import values_of, wrap
from .checks import mT, need_matrix, need_square, numpy_errors

if TYPE_CHECKING:
    from ..tensor import Tensor

_SINGULAR = "the matrix is singular: check it, or use pinv or lstsq"


_checked_inv = numpy_errors("linalg.inv", _SINGULAR, np.linalg.inv)
_checked_solve = numpy_errors("linalg.solve", _SINGULAR, np.linalg.solve)
_inv: Operation = primitive(
    lambda A: _checked_inv(A),
    name="linalg_inv",
    family="trailing",
    A=lambda g, out: -np.matmul(mT(out), np.matmul(g, mT(out))),
)
_solve: Operation = primitive(
    lambda A, B: _checked_solve(A, B),
    name="linalg_solve",
    A=lambda g, A, out: -np.matmul(_solve(mT(A), g), mT(out)),
    B=lambda g, A: _solve(mT(A), g),
)


def inv(A: Any) -> Tensor:
    """The inverse of square matrices (..., n, n).

    Raises:
        LinAlgError: if one is singular.
    """
    need_square("linalg.inv", A)
    return _inv(A)


def solve(A: Any, B: Any, *, left: bool = True) -> Tensor:
    """The X of ``A X = B``, or of ``X A = B`` with ``left=False``.

    Args:
        A: square matrices (..., n, n).
        B: right sides (..., n, k), or vectors (..., n).
        left: on which side of X the matrix stands.

    Raises:
        LinAlgError: if a matrix is singular.
        RuntimeError: if sizes or dtypes do not fit.
    """
    need_square("linalg.solve", A)
    if A.array.dtype != B.array.dtype:
        raise RuntimeError(
            f"linalg.solve: A and B must have one dtype, not {A.array.dtype}, {B.array.dtype}"
        )
    vector = B.array.ndim == 1 or (
        A.array.ndim - 1 == B.array.ndim and B.array.shape == A.array.shape[:-1]
    )
    if vector:
        return solve(A, B.unsqueeze(-1)).squeeze(-1)
    if not left:
        return solve(A.mT, B.mT).mT
    if A.array.shape[-1] != B.array.shape[-2]:
        raise RuntimeError(
            f"linalg.solve: incompatible shapes {A.array.shape} and {B.array.shape}: B needs "
            f"{A.array.shape[-1]} rows"
        )
    return _solve(A, B)


def solve_triangular(
    A: Any, B: Any, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Tensor:
    """The X of ``A X = B``, or ``X A = B``, where only one triangle of A is read.

    Args:
        A: square matrices (..., n, n).
        B: right sides (..., n, k).
        upper: whether the upper triangle is read.
        left: on which side of X the matrix stands.
        unitriangular: whether the diagonal counts as ones, and is not read.

    Raises:
        LinAlgError: if a matrix has a 0 on its diagonal.
        RuntimeError: if sizes or dtypes do not fit.
    """
    need_square("linalg.solve_triangular", A)
    offset = int(unitriangular)
    part = triu(A, offset) if upper else tril(A, -offset)
    if unitriangular:
        part = part + wrap(np.eye(A.array.shape[-1], dtype=A.array.dtype))
    return solve(part, B, left=left)


def _cofactors_of(A: Any) -> Any:
    """``det(A) inv(A)^T`` through the singular values, so that it exists for singular A too."""
    U, S, Vh = np.linalg.svd(A)
    n = S.shape[-1]
    others = np.where(np.eye(n, dtype=bool), 1, S[..., None, :]).prod(-1)
    sign = np.linalg.det(U) * np.linalg.det(Vh)
    return (sign[..., None, None] * np.matmul(U * others[..., None, :], Vh)).astype(A.dtype)


def _wide(x: Any) -> Any:
    """A number for each matrix, as a matrix of size 1 by 1."""
    return np.expand_dims(x, (-2, -1))


def _cofactors_rule(g: Any, A: Any) -> Any:
    """The differential of ``det(A) X`` with ``X = inv(A)^T``."""
    X = mT(_inv(A))
    along = np.sum(g * X, axis=(-2, -1), keepdims=True)
    return _wide(_det(A)) * (X * along - np.matmul(X, np.matmul(mT(g), X)))


_cofactors = primitive(_cofactors_of, name="cofactors", family="trailing", A=_cofactors_rule)
_det: Operation = primitive(
    lambda A: np.linalg.det(A),
    name="linalg_det",
    family="trailing",
    A=lambda g, A: _wide(g) * _cofactors(A),
)


def det(A: Any) -> Tensor:
    """The determinant of square matrices; its gradient, the cofactors, exists for singular ones."""
    need_square("linalg.det", A)
    return _det(A)


class Slogdet(Results, name="linalg_slogdet"):
    """What ``slogdet`` returns."""

    sign: Any
    logabsdet: Any


_slogdet = primitive(
    lambda A: tuple(np.asarray(x) for x in np.linalg.slogdet(A)),
    name="linalg_slogdet",
    family="trailing",
    several=True,
    A=lambda g, A: _wide(g[1]) * mT(_inv(A)),
)


def slogdet(A: Any) -> Slogdet:
    """The sign of the determinant and the logarithm of its size: (0, -inf) for singular matrices."""
    need_square("linalg.slogdet", A)
    return Slogdet(*_slogdet(A))


def logdet(input: Any) -> Tensor:
    """The logarithm of the determinant: -inf at 0, NaN where it is negative."""
    sign, size = slogdet(input)
    return where(sign < 0, math.nan, size)


# --- more, or fewer, equations than unknowns ---------------------------------------------------------


def _pinv_array(A: Any, atol: Any, rtol: float) -> Any:
    U, S, Vh = np.linalg.svd(A, full_matrices=False)
    largest = S.max(-1, keepdims=True, initial=0)
    kept = np.maximum(atol, rtol * largest) < S
    inverse = np.where(kept, 1 / np.where(kept, S, 1), 0).astype(A.dtype)
    return np.matmul(mT(Vh) * inverse[..., None, :], mT(U))


def _pinv_rule(g: Any, A: Any, out: Any) -> Any:
    """Golub and Pereyra (1973), for matrices whose rank stays the same."""
    h, P = mT(g), mT(out)
    rest = np.matmul(np.matmul(h - np.matmul(A, np.matmul(out, h)), out), P)
    other = np.matmul(np.matmul(P, out), h - np.matmul(np.matmul(h, out), A))
    return rest + other - np.matmul(np.matmul(P, g), P)


_pinv = primitive(
    lambda A, atol, rtol: _pinv_array(A, atol, rtol),
    name="linalg_pinv",
    family="trailing",
    A=_pinv_rule,
)


def pinv(
    A: Any,
    rtol: Any = None,
    *,
    atol: float | None = None,
    rcond: Any = None,
    hermitian: bool = False,
) -> Tensor:
    """The Moore-Penrose inverse (..., n, m) of matrices (..., m, n).

    Args:
        A: matrices of any shape.
        rtol: singular values below ``rtol`` times the largest count as 0; ``max(m, n) eps`` by
            default.
        atol: singular values below it count as 0; 0 by default.
        rcond: the older name of ``rtol``.
        hermitian: whether A is symmetric; its lower triangle alone is read then.
    """
    need_matrix("linalg.pinv", A)
    if hermitian:
        A = A + (tril(A) + tril(A, -1).mT - A).detach()
    rtol = rcond if rtol is None else rtol
    if rtol is None:
        rtol = 0.0 if atol else max(A.array.shape[-2:]) * float(np.finfo(A.array.dtype).eps)
    return _pinv(A, atol or 0.0, rtol)


_singular_values: Operation = primitive(
    lambda A: np.linalg.svd(A, compute_uv=False), name="singular_values", family="trailing"
)


class Lstsq(Results, name="linalg_lstsq"):
    """What ``lstsq`` returns."""

    solution: Any
    residuals: Any
    rank: Any
    singular_values: Any


def lstsq(A: Any, B: Any, rcond: float | None = None, *, driver: str | None = None) -> Lstsq:
    """The X with the smallest ``norm(A X - B)``; of several, the smallest X.

    Args:
        A: matrices (..., m, n).
        B: right sides (..., m, k).
        rcond: singular values below ``rcond`` times the largest count as 0.
        driver: ``"gelss"`` and ``"gelsd"`` return singular values too; ``"gels"`` returns no rank.

    Returns:
        solution (..., n, k); residuals (..., k) if m > n, A has full rank and the driver tells
        them (not the default, ``"gelsy"``); the rank; singular values.
    """
    need_matrix("linalg.lstsq", A)
    m, n = A.array.shape[-2:]
    vector = B.array.ndim == A.array.ndim - 1
    right = B.unsqueeze(-1) if vector else B
    solution = matmul(pinv(A, rcond), right)
    S = _singular_values(A)
    limit = max(m, n) * np.finfo(A.array.dtype).eps if rcond is None else rcond
    rank = (limit * S.amax(-1, keepdim=True) < S).sum(-1) if min(m, n) else S.sum(-1).long()
    empty = wrap(np.zeros(0, A.array.dtype))
    left_over = (matmul(A, solution) - right).square().sum(-2)
    told = driver in ("gels", "gelsd", "gelss")
    return Lstsq(
        solution.squeeze(-1) if vector else solution,
        left_over if told and m > n and (values_of(rank) == n).all() else left_over.reshape(-1)[:0],
        wrap(np.zeros(0, np.int64)) if driver == "gels" else rank,
        S if driver in ("gelss", "gelsd") else empty,
    )


def cholesky_solve(B: Any, L: Any, upper: bool = False) -> Tensor:
    """The X of ``A X = B`` where ``L`` is the Cholesky factor of A."""
    need_square("cholesky_solve", L)
    lower = _triangle(L, upper)
    return solve(lower.mT, solve(lower, B))


def _triangle(L: Any, upper: bool) -> Any:
    """The lower triangular factor, with the gradient of a full matrix, as PyTorch has it."""
    full = L.mT if upper else L
    return full + (tril(full) - full).detach()


def cholesky_inverse(L: Any, upper: bool = False) -> Tensor:
    """The inverse of the matrix whose Cholesky factor is ``L``."""
    need_square("cholesky_inverse", L)
    root = inv(_triangle(L, upper))
    return matmul(root.mT, root)


class TriangularSolve(Results, name="triangular_solve"):
    """What ``triangular_solve`` returns."""

    solution: Any
    cloned_coefficient: Any


def triangular_solve(
    b: Any, A: Any, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> TriangularSolve:
    """``linalg.solve_triangular`` under its older name and order of arguments."""
    matrix = A.mT if transpose else A
    solution = solve_triangular(
        matrix, b, upper=upper is not transpose, unitriangular=unitriangular
    )
    return TriangularSolve(solution, A.clone())


class WithInfo(Results, name="linalg_inv_ex"):
    """A result, and an int32 tensor of 0 that says no matrix was singular."""

    result: Any
    info: Any


def _no_error(A: Any) -> Any:
    return wrap(np.zeros(A.array.shape[:-2], np.int32))


def inv_ex(A: Any, *, check_errors: bool = False) -> WithInfo:
    """(``inv(A)``, 0s). A singular matrix raises here, whatever ``check_errors`` says."""
    return WithInfo(inv(A), _no_error(A))


def solve_ex(A: Any, B: Any, *, left: bool = True, check_errors: bool = False) -> WithInfo:
    """(``solve(A, B)``, 0s). A singular matrix raises here, whatever ``check_errors`` says."""
    return WithInfo(solve(A, B, left=left), _no_error(A))


def tensorinv(A: Any, ind: int = 2) -> Tensor:
    """The inverse of the linear map that ``A`` is, from its last dimensions to its first ``ind``.

    Raises:
        RuntimeError: if the two groups of dimensions have different numbers of elements.
    """
    shape = A.array.shape
    n = math.prod(shape[ind:])
    if ind <= 0 or math.prod(shape[:ind]) != n:
        raise RuntimeError(f"linalg.tensorinv: shape {shape} is not square if cut at ind={ind}")
    return inv(A.reshape(n, n)).reshape(*shape[ind:], *shape[:ind])


def tensorsolve(A: Any, B: Any, dims: Any = None) -> Tensor:
    """The X for which ``tensordot(A, X, X.ndim)`` is B.

    Raises:
        RuntimeError: if A does not have as many elements as B has, squared.
    """
    if dims is not None:
        chosen = [d % A.array.ndim for d in dims]
        A = A.permute(*(d for d in range(A.array.ndim) if d not in chosen), *chosen)
    rest = A.array.shape[B.array.ndim :]
    if math.prod(rest) != B.array.size:
        raise RuntimeError(f"linalg.tensorsolve: A {A.array.shape} does not fit B {B.array.shape}")
    n = B.array.size
    return solve(A.reshape(n, n), B.reshape(n)).reshape(rest)
