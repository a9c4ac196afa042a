"""What the problems share: linear layers and the loop's body."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from typing import Any

import mygrad as mg
import numpy as np

from .. import Step
from ..updates import Update

Weights = dict[str, Any]


def tensors(weights: dict[str, np.ndarray]) -> Weights:
    """The starting weights as Tensors that share their memory."""
    return {name: mg.tensor(array, copy=False) for name, array in weights.items()}


def linear(weights: Weights, name: str, x: Any) -> Any:
    """``x weight^T + bias`` for rows of features."""
    return mg.matmul(x, weights[f"{name}.weight"].T) + weights[f"{name}.bias"]


def trainer(
    loss_of: Callable[[Weights, Any, Any], Any],
    weights: Weights,
    update: Update,
    batches: list[tuple[np.ndarray, np.ndarray]],
) -> Step:
    """A step on the next batch: forward, ``backward``, then the update."""
    pairs = cycle(batches)

    def step() -> float:
        loss = loss_of(weights, *next(pairs))
        loss.backward()
        update.step([weight.grad for weight in weights.values()])
        return loss.item()

    return step
