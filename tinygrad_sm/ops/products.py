"""Products of tensors beyond matmul, and sums with them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..primitive import primitive
from .arrangement import diagonal
from .dims import axis_of
from .elementwise import cast
from .linear_algebra import bmm, check_product, dot, matmul, mv, outer

if TYPE_CHECKING:
    from ..tensor import Tensor


def _plus(input: Any, product: Any, beta: float, alpha: float) -> Any:
    """``beta * input + alpha * product``, where a beta of 0 leaves NaN in the input out."""
    kind = product.array.dtype
    if kind.kind != "f":
        beta, alpha = int(beta), int(alpha)
    product = product if alpha == 1 else product * alpha
    if beta == 0:
        return cast(product, kind)
    return cast((input if beta == 1 else input * beta) + product, kind)


def _fits(name: str, input: Any, product: Any) -> None:
    try:
        fits = np.broadcast_shapes(input.array.shape, product.array.shape) == product.array.shape
    except ValueError:
        fits = False
    if not fits or input.array.dtype != product.array.dtype:
        raise RuntimeError(
            f"{name}: input of shape {input.array.shape} and {input.array.dtype} does not expand to "
            f"the product's {product.array.shape} of {product.array.dtype}"
        )


def addmm(input: Any, mat1: Any, mat2: Any, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * mat1 @ mat2``."""
    if mat1.array.ndim != 2 or mat2.array.ndim != 2:
        raise RuntimeError(
            f"addmm: expected two matrices, not shapes {mat1.array.shape}, {mat2.array.shape}"
        )
    check_product("addmm", mat1, mat2)
    product = matmul(mat1, mat2)
    _fits("addmm", input, product)
    return _plus(input, product, beta, alpha)


def addmv(input: Any, mat: Any, vec: Any, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * mat @ vec``."""
    product = mv(mat, vec)
    _fits("addmv", input, product)
    return _plus(input, product, beta, alpha)


def addr(input: Any, vec1: Any, vec2: Any, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * outer(vec1, vec2)``."""
    product = outer(vec1, vec2)
    _fits("addr", input, product)
    return _plus(input, product, beta, alpha)


def baddbmm(input: Any, batch1: Any, batch2: Any, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * batch1 @ batch2`` for each matrix of a batch."""
    product = bmm(batch1, batch2)
    _fits("baddbmm", input, product)
    return _plus(input, product, beta, alpha)


def addbmm(input: Any, batch1: Any, batch2: Any, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * sum(batch1 @ batch2)`` over the batch."""
    product = bmm(batch1, batch2).sum(0, dtype=batch1.dtype)
    _fits("addbmm", input, product)
    return _plus(input, product, beta, alpha)


ger, vdot = outer, dot


def inner(input: Any, other: Any) -> Tensor:
    """Inner products over the last dimension of both: (..., n), (---, n) -> (..., ---)."""
    if not input.array.ndim or not other.array.ndim:
        return input * other
    if input.array.shape[-1] != other.array.shape[-1]:
        raise RuntimeError(
            f"inner: last dimensions must be equal, not {input.array.shape}, {other.array.shape}"
        )
    return tensordot(input, other, ([-1], [-1]))


def tensordot(a: Any, b: Any, dims: Any = 2) -> Tensor:
    """Products summed over several dimensions.

    Args:
        a: a tensor.
        b: a tensor.
        dims: how many of the last of a with the first of b; or two lists of dimensions.

    Raises:
        RuntimeError: if sizes, or numbers of dimensions, differ.
    """
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot: expects dims >= 0, but got dims={dims}")
        dims = (range(a.array.ndim - dims, a.array.ndim), range(dims))
    left, right = ([d] if isinstance(d, int) else [int(i) for i in d] for d in dims)
    left = [axis_of("tensordot", d, a.array.ndim) % a.array.ndim for d in left]
    right = [axis_of("tensordot", d, b.array.ndim) % b.array.ndim for d in right]
    for i, j in zip(left, right, strict=True):
        if a.array.shape[i] == 1 != b.array.shape[j]:
            b = b.sum(j, keepdim=True, dtype=b.dtype)
        if b.array.shape[j] == 1 != a.array.shape[i]:
            a = a.sum(i, keepdim=True, dtype=a.dtype)
    sizes = [a.array.shape[d] for d in left]
    if sizes != [b.array.shape[d] for d in right]:
        raise RuntimeError(
            f"tensordot: dimensions {left} of {a.array.shape} and {right} of {b.array.shape} do "
            "not match"
        )
    rows = [d for d in range(a.array.ndim) if d not in left]
    columns = [d for d in range(b.array.ndim) if d not in right]
    shape = [a.array.shape[d] for d in rows], [b.array.shape[d] for d in columns]
    n = math.prod(sizes)
    product = matmul(
        a.permute(*rows, *left).reshape(math.prod(shape[0]), n),
        b.permute(*right, *columns).reshape(n, math.prod(shape[1])),
    )
    return product.reshape(*shape[0], *shape[1]) if rows or columns else product.reshape(())


def kron(input: Any, other: Any) -> Tensor:
    """The Kronecker product: each element of ``input`` times all of ``other``, as a block."""
    ndim = max(input.array.ndim, other.array.ndim)
    a, b = ((1,) * (ndim - len(t.array.shape)) + tuple(t.array.shape) for t in (input, other))
    wide = input.reshape(tuple(n for size in a for n in (size, 1)))
    tall = other.reshape(tuple(n for size in b for n in (1, size)))
    return (wide * tall).reshape(tuple(n * m for n, m in zip(a, b, strict=True)))


def trace(input: Any) -> Tensor:
    """The sum of a matrix's diagonal."""
    if input.array.ndim != 2:
        raise RuntimeError(
            f"trace: expected a matrix, but got a tensor with dim {input.array.ndim}"
        )
    return diagonal(input).sum()


_BY_PRODUCT = "use_mm_for_euclid_dist"


def _distances(x: np.ndarray, y: np.ndarray, by_product: bool) -> np.ndarray:
    """Euclidean distances of rows, ``|x|^2 + |y|^2 - 2 x y`` under the root where that may be."""
    if by_product:
        squares = np.square(x).sum(-1)[..., None] + np.square(y).sum(-1)[..., None, :]
        squares -= 2 * (x @ np.swapaxes(y, -1, -2))
        return np.sqrt(np.maximum(squares, 0))
    return np.sqrt(np.square(x[..., None, :] - y[..., None, :, :]).sum(-1))


def _per_distance(g: Any, out: Any) -> Any:
    """``g / out``, and 0 where the distance is 0."""
    return g / np.where(np.equal(out, 0), np.inf, out)


def _towards(r: Any, x: Any, y: Any) -> Any:
    """The sum of ``r (x - y)`` over all rows y."""
    return np.sum(r, -1)[..., None] * x - np.matmul(r, y)


_euclidean = primitive(
    _distances,
    name="cdist",
    x=lambda g, x, y, out: _towards(_per_distance(g, out), x, y),
    y=lambda g, x, y, out: _towards(np.swapaxes(_per_distance(g, out), -1, -2), y, x),
)


def cdist(x1: Any, x2: Any, p: float = 2.0, compute_mode: str | None = None) -> Tensor:
    """The p-norms of differences of all pairs of rows: (..., n, k), (..., m, k) -> (..., n, m).

    Args:
        x1: rows.
        x2: rows of the same size.
        p: the order of the norm.
        compute_mode: ``"use_mm_for_euclid_dist"``: by a product of matrices, which is fast and loses
            small distances to rounding; by default from more than 25 rows on;
            ``"donot_use_mm_for_euclid_dist"``: never.

    Raises:
        RuntimeError: if rows have different sizes.
    """
    if x1.array.ndim < 2 or x2.array.ndim < 2 or x1.array.shape[-1] != x2.array.shape[-1]:
        raise RuntimeError(
            f"cdist: expected matrices with rows of one size, not {x1.array.shape}, "
            f"{x2.array.shape}"
        )
    if p == 2 and x1.array.dtype == x2.array.dtype and x1.array.dtype.char in "fd":
        many = max(x1.array.shape[-2], x2.array.shape[-2]) > 25
        by_product = compute_mode == _BY_PRODUCT or (
            many and compute_mode in (None, f"{_BY_PRODUCT}_if_necessary")
        )
        return _euclidean(x1, x2, by_product)
    return (x1.unsqueeze(-2) - x2.unsqueeze(-3)).norm(p, -1)
