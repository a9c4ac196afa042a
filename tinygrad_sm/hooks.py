"""What users hang onto the tape: hooks, their handles, and the ends of the way back."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any


class RemovableHandle:
    """Takes a hook off again: ``remove()``, or leaving a ``with`` block."""

    def __init__(self, hooks: list[Any], hook: Any) -> None:
        self._hooks = hooks
        self._hook = hook

    def remove(self) -> None:
        """Take the hook off; a second call does nothing."""
        if self._hook in self._hooks:
            self._hooks.remove(self._hook)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


class Hooks(list[Callable[[Any], Any]]):
    """What is called around a node's rules: in the list itself before them, in ``after`` after."""

    def __init__(self) -> None:
        self.after: list[Callable[[Any, Any], Any]] = []
        self.metadata: dict[Any, Any] = {}


class AccumulateGrad:
    """The end of the way back: it adds what arrives to ``variable.grad``."""

    next_functions: tuple[tuple[Any, int], ...] = ()

    def __init__(self, variable: Any) -> None:
        self.variable = variable
        self.metadata: dict[Any, Any] = {}

    def name(self) -> str:
        """Its name, as PyTorch has it."""
        return "AccumulateGrad"

    def register_hook(self, hook: Callable[[Any, Any], Any]) -> RemovableHandle:
        """Call ``hook((), grad_outputs)`` after the leaf's ``grad`` was added to."""
        handle: RemovableHandle = self.variable.register_post_accumulate_grad_hook(
            lambda t: hook((), (t.grad,))
        )
        return handle

    def register_prehook(self, hook: Callable[[Any], Any]) -> RemovableHandle:
        """Call ``hook(grad_outputs)`` before; a tuple that it returns takes their place."""

        def before(grad: Any) -> Any:
            replaced = hook((grad,))
            return replaced if replaced is None else replaced[0]

        handle: RemovableHandle = self.variable.register_hook(before)
        return handle

    def __repr__(self) -> str:
        return f"<AccumulateGrad of shape {tuple(self.variable.array.shape)}>"


def accumulator(leaf: Any) -> AccumulateGrad:
    """The one ``AccumulateGrad`` of a leaf, as long as somebody holds it."""
    known = leaf.__dict__.get("_accumulator")
    found: AccumulateGrad | None = None if known is None else known()
    if found is None:
        found = AccumulateGrad(leaf)
        leaf.__dict__["_accumulator"] = weakref.ref(found)
    return found
