"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tape import wrap
from ..tensor import Tensor
from .optimizer import Params
from .rule import Rule, check_implementation_flags, check_not_negative


class SGD(Rule):
    r"""Stochastic gradient descent, with momentum if asked for.

    With gradient g, learning rate lr, momentum mu, dampening tau and weight decay lambda::

        g <- g + lambda * p
        b <- mu * b + (1 - tau) * g        (b <- g in the first step)
        p <- p - lr * b                    (p - lr * (g + mu * b) with nesterov)

    Args:
        params: tensors, (name, tensor) pairs, or parameter groups.
        lr: the learning rate.
        momentum: how much of the last direction is kept (Polyak, 1964; as in Sutskever et al.,
            2013, but with the learning rate outside of b).
        dampening: how much of the gradient is left out of the direction.
        weight_decay: the factor of an L2 penalty's gradient.
        nesterov: look ahead by one step of momentum (Nesterov, 1983).
        maximize: go up the gradient instead of down.
        foreach: accepted and ignored: chooses between PyTorch's implementations.
        differentiable: must be ``False``.
        fused: accepted and ignored, like ``foreach``.

    Raises:
        ValueError: for a negative or not finite option, or nesterov without momentum or with
            dampening.

    >>> import tinygrad_sm as sg
    >>> from tinygrad_sm import optim
    >>> w = sg.tensor([3.0], requires_grad=True)
    >>> optimizer = optim.SGD([w], lr=0.25)
    >>> (w**2).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([1.5000], requires_grad=True)
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_not_negative("learning rate", lr)
        check_not_negative("momentum value", momentum)
        check_not_negative("weight_decay value", weight_decay)
        check_implementation_flags("SGD", differentiable)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError(
                "Nesterov momentum requires a momentum and zero dampening, not momentum "
                f"{momentum} and dampening {dampening}"
            )
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

    def _update(
        self, p: Tensor, grad: np.ndarray, state: dict[str, Any], group: dict[str, Any]
    ) -> None:
        x = p.array
        change = self._scratch(x)
        direction = self._descent(x, grad, float(group["weight_decay"]), group["maximize"])
        momentum = float(group["momentum"])
        if momentum:
            kept = 1 - float(group["dampening"])
            average = self._average(direction, state, momentum, kept, change)
            if group["nesterov"]:
                np.multiply(average, momentum, out=change)
                direction = np.add(change, direction, out=change)
            else:
                direction = average
        np.multiply(direction, float(group["lr"]), out=change)
        np.subtract(x, change, out=x)

    def _average(
        self,
        direction: np.ndarray,
        state: dict[str, Any],
        momentum: float,
        kept: float,
        workspace: np.ndarray,
    ) -> np.ndarray:
        """The momentum buffer, after the direction has gone into it."""
        buffer = state.get("momentum_buffer")
        if buffer is None:
            buffer = state["momentum_buffer"] = wrap(np.array(direction))
            return buffer.array
        average: np.ndarray = buffer.array
        np.multiply(average, momentum, out=average)
        if kept != 1:
            direction = np.multiply(direction, kept, out=workspace)
        return np.add(average, direction, out=average)
