"""Matrices as products of simpler ones; rules after Giles (2008), Murray (2016), Walter (2012)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..ops.results import Results
from ..ops.shape import cat
from ..primitive import primitive
from ..tape import values_of, wrap
from .checks import mT, need_matrix, need_square, numpy_errors
from .solvers import _solve

if TYPE_CHECKING:
    from ..tensor import Tensor

# --- Cholesky ----------------------------------------------------------------------------------------


def _cholesky_rule(g: Any, out: Any) -> Any:
    """``L^-T P L^-1`` with P the symmetric matrix whose lower triangle is half that of ``L^T g``."""
    lower = np.tril(np.matmul(mT(out), g))
    P = (lower + mT(np.tril(lower, -1))) / 2
    return _solve(mT(out), mT(_solve(mT(out), P)))


_factor = numpy_errors(
    "linalg.cholesky", "the matrix must be symmetric", lambda A: np.linalg.cholesky(A)
)
_cholesky = primitive(
    lambda A: _factor(A), name="linalg_cholesky", family="trailing", A=_cholesky_rule
)


def cholesky(A: Any, *, upper: bool = False) -> Tensor:
    """The lower triangular L with ``A = L L^T``, or with ``upper`` its transpose.

    Only the lower triangle of A is read.

    Raises:
        LinAlgError: if a matrix is not positive-definite.
    """
    need_square("linalg.cholesky", A)
    return _cholesky(A).mT if upper else _cholesky(A)


class CholeskyEx(Results, name="linalg_cholesky_ex"):
    """What ``cholesky_ex`` returns."""

    L: Any
    info: Any


def cholesky_ex(A: Any, *, upper: bool = False, check_errors: bool = False) -> CholeskyEx:
    """(``cholesky(A)``, 0s), or NaN and the order of the first bad leading minor for each matrix."""
    need_square("linalg.cholesky_ex", A)
    info = _bad_minors(A)
    if values_of(info).any() and not check_errors:
        return CholeskyEx(A.detach() * np.nan, info)
    return CholeskyEx(cholesky(A, upper=upper), info)


def _first_bad_minors(A: np.ndarray) -> np.ndarray:
    info = np.zeros(A.shape[:-2], np.int32)
    for place in np.ndindex(*info.shape):
        info[place] = _first_bad_minor(A[place])
    return info


def _first_bad_minor(A: np.ndarray) -> int:
    """0 for a positive-definite matrix."""
    for k in range(len(A), 0, -1):
        try:
            np.linalg.cholesky(A[:k, :k])
        except np.linalg.LinAlgError:
            continue
        return 0 if k == len(A) else k + 1
    return 1 if len(A) else 0


_bad_minors = primitive(_first_bad_minors, name="cholesky_info", family="trailing")


# --- QR ----------------------------------------------------------------------------------------------


class QR(Results, name="linalg_qr"):
    """What ``qr`` returns."""

    Q: Any
    R: Any


def _qr_rule(g: Any, out: Any) -> Any:
    """For m >= n (Walter and Lehmann, 2012): ``(gQ + Q copyltu(R gR^T - gQ^T Q)) R^-T``."""
    (gQ, gR), (Q, R) = g, out
    M = np.matmul(R, mT(gR)) - np.matmul(mT(gQ), Q)
    symmetric = np.tril(M) + mT(np.tril(M, -1))
    return mT(_solve(R, mT(gQ + np.matmul(Q, symmetric))))


_qr = primitive(
    lambda A: tuple(np.linalg.qr(A)), name="linalg_qr", several=True, family="trailing", A=_qr_rule
)


def qr(A: Any, mode: str = "reduced") -> QR:
    """``A = Q R`` with orthonormal columns Q and upper triangular R.

    Args:
        A: matrices (..., m, n).
        mode: ``"reduced"``: Q (..., m, k), R (..., k, n) with k = min(m, n). ``"complete"``:
            Q (..., m, m), differentiable for m <= n. ``"r"``: R alone, off the tape.

    Raises:
        RuntimeError: for another mode.
    """
    need_matrix("linalg.qr", A)
    m, n = A.array.shape[-2:]
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(f"linalg.qr: mode must be reduced, complete or r, not {mode!r}")
    if mode == "r":
        return QR(wrap(np.zeros(0, A.array.dtype)), wrap(np.linalg.qr(A.array, "r")))
    if m < n:
        Q, R = _qr(A[..., :m])
        return QR(Q, cat([R, Q.mT @ A[..., m:]], -1))
    if mode == "complete" and m > n:
        return QR(*(wrap(x) for x in np.linalg.qr(A.array, "complete")))
    return QR(*_qr(A))


# --- eigenvalues and singular values ---------------------------------------------------------------------


def _over_gaps(x: Any, values: Any) -> Any:
    """``x[i, j] / (values[j] - values[i])``, and 0 where ``x`` is 0, as on the diagonal."""
    gaps = np.expand_dims(values, -2) - np.expand_dims(values, -1)
    nothing = np.equal(x, 0) & np.equal(gaps, 0)
    return np.where(nothing, 0.0, x / np.where(nothing, 1.0, gaps))


def _off_diagonal(x: Any) -> Any:
    return np.tril(x, -1) + np.triu(x, 1)


def _columns(x: Any, factors: Any) -> Any:
    """``x diag(factors)``."""
    return x * np.expand_dims(factors, -2)


class Eigh(Results, name="linalg_eigh"):
    """What ``eigh`` returns."""

    eigenvalues: Any
    eigenvectors: Any


def _eigh_rule(g: Any, out: Any) -> Any:
    """``V (diag(gw) + (V^T gV) / (w_j - w_i)) V^T`` (Giles, 2008, 3.1), made symmetric."""
    (gw, gV), (w, V) = g, out
    turns = _over_gaps(_off_diagonal(np.matmul(mT(V), gV)), w)
    return np.matmul(_columns(V, gw) + np.matmul(V, (turns + mT(turns)) / 2), mT(V))


_symmetric = numpy_errors(
    "linalg.eigh",
    "the matrix holds NaN or infinity",
    lambda A, UPLO: tuple(np.linalg.eigh(A, UPLO)),
)
_eigh = primitive(
    lambda A, UPLO: _symmetric(A, UPLO),
    name="linalg_eigh",
    several=True,
    family="trailing",
    A=_eigh_rule,
)


def eigh(A: Any, UPLO: str = "L") -> Eigh:
    """Eigenvalues, ascending, and eigenvectors (columns) of symmetric matrices.

    The gradient of eigenvectors is finite only where eigenvalues are distinct.

    Args:
        A: square matrices; one triangle is read.
        UPLO: which: ``"L"`` or ``"U"``.
    """
    need_square("linalg.eigh", A)
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"linalg.eigh: expected UPLO to be 'L' or 'U', not {UPLO!r}")
    return Eigh(*_eigh(A, UPLO.upper()))


def eigvalsh(A: Any, UPLO: str = "L") -> Tensor:
    """The eigenvalues, ascending, of symmetric matrices."""
    return eigh(A, UPLO).eigenvalues


class SVD(Results, name="linalg_svd"):
    """What ``svd`` returns."""

    U: Any
    S: Any
    Vh: Any


def _svd_rule(g: Any, out: Any) -> Any:
    """Giles (2008, 3.2), with what U and V miss of the whole space for matrices that are not square."""
    (gU, gS, gVh), (U, S, Vh) = g, out
    k = S.shape[-1]
    U, gU, V, gV = U[..., :k], gU[..., :k], mT(Vh)[..., :k], mT(gVh)[..., :k]
    left, right = np.matmul(mT(U), gU), np.matmul(mT(V), gV)
    squares = S * S
    middle = _columns(_over_gaps(left - mT(left), squares), S)
    middle = middle + np.expand_dims(S, -1) * _over_gaps(right - mT(right), squares)
    inner = np.matmul(_columns(U, gS) + np.matmul(U, middle), mT(V))
    outside_U = np.matmul(_columns(gU - np.matmul(U, left), 1 / S), mT(V))
    outside_V = np.matmul(U, mT(_columns(gV - np.matmul(V, right), 1 / S)))
    return inner + outside_U + outside_V


_svd = primitive(
    lambda A, full: tuple(np.linalg.svd(A, full_matrices=full)),
    name="linalg_svd",
    family="trailing",
    several=True,
    A=_svd_rule,
)


def svd(A: Any, full_matrices: bool = True, *, driver: str | None = None) -> SVD:
    """``A = U diag(S) Vh`` with S descending and orthonormal columns U, rows Vh.

    The gradient of U and Vh is finite only where singular values are distinct.

    Args:
        A: matrices (..., m, n).
        full_matrices: whether U is (..., m, m) and Vh (..., n, n), or (..., m, k), (..., k, n).
        driver: not used.
    """
    need_matrix("linalg.svd", A)
    return SVD(*_svd(A, full_matrices))


_svdvals = primitive(
    lambda A: _values_and_vectors(*np.linalg.svd(A, full_matrices=False)),
    name="linalg_svdvals",
    residuals=("U", "Vh"),
    definition=lambda A: svd(A, full_matrices=False).S,
    A=lambda g, U, Vh: np.matmul(_columns(U, g), Vh),
)


def _values_and_vectors(U: Any, S: Any, Vh: Any) -> Any:
    return S, U, Vh


def svdvals(A: Any, *, driver: str | None = None) -> Tensor:
    """The singular values, descending; differentiable where they repeat, too."""
    need_matrix("linalg.svdvals", A)
    return _svdvals(A)


class OldSVD(Results, name="svd"):
    """What ``torch.svd`` returns: V itself, not its transpose."""

    U: Any
    S: Any
    V: Any


def old_svd(input: Any, some: bool = True, compute_uv: bool = True) -> OldSVD:
    """``torch.svd``: (U, S, V) with ``input = U diag(S) V^T``; with ``some``, reduced."""
    if not compute_uv:
        m, n = input.array.shape[-2:]
        kind = input.array.dtype
        return OldSVD(wrap(np.zeros((m, m), kind)), svdvals(input), wrap(np.zeros((n, n), kind)))
    U, S, Vh = svd(input, full_matrices=not some)
    return OldSVD(U, S, Vh.mT)


def matrix_rank(
    A: Any,
    tol: Any = None,
    hermitian: bool = False,
    *,
    atol: Any = None,
    rtol: Any = None,
) -> Tensor:
    """How many singular values are above ``max(atol, rtol * largest)``."""
    need_matrix("linalg.matrix_rank", A)
    S = np.linalg.svd(A.array, compute_uv=False)
    given = tol if atol is None else atol
    if rtol is None:
        rtol = 0.0 if given is not None else max(A.array.shape[-2:]) * np.finfo(S.dtype).eps
    floor, share = (
        np.asarray(values_of(t))[..., None] for t in (0.0 if given is None else given, rtol)
    )
    limit = np.maximum(floor, share * S.max(-1, keepdims=True, initial=0))
    return wrap(np.asarray((limit < S).sum(-1), np.int64))
