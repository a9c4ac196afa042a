"""Muon: momentum made orthogonal."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..tensor import Tensor
from .optimizer import Params
from .rule import Rule, blend, check_not_negative

_LEARNING_RATES = {
    None: lambda rows, columns: math.sqrt(max(1, rows / columns)),
    "original": lambda rows, columns: math.sqrt(max(1, rows / columns)),
    "match_rms_adamw": lambda rows, columns: 0.2 * math.sqrt(max(rows, columns)),
}


class Muon(Rule):
    r"""Momentum whose singular values are all brought near 1, for matrices (Jordan et al., 2024).

    With gradient g, learning rate lr, momentum mu and weight decay lambda::

        b <- mu * b + (1 - mu) * g
        u <- orthogonalized((1 - mu) * g + mu * b)      (of b without nesterov)
        p <- p * (1 - lr * lambda) - lr * ratio * u

    The orthogonalized matrix is found by steps of a Newton-Schulz iteration, in the precision of
    bfloat16: ``x <- a x + (b x x^T + c (x x^T)^2) x`` from x = u / |u|.

    Args:
        params: matrices, (name, matrix) pairs, or parameter groups.
        lr: the learning rate.
        weight_decay: how much of the parameter itself is taken off, times lr.
        momentum: how much of the last direction is kept.
        nesterov: look ahead by one step of momentum.
        ns_coefficients: a, b and c of the iteration.
        eps: the least norm that is divided by.
        ns_steps: how many steps of the iteration.
        adjust_lr_fn: what the learning rate is multiplied by: sqrt(max(1, rows / columns)) for
            ``"original"``, the default, or 0.2 sqrt(max(rows, columns)) for
            ``"match_rms_adamw"``, which makes steps as large as those of AdamW.

    Raises:
        ValueError: for a negative or not finite option, an unknown ``adjust_lr_fn``, a parameter
            that is no matrix, or, in a step, 100 iterations or more.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        check_not_negative("learning rate", lr)
        check_not_negative("momentum value", momentum)
        check_not_negative("weight_decay value", weight_decay)
        if adjust_lr_fn not in _LEARNING_RATES:
            raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        super().__init__(
            params,
            {
                "lr": lr,
                "weight_decay": weight_decay,
                "momentum": momentum,
                "nesterov": nesterov,
                "ns_coefficients": ns_coefficients,
                "eps": eps,
                "ns_steps": ns_steps,
                "adjust_lr_fn": adjust_lr_fn,
            },
        )
        for group in self.param_groups:
            for p in group["params"]:
                if p.ndim != 2:
                    raise ValueError(
                        "Muon only supports 2D parameters whereas we found a parameter with size: "
                        f"{tuple(p.shape)}: give the others to another optimizer, such as AdamW"
                    )

    def _update(
        self, p: Tensor, grad: np.ndarray, state: dict[str, Any], group: dict[str, Any]
    ) -> None:
        x, lr, momentum = p.array, float(group["lr"]), float(group["momentum"])
        average = self._begun(x, state, "momentum_buffer")
        blend(average, grad, 1 - momentum, self._scratch(x))
        direction = average
        if group["nesterov"]:
            direction = np.array(grad)
            blend(direction, average, momentum, self._scratch(x))
        update = _orthogonalized(
            direction, group["ns_coefficients"], group["ns_steps"], group["eps"]
        )
        ratio = _LEARNING_RATES[group["adjust_lr_fn"]](*x.shape)
        np.multiply(x, 1 - lr * float(group["weight_decay"]), out=x)
        np.subtract(x, update * x.dtype.type(lr * ratio), out=x)


def _orthogonalized(
    direction: np.ndarray, coefficients: tuple[float, float, float], steps: int, eps: float
) -> np.ndarray:
    """The direction with its singular values brought near 1, in float32 of bfloat16's precision."""
    if steps >= 100:
        raise ValueError("Number of steps must be less than 100 for computational efficiency")
    if len(coefficients) != 3:
        raise ValueError(f"Coefficients must be a tuple of exactly 3 values, not {coefficients}")
    a, b, c = np.asarray(coefficients, np.float32)
    tall = direction.shape[0] > direction.shape[1]
    x = _bfloat16(direction.T if tall else direction)
    x = _bfloat16(x / max(_bfloat16(np.linalg.norm(x)), np.float32(eps)))
    for _ in range(steps):
        gram = _bfloat16(x @ x.T)
        x = _bfloat16(a * x + _bfloat16(b * gram + c * (gram @ gram)) @ x)
    return x.T if tall else x


def _bfloat16(x: Any) -> np.ndarray:
    """In float32, the nearest numbers of 8 significant bits; of two as near, the even one."""
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    odd = bits >> np.uint32(16) & np.uint32(1)
    return (bits + np.uint32(0x7FFF) + odd & np.uint32(0xFFFF0000)).view(np.float32)
