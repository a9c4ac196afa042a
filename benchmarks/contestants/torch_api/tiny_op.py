"""The chain of tiny operations on Tensors."""

from __future__ import annotations

from typing import Any

from ...workloads import TinyOp
from .. import Step


def training_step(torch: Any, problem: TinyOp) -> Step:
    """The chain forward and backward in a framework that goes by PyTorch's names."""
    x, w, b = (
        torch.from_numpy(array.copy()).requires_grad_() for array in problem.weights().values()
    )

    def step() -> float:
        x.grad = w.grad = b.grad = None
        y = x
        for _ in range(problem.repeats):
            y = torch.tanh(y * w + b)
        loss = y.sum()
        loss.backward()
        with torch.no_grad():
            w.sub_(w.grad, alpha=problem.lr)
            b.sub_(b.grad, alpha=problem.lr)
        return loss.item()

    return step
