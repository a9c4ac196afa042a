"""Adagrad, whose steps become smaller where gradients were large."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor
from .optimizer import Params
from .rule import Rule, check_implementation_flags, check_not_negative


class Adagrad(Rule):
    r"""Adagrad (Duchi et al., 2011).

    With gradient g in step t, sum of squares s, learning rate lr and weight decay lambda::

        g <- g + lambda * p
        s <- s + g^2
        p <- p - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps)

    Args:
        params: tensors, (name, tensor) pairs, or parameter groups.
        lr: the learning rate.
        lr_decay: how fast the learning rate falls with the steps.
        weight_decay: the factor of an L2 penalty's gradient.
        initial_accumulator_value: what s begins with.
        eps: keeps the quotient finite.
        foreach: accepted and ignored: chooses between PyTorch's implementations.
        maximize: go up the gradient instead of down.
        differentiable: must be ``False``.
        fused: accepted and ignored, like ``foreach``.

    Raises:
        ValueError: for an option out of its range or not finite.
    """

    kept = ("sum",)

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_not_negative("learning rate", lr)
        check_not_negative("lr_decay value", lr_decay)
        check_not_negative("weight_decay value", weight_decay)
        check_not_negative("initial_accumulator_value value", initial_accumulator_value)
        check_not_negative("epsilon value", eps)
        check_implementation_flags("Adagrad", differentiable)
        super().__init__(
            params,
            {
                "lr": lr,
                "lr_decay": lr_decay,
                "eps": eps,
                "weight_decay": weight_decay,
                "initial_accumulator_value": initial_accumulator_value,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "fused": fused,
            },
        )
        for group in self.param_groups:
            for p in group["params"]:
                self._begin(p.array, self.state[p], group)

    def _begin(self, x: np.ndarray, state: dict[str, Any], group: dict[str, Any]) -> None:
        super()._begin(x, state, group)
        state["sum"].array.fill(self.defaults["initial_accumulator_value"])

    def share_memory(self) -> None:
        """Do nothing: there is one process only, whose memory the state is in already."""

    def _update(
        self, p: Tensor, grad: np.ndarray, state: dict[str, Any], group: dict[str, Any]
    ) -> None:
        x = p.array
        g = self._descent(x, grad, float(group["weight_decay"]), group["maximize"])
        step, total = self._recall(x, state, group)
        scratch = self._scratch(x)
        np.multiply(g, g, out=scratch)
        np.add(total, scratch, out=total)
        np.sqrt(total, out=scratch)
        np.add(scratch, float(group["eps"]), out=scratch)
        np.divide(g, scratch, out=scratch)
        rate = float(group["lr"]) / (1 + (step - 1) * float(group["lr_decay"]))
        np.multiply(scratch, rate, out=scratch)
        np.subtract(x, scratch, out=x)
