"""Norms of vectors and matrices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..ops.dims import axis_of, numpy_names
from ..ops.reduction import amax, amin
from ..ops.reduction import norm as norm_over
from .checks import need_matrix
from .factorizations import svdvals
from .solvers import inv

if TYPE_CHECKING:
    from ..tensor import Tensor


@numpy_names
def vector_norm(
    x: Any, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """``sum(abs(x)**ord)**(1/ord)`` over ``dim``; the largest or smallest size for infinite ``ord``.

    Raises:
        RuntimeError: for integers.
    """
    x = x if dtype is None else x.to(dtype)
    if x.array.dtype.kind != "f":
        raise RuntimeError(f"linalg.vector_norm: expected a floating dtype, not {x.array.dtype}")
    return norm_over(x, ord, dim, keepdim)


def matrix_norm(
    A: Any,
    ord: Any = "fro",
    dim: Any = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: Any = None,
) -> Tensor:
    """A norm of matrices.

    Args:
        A: matrices in the dimensions ``dim``.
        ord: ``"fro"`` (root of the sum of squares), ``"nuc"`` (sum of singular values), 2 and -2
            (largest and smallest singular value), 1 and -1 (column sums), inf and -inf (row sums).
        dim: rows and columns.
        keepdim: keep both with size 1.
        dtype: convert first.

    Raises:
        RuntimeError: for another ``ord``.
    """
    A = A if dtype is None else A.to(dtype)
    if A.array.dtype != np.float16 or ord in ("nuc", 2, -2):
        need_matrix("linalg.matrix_norm", A)
    rows, columns = (axis_of("linalg.matrix_norm", d, A.array.ndim) for d in dim)
    if ord == "fro":
        return norm_over(A, 2, (rows, columns), keepdim)
    A = A.movedim((rows, columns), (-2, -1))
    if ord in ("nuc", 2, -2):
        values = svdvals(A)
        out = values.sum(-1) if ord == "nuc" else (_largest if ord == 2 else amin)(values, -1)
    elif ord in (1, -1, math.inf, -math.inf):
        sums = A.abs().sum(-2 if abs(ord) == 1 else -1)
        out = (_largest if ord > 0 else amin)(sums, -1)
    else:
        raise RuntimeError(f"linalg.matrix_norm: order {ord!r} is not supported")
    if not keepdim:
        return out
    return out.unsqueeze(-1).unsqueeze(-1).movedim((-2, -1), (rows, columns))


def _largest(sizes: Any, dim: int) -> Any:
    """The largest of sizes, none of which is below 0, and 0 of nothing."""
    return amax(sizes, dim) if sizes.array.shape[dim] else sizes.sum(dim)


@numpy_names
def norm(
    A: Any, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """``vector_norm`` of everything or of one dimension, ``matrix_norm`` of two.

    Raises:
        RuntimeError: if ``ord`` is given without ``dim`` for more than two dimensions.
    """
    if ord is None:
        return vector_norm(A, 2, dim, keepdim, dtype=dtype)
    if dim is None and A.array.ndim not in (1, 2):
        raise RuntimeError(
            f"linalg.norm: with ord and without dim the input must be 1-D or 2-D, not "
            f"{A.array.ndim}-D"
        )
    two = A.array.ndim == 2 if dim is None else isinstance(dim, tuple | list) and len(dim) == 2
    if two:
        return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    return vector_norm(A, ord, dim, keepdim, dtype=dtype)


def cond(A: Any, p: Any = None) -> Tensor:
    """The condition number ``norm(A, p) * norm(inv(A), p)``; of singular values for 2 and -2."""
    if p in (None, 2, -2):
        values = svdvals(A)
        return values[..., -1] / values[..., 0] if p == -2 else values[..., 0] / values[..., -1]
    return matrix_norm(A, p) * matrix_norm(inv(A), p)
