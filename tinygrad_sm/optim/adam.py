"""Adam, which scales each element's step by the size of its recent gradients."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..tape import Value, wrap
from ..tensor import Tensor
from .optimizer import Optimizer, Params, check_implementation_flags, check_not_negative


class Adam(Optimizer):
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
        for i, beta in enumerate(betas):
            if not 0.0 <= beta < 1.0:
                raise ValueError(
                    f"Invalid beta parameter at index {i}: {beta}: expected at least 0, less than 1"
                )
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

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for entry in self.state.values():  # checkpoints of early PyTorch count in plain numbers
            if "step" in entry and not isinstance(entry["step"], Value):
                entry["step"] = wrap(np.array(entry["step"], np.float32))

    def _check_state(self, number: int, p: Tensor, entry: dict[str, Any]) -> None:
        super()._check_state(number, p, entry)
        missing = [name for name in ("step", "exp_avg", "exp_avg_sq") if name not in entry]
        if entry and missing:
            raise ValueError(
                f"{type(self).__name__}.load_state_dict: the state of parameter {number} lacks "
                f"{', '.join(missing)}: was it saved by another kind of optimizer?"
            )

    def _update(
        self, p: Tensor, grad: np.ndarray, state: dict[str, Any], group: dict[str, Any]
    ) -> None:
        x = p.array
        lr, decay = float(group["lr"]), float(group["weight_decay"])
        if group["decoupled_weight_decay"]:
            if decay:
                np.multiply(x, 1 - lr * decay, out=x)
            decay = 0.0
        g = self._descent(x, grad, decay, group["maximize"])
        beta1, beta2 = map(float, group["betas"])
        count, mean, square = self._moments(x, state)
        count += 1
        scratch = self._scratch(x)

        np.subtract(g, mean, out=scratch)
        np.multiply(scratch, 1 - beta1, out=scratch)
        np.add(mean, scratch, out=mean)

        np.multiply(g, g, out=scratch)
        np.multiply(scratch, 1 - beta2, out=scratch)
        np.multiply(square, beta2, out=square)
        np.add(square, scratch, out=square)
        if group["amsgrad"]:
            square = self._largest(square, state)

        # both corrections are numbers, multiplied together so that they cost one pass, not two
        steps = count.item()
        correction = math.sqrt(1 - beta2**steps)
        np.sqrt(square, out=scratch)
        np.add(scratch, float(group["eps"]) * correction, out=scratch)
        np.divide(mean, scratch, out=scratch)
        np.multiply(scratch, lr * correction / (1 - beta1**steps), out=scratch)
        np.subtract(x, scratch, out=x)

    def _moments(
        self, x: np.ndarray, state: dict[str, Any]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The number of steps so far, m and v: zeros at first."""
        if "step" not in state:
            state["step"] = wrap(np.zeros((), np.float32))
            state["exp_avg"] = wrap(np.zeros_like(x))
            state["exp_avg_sq"] = wrap(np.zeros_like(x))
        return state["step"].array, state["exp_avg"].array, state["exp_avg_sq"].array

    def _largest(self, square: np.ndarray, state: dict[str, Any]) -> np.ndarray:
        """The largest v so far, element by element."""
        if "max_exp_avg_sq" not in state:
            state["max_exp_avg_sq"] = wrap(np.zeros_like(square))
        largest: np.ndarray = state["max_exp_avg_sq"].array
        return np.maximum(largest, square, out=largest)
