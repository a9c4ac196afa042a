"""RAdam: Adam that waits for its second moment to be known well enough."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor
from .optimizer import Params
from .rule import (
    Rule,
    blend,
    blend_square,
    check_betas,
    check_implementation_flags,
    check_not_negative,
    shrink,
)


class RAdam(Rule):
    r"""RAdam (Liu et al., 2020): rectified Adam.

    With gradient g in step t, moments m and v, learning rate lr and weight decay lambda::

        g <- g + lambda * p                    (p <- p - lr * lambda * p if decoupled)
        m <- beta1 * m + (1 - beta1) * g
        v <- beta2 * v + (1 - beta2) * g^2
        rho = 2 / (1 - beta2) - 1
        rho_t = rho - 2 * t * beta2^t / (1 - beta2^t)
        r = sqrt((rho_t - 4) (rho_t - 2) rho / ((rho - 4) (rho - 2) rho_t))
        p <- p - lr * r * m / (1 - beta1^t) * sqrt(1 - beta2^t) / (sqrt(v) + eps)

    and, as long as rho_t is at most 5, ``p <- p - lr * m / (1 - beta1^t)`` instead.

    Args:
        params: tensors, (name, tensor) pairs, or parameter groups.
        lr: the learning rate.
        betas: how much of the moments m and v is kept, each in [0, 1).
        eps: keeps the quotient finite.
        weight_decay: the factor of an L2 penalty's gradient, or of the decay if decoupled.
        decoupled_weight_decay: decay the parameter itself instead of adding to its gradient.
        foreach: accepted and ignored: chooses between PyTorch's implementations.
        maximize: go up the gradient instead of down.
        capturable: accepted and ignored, like ``foreach``.
        differentiable: must be ``False``.

    Raises:
        ValueError: for an option out of its range or not finite.
    """

    kept = ("exp_avg", "exp_avg_sq")

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_not_negative("learning rate", lr)
        check_not_negative("epsilon value", eps)
        check_betas(betas)
        check_not_negative("weight_decay value", weight_decay)
        check_implementation_flags("RAdam", differentiable)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "decoupled_weight_decay": decoupled_weight_decay,
                "differentiable": differentiable,
            },
        )

    def _update(
        self, p: Tensor, grad: np.ndarray, state: dict[str, Any], group: dict[str, Any]
    ) -> None:
        x = p.array
        g = self._descent(x, grad, shrink(x, group), group["maximize"])
        beta1, beta2 = map(float, group["betas"])
        step, mean, square = self._recall(x, state, group)
        scratch = self._scratch(x)
        blend(mean, g, 1 - beta1, scratch)
        blend_square(square, g, beta2, scratch)
        rate = float(group["lr"]) / (1 - beta1**step)
        correction = 1 - beta2**step
        rho = 2 / (1 - beta2) - 1
        rho_t = rho - 2 * step * beta2**step / correction
        if rho_t <= 5:
            np.multiply(mean, rate, out=scratch)
        else:
            known = (rho_t - 4) * (rho_t - 2) * rho / ((rho - 4) * (rho - 2) * rho_t)
            np.sqrt(square, out=scratch)
            np.add(scratch, float(group["eps"]), out=scratch)
            np.divide(mean, scratch, out=scratch)
            np.multiply(scratch, rate * (known * correction) ** 0.5, out=scratch)
        np.subtract(x, scratch, out=x)
