"""A matrix as a permutation, a lower and an upper triangle; the rule after Seeger et al. (2017)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..ops.indexing import gather
from ..ops.linear_algebra import matmul
from ..ops.results import Results
from ..ops.shape import tril, triu
from ..primitive import Operation, primitive
from ..tape import values_of, wrap
from .checks import LinAlgError, mT, need_matrix, need_square
from .solvers import _solve, solve_triangular

if TYPE_CHECKING:
    from ..tensor import Tensor


class LUFactor(Results, name="linalg_lu_factor"):
    """What ``lu_factor`` returns."""

    LU: Any
    pivots: Any


class LUFactorEx(Results, name="linalg_lu_factor_ex"):
    """What ``lu_factor_ex`` returns."""

    LU: Any
    pivots: Any
    info: Any


class LU(Results, name="linalg_lu"):
    """What ``lu`` and ``lu_unpack`` return."""

    P: Any
    L: Any
    U: Any


def _eliminate(A: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian elimination with the largest pivot of each column: both triangles, and the pivots."""
    out, rows = A.copy(), min(A.shape[-2:])
    pivots = np.zeros((*A.shape[:-2], rows), np.int32)
    count = math.prod(A.shape[:-2])
    flat, flat_pivots = out.reshape(count, *A.shape[-2:]), pivots.reshape(count, rows)
    each = np.arange(count)
    for j in range(rows):
        p = np.abs(flat[:, j:, j]).argmax(-1) + j
        flat[each, p], flat[:, j] = flat[:, j].copy(), flat[each, p]
        pivot = flat[:, j : j + 1, j]
        flat[:, j + 1 :, j] /= np.where(pivot == 0, 1, pivot)
        flat[:, j + 1 :, j + 1 :] -= flat[:, j + 1 :, j : j + 1] * flat[:, j : j + 1, j + 1 :]
        flat_pivots[:, j] = p + 1
    return flat.reshape(A.shape), flat_pivots.reshape(pivots.shape)


def _orders(pivots: np.ndarray, rows: int) -> np.ndarray:
    """Where each row of the triangles' product came from, when rows change places one by one."""
    order = np.broadcast_to(np.arange(rows), (*pivots.shape[:-1], rows)).copy()
    for place in np.ndindex(*pivots.shape[:-1]):
        for i, p in enumerate(pivots[place]):
            order[place][[i, p - 1]] = order[place][[p - 1, i]]
    return order


def _lu_rule(g: Any, out: Any) -> Any:
    """``L^-T (tril(L^T gL, -1) + triu(gU U^T)) U^-T``, and what rows or columns beyond k share."""
    m, n = out.shape[-2:]
    k = min(m, n)
    L = np.tril(out[..., :k, :k], -1) + np.eye(k, dtype=values_of(out).dtype)
    U, square = np.triu(out[..., :k, :k]), g[..., :k, :k]
    beside, below = g[..., :k, k:], g[..., k:, :k]
    lower = np.matmul(mT(L), np.tril(square, -1)) - np.matmul(beside, mT(out[..., :k, k:]))
    upper = np.matmul(np.triu(square), mT(U)) - np.matmul(mT(out[..., k:, :k]), below)
    top = _solve(mT(L), np.tril(lower, -1) + np.triu(upper))
    left = mT(_solve(U, mT(np.concatenate([top, below], -2))))
    return np.concatenate([left, _solve(mT(L), beside)], -1) if n > m else left


def _first_zero(packed: np.ndarray) -> np.ndarray:
    zero = np.diagonal(packed, axis1=-2, axis2=-1) == 0
    first = zero.argmax(-1) + 1 if zero.shape[-1] else 0
    return np.asarray(np.where(zero.any(-1), first, 0), np.int32)


def _permutation(pivots: np.ndarray, rows: int, kind: np.dtype) -> np.ndarray:
    return mT(np.eye(rows, dtype=kind)[_orders(pivots, rows)])


_pivots_of = primitive(lambda A: _eliminate(A)[1], name="lu_pivots", family="trailing")
_order_of = primitive(_orders, name="lu_order", family="trailing")
_info_of = primitive(_first_zero, name="lu_info", family="trailing")
_permutation_of = primitive(_permutation, name="lu_permutation", family="trailing")
_triangles: Operation = primitive(
    lambda A: _eliminate(A)[0], name="linalg_lu_factor", family="trailing", A=_lu_rule
)


def lu_factor_ex(A: Any, *, pivot: bool = True, check_errors: bool = False) -> LUFactorEx:
    """``lu_factor`` that tells of a zero pivot instead of raising.

    Args:
        A: matrices (..., m, n).
        pivot: must be ``True``.
        check_errors: raise after all.

    Returns:
        both triangles in one (..., m, n), the ones of L left out; for each row of the first
        k = min(m, n) the row, from 1, with which it changed places, int32 (..., k); the first k at
        which U has a 0 on its diagonal, from 1, or 0, int32 (...).
    """
    need_matrix("linalg.lu_factor_ex", A)
    if not pivot:
        raise RuntimeError("linalg.lu_factor: LU without pivoting is not implemented on the CPU")
    pivots = _pivots_of(A)
    order = _order_of(pivots, A.array.shape[-2]).unsqueeze(-1).expand(A.array.shape)
    packed = _triangles(gather(A, -2, order))  # whose pivots are in place
    info = _info_of(packed)
    if check_errors and (place := values_of(info).max(initial=0)):
        raise LinAlgError(
            f"linalg.lu_factor: U[{place},{place}], counted from 1, is 0, and using it in lu_solve "
            "would divide by 0: the matrix is singular"
        )
    return LUFactorEx(packed, pivots, info)


def lu_factor(A: Any, *, pivot: bool = True) -> LUFactor:
    """Gaussian elimination of matrices (..., m, n): see ``lu_factor_ex``.

    Raises:
        LinAlgError: if U has a 0 on its diagonal.
    """
    return LUFactor(*lu_factor_ex(A, pivot=pivot, check_errors=True)[:2])


def lu_unpack(
    LU_data: Any, LU_pivots: Any, unpack_data: bool = True, unpack_pivots: bool = True
) -> LU:
    """The P, L and U of ``A = P L U`` from what ``lu_factor`` returned; empty if not asked for.

    Raises:
        RuntimeError: for pivots that are not int32.
    """
    if unpack_pivots and LU_pivots.array.dtype != np.int32:
        raise RuntimeError(f"lu_unpack: pivots must be int32, not {LU_pivots.array.dtype}")
    m, n = LU_data.array.shape[-2:]
    kind, k = LU_data.array.dtype, min(m, n)
    P = L = U = wrap(np.zeros(0, kind))
    if unpack_pivots:
        P = _permutation_of(LU_pivots, m, kind)
    if unpack_data:
        L = tril(LU_data[..., :k], -1) + wrap(np.eye(m, k, dtype=kind))
        U = triu(LU_data[..., :k, :])
    return LU(P, L, U)


def lu(A: Any, *, pivot: bool = True) -> LU:
    """``A = P L U``: a permutation (..., m, m), a lower (..., m, k) and an upper triangle (..., k, n).

    >>> import tinygrad_sm as sg
    >>> P, L, U = lu(sg.tensor([[1.0, 2.0], [4.0, 4.0]]))
    >>> (P @ L @ U).tolist()
    [[1.0, 2.0], [4.0, 4.0]]
    """
    return lu_unpack(*lu_factor_ex(A, pivot=pivot)[:2])


def lu_solve(LU: Any, pivots: Any, B: Any, *, left: bool = True, adjoint: bool = False) -> Tensor:
    """The X of ``A X = B`` where ``LU, pivots = lu_factor(A)``.

    Args:
        LU: what ``lu_factor`` returned of square matrices (..., n, n).
        pivots: likewise, (..., n).
        B: right sides (..., n, k).
        left: on which side of X the matrix stands.
        adjoint: whether the matrix is transposed.
    """
    need_square("linalg.lu_solve", LU)
    if not left:
        return lu_solve(LU, pivots, B.mT, adjoint=not adjoint).mT
    P, L, U = lu_unpack(LU, pivots)
    if adjoint:
        half = solve_triangular(U.mT, B, upper=False)
        return matmul(P, solve_triangular(L.mT, half, upper=True, unitriangular=True))
    half = solve_triangular(L, matmul(P.mT, B), upper=False, unitriangular=True)
    return solve_triangular(U, half, upper=True)


def old_lu(A: Any, pivot: bool = True, get_infos: bool = False) -> Any:
    """``torch.lu``: (LU, pivots), with ``get_infos`` what ``lu_factor_ex`` tells as well."""
    found = lu_factor_ex(A, pivot=pivot)
    return found if get_infos else LUFactor(*found[:2])


def old_lu_solve(b: Any, LU_data: Any, LU_pivots: Any) -> Tensor:
    """``torch.lu_solve``: ``linalg.lu_solve`` with the right side first."""
    return lu_solve(LU_data, LU_pivots, b)
