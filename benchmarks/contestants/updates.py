"""SGD and AdamW on NumPy arrays in place, for contestants that bring no optimizer of their own.

No temporaries: each optimizer owns its averages and one scratch array a parameter.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np


class Update(Protocol):
    """What an optimizer does with gradients, given in the order of its parameters."""

    def step(self, gradients: Iterable[np.ndarray]) -> None:
        """Change the parameters in place; the gradients are only read."""


class SGD:
    """``velocity = momentum * velocity + g; p -= lr * velocity``."""

    def __init__(self, parameters: list[np.ndarray], lr: float, momentum: float) -> None:
        self.parameters = parameters
        self.lr = lr
        self.momentum = momentum
        self.velocities = [np.zeros_like(p) for p in parameters] if momentum else []
        self.scratch = [np.empty_like(p) for p in parameters]

    def step(self, gradients: Iterable[np.ndarray]) -> None:
        """Change the parameters in place; the gradients are only read."""
        if not self.momentum:
            for p, g, scratch in zip(self.parameters, gradients, self.scratch, strict=True):
                p -= np.multiply(g, self.lr, out=scratch)
            return
        for p, g, velocity, scratch in zip(
            self.parameters, gradients, self.velocities, self.scratch, strict=True
        ):
            velocity *= self.momentum
            velocity += g
            p -= np.multiply(velocity, self.lr, out=scratch)


class AdamW:
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019, algorithm 2).

    The averages are kept without their factors ``1 - beta``, which the step then makes up for:
    three passes over the parameters less.
    """

    def __init__(
        self,
        parameters: list[np.ndarray],
        lr: float,
        betas: tuple[float, float],
        eps: float,
        weight_decay: float,
    ) -> None:
        self.parameters = parameters
        self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
        self.means = [np.zeros_like(p) for p in parameters]
        self.squares = [np.zeros_like(p) for p in parameters]
        self.scratch = [np.empty_like(p) for p in parameters]
        self.steps = 0

    def step(self, gradients: Iterable[np.ndarray]) -> None:
        """Change the parameters in place; the gradients are only read."""
        self.steps += 1
        beta1, beta2 = self.betas
        mean_factor = (1 - beta1) / (1 - beta1**self.steps)
        root_factor = ((1 - beta2) / (1 - beta2**self.steps)) ** 0.5
        for p, g, mean, square, scratch in zip(
            self.parameters, gradients, self.means, self.squares, self.scratch, strict=True
        ):
            p *= 1 - self.lr * self.weight_decay
            mean *= beta1
            mean += g
            square *= beta2
            square += np.multiply(g, g, out=scratch)
            np.sqrt(square, out=scratch)
            scratch += self.eps / root_factor
            np.divide(mean, scratch, out=scratch)
            scratch *= self.lr * mean_factor / root_factor
            p -= scratch
