"""Adamax: Adam by the largest gradient instead of the mean square."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor
from .optimizer import Params
from .rule import Rule, blend, check_betas, check_implementation_flags, check_not_negative


class Adamax(Rule):
    r"""Adamax (Kingma and Ba, 2015): Adam by the infinity norm.

    With gradient g in step t, moment m, norm u, learning rate lr and weight decay lambda::

        g <- g + lambda * p
        m <- beta1 * m + (1 - beta1) * g
        u <- max(beta2 * u, |g| + eps)
        p <- p - lr / (1 - beta1^t) * m / u

    Args:
        params: tensors, (name, tensor) pairs, or parameter groups.
        lr: the learning rate.
        betas: how much of m and u is kept, each in [0, 1).
        eps: keeps the quotient finite.
        weight_decay: the factor of an L2 penalty's gradient.
        foreach: accepted and ignored: chooses between PyTorch's implementations.
        maximize: go up the gradient instead of down.
        differentiable: must be ``False``.
        capturable: accepted and ignored, like ``foreach``.

    Raises:
        ValueError: for an option out of its range or not finite.
    """

    kept = ("exp_avg", "exp_inf")

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_not_negative("learning rate", lr)
        check_not_negative("epsilon value", eps)
        check_betas(betas)
        check_not_negative("weight_decay value", weight_decay)
        check_implementation_flags("Adamax", differentiable)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
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
        beta1, beta2 = map(float, group["betas"])
        step, mean, largest = self._recall(x, state, group)
        scratch = self._scratch(x)
        blend(mean, g, 1 - beta1, scratch)
        np.abs(g, out=scratch)
        np.add(scratch, float(group["eps"]), out=scratch)
        np.multiply(largest, beta2, out=largest)
        np.maximum(largest, scratch, out=largest)
        np.divide(mean, largest, out=scratch)
        np.multiply(scratch, float(group["lr"]) / (1 - beta1**step), out=scratch)
        np.subtract(x, scratch, out=x)
