"""What the problems share: linear layers, cross-entropy and the loop's body."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from typing import Any

import autograd.numpy as np
from autograd import value_and_grad

from .. import Step
from ..updates import Update

Weights = dict[str, Any]


def linear(weights: Weights, name: str, x: Any) -> Any:
    """``x weight^T + bias`` for rows of features."""
    return np.dot(x, weights[f"{name}.weight"].T) + weights[f"{name}.bias"]


def relu(x: Any) -> Any:
    """The positive part."""
    return np.maximum(x, 0)


def cross_entropy(logits: Any, targets: Any) -> Any:
    """The mean of ``-log_softmax(logits)`` at the targets; logits (rows, classes)."""
    shifted = logits - np.max(logits, axis=1, keepdims=True)
    picked = shifted[np.arange(len(targets)), targets]
    return np.mean(np.log(np.sum(np.exp(shifted), axis=1)) - picked)


def trainer(
    loss_of: Callable[[Weights, Any, Any], Any],
    weights: Weights,
    update: Update,
    batches: list[tuple[Any, Any]],
) -> Step:
    """A step on the next batch: loss and gradients by ``value_and_grad``, then the update."""
    pairs = cycle(batches)
    differentiate = value_and_grad(loss_of)

    def step() -> float:
        loss, gradients = differentiate(weights, *next(pairs))
        update.step(gradients.values())
        return float(loss)

    return step
