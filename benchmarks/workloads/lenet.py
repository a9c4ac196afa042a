"""A convolutional network in the shape of LeNet-5 (LeCun et al., 1998) with ReLU and max pools."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

from .drawing import labels, linear_weights, uniform


@dataclass(frozen=True)
class LeNet:
    """Two times convolution, ReLU and a 2x2 max pool; then linear layers with ReLU between.

    Attributes:
        batch: images in a step.
        size: height and width of an image of one channel.
        channels: of the two convolutions.
        kernel: height and width of their kernels; no padding.
        hidden: widths of the hidden linear layers.
        classes: of the result.
        lr: learning rate of SGD.
        momentum: of SGD.
        seed: of the data and the weights.
        distinct: batches that training walks through, over and over.
    """

    kind: ClassVar[str] = "lenet"

    batch: int = 64
    size: int = 28
    channels: tuple[int, int] = (16, 32)
    kernel: int = 5
    hidden: tuple[int, int] = (120, 84)
    classes: int = 10
    lr: float = 0.05
    momentum: float = 0.9
    seed: int = 0
    distinct: int = 4

    @property
    def features(self) -> int:
        """How many numbers of an image the first linear layer sees."""
        side = self.size
        for _ in self.channels:
            side = (side - self.kernel + 1) // 2
        return self.channels[-1] * side * side

    def weights(self) -> dict[str, np.ndarray]:
        """``conv1``, ``conv2`` (out, in, kernel, kernel), ``fc1`` to ``fc3`` (out, in), biases."""
        rng = np.random.default_rng(self.seed)
        named = {}
        planes = (1, *self.channels)
        for i, (fan_in, fan_out) in enumerate(pairwise(planes), start=1):
            bound = (fan_in * self.kernel**2) ** -0.5
            shape = (fan_out, fan_in, self.kernel, self.kernel)
            named[f"conv{i}.weight"] = uniform(rng, shape, bound)
            named[f"conv{i}.bias"] = uniform(rng, (fan_out,), bound)
        widths = (self.features, *self.hidden, self.classes)
        for i, (fan_in, fan_out) in enumerate(pairwise(widths), start=1):
            named[f"fc{i}.weight"], named[f"fc{i}.bias"] = linear_weights(rng, fan_in, fan_out)
        return named

    def batches(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Pairs of images (batch, 1, size, size) in [0, 1), float32, and labels (batch,), int64."""
        rng = np.random.default_rng(self.seed + 1)
        shape = (self.batch, 1, self.size, self.size)
        return [
            (rng.random(shape, np.float32), labels(rng, self.batch, self.classes))
            for _ in range(self.distinct)
        ]
