"""Adam, which scales each element's step by the size of its recent gradients."""

from __future__ import annotations

import math
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


class Adam(Rule):
    r"""Adam (Kingma and Ba, 2015), and AMSGrad (Reddi et al., 2018).

    With gradient g in step t, moments m and v, learning rate lr and weight decay lambda::

        g <- g + lambda * p                    (p <- p - lr * lambda * p if decoupled)
        m <- beta1 * m + (1 - beta1) * g
        v <- beta2 * v + (1 - beta2) * g^2
        p <- p - lr * m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps)

    With amsgrad, the largest v so far takes the place of v in the last line.

    Args:
        params: tensors, (name, tensor) pairs, or parameter groups.
        lr: the learning rate.
        betas: how much of the moments m and v is kept, each in [0, 1).
        eps: keeps the quotient finite.
        weight_decay: the factor of an L2 penalty's gradient, or of the decay if decoupled.
        amsgrad: never let the denominator shrink.
        foreach: accepted and ignored: chooses between PyTorch's implementations.
        maximize: go up the gradient instead of down.
        capturable: accepted and ignored, like ``foreach``.
        differentiable: must be ``False``.
        fused: accepted and ignored, like ``foreach``.
        decoupled_weight_decay: decay the parameter itself instead of adding to its gradient, as
            AdamW does.

    Raises:
        ValueError: for an option out of its range or not finite.

    >>> import tinygrad_sm as sg
    >>> from tinygrad_sm import optim
    >>> w = sg.tensor([3.0], requires_grad=True)
    >>> optimizer = optim.Adam([w], lr=0.5)
    >>> (w**2).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([2.5000], requires_grad=True)
    """

    kept = ("exp_avg", "exp_avg_sq")

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        check_not_negative("learning rate", lr)
        check_not_negative("epsilon value", eps)
        check_betas(betas)
        check_not_negative("weight_decay value", weight_decay)
        check_implementation_flags(type(self).__name__, differentiable)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": (float(betas[0]), float(betas[1])),
                "eps": eps,
                "weight_decay": weight_decay,
                "amsgrad": amsgrad,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "differentiable": differentiable,
                "fused": fused,
                "decoupled_weight_decay": decoupled_weight_decay,
            },
        )

    def _update(
        self, p: Tensor, grad: np.ndarray, state: dict[str, Any], group: dict[str, Any]
    ) -> None:
        x = p.array
        g = self._descent(x, grad, shrink(x, group), group["maximize"])
        lr = float(group["lr"])
        beta1, beta2 = map(float, group["betas"])
        step, mean, square = self._recall(x, state, group)
        scratch = self._scratch(x)
        blend(mean, g, 1 - beta1, scratch)
        blend_square(square, g, beta2, scratch)
        if group["amsgrad"]:
            largest = self._begun(x, state, "max_exp_avg_sq")
            square = np.maximum(largest, square, out=largest)
        # both corrections are numbers, multiplied together so that they cost one pass, not two
        correction = math.sqrt(1 - beta2**step)
        np.sqrt(square, out=scratch)
        np.add(scratch, float(group["eps"]) * correction, out=scratch)
        np.divide(mean, scratch, out=scratch)
        np.multiply(scratch, lr * correction / (1 - beta1**step), out=scratch)
        np.subtract(x, scratch, out=x)
