"""Products and powers of matrices, and products of vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..ops.arrangement import diagonal as _diagonal
from ..ops.arrangement import roll
from ..ops.dims import axis_of
from ..ops.elementwise import cast
from ..ops.in_place import overwrite
from ..ops.linear_algebra import matmul
from ..tape import values_of, wrap
from .checks import need_square
from .solvers import inv

if TYPE_CHECKING:
    from ..tensor import Tensor


def _identity(A: Any) -> Any:
    n = A.array.shape[-1]
    return wrap(np.broadcast_to(np.eye(n, dtype=A.array.dtype), A.array.shape).copy())


def matrix_power(A: Any, n: int) -> Tensor:
    """``A @ A @ ...``, n times, by repeated squaring; of the inverse for a negative n."""
    need_square("linalg.matrix_power", A)
    if n < 0:
        return matrix_power(inv(A), -n)
    if n == 0:
        return overwrite(A, _identity(A))
    half = matrix_power(A, n // 2) if n > 1 else None
    if half is None:
        return A.clone()
    square = matmul(half, half)
    return matmul(square, A) if n % 2 else square


def matrix_exp(A: Any) -> Tensor:
    """The matrix exponential: a Taylor series of ``A / 2**s``, squared s times.

    With norms up to 1/2 the terms left out, from degree 15 on, are below float64's precision
    (Moler and Van Loan, 2003, method 3).
    """
    if A.array.dtype == np.float16:
        return cast(matrix_exp(cast(A, np.dtype(np.float32))), A.array.dtype)
    need_square("linalg.matrix_exp", A)
    if not A.array.size:
        return A.clone()
    size = float(np.abs(values_of(A)).sum(-2).max(initial=0.0))
    squarings = max(0, math.ceil(math.log2(size)) + 1) if 0 < size < math.inf else 0
    small = A / 2.0**squarings
    one = _identity(A)
    out = one + small / 14
    for k in range(13, 0, -1):
        out = one + matmul(small, out) / k
    for _ in range(squarings):
        out = matmul(out, out)
    return out


def multi_dot(tensors: Sequence[Any]) -> Tensor:
    """The product of two or more matrices, in the order that takes the fewest multiplications.

    The first and the last may be vectors.

    Raises:
        RuntimeError: for fewer than two tensors.
    """
    matrices = list(tensors)
    if len(matrices) < 2:
        raise RuntimeError(f"multi_dot: expected at least 2 tensors, but got {len(matrices)}")
    row, column = matrices[0].array.ndim == 1, matrices[-1].array.ndim == 1
    if row:
        matrices[0] = matrices[0].unsqueeze(0)
    if column:
        matrices[-1] = matrices[-1].unsqueeze(1)
    for m in matrices:
        if m.array.ndim != 2:
            raise RuntimeError(f"multi_dot: expected 2-D tensors, but one is {m.array.shape}")
    sizes = [m.array.shape[0] for m in matrices] + [matrices[-1].array.shape[1]]
    out = _multiply(matrices, _cuts(sizes), 0, len(matrices) - 1)
    out = out.squeeze(0) if row else out
    return out.squeeze(-1) if column else out


def _cuts(sizes: list[int]) -> dict[tuple[int, int], int]:
    """For each run of matrices where to split it (Cormen et al., matrix-chain multiplication)."""
    n = len(sizes) - 1
    cost = {(i, i): 0 for i in range(n)}
    cut = {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            cost[i, j], cut[i, j] = min(
                (cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k)
                for k in range(i, j)
            )
    return cut


def _multiply(matrices: list[Any], cut: dict[tuple[int, int], int], i: int, j: int) -> Any:
    if i == j:
        return matrices[i]
    k = cut[i, j]
    return matmul(_multiply(matrices, cut, i, k), _multiply(matrices, cut, k + 1, j))


def cross(input: Any, other: Any, *, dim: int = -1) -> Tensor:
    """The vector product along a dimension of size 3; other dimensions broadcast.

    Raises:
        RuntimeError: if a size is not 3.
    """
    if input.array.ndim != other.array.ndim:
        raise RuntimeError(
            f"linalg.cross: inputs must have the same number of dimensions, not {input.array.ndim} "
            f"and {other.array.ndim}"
        )
    shape = np.broadcast_shapes(input.array.shape, other.array.shape)
    axis = axis_of("linalg.cross", dim, len(shape))
    for x in (input, other):
        if x.array.ndim < -axis or x.array.shape[axis] != 3:
            raise RuntimeError(
                f"linalg.cross: dimension {dim} must have size 3 in both, but shapes are "
                f"{input.array.shape} and {other.array.shape}"
            )
    return roll(input, -1, axis) * roll(other, -2, axis) - roll(input, -2, axis) * roll(
        other, -1, axis
    )


def vecdot(x: Any, y: Any, *, dim: int = -1) -> Tensor:
    """The inner products of vectors along ``dim``."""
    return (x * y).sum(dim)


def vander(x: Any, *, N: int | None = None) -> Tensor:
    """Powers 0 ... N-1 of each element, in a new last dimension."""
    x = x if x.array.ndim else x.reshape(1)
    count = x.array.shape[-1] if N is None else N
    return x.unsqueeze(-1) ** wrap(np.arange(count))


def diagonal(A: Any, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonals of matrices in two dimensions, the last ones by default; a view."""
    return _diagonal(A, offset, dim1, dim2)
