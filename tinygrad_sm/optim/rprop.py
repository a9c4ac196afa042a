"""Rprop, which looks at the signs of gradients alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor
from .optimizer import Params
from .rule import Rule, check_implementation_flags, check_not_negative


class Rprop(Rule):
    r"""Resilient backpropagation (Riedmiller and Braun, 1993), for full batches.

    Each element has a step size of its own, which grows while its gradient g keeps its sign and
    shrinks when that changes. With g' the gradient of the step before::

        s <- clamp(s * eta_plus)               where g' * g > 0
        s <- clamp(s * eta_minus);  g <- 0     where g' * g < 0
        p <- p - sign(g) * s

    Args:
        params: tensors, (name, tensor) pairs, or parameter groups.
        lr: the step size at the beginning.
        etas: eta_minus in (0, 1), and eta_plus, above 1.
        step_sizes: the smallest and the largest step size.
        capturable: accepted and ignored: chooses between PyTorch's implementations.
        foreach: accepted and ignored, like ``capturable``.
        maximize: go up the gradient instead of down.
        differentiable: must be ``False``.

    Raises:
        ValueError: for an option out of its range or not finite.
    """

    kept = ("prev", "step_size")

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_not_negative("learning rate", lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(
                f"Invalid eta values: {etas[0]}, {etas[1]}: expected one below 1, one above"
            )
        check_implementation_flags("Rprop", differentiable)
        super().__init__(
            params,
            {
                "lr": lr,
                "etas": etas,
                "step_sizes": step_sizes,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def _begin(self, x: np.ndarray, state: dict[str, Any], group: dict[str, Any]) -> None:
        super()._begin(x, state, group)
        state["step_size"].array.fill(float(group["lr"]))

    def _update(
        self, p: Tensor, grad: np.ndarray, state: dict[str, Any], group: dict[str, Any]
    ) -> None:
        x = p.array
        g = self._descent(x, grad, 0.0, group["maximize"])
        shrink, grow = map(float, group["etas"])
        _, before, sizes = self._recall(x, state, group)
        scratch = self._scratch(x)
        up, down = self._scratch(x, kind=np.bool_), self._scratch(x, slot=1, kind=np.bool_)
        np.multiply(before, g, out=scratch)
        np.greater(scratch, 0, out=up)
        np.less(scratch, 0, out=down)
        np.multiply(sizes, grow, out=sizes, where=up)
        np.multiply(sizes, shrink, out=sizes, where=down)
        np.clip(sizes, *map(float, group["step_sizes"]), out=sizes)
        np.copyto(before, g)
        np.copyto(before, 0, where=down)
        np.greater(before, 0, out=up)
        np.less(before, 0, out=down)
        np.subtract(x, sizes, out=x, where=up)
        np.add(x, sizes, out=x, where=down)
