"""Losses of scores and probabilities against classes."""

from __future__ import annotations

import math

import numpy as np

from ...dtypes import dtype
from ...hints import warn_once
from ...lines import describe_line
from ...ops import activation, fused
from ...ops.elementwise import where
from ...ops.entropy import binary_entropy
from ...ops.indexing import getitem
from ...ops.softmax import log_softmax
from ...tape import Node, values_of, wrap
from ...tensor import Tensor
from .reduction import chosen, known, reduced

_REARRANGING = ("view", "permute")  # what the shape operations are recorded as
_SCORES = "It applies {0} itself, and twice is too much: pass the scores from before {0}"


def _warn_of(function: str, input: Tensor, loss: str, advice: str) -> None:
    """Warn if a loss is given what a function already squashed."""
    node = input.node
    while type(node) is Node and node.op.name in _REARRANGING:
        node = node.parents[0]
    if type(node) is Node and node.op.name == function:
        warn_once(
            f"{loss}: its input is the result of {function}, at {describe_line(node.where)}. {advice}"
        )


def _classes_last(name: str, input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Scores as (rows, classes) and labels as (rows,), from (n, classes, d1, ...) and (n, d1, ...)."""
    shape, labels = input.array.shape, target.array.shape
    expected = shape[:1] + shape[2:] if len(shape) > 1 else ()
    single = len(shape) == 1
    if not shape or (labels != expected and not (single and labels == (1,))):
        other_batch = labels[:1] != expected[:1]
        raise (ValueError if not shape or single or other_batch else RuntimeError)(
            f"{name}: Expected input batch_size to match target batch_size: scores of shape "
            f"{shape} need labels of shape {expected}, not {labels}: scores are (N, classes, ...), "
            "labels (N, ...), or floating probabilities in the shape of the scores"
        )
    if single:
        return input.unsqueeze(0), target.reshape(1)
    if len(shape) > 2:
        order = (0, *range(2, len(shape)), 1)
        return input.permute(*order).reshape(-1, shape[1]), target.reshape(-1)
    return input, target


def _check_labels(name: str, labels: np.ndarray, classes: int, ignore_index: int) -> np.ndarray:
    """Which labels count.

    Raises:
        RuntimeError: for labels that are not int64 (or uint8).
        IndexError: for a label that is no class, naming its row.
    """
    if labels.dtype not in (np.int64, np.uint8):
        raise RuntimeError(
            f"{name}: expected scalar type Long for the labels, but found {labels.dtype}: use "
            ".long()"
        )
    kept = labels != ignore_index
    bad = kept & ((labels < 0) | (labels >= classes))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise IndexError(
            f"{name}: Target {labels[row]} is out of bounds: row {row} has it, but there are "
            f"{classes} classes (0 to {classes - 1})"
        )
    return kept


def _all_count(labels: np.ndarray, classes: int, ignore_index: int) -> bool:
    """Whether each label is a class and none is ignored, in one pass; False says nothing."""
    if labels.dtype != np.int64 or not labels.size or 0 <= ignore_index < classes:
        return False
    return bool(np.maximum.reduce(labels.view(np.uint64)) < classes)  # one below 0 reads as large


def _check_weight(name: str, weight: Tensor | None, input: Tensor, axis: int) -> None:
    if weight is None:
        return
    if weight.array.shape != (input.array.shape[axis],):
        raise RuntimeError(
            f"{name}: weight tensor should be defined either for all {input.array.shape[axis]} "
            f"classes or no classes, but got weight tensor of shape: {weight.array.shape}"
        )
    if weight.array.dtype != input.array.dtype:
        raise RuntimeError(
            f"{name}: expected weight of dtype {input.array.dtype}, as the scores have, but found "
            f"{weight.array.dtype}: convert it with .to(input.dtype)"
        )


def _ratio(total: Tensor, count: float) -> Tensor:
    """The mean; of nothing it is NaN, with a gradient of 0."""
    return total / count if count else total * 0.0 + math.nan


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """``-log softmax(input)`` at the right class: the loss of softmax regression.

    Args:
        input: scores (N, C), (C,) or (N, C, d1, ...), before any softmax.
        target: labels (N,), (), (N, d1, ...) as int64; or probabilities in the input's shape.
        weight: a factor for each class, (C,).
        size_average: PyTorch's older way to say ``reduction``.
        ignore_index: a label that is left out.
        reduce: PyTorch's older way to say ``reduction``.
        reduction: ``"mean"`` (over the weights of the labels), ``"sum"`` or ``"none"``.
        label_smoothing: how much of the target is spread evenly over all classes.

    Raises:
        ValueError: if shapes do not fit, or for an unknown reduction.
        RuntimeError: for labels that are not int64, weights that are not one a class, or a
            smoothing outside of [0, 1].
        IndexError: for a label out of range, naming label and row.
    """
    reduction = known("cross_entropy", chosen(size_average, reduce, reduction))
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(
            f"cross_entropy: label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}"
        )
    _warn_of("softmax", input, "cross_entropy", _SCORES.format("softmax"))
    if target.array.dtype.kind == "f":
        return _soft_cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)
    if label_smoothing or reduction != "mean" or target.level:
        log_p = log_softmax(input, 1 if input.array.ndim > 1 else 0)
        hard = nll_loss(log_p, target, weight, None, ignore_index, None, reduction)
        if not label_smoothing:
            return hard
        smooth = _smooth_loss(log_p, target, weight, ignore_index, reduction)
        return hard * (1 - label_smoothing) + smooth * (label_smoothing / _classes(input))
    scores, labels = _classes_last("cross_entropy", input, target)
    classes = scores.array.shape[1]
    _check_weight("cross_entropy", weight, scores, 1)
    count, kind = len(labels.array), scores.array.dtype
    if weight is None and _all_count(labels.array, classes, ignore_index):
        return fused.cross_entropy(scores, np.arange(count), labels.array, kind.type(1 / count))
    kept = _check_labels("cross_entropy", labels.array, classes, ignore_index)
    safe = np.where(kept, labels.array, 0)
    scale = kept.astype(kind)
    if weight is not None:
        scale = scale * weight.array[safe]
    total = scale.sum()
    if not total:
        return _ratio(scores.sum(), 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return fused.cross_entropy(scores, np.arange(count), safe, scale / total)


def _classes(input: Tensor) -> int:
    return input.array.shape[1 if input.array.ndim > 1 else 0]


def _soft_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    reduction: str,
    smoothing: float,
) -> Tensor:
    if input.array.shape != target.array.shape:
        raise RuntimeError(
            f"cross_entropy: Expected floating point type for target with class probabilities in "
            f"the scores' shape {input.array.shape}, but got {target.array.shape}: labels are int64"
        )
    if ignore_index >= 0:
        raise RuntimeError("cross_entropy: ignore_index is not supported for floating point target")
    axis = 1 if input.array.ndim > 1 else 0
    _check_weight("cross_entropy", weight, input, axis)
    if smoothing:
        target = target * (1 - smoothing) + smoothing / _classes(input)
    log_p = log_softmax(input, axis)
    if weight is not None:
        log_p = log_p * weight.reshape(-1, *(1,) * (input.array.ndim - 1 - axis))
    loss = -(log_p * target).sum(axis)
    if reduction == "mean":
        return _ratio(loss.sum(), float(loss.array.size))
    return reduced("cross_entropy", loss, reduction)


def _smooth_loss(
    log_p: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str
) -> Tensor:
    """Minus the log-probabilities of all classes, added up."""
    scores, labels = _classes_last("cross_entropy", log_p, target)
    weighted = scores if weight is None else scores * weight
    if target.level:
        factor = _factors(labels, weight, ignore_index, scores.dtype)
        own = -weighted.sum(1) * (labels != ignore_index)
        return _over_batch(own, factor, target, reduction)
    kept = labels.array != ignore_index
    loss = -weighted.sum(1) * wrap(kept.astype(scores.array.dtype))
    if reduction == "none":
        return loss.reshape(target.array.shape)
    if reduction == "sum":
        return loss.sum()
    safe = np.where(kept, labels.array, 0)
    counts = kept if weight is None else kept * weight.array[safe]
    return _ratio(loss.sum(), float(counts.sum()))


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Minus the log-probability of the right class; arguments as ``cross_entropy``'s."""
    reduction = chosen(size_average, reduce, reduction)
    _warn_of("softmax", input, "nll_loss", "It expects log-probabilities: use log_softmax instead")
    scores, labels = _classes_last("nll_loss", input, target)
    _check_weight("nll_loss", weight, scores, 1)
    kept = _check_labels("nll_loss", values_of(labels), scores.array.shape[1], ignore_index)
    if target.level:
        factor = _factors(labels, weight, ignore_index, scores.dtype)
        safe = where(labels != ignore_index, labels, 0).unsqueeze(1)
        return _over_batch(-scores.gather(1, safe).squeeze(1) * factor, factor, target, reduction)
    safe = np.where(kept, labels.array, 0)
    scale = kept.astype(scores.array.dtype)
    if weight is not None:
        scale = scale * weight.array[safe]
    picked = getitem(scores, (np.arange(len(safe)), safe))
    loss = where(wrap(kept), -picked * wrap(scale), 0.0)
    if reduction == "mean":
        return _ratio(loss.sum(), float(scale.sum()))
    return reduced("nll_loss", loss.reshape(target.array.shape), reduction)


def _factors(labels: Tensor, weight: Tensor | None, ignore_index: int, kind: dtype) -> Tensor:
    """What each label counts, where labels differ by sample under ``vmap``: 0 if it is left out."""
    kept = labels != ignore_index
    factor = kept.to(kind)
    return factor if weight is None else factor * weight[where(kept, labels, 0)]


def _over_batch(loss: Tensor, factor: Tensor, target: Tensor, reduction: str) -> Tensor:
    """The reduction of a loss whose factors differ by sample under ``vmap``."""
    if reduction == "mean":
        return loss.sum() / factor.sum()
    return reduced("nll_loss", loss.reshape(target.array.shape), reduction)


# --- two classes ----------------------------------------------------------------------------------


def _same_shape(name: str, input: Tensor, target: Tensor) -> None:
    if input.array.shape != target.array.shape:
        raise ValueError(
            f"{name}: Target size ({target.array.shape}) must be the same as input size "
            f"({input.array.shape}): a squeeze() is often missing"
        )


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``-(y log p + (1 - y) log(1 - p))`` of probabilities, logarithms cut off at -100.

    Raises:
        ValueError: if shapes differ.
        RuntimeError: for a probability or a target outside [0, 1].
    """
    reduction = chosen(size_average, reduce, reduction)
    _same_shape("binary_cross_entropy", input, target)
    for what, values in (("input", values_of(input)), ("target", values_of(target))):
        if not np.all((values >= 0) & (values <= 1)):
            raise RuntimeError(
                f"binary_cross_entropy: all elements of {what} should be between 0 and 1: pass "
                "probabilities, or use binary_cross_entropy_with_logits"
            )
    loss = binary_entropy(input, target.to(input.dtype))
    return reduced("binary_cross_entropy", loss if weight is None else loss * weight, reduction)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Binary cross-entropy of scores, before any sigmoid; finite everywhere.

    Args:
        input: the scores.
        target: numbers in [0, 1], in the same shape.
        weight: a factor for each element, broadcast.
        size_average: PyTorch's older way to say ``reduction``.
        reduce: PyTorch's older way to say ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        pos_weight: a factor for the positive class, broadcast.

    Raises:
        ValueError: if shapes differ.
    """
    reduction = chosen(size_average, reduce, reduction)
    name = "binary_cross_entropy_with_logits"
    _same_shape(name, input, target)
    _warn_of("sigmoid", input, name, _SCORES.format("sigmoid"))
    miss = activation.softplus(-input, 1, math.inf)
    factor = 1.0 if pos_weight is None else (pos_weight - 1) * target + 1
    loss = (1 - target) * input + miss * factor
    return reduced(name, loss if weight is None else loss * weight, reduction)


# --- margins --------------------------------------------------------------------------------------


def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``log(1 + exp(-y x))`` of scores and labels of -1 and 1, without overflow."""
    reduction = chosen(size_average, reduce, reduction)
    loss = activation.softplus(-target * input, 1, math.inf)
    return reduced("soft_margin_loss", loss, reduction)


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Binary cross-entropy of scores, averaged over the last dimension."""
    reduction = chosen(size_average, reduce, reduction)
    miss = activation.softplus(-input, 1, math.inf)
    loss = (1 - target) * input + miss
    loss = loss if weight is None else loss * weight
    return reduced("multilabel_soft_margin_loss", loss.mean(-1), reduction)


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``sum over j != y of max(0, margin - x_y + x_j)^p / C`` (Crammer and Singer, 2001).

    Args:
        input: scores (N, C) or (C,).
        target: labels (N,) or ().
        p: 1 or 2.
        margin: by how much the right score should be the largest.
        weight: a factor for each class, (C,).
        size_average: PyTorch's older way to say ``reduction``.
        reduce: PyTorch's older way to say ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: for another ``p``, or an unknown reduction.
        RuntimeError: for shapes that do not fit.
        IndexError: for a label out of range.
    """
    reduction = known("multi_margin_loss", chosen(size_average, reduce, reduction))
    if p not in (1, 2):
        raise ValueError("multi_margin_loss: only p == 1 and p == 2 supported")
    input = input if input.array.ndim else input.reshape(1)
    if input.array.ndim == 1 and target.array.shape == (1,):
        target = target.squeeze(0)
    if input.array.ndim == 2 and target.array.shape != input.array.shape[:1]:
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input "
            f"samples: expected {input.array.shape[:1]} for scores of shape {input.array.shape}, "
            f"but got {target.array.shape}"
        )
    scores, labels = _classes_last("multi_margin_loss", input, target)
    rows, classes = scores.array.shape
    _check_weight("multi_margin_loss", weight, scores, 1)
    _check_labels("multi_margin_loss", labels.array, classes, -100)
    places = (np.arange(rows), labels.array)
    short = (margin - getitem(scores, places).unsqueeze(1) + scores).relu()
    short = short if p == 1 else short.square()
    if weight is not None:
        short = short * weight[labels].unsqueeze(1)
    others = np.ones((rows, classes), scores.array.dtype)
    others[places] = 0
    loss = (short * wrap(others)).sum(1) / classes
    return reduced("multi_margin_loss", loss.reshape(target.array.shape), reduction)


def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``sum of max(0, 1 - x_y + x_j) / C`` over right classes y and wrong classes j.

    Args:
        input: scores (N, C) or (C,).
        target: the right classes in front of a -1, in the input's shape.
        size_average: PyTorch's older way to say ``reduction``.
        reduce: PyTorch's older way to say ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        RuntimeError: if shapes differ, or for a label that is no class.
    """
    reduction = chosen(size_average, reduce, reduction)
    if not input.array.ndim:
        input, target = input.reshape(1), target.reshape(1)
    if input.array.shape != target.array.shape or input.array.ndim not in (1, 2):
        raise RuntimeError(
            f"multilabel_margin_loss: inconsistent target size {target.array.shape} for input of "
            f"size {input.array.shape}"
        )
    classes = input.array.shape[-1]
    scores, labels = input.reshape(-1, classes), target.array.reshape(-1, classes)
    if (labels < -1).any() or (labels >= classes).any():
        raise RuntimeError("multilabel_margin_loss: invalid target range: a label is no class")
    times = np.zeros((len(labels), classes), np.int64)
    listed = np.cumprod(labels >= 0, axis=1).astype(bool)
    np.add.at(times, (np.nonzero(listed)[0], labels[listed]), 1)
    short = (1 - scores.unsqueeze(2) + scores.unsqueeze(1)).relu()
    pairs = (times[:, :, None] * (times == 0)[:, None, :]).astype(scores.array.dtype)
    loss = (short * wrap(pairs)).sum((1, 2)) / classes
    return reduced("multilabel_margin_loss", loss.reshape(input.array.shape[:-1]), reduction)
