"""RMSprop, which divides the gradient by its recent size."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor
from .optimizer import Params
from .rule import Rule, blend, blend_square, check_implementation_flags, check_not_negative


class RMSprop(Rule):
    r"""RMSprop (Hinton's lecture, 2012; centered: Graves, 2013).

    With gradient g, means v of its square and a of itself, momentum mu, learning rate lr and weight
    decay lambda::

        g <- g + lambda * p
        v <- alpha * v + (1 - alpha) * g^2
        d = g / (sqrt(v) + eps)                (g / (sqrt(v - a^2) + eps) if centered)
        b <- mu * b + d
        p <- p - lr * b                        (p - lr * d without momentum)

    Args:
        params: tensors, (name, tensor) pairs, or parameter groups.
        lr: the learning rate.
        alpha: how much of the means is kept.
        eps: keeps the quotient finite.
        weight_decay: the factor of an L2 penalty's gradient.
        momentum: how much of the last change is kept.
        centered: divide by the spread of the gradient instead of its size.
        capturable: accepted and ignored: chooses between PyTorch's implementations.
        foreach: accepted and ignored, like ``capturable``.
        maximize: go up the gradient instead of down.
        differentiable: must be ``False``.

    Raises:
        ValueError: for an option out of its range or not finite.
    """

    kept = ("square_avg",)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_not_negative("learning rate", lr)
        check_not_negative("epsilon value", eps)
        check_not_negative("momentum value", momentum)
        check_not_negative("weight_decay value", weight_decay)
        check_not_negative("alpha value", alpha)
        check_implementation_flags("RMSprop", differentiable)
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "alpha": alpha,
                "eps": eps,
                "centered": centered,
                "weight_decay": weight_decay,
                "capturable": capturable,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
            },
        )

    def _update(
        self, p: Tensor, grad: np.ndarray, state: dict[str, Any], group: dict[str, Any]
    ) -> None:
        x = p.array
        g = self._descent(x, grad, float(group["weight_decay"]), group["maximize"])
        lr, alpha = float(group["lr"]), float(group["alpha"])
        _, square = self._recall(x, state, group)
        scratch = self._scratch(x)
        blend_square(square, g, alpha, scratch)
        if group["centered"]:
            mean = self._begun(x, state, "grad_avg")
            blend(mean, g, 1 - alpha, scratch)
            np.multiply(mean, mean, out=scratch)
            np.subtract(square, scratch, out=scratch)
            np.sqrt(scratch, out=scratch)
        else:
            np.sqrt(square, out=scratch)
        np.add(scratch, float(group["eps"]), out=scratch)
        np.divide(g, scratch, out=scratch)
        if group["momentum"]:
            buffer = self._begun(x, state, "momentum_buffer")
            np.multiply(buffer, float(group["momentum"]), out=buffer)
            np.add(buffer, scratch, out=buffer)
            np.multiply(buffer, lr, out=scratch)
        else:
            np.multiply(scratch, lr, out=scratch)
        np.subtract(x, scratch, out=x)
