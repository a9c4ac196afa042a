"""Derivatives of a perceptron beyond the gradient: products, Jacobians, gradients of each sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .drawing import uniform

TASKS = ("hvp", "jacobian_reverse", "jacobian_forward", "per_sample")


@dataclass(frozen=True)
class Derivatives:
    """One derivative of ``tanh`` layers under cross-entropy, or of the layers alone.

    A step returns one number made of the derivative, by which contestants are compared.

    Attributes:
        task: ``"hvp"``: the Hessian of the mean loss by all weights, times a vector;
            ``"jacobian_reverse"``: of the logits of one sample by its pixels (10 by 784);
            ``"jacobian_forward"``: of a decoder's pixels by its code (784 by 10);
            ``"per_sample"``: the gradient of each sample's loss by all weights.
        sizes: of the layers.
        batch: samples, where the task has any.
        seed: of weights, samples and vectors.
    """

    kind: ClassVar[str] = "derivatives"

    task: str
    sizes: tuple[int, ...] = (784, 256, 128, 10)
    batch: int = 128
    seed: int = 0

    def weights(self) -> dict[str, np.ndarray]:
        """Weights (out, in) and biases by name, uniform within 1 / sqrt(in)."""
        rng = np.random.default_rng(self.seed)
        pairs = list(zip(self.sizes, self.sizes[1:], strict=False))
        found = {}
        for layer, (before, after) in enumerate(pairs):
            found[f"{layer}.weight"] = uniform(rng, (after, before), before**-0.5)
            found[f"{layer}.bias"] = uniform(rng, (after,), before**-0.5)
        return found

    def vectors(self) -> dict[str, np.ndarray]:
        """A vector in the shape of the weights, for products with the Hessian."""
        rng = np.random.default_rng([self.seed, 1])
        return {name: uniform(rng, w.shape, 1.0) for name, w in self.weights().items()}

    def samples(self) -> tuple[np.ndarray, np.ndarray]:
        """Inputs (batch, first size) in [0, 1) and labels."""
        rng = np.random.default_rng([self.seed, 2])
        x = rng.random((self.batch, self.sizes[0]), np.float32)
        return x, rng.integers(0, self.sizes[-1], self.batch)
