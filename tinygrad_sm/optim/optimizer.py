"""What all optimizers share: parameter groups, state, and their saving and loading."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from ..tape import enable_grad, no_grad
from ..tensor import Tensor


class Optimizer:
    """The base of optimizers.

    Args:
        params: tensors, or dicts with ``"params"`` and settings of their own (groups).
        defaults: settings for groups that do not say otherwise.

    Raises:
        TypeError: for what is not a tensor.
        ValueError: for no parameters, one that is no leaf, or one that is given twice.
    """

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise TypeError("params must be an iterable of Tensors or dicts: put it in a list")
        self.defaults = defaults
        self.state: dict[Any, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        listed = list(params)
        if not listed:
            raise ValueError("optimizer got an empty parameter list")
        for group in listed if isinstance(listed[0], dict) else [{"params": listed}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters with settings of their own."""
        group = {**self.defaults, **param_group}
        params = group["params"]
        group["params"] = [params] if isinstance(params, Tensor) else list(params)
        taken = {id(p) for g in self.param_groups for p in g["params"]}
        for p in group["params"]:
            if not isinstance(p, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, but got {type(p).__name__}")
            if not p.is_leaf:
                raise ValueError(
                    f"can't optimize a non-leaf Tensor (it came from {p.node!r}): create it with "
                    "requires_grad=True, or detach() it first"
                )
            if id(p) in taken:
                raise ValueError("some parameters appear more than once, in one group or several")
            taken.add(id(p))
        self.param_groups.append(group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, or set them to 0."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.grad = None if set_to_none else p.grad * 0

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter that has a gradient.

        Args:
            closure: computes the loss anew, with gradients; its value is returned.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        self._update(p, p.grad.array, self.state[p], group)
        return loss

    def _update(self, p: Tensor, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        raise NotImplementedError(f"{type(self).__name__} must define _update")

    def state_dict(self) -> dict[str, Any]:
        """Settings and state, with parameters by number, as PyTorch lays them out."""
        number = {id(p): i for i, p in enumerate(self._all())}
        groups = [{**g, "params": [number[id(p)] for p in g["params"]]} for g in self.param_groups]
        return {
            "state": {number[id(p)]: s for p, s in self.state.items() if s},
            "param_groups": groups,
        }

    def _all(self) -> list[Tensor]:
        return [p for g in self.param_groups for p in g["params"]]

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what ``state_dict`` returned.

        Raises:
            ValueError: if groups or their sizes differ; nothing is changed then.
        """
        saved = state_dict["param_groups"]
        sizes = [len(g["params"]) for g in saved], [len(g["params"]) for g in self.param_groups]
        if sizes[0] != sizes[1]:
            raise ValueError(
                f"loaded state dict has parameter groups of sizes {sizes[0]}, the optimizer "
                f"{sizes[1]}"
            )
        params = self._all()
        self.state = defaultdict(dict)
        for i, state in copy.deepcopy(state_dict["state"]).items():
            self.state[params[int(i)]] = state
        for own, loaded in zip(self.param_groups, saved, strict=True):
            own.update({k: copy.deepcopy(v) for k, v in loaded.items() if k != "params"})

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {k}: {group[k]}" for k in sorted(group) if k != "params"]
        return "\n".join([*lines, ")"])


def check_range(name: str, value: float, low: float = 0.0, high: float = float("inf")) -> None:
    """Refuse a setting outside [low, high).

    Raises:
        ValueError: naming the setting.
    """
    if not low <= value < high:
        raise ValueError(f"Invalid {name}: {value} (expected {low} <= {name} < {high})")
