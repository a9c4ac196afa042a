"""What the rules of this package share: what they remember, memory to work in, checks of options."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..tape import Value, wrap
from ..tensor import Tensor
from .optimizer import Optimizer


class Rule(Optimizer):
    """An optimizer that changes one parameter after the other by ``_update``.

    Attributes:
        kept: names of the arrays, each of the parameter's shape, that the rule remembers from step
            to step together with the number of steps.
    """

    kept: tuple[str, ...] = ()

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for entry in self.state.values():  # checkpoints of early PyTorch count in plain numbers
            if "step" in entry and not isinstance(entry["step"], Value):
                entry["step"] = wrap(np.array(entry["step"], np.float32))

    def _check_state(self, number: int, p: Tensor, entry: dict[str, Any]) -> None:
        super()._check_state(number, p, entry)
        needed = ("step", *self.kept) if self.kept else ()
        missing = [name for name in needed if name not in entry]
        if entry and missing:
            raise ValueError(
                f"{type(self).__name__}.load_state_dict: the state of parameter {number} lacks "
                f"{', '.join(missing)}: was it saved by another kind of optimizer?"
            )

    def _begin(self, x: np.ndarray, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Fill the state of a parameter before its first step."""
        state["step"] = scalar(0.0)
        for name in self.kept:
            state[name] = wrap(np.zeros_like(x))

    def _recall(
        self, x: np.ndarray, state: dict[str, Any], group: dict[str, Any]
    ) -> tuple[Any, ...]:
        """The number of this step, from 1, and the arrays that the rule remembers."""
        if "step" not in state:
            self._begin(x, state, group)
        count = state["step"].array
        count += 1
        return count.item(), *(state[name].array for name in self.kept)

    def _begun(self, x: np.ndarray, state: dict[str, Any], name: str) -> np.ndarray:
        """An array that the rule remembers for some options only: zeros at first."""
        if state.get(name) is None:
            state[name] = wrap(np.zeros_like(x))
        begun: np.ndarray = state[name].array
        return begun

    def _scratch(self, x: np.ndarray, slot: int = 0, kind: Any = None) -> np.ndarray:
        """Memory in the shape and dtype of ``x`` (or in another dtype), kept from step to step.

        Fresh memory for a large temporary costs more than the arithmetic done in it.
        """
        kept: dict[Any, np.ndarray] = self.__dict__.setdefault("_memory", {})
        key = slot, x.dtype if kind is None else np.dtype(kind)
        memory = kept.get(key)
        if memory is None or memory.size < x.size:
            memory = kept[key] = np.empty(x.size, key[1])
        return memory[: x.size].reshape(x.shape)

    def _descent(
        self, x: np.ndarray, grad: np.ndarray, weight_decay: float, maximize: bool
    ) -> np.ndarray:
        """The gradient of what is minimized: turned round to maximize, with the L2 penalty's."""
        if not (weight_decay or maximize):
            return grad
        out = self._scratch(x, slot=1)
        if not weight_decay:
            return np.negative(grad, out=out)
        np.multiply(x, weight_decay, out=out)
        return np.subtract(out, grad, out=out) if maximize else np.add(out, grad, out=out)


def scalar(value: float) -> Any:
    """A number that is remembered: a 0-d float32 tensor, as in PyTorch."""
    return wrap(np.array(value, np.float32))


def blend(average: np.ndarray, new: np.ndarray, share: float, scratch: np.ndarray) -> None:
    """``average <- average + share * (new - average)``, reckoned from the nearer end."""
    np.subtract(new, average, out=scratch)
    if share < 0.5:
        np.multiply(scratch, share, out=scratch)
        np.add(average, scratch, out=average)
    else:
        np.multiply(scratch, 1 - share, out=scratch)
        np.subtract(new, scratch, out=average)


def blend_square(square: np.ndarray, new: np.ndarray, kept: float, scratch: np.ndarray) -> None:
    """``square <- kept * square + (1 - kept) * new^2``."""
    np.multiply(new, new, out=scratch)
    np.multiply(scratch, 1 - kept, out=scratch)
    np.multiply(square, kept, out=square)
    np.add(square, scratch, out=square)


def shrink(x: np.ndarray, group: dict[str, Any]) -> float:
    """Decay the parameter itself if that is asked for; what is left for the gradient otherwise."""
    decay = float(group["weight_decay"])
    if not group["decoupled_weight_decay"]:
        return decay
    if decay:
        np.multiply(x, 1 - float(group["lr"]) * decay, out=x)
    return 0.0


# --- the checks that constructors share -----------------------------------------------------------


def check_betas(betas: Any) -> None:
    """Refuse factors of moving averages outside [0, 1).

    Raises:
        ValueError: naming the factor.
    """
    for i, beta in enumerate(betas):
        if not 0.0 <= beta < 1.0:
            raise ValueError(
                f"Invalid beta parameter at index {i}: {beta}: expected at least 0, less than 1"
            )


def check_not_negative(description: str, value: Any) -> None:
    """Refuse an option below 0, or not finite.

    Raises:
        ValueError: calling the option by its description, such as ``"learning rate"``.
    """
    if isinstance(value, Value) and value.array.size != 1:
        raise ValueError(f"Tensor {description} must be 1-element, not {value.array.shape}")
    if not 0.0 <= float(value) < math.inf:
        raise ValueError(f"Invalid {description}: {value}: expected a finite number, at least 0")


def check_implementation_flags(name: str, differentiable: bool) -> None:
    """Refuse what is more than a choice between equal implementations.

    Raises:
        NotImplementedError: for ``differentiable=True``.
    """
    if differentiable:
        raise NotImplementedError(
            f"{name}: differentiable=True is not supported: a step is not recorded. Write the "
            "update with tensor operations to differentiate through it"
        )
