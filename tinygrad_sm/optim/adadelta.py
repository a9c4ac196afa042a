"""Adadelta, which needs no learning rate."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor
from .optimizer import Params
from .rule import Rule, blend_square, check_implementation_flags, check_not_negative


class Adadelta(Rule):
    r"""Adadelta (Zeiler, 2012).

    With gradient g, mean squares v of gradients and u of changes, and weight decay lambda::

        g <- g + lambda * p
        v <- rho * v + (1 - rho) * g^2
        d = sqrt(u + eps) / sqrt(v + eps) * g
        u <- rho * u + (1 - rho) * d^2
        p <- p - lr * d

    Args:
        params: tensors, (name, tensor) pairs, or parameter groups.
        lr: a factor of the change.
        rho: how much of the mean squares is kept, in [0, 1].
        eps: keeps the quotient finite, and the first changes from being 0.
        weight_decay: the factor of an L2 penalty's gradient.
        foreach: accepted and ignored: chooses between PyTorch's implementations.
        capturable: accepted and ignored, like ``foreach``.
        maximize: go up the gradient instead of down.
        differentiable: must be ``False``.

    Raises:
        ValueError: for an option out of its range or not finite.
    """

    kept = ("square_avg", "acc_delta")

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_not_negative("learning rate", lr)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho}: expected at least 0, at most 1")
        check_not_negative("epsilon value", eps)
        check_not_negative("weight_decay value", weight_decay)
        check_implementation_flags("Adadelta", differentiable)
        super().__init__(
            params,
            {
                "lr": lr,
                "rho": rho,
                "eps": eps,
                "weight_decay": weight_decay,
                "maximize": maximize,
                "capturable": capturable,
                "foreach": foreach,
                "differentiable": differentiable,
            },
        )

    def _update(
        self, p: Tensor, grad: np.ndarray, state: dict[str, Any], group: dict[str, Any]
    ) -> None:
        x = p.array
        g = self._descent(x, grad, float(group["weight_decay"]), group["maximize"])
        rho, eps = float(group["rho"]), float(group["eps"])
        _, square, changes = self._recall(x, state, group)
        scratch, change = self._scratch(x), self._scratch(x, slot=2)
        blend_square(square, g, rho, scratch)
        np.add(square, eps, out=scratch)
        np.sqrt(scratch, out=scratch)
        np.add(changes, eps, out=change)
        np.sqrt(change, out=change)
        np.divide(change, scratch, out=change)
        np.multiply(change, g, out=change)
        blend_square(changes, change, rho, scratch)
        np.multiply(change, float(group["lr"]), out=change)
        np.subtract(x, change, out=x)
