"""The chain of tiny operations as a function of three arrays."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
from autograd import value_and_grad

from ...workloads import TinyOp
from .. import Step


def training_step(problem: TinyOp) -> Step:
    """The chain forward and backward."""

    def chain(x: Any, w: Any, b: Any) -> Any:
        y = x
        for _ in range(problem.repeats):
            y = np.tanh(y * w + b)
        return np.sum(y)

    x, w, b = problem.weights().values()
    differentiate = value_and_grad(chain, argnum=(0, 1, 2))

    def step() -> float:
        nonlocal w, b
        loss, (_, dw, db) = differentiate(x, w, b)
        w = w - problem.lr * dw
        b = b - problem.lr * db
        return float(loss)

    return step
