"""Weights as length times direction, or over their largest singular value."""

from __future__ import annotations

import numpy as np

from ...tape import wrap
from ...tensor import Tensor
from ..functional.distance import normalize


def norm_except_dim(v: Tensor, power: int = 2, dim: int | None = 0) -> Tensor:
    """The norm over all dimensions but one, which keeps its place; over all for ``None`` or -1."""
    if dim is None or dim == -1:
        return v.norm(power)
    others = tuple(i for i in range(v.ndim) if i != dim % v.ndim)
    return v.norm(power, others, keepdim=True)


def weight_of(v: Tensor, g: Tensor, dim: int | None = 0) -> Tensor:
    """A weight from its direction and its length: ``v g / |v|`` (Salimans and Kingma, 2016)."""
    return v * (g / norm_except_dim(v, 2, dim))


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """A weight as a matrix whose rows are the given dimension."""
    if dim % weight.ndim:
        order = [dim, *(i for i in range(weight.ndim) if i != dim)]
        weight = weight.permute(*order)
    return weight.reshape(weight.array.shape[0], -1)


def power_steps(matrix: np.ndarray, u: Tensor, v: Tensor, steps: int, eps: float) -> None:
    """Turn u and v towards the first singular vectors, in place (Miyato et al., 2018)."""
    for _ in range(steps):
        u.copy_(normalize(wrap(matrix @ v.array), dim=0, eps=eps))
        v.copy_(normalize(wrap(matrix.T @ u.array), dim=0, eps=eps))
