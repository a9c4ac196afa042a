"""Matrix functions: one module of cases for the package ``linalg``."""

import math
import warnings

import numpy as np

from .registry import CUBE, A, case, normal

SQUARE, PAIR = normal(2, 3, 3), normal(2, 3, 2, seed=8)
TALL, WIDE = normal(2, 4, 3), normal(2, 3, 4)
TWO = normal(4, 2, seed=9)


def _deprecated(call):
    """What PyTorch still has, but warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return call()


def _definite(m, x):
    return x @ x.mT + 2 * m.eye(3, dtype=x.dtype)


case("inv", lambda m, x: m.linalg.inv(x), SQUARE)
case("inv", lambda m, x: x.inverse(), SQUARE[0])
case("solve", lambda m, x, y: m.linalg.solve(x, y), SQUARE, PAIR)
case("solve", lambda m, x, y: m.linalg.solve(x, y), SQUARE, PAIR[0])
case("solve", lambda m, x, y: m.linalg.solve(x, y), SQUARE[0], PAIR[0, :, 0])
case("solve", lambda m, x, y: m.linalg.solve(x, y.mT, left=False), SQUARE, PAIR)
for upper in (True, False):
    for unit in (True, False):
        case(
            "solve_triangular",
            lambda m, x, y, u=upper, d=unit: m.linalg.solve_triangular(
                x, y, upper=u, unitriangular=d
            ),
            SQUARE + 3 * np.eye(3),
            PAIR,
        )
    case("cholesky", lambda m, x, u=upper: m.linalg.cholesky(_definite(m, x), upper=u), SQUARE)
    case(
        "cholesky_solve",
        lambda m, x, y, u=upper: m.cholesky_solve(
            y, m.linalg.cholesky(_definite(m, x), upper=u), upper=u
        ),
        SQUARE,
        PAIR,
    )
    case(
        "cholesky_inverse",
        lambda m, x, u=upper: m.cholesky_inverse(
            m.linalg.cholesky(_definite(m, x), upper=u), upper=u
        ),
        SQUARE,
    )
case("det", lambda m, x: m.det(x), SQUARE)
case("det", lambda m, x: x.det(), np.outer([1.0, 2.0, 3.0], [0.5, -1.0, 2.0]), second=False)
case("slogdet", lambda m, x: m.linalg.slogdet(x)[1], SQUARE)
case("logdet", lambda m, x: m.logdet(_definite(m, x)), SQUARE)
for x in (SQUARE, TALL, WIDE):
    case("pinv", lambda m, x: m.linalg.pinv(x), x)
    case("svd", lambda m, x: m.linalg.svd(x, full_matrices=False)[1], x)
    case("svd", lambda m, x: m.linalg.svd(x, full_matrices=False)[0].abs(), x)
    case("svd", lambda m, x: m.linalg.svd(x, full_matrices=False)[2].abs(), x)
    case("svdvals", lambda m, x: m.linalg.svdvals(x), x)
    case("qr", lambda m, x: m.linalg.qr(x)[0], x)
    case("qr", lambda m, x: m.linalg.qr(x)[1], x)
for triangle in ("L", "U"):
    case(
        "eigh",
        lambda m, x, t=triangle: m.linalg.eigh(x + x.mT, UPLO=t)[0],
        SQUARE,
    )
    case(  # the gradient does not tell the triangle that was read
        "eigh", lambda m, x, t=triangle: m.linalg.eigh(x, UPLO=t)[1] ** 2, SQUARE, smooth=False
    )
case("eigh", lambda m, x: m.linalg.eigh(x + x.mT)[1].abs(), SQUARE)
case("eigvalsh", lambda m, x: m.linalg.eigvalsh(x + x.mT, "U"), SQUARE)
for x in (SQUARE, TALL, WIDE):
    case("lu_factor", lambda m, x: m.linalg.lu_factor_ex(x)[0], x)
    case("lu", lambda m, x: m.linalg.lu(x)[1], x)
    case("lu", lambda m, x: m.lu_unpack(*m.linalg.lu_factor_ex(x)[:2])[2], x)
case("lu_factor", lambda m, x: m.linalg.lu_factor(x)[0], SQUARE)
for left in (True, False):
    for adjoint in (True, False):
        case(
            "lu_solve",
            lambda m, x, y, s=left, t=adjoint: m.linalg.lu_solve(
                *m.linalg.lu_factor(x), y if s else y.mT, left=s, adjoint=t
            ),
            SQUARE,
            PAIR,
        )
case("lu_solve", lambda m, x, y: _deprecated(lambda: m.lu_solve(y, *m.lu(x))), SQUARE, PAIR)
case("lu_solve", lambda m, x, y: _deprecated(lambda: y.lu_solve(*x.lu())), SQUARE, PAIR)
case("householder_product", lambda m, x, t: m.linalg.householder_product(x, t), TALL, TALL[:, 0])
case("orgqr", lambda m, x, t: x.orgqr(t), TALL[0], TALL[0, 0, :2])
case("orgqr", lambda m, x: m.orgqr(*m.geqrf(m.tensor(TALL, dtype=x.dtype))) * x.sum(), TALL)
case("orgqr", lambda m, x: m.orgqr(*m.tensor(TALL, dtype=x.dtype).geqrf()) * x.sum(), TALL)
case("svd_lowrank", lambda m, x: m.svd_lowrank(x, 3)[1], TALL)
case("pca_lowrank", lambda m, x: m.pca_lowrank(x, 3)[1], TALL)
case("lstsq", lambda m, x, y: m.linalg.lstsq(x, y)[0], TALL[0], TWO)
for order in ("fro", "nuc", 2, -2, 1, -1, math.inf, -math.inf):
    case("matrix_norm", lambda m, x, o=order: m.linalg.matrix_norm(x, o), WIDE)
    case("norm", lambda m, x, o=order: m.linalg.norm(x, o), WIDE[0])
for order in (0, 1, 2, 3, 0.5, math.inf, -math.inf):
    case(
        "vector_norm",
        lambda m, x, o=order: m.linalg.vector_norm(x, o, dim=1) * x.sum(),
        WIDE,
        second=order not in (math.inf, -math.inf),
    )
case("norm", lambda m, x: m.norm(x, "nuc"), A)
case("matrix_exp", lambda m, x: m.matrix_exp(x * 2), SQUARE)
for power in (0, 1, 5, -2):
    case("matrix_power", lambda m, x, n=power: m.matrix_power(x, n) * x, SQUARE)
case("cross", lambda m, x, y: m.cross(x, y, dim=1), CUBE, normal(2, 3, 4, seed=5))
case("cross", lambda m, x, y: m.linalg.cross(x, y), SQUARE, SQUARE[:1] * 2)
case("multi_dot", lambda m, x, y, z: m.linalg.multi_dot([x, y, z]), TALL[0], WIDE[0], TWO)
case("vander", lambda m, x: m.linalg.vander(x, N=4), A)
case("vecdot", lambda m, x, y: m.linalg.vecdot(x, y), WIDE, A)
case("cond", lambda m, x: m.linalg.cond(x), SQUARE)
case("tensorinv", lambda m, x: m.linalg.tensorinv(x.reshape(2, 3, 6)), normal(6, 6))
case(
    "tensorsolve",
    lambda m, x, y: m.linalg.tensorsolve(x.reshape(2, 3, 6), y),
    normal(6, 6),
    A[:2, :3],
)

for left in (True, False):
    for transpose in (True, False):
        case(
            "ormqr",
            lambda m, x, y, z, a=left, b=transpose: m.ormqr(x, y, z if a else z.mT, a, b),
            TALL,
            normal(2, 3),
            normal(2, 4, 2),
        )
case("ormqr", lambda m, x, y, z: x.ormqr(y, z), SQUARE, normal(2, 3), SQUARE)
case("frobenius_norm", lambda m, x: _deprecated(lambda: m.frobenius_norm(x, 1)), A)
case("nuclear_norm", lambda m, x: _deprecated(lambda: m.nuclear_norm(x)), A)
case("nuclear_norm", lambda m, x: _deprecated(lambda: m.nuclear_norm(x, (0, 2))), CUBE)
