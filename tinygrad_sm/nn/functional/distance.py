"""How near vectors are to each other, and the losses that ask for it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...dtypes import promote
from ...ops.assembly import broadcast_tensors
from ...ops.elementwise import minimum, where
from ...ops.reduction import norm
from ...tensor import Tensor
from .reduction import chosen, reduced


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """``x1 . x2 / (|x1| |x2|)`` along ``dim``, with norms of at least ``eps``; broadcast."""
    if x1.array.shape != x2.array.shape:
        x1, x2 = broadcast_tensors(x1, x2)
    if x1.array.dtype != x2.array.dtype:
        kind = promote(x1.array, x2.array)
        x1, x2 = x1.to(kind), x2.to(kind)
    scaled = [x / norm(x, 2, dim, True).clamp(min=eps) for x in (x1, x2)]
    return (scaled[0] * scaled[1]).sum(dim)


def pairwise_distance(
    x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """The p-norm of ``x1 - x2 + eps`` along the last dimension; broadcast."""
    return norm(x1 - x2 + eps, p, -1, keepdim)


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The p-norms of the differences of all pairs of rows (N, M): (N (N - 1) / 2,).

    Raises:
        RuntimeError: for something else than a matrix.
    """
    if input.array.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.array.ndim}D")
    first, second = np.triu_indices(len(input.array), 1)
    return norm(input[first] - input[second], p, -1)


def normalize(
    input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Tensor | None = None
) -> Tensor:
    """The input over its p-norm along ``dim``, which is taken to be at least ``eps``."""
    result = input / norm(input, p, dim, True).clamp(min=eps)
    return result if out is None else out.copy_(result)


# --- losses -----------------------------------------------------------------------------------------


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``1 - cos`` of pairs with the label 1, ``max(0, cos - margin)`` of those with -1.

    Args:
        input1: (N, D) or (D,).
        input2: the same.
        target: (N,) or ().
        margin: how similar pairs with -1 may be.
        size_average: PyTorch's older way to say ``reduction``.
        reduce: PyTorch's older way to say ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        RuntimeError: if shapes do not fit.
    """
    reduction = chosen(size_average, reduce, reduction)
    if target.array.ndim not in (0, 1) or input1.array.ndim != target.array.ndim + 1:
        raise RuntimeError(
            f"cosine_embedding_loss: {target.array.ndim}D target tensor expects "
            f"{target.array.ndim + 1}D input tensors, but found inputs with sizes "
            f"{input1.array.shape} and {input2.array.shape}"
        )
    dots, first, second = (
        (x * y).sum(-1) for x, y in ((input1, input2), (input1, input1), (input2, input2))
    )
    cosine = dots / ((first + 1e-12) * (second + 1e-12)).sqrt()
    apart = where(target == -1, (cosine - margin).clamp(min=0), 0.0)
    loss = where(target == 1, 1 - cosine, 0.0) + apart
    return reduced("cosine_embedding_loss", loss, reduction)


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``x`` where the label is 1, ``max(0, margin - x)`` where it is -1."""
    reduction = chosen(size_average, reduce, reduction)
    apart = where(target != 1, (margin - input).clamp(min=0), 0.0)
    loss = apart + where(target != -1, input, 0.0)
    return reduced("hinge_embedding_loss", loss, reduction)


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, -y (x1 - x2) + margin)``: which of two scores shall be larger.

    Raises:
        RuntimeError: if the numbers of dimensions differ.
    """
    reduction = chosen(size_average, reduce, reduction)
    if not input1.array.ndim == input2.array.ndim == target.array.ndim:
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"{input1.array.shape}, {input2.array.shape}, {target.array.shape}"
        )
    loss = (-target * (input1 - input2) + float(margin)).clamp(min=0)
    return reduced("margin_ranking_loss", loss, reduction)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, d(a, p) - d(a, n) + margin)`` with the p-norm as the distance.

    Args:
        anchor: (N, D) or (D,).
        positive: what shall be near.
        negative: what shall be farther away.
        margin: by how much; positive.
        p: the order of the norm.
        eps: added to the differences.
        swap: take the nearer of anchor and positive for the distance of the negative
            (Balntas et al., 2016).
        size_average: PyTorch's older way to say ``reduction``.
        reduce: PyTorch's older way to say ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: for a margin that is not positive.
    """
    reduction = chosen(size_average, reduce, reduction)
    return _triplets(
        "triplet_margin_loss",
        (anchor, positive, negative),
        lambda a, b: pairwise_distance(a, b, p, eps),
        margin,
        swap,
        reduction,
    )


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """``triplet_margin_loss`` with any distance; by default ``pairwise_distance``."""
    return _triplets(
        "triplet_margin_with_distance_loss",
        (anchor, positive, negative),
        distance_function or pairwise_distance,
        margin,
        swap,
        reduction,
    )


def _triplets(
    name: str,
    triplet: tuple[Tensor, Tensor, Tensor],
    distance: Callable[[Tensor, Tensor], Tensor],
    margin: float,
    swap: bool,
    reduction: str,
) -> Tensor:
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{name}: {reduction} is not a valid value for reduction")
    if margin <= 0:
        raise ValueError(f"{name}: margin must be greater than 0, got {margin}")
    if len({x.array.ndim for x in triplet}) > 1:
        raise RuntimeError(
            f"{name}: The anchor, positive, and negative tensors are expected to have the same "
            f"number of dimensions, but got shapes {[x.array.shape for x in triplet]}"
        )
    anchor, positive, negative = triplet
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return reduced(name, (margin + near - far).clamp(min=0), reduction)
