"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..tape import wrap, written
from ..tensor import Tensor
from .optimizer import Optimizer, check_range


class SGD(Optimizer):
    """``p -= lr * g``, with momentum ``buf = momentum * buf + (1 - dampening) * g`` if asked for.

    Nesterov's form follows Sutskever et al., 2013.

    Args:
        params: tensors or groups.
        lr: the step size.
        momentum: how much of the last step's direction is kept.
        dampening: how much of the gradient is left out of the momentum.
        weight_decay: adds ``weight_decay * p`` to the gradient.
        nesterov: look ahead along the momentum.
        maximize: climb instead of descend.

    Raises:
        ValueError: for negative settings, or Nesterov without momentum.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_range("learning rate", lr)
        check_range("momentum value", momentum)
        check_range("weight_decay value", weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "dampening": dampening,
                "weight_decay": weight_decay,
                "nesterov": nesterov,
                "maximize": maximize,
                "foreach": foreach,
                "differentiable": differentiable,
                "fused": fused,
            },
        )

    def _update(self, p: Tensor, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        if group["maximize"]:
            g = -g
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p.array
        momentum = group["momentum"]
        if momentum:
            buffer = state.get("momentum_buffer")
            if buffer is None:
                buffer = state["momentum_buffer"] = wrap(np.array(g))
            else:
                buffer.array *= momentum
                kept = 1 - group["dampening"]
                buffer.array += g if kept == 1 else kept * g
            g = g + momentum * buffer.array if group["nesterov"] else buffer.array
        p.array -= group["lr"] * g
        written(p)
