"""Softmax regression and multilayer perceptrons: linear layers with ReLU between, cross-entropy."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

from .drawing import labels, linear_weights


@dataclass(frozen=True)
class Classifier:
    """A stack of linear layers trained by SGD.

    Attributes:
        sizes: features, hidden widths, classes; without a hidden width it is softmax regression.
        batch: examples in a step.
        lr: learning rate.
        momentum: of SGD; 0 is plain gradient descent.
        seed: of the data and the weights.
        distinct: batches that training walks through, over and over.
    """

    kind: ClassVar[str] = "classifier"

    sizes: tuple[int, ...]
    batch: int
    lr: float
    momentum: float
    seed: int = 0
    distinct: int = 4

    def weights(self) -> dict[str, np.ndarray]:
        """Per layer ``weight`` (out, in) and ``bias`` (out,), float32, named as in a Sequential.

        The layers stand at even places, since a ReLU follows each but the last.
        """
        rng = np.random.default_rng(self.seed)
        named = {}
        for i, (fan_in, fan_out) in enumerate(pairwise(self.sizes)):
            weight, bias = linear_weights(rng, fan_in, fan_out)
            named[f"{2 * i}.weight"], named[f"{2 * i}.bias"] = weight, bias
        return named

    def batches(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Pairs of pixels (batch, features) in [0, 1), float32, and labels (batch,), int64."""
        rng = np.random.default_rng(self.seed + 1)
        shape = (self.batch, self.sizes[0])
        return [
            (rng.random(shape, np.float32), labels(rng, self.batch, self.sizes[-1]))
            for _ in range(self.distinct)
        ]
