"""The loop's body, which all models share."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from typing import Any

import numpy as np

from .. import Step


def load(torch: Any, model: Any, weights: dict[str, np.ndarray]) -> None:
    """Give the model its starting weights; it keeps copies."""
    model.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})


def trainer(
    torch: Any,
    loss_of: Callable[[Any, Any], Any],
    optimizer: Any,
    batches: list[tuple[np.ndarray, np.ndarray]],
) -> Step:
    """A step on the next batch: gradients to zero, forward, backward, update."""
    pairs = cycle([(torch.from_numpy(x), torch.from_numpy(y)) for x, y in batches])

    def step() -> float:
        x, y = next(pairs)
        optimizer.zero_grad()
        loss = loss_of(x, y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step
