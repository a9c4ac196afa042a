"""NAdam: Adam with Nesterov's momentum."""

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
    scalar,
    shrink,
)


class NAdam(Rule):
    r"""NAdam (Dozat, 2016): Adam that looks ahead by one step of momentum.

    With gradient g in step t, moments m and v, momentum decay psi, learning rate lr and weight
    decay lambda::

        g <- g + lambda * p                    (p <- p - lr * lambda * p if decoupled)
        mu_t = beta1 * (1 - 0.96^(t * psi) / 2)
        m <- beta1 * m + (1 - beta1) * g
        v <- beta2 * v + (1 - beta2) * g^2
        n = (1 - mu_t) * g / (1 - mu_1 ... mu_t) + mu_(t+1) * m / (1 - mu_1 ... mu_(t+1))
        p <- p - lr * n / (sqrt(v / (1 - beta2^t)) + eps)

    Args:
        params: tensors, (name, tensor) pairs, or parameter groups.
        lr: the learning rate.
        betas: how much of the moments m and v is kept, each in [0, 1).
        eps: keeps the quotient finite.
        weight_decay: the factor of an L2 penalty's gradient, or of the decay if decoupled.
        momentum_decay: how fast the momentum grows towards beta1.
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
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
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
        check_not_negative("momentum_decay value", momentum_decay)
        check_implementation_flags("NAdam", differentiable)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "momentum_decay": momentum_decay,
                "decoupled_weight_decay": decoupled_weight_decay,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "differentiable": differentiable,
            },
        )

    def _update(
        self, p: Tensor, grad: np.ndarray, state: dict[str, Any], group: dict[str, Any]
    ) -> None:
        x = p.array
        g = self._descent(x, grad, shrink(x, group), group["maximize"])
        lr, psi = float(group["lr"]), float(group["momentum_decay"])
        beta1, beta2 = map(float, group["betas"])
        step, mean, square = self._recall(x, state, group)
        product = state.setdefault("mu_product", scalar(1.0)).array
        now = beta1 * (1 - 0.5 * 0.96 ** (step * psi))
        ahead = beta1 * (1 - 0.5 * 0.96 ** ((step + 1) * psi))
        product *= now
        so_far = product.item()

        scratch, move = self._scratch(x), self._scratch(x, slot=2)
        blend(mean, g, 1 - beta1, scratch)
        blend_square(square, g, beta2, scratch)
        np.multiply(mean, lr * ahead / (1 - so_far * ahead), out=move)
        np.multiply(g, lr * (1 - now) / (1 - so_far), out=scratch)
        np.add(move, scratch, out=move)
        np.divide(square, 1 - beta2**step, out=scratch)
        np.sqrt(scratch, out=scratch)
        np.add(scratch, float(group["eps"]), out=scratch)
        np.divide(move, scratch, out=move)
        np.subtract(x, move, out=x)
