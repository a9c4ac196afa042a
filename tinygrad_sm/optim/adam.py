"""Adam and AdamW."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..tape import wrap, written
from ..tensor import Tensor
from .optimizer import Optimizer, check_range


class Adam(Optimizer):
    """Steps scaled by running means of the gradient and of its square (Kingma and Ba, 2014).

    Args:
        params: tensors or groups.
        lr: the step size.
        betas: how slowly the two means forget.
        eps: added to the root of the second mean.
        weight_decay: adds ``weight_decay * p`` to the gradient.
        amsgrad: divide by the largest second mean so far (Reddi et al., 2018).
        maximize: climb instead of descend.

    Raises:
        ValueError: for settings out of range.
    """

    decoupled = False

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
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
    ) -> None:
        check_range("learning rate", lr)
        check_range("epsilon value", eps)
        check_range("weight_decay value", weight_decay)
        for i, beta in enumerate(betas):
            check_range(f"beta parameter at index {i}", beta, 0.0, 1.0)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "amsgrad": amsgrad,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "differentiable": differentiable,
                "fused": fused,
                "decoupled_weight_decay": self.decoupled,
            },
        )

    def _update(self, p: Tensor, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        if not state:
            state["step"] = wrap(np.zeros((), np.float32))
            for name in ("exp_avg", "exp_avg_sq", *(["max_exp_avg_sq"] * group["amsgrad"])):
                state[name] = wrap(np.zeros_like(p.array))
        x, lr, decay = p.array, group["lr"], group["weight_decay"]
        beta1, beta2 = group["betas"]
        g = -g if group["maximize"] else g
        if decay and self.decoupled:
            x *= 1 - lr * decay
        elif decay:
            g = g + decay * x
        state["step"].array += 1
        step = float(state["step"].array)
        first, second = state["exp_avg"].array, state["exp_avg_sq"].array
        scratch = (1 - beta1) * g
        first *= beta1
        first += scratch
        second *= beta2
        np.multiply(g, g, out=scratch)
        scratch *= 1 - beta2
        second += scratch
        if group["amsgrad"]:
            largest = state["max_exp_avg_sq"].array
            second = np.maximum(largest, second, out=largest)
        np.sqrt(second, out=scratch)
        scratch /= math.sqrt(1 - beta2**step)
        scratch += group["eps"]
        np.divide(first, scratch, out=scratch)
        scratch *= lr / (1 - beta1**step)
        x -= scratch
        written(p)


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameter itself (Loshchilov and Hutter, 2017)."""

    decoupled = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, **options)
