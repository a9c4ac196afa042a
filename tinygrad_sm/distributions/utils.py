"""What the distributions share: broadcast parameters, logits and probabilities, random streams."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..dtypes import finfo, get_default_dtype
from ..nn import functional as F
from ..ops.creation import as_tensor
from ..ops.random import default_generator, sample
from ..tape import Value, enable_grad, wrap
from ..tensor import Tensor

euler_constant = 0.57721566490153286060


def broadcast_all(*values: Any) -> tuple[Tensor, ...]:
    """Tensors of one shape, from tensors and numbers; numbers take the dtype of the first tensor.

    Raises:
        ValueError: for something that is neither.
    """
    kinds = [v.dtype for v in values if isinstance(v, Tensor)] or [get_default_dtype()]
    for value in values:
        if not isinstance(value, Value | int | float | np.number):
            raise ValueError(
                "Input arguments must all be instances of Number or Tensor, not "
                f"{type(value).__name__}"
            )
    tensors = [v if isinstance(v, Tensor) else as_tensor(v, dtype=kinds[0]) for v in values]
    shape = np.broadcast_shapes(*(t.shape for t in tensors))
    return tuple(t if t.shape == shape else t.expand(shape) for t in tensors)


def the_matrix(**given: Tensor | None) -> tuple[str, Tensor]:
    """The one matrix that was given, or a batch of them, and which of the arguments it is.

    Raises:
        ValueError: for none, for several, or for fewer than two dimensions.
    """
    matrices = {name: matrix for name, matrix in given.items() if matrix is not None}
    if len(matrices) != 1:
        raise ValueError(f"Exactly one of {' or '.join(given)} may be specified.")
    ((name, matrix),) = matrices.items()
    if matrix.ndim < 2:
        raise ValueError(
            f"{name} must be at least two-dimensional, with optional leading batch dimensions"
        )
    return name, matrix


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """Probabilities from log-odds (binary), or from log-probabilities up to a constant."""
    return logits.sigmoid() if is_binary else F.softmax(logits, dim=-1)


def clamp_probs(probs: Tensor) -> Tensor:
    """Probabilities kept away from 0 and 1 by the dtype's precision."""
    eps = finfo(probs.dtype).eps
    return probs.clamp(min=eps, max=1 - eps)


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """Log-odds (binary) or log-probabilities from probabilities, which are kept off 0 and 1."""
    kept = clamp_probs(probs)
    return kept.log() - (-kept).log1p() if is_binary else kept.log()


def sum_rightmost(value: Tensor, dims: int) -> Tensor:
    """The sum over the last dimensions."""
    return value.sum(tuple(range(-dims, 0))) if dims else value


_sum_rightmost = sum_rightmost


def vec_to_tril_matrix(vec: Tensor, diag: int = 0) -> Tensor:
    """Vectors as the lower triangles of square matrices, row by row; 0 above.

    Args:
        vec: (..., k).
        diag: the highest diagonal that is filled.
    """
    k = vec.shape[-1]
    n = (-(1 + 2 * diag) + ((1 + 2 * diag) ** 2 + 8 * k + 4 * abs(diag) * (diag + 1)) ** 0.5) / 2
    size = round(n)
    if abs(n - size) > 1e-4:
        raise ValueError(f"{k} numbers do not fill the lower triangle of a square matrix")
    rows, columns = np.tril_indices(size, diag)
    places = np.zeros((size, size), np.int64)
    places[rows, columns] = np.arange(k)
    filled = np.tril(np.ones((size, size)), diag).astype(vec.array.dtype)
    return vec[..., places] * wrap(filled)


def tril_matrix_to_vec(mat: Tensor, diag: int = 0) -> Tensor:
    """The lower triangles of square matrices as vectors, row by row.

    Args:
        mat: (..., n, n).
        diag: the highest diagonal that is taken, within +-n.

    Raises:
        ValueError: for a diagonal that there is not.
    """
    n = mat.shape[-1]
    if diag < -n or diag >= n:
        raise ValueError(f"diag ({diag}) provided is outside [{-n}, {n - 1}].")
    rows, columns = np.tril_indices(n, diag)
    return mat[..., rows, columns]


class lazy_property:
    """A property that is computed when first asked for, recorded on the tape, and kept."""

    def __init__(self, compute: Callable[[Any], Any]) -> None:
        self._compute = compute
        functools.update_wrapper(self, compute)  # type: ignore[arg-type]

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        with enable_grad():
            value = self._compute(instance)
        instance.__dict__[self._compute.__name__] = value
        return value


# --- random numbers -------------------------------------------------------------------------------


def standard_normal(shape: Any, like: Tensor) -> Tensor:
    """Normal numbers in the dtype of a tensor."""
    kind = like.array.dtype
    return sample(lambda s: default_generator.normal(math.prod(s), kind).reshape(s), tuple(shape))


def standard_uniform(shape: Any, like: Tensor) -> Tensor:
    """Uniform numbers in [0, 1) in the dtype of a tensor."""
    kind = like.array.dtype
    return sample(lambda s: default_generator.uniform(math.prod(s), kind).reshape(s), tuple(shape))


def standard_exponential(shape: Any, like: Tensor) -> Tensor:
    """Exponential numbers of rate 1 in the dtype of a tensor."""
    kind = like.array.dtype

    def draw(sizes: tuple[int, ...]) -> np.ndarray:
        uniform = default_generator.uniform(math.prod(sizes), np.dtype(np.float64))
        return -np.log1p(-uniform).reshape(sizes).astype(kind)

    return sample(draw, tuple(shape))


def open_uniform(shape: Any, like: Tensor) -> Tensor:
    """Uniform numbers in (0, 1), away from both ends by the dtype's precision."""
    return clamp_probs(standard_uniform(shape, like))
