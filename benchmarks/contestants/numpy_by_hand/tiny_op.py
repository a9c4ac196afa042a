"""The chain of tiny operations: a floor under every framework's time."""

from __future__ import annotations

import numpy as np

from ...workloads import TinyOp
from .. import Step


def training_step(problem: TinyOp) -> Step:
    """The chain forward and backward."""
    x, w, b = problem.weights().values()

    def step() -> float:
        chain = [x]
        for _ in range(problem.repeats):
            chain.append(np.tanh(chain[-1] * w + b))
        loss = chain[-1].sum()
        g, dw, db = np.ones_like(x), np.zeros_like(w), np.zeros_like(b)
        for before, after in zip(chain[-2::-1], chain[:0:-1], strict=True):
            g *= 1 - after * after
            dw += g * before
            db += g
            g *= w
        np.subtract(w, problem.lr * dw, out=w)
        np.subtract(b, problem.lr * db, out=b)
        return float(loss)

    return step
