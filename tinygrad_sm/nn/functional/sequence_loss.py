"""Connectionist temporal classification: a loss over all ways to align labels with steps.

Graves et al., 2006. The labels are laid out with blanks between them; ``alpha[s]`` is the logarithm
of the probability of all paths that have reached place ``s``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...ops.elementwise import isinf, where
from ...ops.indexing import gather, getitem
from ...ops.padding import constant_pad
from ...ops.reduction import logsumexp
from ...ops.shape import stack
from ...tape import wrap
from ...tensor import Tensor


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """Minus the log-probability that a sequence of distributions spells the labels.

    Args:
        log_probs: (T, N, C) or (T, C), the logarithms of probabilities.
        targets: labels (N, S), or those of all samples one after the other.
        input_lengths: how many of the T steps count, (N,).
        target_lengths: how many labels, (N,).
        blank: the class that stands for no label.
        reduction: ``"mean"`` (each loss over its number of labels first), ``"sum"`` or ``"none"``.
        zero_infinity: give 0, and no gradient, for labels that do not fit into the steps.

    Raises:
        RuntimeError: for lengths, or a blank, that do not fit.
        ValueError: for another reduction.
    """
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"ctc_loss: {reduction} is not a valid value for reduction")
    single = log_probs.array.ndim == 2
    scores = log_probs.unsqueeze(1) if single else log_probs
    steps, count, classes = scores.array.shape
    sizes, spans = (_lengths(t, count) for t in (target_lengths, input_lengths))
    if not 0 <= blank < classes:
        raise RuntimeError(f"ctc_loss: blank must be in label range, not {blank}")
    if (spans > steps).any() or (spans < 0).any() or (sizes < 0).any():
        raise RuntimeError(
            f"ctc_loss: Expected input_lengths to have value at most {steps}, and no length to be "
            f"negative, but got {spans.tolist()} and {sizes.tolist()}"
        )
    labels = _laid_out(targets.array, sizes, count, blank)
    loss = _losses(scores, labels, sizes, spans, blank)
    if zero_infinity:
        loss = where(isinf(loss), 0.0, loss)
    if reduction == "mean":
        return (loss / wrap(np.maximum(sizes, 1).astype(loss.array.dtype))).mean()
    if reduction == "sum":
        return loss.sum()
    return loss.squeeze(0) if single else loss


def _lengths(given: Any, count: int) -> np.ndarray:
    lengths = np.asarray(given.array if isinstance(given, Tensor) else given, np.int64).reshape(-1)
    if lengths.shape != (count,):
        raise RuntimeError(f"ctc_loss: expected {count} lengths, one a sample, but got {lengths}")
    return lengths


def _laid_out(targets: np.ndarray, sizes: np.ndarray, count: int, blank: int) -> np.ndarray:
    """Blank, label, blank, label, ..., blank for each sample: (N, 2 S + 1)."""
    longest = int(sizes.max(initial=0))
    labels = np.full((count, 2 * longest + 1), blank)
    there = np.arange(longest) < sizes[:, None]
    if targets.ndim == 2:
        if targets.shape[1] < longest:
            raise RuntimeError(f"ctc_loss: targets of shape {targets.shape} are too short")
        labels[:, 1::2][there] = targets[:, :longest][there]
    else:
        if targets.size != sizes.sum():
            raise RuntimeError(
                f"ctc_loss: expected {sizes.sum()} labels, as target_lengths say, but got "
                f"{targets.size}"
            )
        labels[:, 1::2][there] = targets
    return labels


def _losses(
    scores: Tensor, labels: np.ndarray, sizes: np.ndarray, spans: np.ndarray, blank: int
) -> Tensor:
    steps, count, _ = scores.array.shape
    kind = scores.array.dtype
    places = labels.shape[1]
    spelled = gather(scores, 2, wrap(np.broadcast_to(labels, (steps, count, places)).copy()))
    skips = np.zeros(labels.shape, bool)  # a blank between different labels may be passed over
    skips[:, 2:] = (labels[:, 2:] != blank) & (labels[:, 2:] != labels[:, :-2])
    barrier = wrap(np.where(skips, 0, -np.inf).astype(kind))
    start = np.where(np.arange(places) < 2, 0, -np.inf).astype(kind)
    alpha = spelled[0] + wrap(start)
    history = [alpha]
    for t in range(1, steps):
        before = constant_pad(alpha, ((0, 0), (2, 0)), -np.inf)
        ways = stack([before[:, 2:], before[:, 1:-1], before[:, :-2] + barrier])
        alpha = logsumexp(ways, 0) + spelled[t]
        history.append(alpha)
    rows = np.arange(count)
    empty = spans == 0
    last = getitem(stack(history), (np.maximum(spans - 1, 0), rows))
    ends = stack(
        [
            getitem(last, (rows, 2 * sizes)),
            where(wrap(sizes > 0), getitem(last, (rows, np.maximum(2 * sizes - 1, 0))), -np.inf),
        ]
    )
    loss = -logsumexp(ends, 0)
    if empty.any():
        nothing = np.where(sizes == 0, 0, np.inf).astype(kind)
        loss = where(wrap(empty), wrap(nothing), loss)
    return loss
