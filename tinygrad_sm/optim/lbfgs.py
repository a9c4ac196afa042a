"""L-BFGS, a quasi-Newton method for losses without noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..tape import Value, enable_grad, wrap, written
from ..tensor import Tensor
from .line_search import strong_wolfe
from .optimizer import Optimizer, Params
from .rule import check_not_negative


class LBFGS(Optimizer):
    """Limited-memory BFGS (Liu and Nocedal, 1989).

    The direction is the gradient times an estimate of the inverse Hessian, made of the last changes
    of the parameters and of their gradients. One step makes up to ``max_iter`` iterations, and so
    needs a closure that computes the loss and its gradients anew.

    Args:
        params: tensors, (name, tensor) pairs, or one parameter group.
        lr: the length of a step, or the first that the line search tries.
        max_iter: iterations in one step.
        max_eval: calls of the closure in one step; by default ``max_iter * 5 // 4``.
        tolerance_grad: stop where no element of the gradient is larger.
        tolerance_change: stop where neither parameters nor loss change by more.
        history_size: how many changes are remembered.
        line_search_fn: ``"strong_wolfe"``, or ``None`` for steps of length ``lr``.

    Raises:
        ValueError: for a rate out of its range, or more than one parameter group.
        RuntimeError: in the first step, for a line search of another name.

    >>> import tinygrad_sm as sg
    >>> from tinygrad_sm import optim
    >>> w = sg.tensor([3.0, -1.0], requires_grad=True)
    >>> optimizer = optim.LBFGS([w], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((w - sg.tensor([1.0, 2.0])) ** 4).sum()
    ...     loss.backward()
    ...     return loss
    >>> _ = optimizer.step(closure)
    >>> closure().item() < 1e-6
    True
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_not_negative("learning rate", lr)
        super().__init__(
            params,
            {
                "lr": lr,
                "max_iter": max_iter,
                "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
                "tolerance_grad": tolerance_grad,
                "tolerance_change": tolerance_change,
                "history_size": history_size,
                "line_search_fn": line_search_fn,
            },
        )
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    @property
    def _params(self) -> list[Tensor]:
        params: list[Tensor] = self.param_groups[0]["params"]
        return params

    def _shape_kept(self, name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
        """All is remembered of all parameters in a row."""
        return (sum(p.array.size for p in self._params),)

    def step(self, closure: Callable[[], Any]) -> Any:
        """Go down by up to ``max_iter`` iterations.

        Args:
            closure: computes the loss and its gradients anew, and returns the loss.

        Returns:
            What the closure returned at first.

        Raises:
            RuntimeError: for a gradient of another shape or dtype than its parameter, or a
                parameter over read-only memory.
        """
        group = self.param_groups[0]
        search = group["line_search_fn"]
        if search not in (None, "strong_wolfe"):
            raise RuntimeError(f"only 'strong_wolfe' is supported, not {search!r}")
        with enable_grad(), np.errstate(all="ignore"):
            first_loss = closure()
            grad = self._gradient()
            state = self.state[self._params[0]]
            state["func_evals"] = state.get("func_evals", 0) + 1
            state.setdefault("n_iter", 0)
            self._iterate(closure, float(first_loss), grad, state, group)
        return first_loss

    def _iterate(
        self,
        closure: Callable[[], Any],
        loss: float,
        grad: np.ndarray,
        state: dict[str, Any],
        group: dict[str, Any],
    ) -> None:
        tolerance = float(group["tolerance_change"])
        rate = float(group["lr"])
        evaluations = 1
        if _largest(grad) <= group["tolerance_grad"]:
            return
        for left in range(group["max_iter"] - 1, -1, -1):
            state["n_iter"] += 1
            if state["n_iter"] == 1:
                direction = -grad
                state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
                length = min(1.0, 1.0 / np.sum(np.abs(grad))) * rate
            else:
                self._remember(grad, state, group["history_size"])
                direction = _newton_direction(grad, state)
                length = rate
            state.update(prev_flat_grad=wrap(grad.copy()), prev_loss=loss, d=wrap(direction))
            previous = loss
            slope = np.dot(grad, direction)
            state["t"] = _kept(length)
            if slope > -tolerance:
                return
            calls = 0
            if group["line_search_fn"] is not None:
                start = [p.array.copy() for p in self._params]

                def look(length: Any, start: Any = start, direction: Any = direction) -> Any:
                    return self._look(closure, start, length, direction)

                limit = group["max_eval"] - evaluations
                loss, grad, length, calls = strong_wolfe(
                    look, length, direction, loss, grad, slope, limit
                )
                self._move(length, direction)
            else:
                self._move(length, direction)
                if left:  # after the last iteration nobody asks for the loss there
                    loss, calls = float(closure()), 1
                    grad = self._gradient()
            state["t"] = _kept(length)
            evaluations += calls
            state["func_evals"] += calls
            if (
                evaluations >= group["max_eval"]
                or _largest(grad) <= group["tolerance_grad"]
                or _largest(direction * length) <= tolerance
                or abs(loss - previous) < tolerance
            ):
                return

    def _gradient(self) -> np.ndarray:
        """The gradients of all parameters in a row; 0 where there is none."""
        found = {id(p): g for _, p, g in self._ready()}
        parts = [
            found[id(p)].ravel() if id(p) in found else np.zeros(p.array.size, p.array.dtype)
            for p in self._params
        ]
        return np.concatenate(parts)

    def _move(self, length: Any, direction: np.ndarray) -> None:
        """Add ``length * direction`` to the parameters."""
        start = 0
        for p in self._params:
            x = p.array
            x += direction[start : start + x.size].reshape(x.shape) * length
            start += x.size
            written(p)

    def _look(
        self, closure: Callable[[], Any], start: list[np.ndarray], length: Any, direction: Any
    ) -> tuple[float, np.ndarray]:
        """Loss and gradient at a length along the direction; the parameters stay at the start."""
        self._move(length, direction)
        loss = float(closure())
        grad = self._gradient()
        for p, x in zip(self._params, start, strict=True):
            np.copyto(p.array, x)
            written(p)
        return loss, grad

    def _remember(self, grad: np.ndarray, state: dict[str, Any], size: int) -> None:
        """Take the last change of parameters and gradient into the memory, if they fit."""
        rise = grad - state["prev_flat_grad"].array
        length = state["t"]
        change = state["d"].array * (length.array if isinstance(length, Value) else length)
        product = np.dot(rise, change)
        if not product > 1e-10:  # not convex there: such a pair would spoil the estimate
            return
        if len(state["old_dirs"]) == size:
            for name in ("old_dirs", "old_stps", "ro"):
                state[name].pop(0)
        state["old_dirs"].append(wrap(rise))
        state["old_stps"].append(wrap(change))
        state["ro"].append(wrap(1.0 / product))
        state["H_diag"] = wrap(product / np.dot(rise, rise))


def _newton_direction(grad: np.ndarray, state: dict[str, Any]) -> np.ndarray:
    """Minus the estimated inverse Hessian times the gradient: the two-loop recursion."""
    pairs = [
        (rise.array, change.array, ro.array)
        for rise, change, ro in zip(state["old_dirs"], state["old_stps"], state["ro"], strict=True)
    ]
    q = -grad
    shares = []
    for rise, change, ro in reversed(pairs):
        shares.append(np.dot(change, q) * ro)
        q -= rise * shares[-1]
    q *= np.asarray(state["H_diag"], q.dtype)
    for (rise, change, ro), share in zip(pairs, reversed(shares), strict=True):
        q += change * (share - np.dot(rise, q) * ro)
    return q


def _kept(length: Any) -> Any:
    """A length as it is remembered: a NumPy number as a tensor."""
    return wrap(length) if isinstance(length, np.generic) else length


def _largest(x: np.ndarray) -> float:
    return float(np.max(np.abs(x), initial=0.0))
