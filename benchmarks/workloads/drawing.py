"""What several problems draw: the starting weights of layers, and labels."""

from __future__ import annotations

import numpy as np


def uniform(rng: np.random.Generator, shape: tuple[int, ...], bound: float) -> np.ndarray:
    """Float32 numbers in [-bound, bound)."""
    return ((2 * rng.random(shape, np.float32) - 1) * np.float32(bound)).astype(np.float32)


def linear_weights(
    rng: np.random.Generator, fan_in: int, fan_out: int
) -> tuple[np.ndarray, np.ndarray]:
    """A weight (out, in) and a bias (out,), uniform within ``1 / sqrt(fan_in)``."""
    bound = fan_in**-0.5
    return uniform(rng, (fan_out, fan_in), bound), uniform(rng, (fan_out,), bound)


def labels(rng: np.random.Generator, count: int, classes: int) -> np.ndarray:
    """Class indices, int64."""
    return rng.integers(0, classes, count, dtype=np.int64)
