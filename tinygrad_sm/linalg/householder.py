"""Householder reflections, and the leading singular vectors by random projections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..ops.linear_algebra import matmul
from ..ops.random import randn
from ..ops.results import Results
from ..ops.shape import cat, tril
from ..tape import wrap
from .checks import mT, need_matrix
from .factorizations import qr, svd

if TYPE_CHECKING:
    from ..tensor import Tensor


def householder_product(A: Any, tau: Any) -> Tensor:
    """The first n columns of ``H_1 ... H_k`` with ``H_i = I - tau_i v_i v_i^T``.

    Args:
        A: (..., m, n) with m >= n: below the diagonal, column i holds ``v_i`` after its leading 1.
        tau: (..., k) with k <= n.

    Raises:
        RuntimeError: if sizes or dtypes do not fit.
    """
    need_matrix("linalg.householder_product", A)
    m, n = A.array.shape[-2:]
    k = tau.array.shape[-1] if tau.array.ndim else -1
    if not 0 <= k <= n <= m or tau.array.shape[:-1] != A.array.shape[:-2]:
        raise RuntimeError(
            f"linalg.householder_product: expected A (..., m, n) and tau (..., k) with m >= n >= k, "
            f"not {A.array.shape} and {tau.array.shape}"
        )
    if A.array.dtype != tau.array.dtype:
        raise RuntimeError(
            f"linalg.householder_product: tau must be {A.array.dtype} as A, not {tau.array.dtype}"
        )
    one = wrap(np.eye(m, n, dtype=A.array.dtype))
    vectors, out = tril(A, -1) + one, one.expand(A.array.shape)
    for i in reversed(range(k)):
        v = vectors[..., i : i + 1]
        out = out - tau[..., i : i + 1].unsqueeze(-1) * v * matmul(v.mT, out)
    return out


class Geqrf(Results, name="geqrf"):
    """What ``geqrf`` returns."""

    a: Any
    tau: Any


def geqrf(input: Any) -> Geqrf:
    """R with, below its diagonal, the reflections that ``householder_product`` makes Q of; no tape."""
    need_matrix("geqrf", input)
    reflections, tau = np.linalg.qr(input.array, "raw")
    return Geqrf(wrap(mT(reflections).copy()), wrap(tau))


def ormqr(input: Any, tau: Any, other: Any, left: bool = True, transpose: bool = False) -> Tensor:
    """``Q C`` with Q the whole product of reflections, as ``geqrf`` gives them, and C ``other``.

    Args:
        input: (..., m, k) reflections, as ``householder_product`` takes them.
        tau: (..., k).
        other: C, (..., m, n), or (..., n, m) if it stands to the left.
        left: whether Q stands to the left of C; else ``C Q``.
        transpose: whether Q is transposed.

    Raises:
        RuntimeError: if sizes do not fit.
    """
    need_matrix("ormqr", input)
    m, k = input.array.shape[-2:]
    if other.array.ndim < 2 or other.array.shape[-2 if left else -1] != m or k > m:
        raise RuntimeError(
            f"ormqr: Q made of {input.array.shape} does not fit other of {other.array.shape}: "
            f"expected m >= k and {'rows' if left else 'columns'} of other equal to m"
        )
    square = cat([input, input.new_zeros(*input.array.shape[:-1], m - k)], -1) if m > k else input
    Q = householder_product(square, tau)
    Q = mT(Q) if transpose else Q
    return matmul(Q, other) if left else matmul(other, Q)


def svd_lowrank(
    A: Any, q: int | None = 6, niter: int | None = 2, M: Any = None
) -> tuple[Any, Any, Any]:
    """(U, S, V) of the ``q`` leading singular values of ``A - M``, nearly, by random projections.

    Halko, Martinsson and Tropp (2011), algorithm 5.1.

    Args:
        A: matrices (..., m, n).
        q: how many, a little more than are wanted.
        niter: how often the projection is refined.
        M: what is taken off first, of A's shape or to be broadcast to it.
    """
    A = A if M is None else A - M
    need_matrix("svd_lowrank", A)
    count = 6 if q is None else q
    Q = qr(matmul(A, randn(A.array.shape[-1], count, dtype=A.dtype))).Q
    for _ in range(2 if niter is None else niter):
        Q = qr(matmul(A, qr(matmul(A.mT, Q)).Q)).Q
    U, S, Vh = svd(matmul(Q.mT, A), full_matrices=False)
    return matmul(Q, U), S, Vh.mT


def pca_lowrank(
    A: Any, q: int | None = None, center: bool = True, niter: int = 2
) -> tuple[Any, Any, Any]:
    """The principal components of rows of data (..., m, n): ``svd_lowrank`` of what is centred.

    Raises:
        ValueError: for a ``q`` outside [0, min(m, n)] or a negative ``niter``.
    """
    need_matrix("pca_lowrank", A)
    m, n = A.array.shape[-2:]
    q = min(6, m, n) if q is None else q
    if not 0 <= q <= min(m, n):
        raise ValueError(f"pca_lowrank: q(={q}) must be between 0 and {min(m, n)}")
    if niter < 0:
        raise ValueError(f"pca_lowrank: niter(={niter}) must not be negative")
    return svd_lowrank(A, q, niter, A.mean(-2, keepdim=True) if center else None)
