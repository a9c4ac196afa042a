"""Products of vectors and matrices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..dtypes import BOOL, promote
from ..primitive import primitive, unsupported
from ..tape import Value
from .kernels import matrix_product

if TYPE_CHECKING:
    from ..tensor import Tensor


def _mT(x: Any) -> Any:
    return np.swapaxes(x, -1, -2)


_matmul = primitive(
    matrix_product,
    name="mm",
    linear=("x", "y"),
    x=lambda g, y: matrix_product(g, _mT(y)),
    y=lambda g, x, shape: _left_product(x, g, len(shape)),
)


def _left_product(x: Any, g: Any, ndim: int) -> Any:
    """``x^T g``; batches of rows against one matrix are one long product."""
    if ndim == 2 and len(x.shape) > 2:
        rows = math.prod(x.shape[:-1])
        x, g = x.reshape(rows, x.shape[-1]), g.reshape(rows, g.shape[-1])
    return matrix_product(_mT(x), g)


_dot = primitive(
    lambda x, y: np.dot(x, y),
    name="dot",
    linear=("x", "y"),
    x=lambda g, y: g * y,
    y=lambda g, x: g * x,
)


def check_product(name: str, x: Any, y: Any) -> None:
    """Refuse two tensors that have no matrix product.

    Raises:
        RuntimeError: if inner sizes or dtypes differ, or a tensor is 0-d.
    """
    if x.array.dtype != y.array.dtype:
        raise RuntimeError(
            f"{name}: expected both tensors to have the same dtype, but got {x.dtype} and "
            f"{y.dtype}: convert one with .to(...)"
        )
    if x.array.dtype == BOOL and x.array.size and y.array.size:
        raise unsupported(name, x.array)
    a, b = x.array.shape, y.array.shape
    if not a or not b:
        raise RuntimeError(f"{name}: both arguments need at least 1 dimension: use * for scalars")
    inner = b[-2] if len(b) > 1 else b[0]
    if a[-1] != inner:
        raise RuntimeError(
            f"{name}: shapes {a} and {b} cannot be multiplied: the last dimension of the first "
            f"is {a[-1]}, the {'second-last' if len(b) > 1 else 'only'} one of the second is "
            f"{inner}. Transpose one (.mT), or check the layer's sizes."
        )


def matmul(input: Any, other: Any) -> Tensor:
    """The matrix product; vectors and batches as in PyTorch and NumPy.

    Shapes: (n), (n) -> (); (n, k), (k, m) -> (n, m); batch dimensions in front broadcast.

    Raises:
        RuntimeError: if inner sizes or dtypes differ, or a tensor is 0-d.
    """
    input, other = _as_values(input, other)
    check_product("matmul", input, other)
    a, b = input.array.shape, other.array.shape
    if len(a) == len(b) == 1:
        return _dot(input, other)
    if len(a) == 1:
        return _matmul(input.unsqueeze(0), other).squeeze(-2)
    if len(b) == 1:
        return _matmul(input, other.unsqueeze(1)).squeeze(-1)
    try:
        return _matmul(input, other)
    except ValueError as error:
        raise RuntimeError(f"matmul: batch dimensions of {a} and {b} do not broadcast") from error


def _as_values(x: Any, y: Any) -> tuple[Any, Any]:
    if isinstance(x, Value) and isinstance(y, Value):
        return x, y
    known: Any = x if isinstance(x, Value) else y
    return (
        x if isinstance(x, Value) else known.new_tensor(x),
        y if isinstance(y, Value) else known.new_tensor(y),
    )


def _exact(name: str, input: Any, other: Any, ndim: tuple[int, int]) -> Tensor:
    a, b = input.array.shape, other.array.shape
    if (len(a), len(b)) != ndim:
        raise RuntimeError(
            f"{name}: expected {ndim[0]}-D and {ndim[1]}-D tensors, but got shapes {a} and {b}"
        )
    if name == "bmm" and a[0] != b[0]:
        raise RuntimeError(f"bmm: expected the same batch size, but got shapes {a} and {b}")
    check_product(name, input, other)
    return matmul(input, other)


def mm(input: Any, mat2: Any) -> Tensor:
    """The product of two matrices: (n, k), (k, m) -> (n, m)."""
    return _exact("mm", input, mat2, (2, 2))


def bmm(input: Any, mat2: Any) -> Tensor:
    """Products of two batches of matrices: (b, n, k), (b, k, m) -> (b, n, m)."""
    return _exact("bmm", input, mat2, (3, 3))


def mv(input: Any, vec: Any) -> Tensor:
    """A matrix times a vector: (n, k), (k) -> (n)."""
    return _exact("mv", input, vec, (2, 1))


def dot(input: Any, tensor: Any) -> Tensor:
    """The inner product of two vectors."""
    return _exact("dot", input, tensor, (1, 1))


def outer(input: Any, vec2: Any) -> Tensor:
    """All products of two vectors' elements: (n), (m) -> (n, m)."""
    if input.array.ndim != 1 or vec2.array.ndim != 1:
        raise RuntimeError(
            f"outer: expected 1-D tensors, not shapes {input.array.shape}, {vec2.array.shape}"
        )
    return input.unsqueeze(1) * vec2.unsqueeze(0)


# --- einsum ----------------------------------------------------------------------------------------


def einsum(equation: str, *operands: Any) -> Tensor:
    """Sums of products named by letters, as NumPy and PyTorch have them.

    Repeated letters in one operand take a diagonal; sizes of 1 broadcast; ``...`` stands for
    batch dimensions. Evaluated two operands at a time as transposed matrix products.

    Raises:
        RuntimeError: if the equation does not fit the operands.

    >>> import tinygrad_sm as sg
    >>> sg.einsum("ij,jk->ik", sg.eye(2), sg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[1., 2.],
            [3., 4.]])
    """
    if len(operands) == 1 and isinstance(operands[0], list | tuple):
        operands = tuple(operands[0])
    terms, result = _parse(equation, [x.array.ndim for x in operands])
    kind = promote(*(x.array for x in operands))
    prepared = [
        _take_diagonals(x if x.array.dtype == kind else x.to(kind), term)
        for x, term in zip(operands, terms, strict=True)
    ]
    _check_sizes(equation, prepared)
    value, letters = prepared[0]
    for i, (right, term) in enumerate(prepared[1:], 2):
        later = set(result).union(*(t for _, t in prepared[i:]))
        value, letters = _contract(value, letters, right, term, later)
    return _finish(value, letters, result)


def _parse(equation: str, ndims: list[int]) -> tuple[list[str], str]:
    """Letters for each operand and the result; ``...`` becomes capitals not otherwise used."""
    left, arrow, result = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(ndims):
        raise RuntimeError(f"einsum: {equation!r} names {len(terms)} operands, got {len(ndims)}")
    spare = [chr(c) for c in range(0x3B1, 0x3B1 + 24)]
    widest = 0
    full = []
    for term, ndim in zip(terms, ndims, strict=True):
        named = len(term.replace("...", ""))
        batch = ndim - named
        if batch < 0 or (batch and "..." not in term):
            raise RuntimeError(
                f"einsum: {term!r} in {equation!r} names {named} dimensions of an operand that "
                f"has {ndim}"
            )
        widest = max(widest, batch)
        full.append(term.replace("...", "".join(spare[24 - batch :])))
    dots = "".join(spare[24 - widest :])
    if arrow:
        result = result.replace("...", dots)
    else:
        letters = "".join(full)
        result = dots + "".join(
            sorted(c for c in set(letters) - set(dots) if letters.count(c) == 1)
        )
    if len(set(result)) < len(result) or not set(result) <= set("".join(full)):
        raise RuntimeError(f"einsum: the result of {equation!r} repeats or invents a letter")
    return full, result


def _take_diagonals(x: Any, term: str) -> tuple[Any, str]:
    for c in dict.fromkeys(term):
        while term.count(c) > 1:
            i = term.index(c)
            j = term.index(c, i + 1)
            n = x.array.shape[i]
            if n != x.array.shape[j]:
                raise RuntimeError(f"einsum: {c!r} has sizes {n} and {x.array.shape[j]}")
            x = diagonal(x, i, j)
            term = term[:i] + term[i + 1 : j] + term[j + 1 :] + c
    return x, term


def diagonal(x: Any, i: int, j: int) -> Any:
    """The diagonal of two dimensions, put last."""
    steps = np.arange(x.array.shape[i])
    order = [k for k in range(x.array.ndim) if k not in (i, j)]
    moved = x.permute(i, j, *order)[steps, steps]
    return moved.permute(*range(1, moved.array.ndim), 0)


def _check_sizes(equation: str, prepared: list[tuple[Any, str]]) -> None:
    sizes: dict[str, int] = {}
    for x, term in prepared:
        for c, n in zip(term, x.array.shape, strict=True):
            if n != 1 and sizes.setdefault(c, n) != n:
                raise RuntimeError(
                    f"einsum: in {equation!r} the letter {c!r} has the sizes {sizes[c]} and {n}"
                )


def _contract(a: Any, la: str, b: Any, lb: str, later: set[str]) -> tuple[Any, str]:
    """Sum out the letters that nothing later needs, by one batched matrix product."""
    a, la = _sum_out(a, la, [c for c in la if c not in lb and c not in later])
    b, lb = _sum_out(b, lb, [c for c in lb if c not in la and c not in later])
    sizes = {c: n for x, t in ((a, la), (b, lb)) for c, n in zip(t, x.array.shape, strict=True)}
    for c, n in zip(la, a.array.shape, strict=True):
        sizes[c] = max(n, sizes[c]) if n != 0 and sizes[c] != 0 else 0
    shared = [c for c in la if c in lb]
    inner = [c for c in shared if c not in later]
    batch = [c for c in shared if c in later]
    rows = [c for c in la if c not in lb]
    columns = [c for c in lb if c not in la]
    left = _grouped(a, la, (batch, rows, inner), sizes)
    right = _grouped(b, lb, (batch, inner, columns), sizes)
    letters = [*batch, *rows, *columns]
    return matmul(left, right).reshape(tuple(sizes[c] for c in letters)), "".join(letters)


def _grouped(x: Any, term: str, groups: Any, sizes: dict[str, int]) -> Any:
    order = [c for group in groups for c in group]
    x = x.permute(*(term.index(c) for c in order)).expand(tuple(sizes[c] for c in order))
    return x.reshape(tuple(int(np.prod([sizes[c] for c in group])) for group in groups))


def _sum_out(x: Any, term: str, letters: list[str]) -> tuple[Any, str]:
    if not letters:
        return x, term
    x = x.sum(tuple(term.index(c) for c in letters), dtype=x.dtype)
    return x, "".join(c for c in term if c not in letters)


def _finish(value: Any, letters: str, result: str) -> Any:
    left = [c for c in letters if c not in result]
    if left:
        value = value.sum(tuple(letters.index(c) for c in left))
        letters = "".join(c for c in letters if c not in left)
    return value.permute(*(letters.index(c) for c in result)).contiguous()
