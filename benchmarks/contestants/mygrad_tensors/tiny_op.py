"""The chain of tiny operations on Tensors."""

from __future__ import annotations

import mygrad as mg

from ...workloads import TinyOp
from .. import Step
from .training import tensors


def training_step(problem: TinyOp) -> Step:
    """The chain forward and backward."""
    x, w, b = tensors(problem.weights()).values()

    def step() -> float:
        y = x
        for _ in range(problem.repeats):
            y = mg.tanh(y * w + b)
        loss = y.sum()
        loss.backward()
        w.data -= problem.lr * w.grad
        b.data -= problem.lr * b.grad
        return loss.item()

    return step
