"""Adafactor, which remembers of a matrix of squares its row and column sums only."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor
from .optimizer import Params
from .rule import Rule, blend, check_not_negative, scalar


class Adafactor(Rule):
    r"""Adafactor (Shazeer and Stern, 2018).

    With gradient g in step t, learning rate lr, and mean squares r of rows and c of columns::

        rho = min(lr, 1 / sqrt(t))
        alpha = max(eps2, rms(p)) * rho
        p <- p - lr * weight_decay * p
        r, c <- moving means of g^2, the new values weighted by t^beta2_decay
        v = r c / mean(r)                      (of a vector, the moving mean of g^2 itself)
        u = g / sqrt(v)
        p <- p - alpha * u / max(1, rms(u) / d)

    Args:
        params: tensors, (name, tensor) pairs, or parameter groups.
        lr: the largest step relative to the parameter's size.
        beta2_decay: the power by which new squares lose weight, at most 0.
        eps: the smallest root of v (``None``: the precision of the dtype), and the smallest size
            of a parameter that is reckoned with.
        d: how large the step may be relative to its usual size, at least 1.
        weight_decay: the factor of the decay of the parameter itself.
        foreach: accepted and ignored: chooses between PyTorch's implementations.
        maximize: go up the gradient instead of down.

    Raises:
        ValueError: for an option out of its range or not finite.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        check_not_negative("learning rate", lr)
        if not beta2_decay <= 0.0:
            raise ValueError(f"beta2_decay should be <= 0 but is: {beta2_decay}")
        check_not_negative("epsilon1", eps[0] or 0.0)
        check_not_negative("epsilon2", eps[1])
        if not d >= 1.0:
            raise ValueError(f"Clipping threshold d should be >= 1 but is: {d}")
        check_not_negative("weight_decay value", weight_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "beta2_decay": beta2_decay,
                "eps": eps,
                "d": d,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
            },
        )

    def _update(
        self, p: Tensor, grad: np.ndarray, state: dict[str, Any], group: dict[str, Any]
    ) -> None:
        x = p.array
        if not x.size:
            return
        g = self._descent(x, grad, 0.0, group["maximize"])
        lr = float(group["lr"])
        tiny, smallest = group["eps"]
        tiny = float(np.finfo(x.dtype).eps) if tiny is None else float(tiny)
        count = state.setdefault("step", scalar(0.0)).array
        count += 1
        step = count.item()
        alpha = max(float(smallest), _root_mean_square(x)) * min(lr, step**-0.5)
        if group["weight_decay"]:
            np.multiply(x, 1 - lr * float(group["weight_decay"]), out=x)
        share = step ** float(group["beta2_decay"])
        change = self._scratch(x)
        np.multiply(g, g, out=change)
        self._estimate(change, share, tiny, state)
        np.maximum(change, tiny * tiny, out=change)
        np.sqrt(change, out=change)
        np.divide(g, change, out=change)
        excess = max(1.0, _root_mean_square(change) / float(group["d"]))
        np.multiply(change, alpha / excess, out=change)
        np.subtract(x, change, out=x)

    def _estimate(
        self, square: np.ndarray, share: float, tiny: float, state: dict[str, Any]
    ) -> None:
        """Put the estimated mean squares in the place of the latest squares."""
        if square.ndim < 2:
            mean = self._begun(square, state, "variance")
            blend(mean, square, share, self._scratch(square, slot=2))
            np.copyto(square, mean)
            return
        means = []
        for name, axis in (("row_var", -1), ("col_var", -2)):
            new = square.mean(axis, keepdims=True)
            means.append(self._begun(new, state, name))
            blend(means[-1], new, share, np.empty_like(new))
        rows, columns = means
        np.multiply(rows, columns, out=square)
        np.divide(square, np.maximum(rows.mean(-2, keepdims=True), tiny), out=square)

    def _shape_kept(self, name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Means over rows and over columns have one of them."""
        if name == "row_var":
            return (*shape[:-1], 1)
        return (*shape[:-2], 1, shape[-1]) if name == "col_var" else shape


def _root_mean_square(x: np.ndarray) -> float:
    return float(np.linalg.norm(x)) / x.size**0.5
