"""What is looked up rather than computed: rows of a table, and labels as rows."""

from __future__ import annotations

import numpy as np

from ...ops.elementwise import where
from ...ops.embedding import embedding as _embedding
from ...ops.embedding import frequency_shares
from ...ops.indexing import collect, getitem
from ...ops.shape import cat
from ...tape import values_of, wrap, written
from ...tensor import Tensor


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Rows of ``weight`` (entries, width) by index: (...) to (..., width).

    Args:
        input: the indices.
        weight: the table.
        padding_idx: a row that gets no gradient; counted from the end if negative.
        max_norm: rows of a larger norm are scaled down to it first, in the table itself.
        norm_type: the order of that norm.
        scale_grad_by_freq: divide each row's gradient by how often it was looked up.
        sparse: accepted; gradients are dense, which changes no value.

    Raises:
        IndexError: for an index that is no row, naming it.
        RuntimeError: for indices that are no integers.
        AssertionError: for a ``padding_idx`` that is no row, as in PyTorch.
    """
    index = _checked("embedding", input, weight)
    rows, kind = weight.array.shape[0], weight.array.dtype
    if padding_idx is not None and not -rows <= padding_idx < rows:
        raise AssertionError(f"embedding: padding_idx must be within the {rows} rows")
    if max_norm is not None:
        _shrink(weight, index, max_norm, norm_type)
    if input.level or weight.level:
        return _looked_up(input, weight, padding_idx, scale_grad_by_freq)
    share = frequency_shares(index, rows, kind)[..., None] if scale_grad_by_freq else None
    if padding_idx is not None:
        trained = (index != padding_idx % rows)[..., None].astype(kind)
        share = trained if share is None else trained * share
    return _embedding(weight, index, share)


def _looked_up(
    input: Tensor, weight: Tensor, padding_idx: int | None, scale_grad_by_freq: bool
) -> Tensor:
    """The rows by operations alone, for indices or tables that differ by sample under ``vmap``."""
    if scale_grad_by_freq:
        raise RuntimeError("embedding: scale_grad_by_freq does not work under vmap, grad or jvp")
    rows = weight[input]
    if padding_idx is None:
        return rows
    frozen = (input == padding_idx % weight.array.shape[0]).unsqueeze(-1)
    return where(frozen, rows.detach(), rows)


def _checked(name: str, input: Tensor, weight: Tensor) -> np.ndarray:
    index = values_of(input)
    if index.dtype not in (np.int64, np.int32):
        raise RuntimeError(
            f"{name}: Expected tensor for indices to have scalar type Long or Int, but got "
            f"{input.dtype}: use .long()"
        )
    if weight.array.ndim != 2:
        raise RuntimeError(f"{name}: 'weight' must be 2-D, not of shape {weight.array.shape}")
    rows = weight.array.shape[0]
    bad = (index < 0) | (index >= rows)
    if bad.any():
        raise IndexError(
            f"{name}: index out of range in self: {index[bad].flat[0]} is no row, there are {rows}"
        )
    return index


def _shrink(weight: Tensor, index: np.ndarray, max_norm: float, order: float) -> None:
    """Scale the rows that are looked up down to a norm, in place and off the tape."""
    used = np.unique(index)
    norms = np.linalg.norm(weight.array[used], order, axis=1)
    large = norms > max_norm
    if large.any():
        factors = (max_norm / (norms[large] + 1e-7)).astype(weight.array.dtype)
        weight.array[used[large]] *= factors[:, None]
        written(weight)


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The sums, means or maxima of bags of rows of ``weight`` (entries, width).

    Args:
        input: indices (bags, size), or (n,) cut into bags by ``offsets``.
        weight: the table.
        offsets: where each bag of a 1-d ``input`` begins.
        max_norm: as ``embedding`` has it.
        norm_type: as ``embedding`` has it.
        scale_grad_by_freq: as ``embedding`` has it; not with ``"max"``.
        mode: ``"sum"``, ``"mean"`` or ``"max"``; an empty bag gives zeros.
        sparse: accepted; gradients are dense.
        per_sample_weights: a factor for each index, with ``"sum"`` only.
        include_last_offset: whether ``offsets`` ends with the length of ``input``.
        padding_idx: an index that bags do not count.

    Returns:
        (bags, width).

    Raises:
        ValueError: for shapes, or a mode, that do not fit.
        NotImplementedError: for weights with another mode than ``"sum"``.
        RuntimeError: for a ``padding_idx`` that is no row.
    """
    if per_sample_weights is not None and per_sample_weights.array.shape != input.array.shape:
        raise ValueError(
            f"embedding_bag: per_sample_weights have shape {per_sample_weights.array.shape}, the "
            f"input {input.array.shape}: they must be equal"
        )
    if mode not in ("sum", "mean", "max"):
        raise ValueError(f"embedding_bag: mode has to be one of sum, mean or max, not {mode!r}")
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None, but mode is "
            f"{mode!r}: only 'sum' takes weights"
        )
    known = weight.array.shape[0]
    if padding_idx is not None and not -known <= padding_idx < known:
        raise RuntimeError(f"embedding_bag: padding_idx {padding_idx} is none of the {known} rows")
    starts = _starts(input, offsets, include_last_offset)
    index = input.reshape(-1)
    count = len(starts) - 1
    bags = np.repeat(np.arange(count), np.diff(starts))
    rows = embedding(index, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq)
    kept = np.ones(len(bags), bool)
    if padding_idx is not None:
        kept = index.array != padding_idx % weight.array.shape[0]
    if per_sample_weights is not None:
        rows = rows * per_sample_weights.reshape(-1, 1)
    if mode == "max":
        return _largest_of_bags(rows, bags, kept, count)
    if not kept.all():
        rows, bags = rows[np.flatnonzero(kept)], bags[kept]
    total: Tensor = collect(rows, bags, (count, weight.array.shape[1]))
    if mode == "sum":
        return total
    sizes = np.maximum(np.bincount(bags, minlength=count), 1).astype(weight.array.dtype)
    return total / wrap(sizes[:, None])


def _starts(input: Tensor, offsets: Tensor | None, include_last: bool) -> np.ndarray:
    """Where each bag begins in the flat input, and where the last one ends."""
    if input.array.ndim == 2:
        if offsets is not None:
            raise ValueError("embedding_bag: a 2-d input is bags already: offsets has to be None")
        bags, size = input.array.shape
        return np.arange(bags + 1) * size
    if input.array.ndim != 1 or offsets is None or offsets.array.ndim != 1:
        raise ValueError(
            "embedding_bag: expected a 2-d input, or a 1-d input with 1-d offsets, but got shapes "
            f"{input.array.shape} and {None if offsets is None else offsets.array.shape}"
        )
    starts, length = offsets.array, len(input.array)
    if (len(starts) and starts[0] != 0) or (starts > length).any() or (np.diff(starts) < 0).any():
        raise ValueError(
            f"embedding_bag: offsets must begin with 0, rise, and stay within the length {length} "
            f"of the input, but got {starts.tolist()}"
        )
    return starts if include_last else np.append(starts, length)


def _largest_of_bags(rows: Tensor, bags: np.ndarray, kept: np.ndarray, count: int) -> Tensor:
    width = rows.array.shape[1]
    places = np.flatnonzero(kept)
    sizes = np.bincount(bags[places], minlength=count)
    table = np.full((count, max(int(sizes.max(initial=0)), 1)), len(bags))
    table[np.arange(table.shape[1]) < sizes[:, None]] = places
    lowest = wrap(np.full((1, width), -np.inf, rows.array.dtype))
    largest = getitem(cat([rows, lowest], 0), table).max(1).values
    return largest.masked_fill(wrap((sizes == 0)[:, None]), 0.0)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Labels (...) as int64 rows (..., classes) with a single 1.

    Raises:
        RuntimeError: for a negative label, or one not smaller than ``num_classes``.
    """
    labels = values_of(tensor)
    if labels.dtype != np.int64:
        raise RuntimeError(
            f"one_hot is only applicable to index tensor of type LongTensor, not {labels.dtype}: "
            "use .long()"
        )
    if labels.size == 0 and num_classes <= 0:
        raise RuntimeError("one_hot: cannot infer the number of classes from no labels")
    classes = int(labels.max()) + 1 if num_classes == -1 else num_classes
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        raise RuntimeError(
            f"one_hot: Class values must be non-negative and smaller than num_classes, {classes}, "
            f"but they reach from {labels.min()} to {labels.max()}"
        )
    return (tensor.unsqueeze(-1) == np.arange(classes)).long()
