"""Averaged stochastic gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor
from .optimizer import Params
from .rule import Rule, blend, check_implementation_flags, check_not_negative, scalar


class ASGD(Rule):
    r"""Averaged stochastic gradient descent (Polyak and Juditsky, 1992; in Bottou's form).

    With gradient g in step t, learning rate lr and weight decay, the average a is the result::

        g <- g + weight_decay * p
        p <- p - eta * (lambd * p + g)
        a <- a + mu * (p - a)
        eta <- lr / (1 + lambd * lr * t)^alpha
        mu <- 1 / max(1, t - t0)

    Args:
        params: tensors, (name, tensor) pairs, or parameter groups.
        lr: the learning rate.
        lambd: the decay of the parameter, and of the learning rate.
        alpha: the power by which eta falls.
        t0: the step at which averaging begins.
        weight_decay: the factor of an L2 penalty's gradient.
        foreach: accepted and ignored: chooses between PyTorch's implementations.
        maximize: go up the gradient instead of down.
        differentiable: must be ``False``.
        capturable: accepted and ignored, like ``foreach``.

    Raises:
        ValueError: for an option out of its range or not finite.
    """

    kept = ("ax",)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_not_negative("learning rate", lr)
        check_not_negative("weight_decay value", weight_decay)
        check_implementation_flags("ASGD", differentiable)
        super().__init__(
            params,
            {
                "lr": lr,
                "lambd": lambd,
                "alpha": alpha,
                "t0": t0,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def _update(
        self, p: Tensor, grad: np.ndarray, state: dict[str, Any], group: dict[str, Any]
    ) -> None:
        x = p.array
        g = self._descent(x, grad, float(group["weight_decay"]), group["maximize"])
        lr, lambd = float(group["lr"]), float(group["lambd"])
        step, average = self._recall(x, state, group)
        eta = state.setdefault("eta", scalar(lr)).array
        mu = state.setdefault("mu", scalar(1.0)).array
        scratch = self._scratch(x)
        np.multiply(g, eta.item(), out=scratch)
        np.multiply(x, 1 - lambd * eta.item(), out=x)
        np.subtract(x, scratch, out=x)
        if mu == 1:
            np.copyto(average, x)
        else:
            blend(average, x, mu.item(), scratch)
        eta.fill(lr / (1 + lambd * lr * step) ** float(group["alpha"]))
        mu.fill(1 / max(1, step - float(group["t0"])))
