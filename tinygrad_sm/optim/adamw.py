"""AdamW: Adam with the weight decay decoupled from the gradient."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor
from .adam import Adam
from .optimizer import Params


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameter itself (Loshchilov and Hutter, 2019).

    Each step first multiplies the parameter by ``1 - lr * weight_decay``; the decay does not pass
    through the moments, so that it is the same for every element.

    Args:
        params: tensors, (name, tensor) pairs, or parameter groups.
        lr: the learning rate.
        betas: how much of the moments m and v is kept, each in [0, 1).
        eps: keeps the quotient finite.
        weight_decay: the decay's factor.
        amsgrad: never let the denominator shrink (Reddi et al., 2018).
        maximize: go up the gradient instead of down.
        foreach: accepted and ignored: chooses between PyTorch's implementations.
        capturable: accepted and ignored, like ``foreach``.
        differentiable: must be ``False``.
        fused: accepted and ignored, like ``foreach``.

    Raises:
        ValueError: for an option out of its range or not finite.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            maximize=maximize,
            foreach=foreach,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:  # even where Adam's own state_dict was loaded
            group["decoupled_weight_decay"] = True
