"""A chain of operations on a few numbers, where the framework's own work is all the time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .drawing import uniform


@dataclass(frozen=True)
class TinyOp:
    """``y = tanh(y * w + b)`` many times over, from ``y = x``; the loss is the sum of the last.

    A step ends with ``w -= lr * dw`` and the same for ``b``: without it, a wrong gradient would
    go unseen. Its cost is lost in the chain's.

    Attributes:
        repeats: of the line of three operations.
        width: numbers in each tensor.
        lr: of the update.
        seed: of x, w and b.
    """

    kind: ClassVar[str] = "tiny_op"

    repeats: int = 100
    width: int = 8
    lr: float = 0.01
    seed: int = 0

    @property
    def operations(self) -> int:
        """How many operations a step runs forward and backward: the chain and the sum."""
        return 3 * self.repeats + 1

    def weights(self) -> dict[str, np.ndarray]:
        """``x``, ``w`` near 1 and ``b`` near 0: the chain's gradient neither dies nor explodes."""
        rng = np.random.default_rng(self.seed)
        shape = (self.width,)
        return {
            "x": uniform(rng, shape, 1.0),
            "w": np.float32(1.05) + uniform(rng, shape, 0.05),
            "b": uniform(rng, shape, 0.01),
        }
