"""Who is told of what runs on the tape: traces, profiles and the search for NaN.

A watcher is told of an operation that was recorded, of a module that is called, and of a backward
walk that begins. While nobody watches, ``tape.tracer`` is ``None`` and the tape asks nothing more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import tape
from .tape import Node, Value


class Watcher:
    """The base of watchers: each method may be left as it is."""

    def recorded(self, node: Node, args: Any, out: Any, residuals: Any) -> None:
        """An operation was recorded: ``args`` as they were given, results as arrays."""

    def entered(self, module: Any) -> None:
        """A module is called."""

    def left(self, module: Any) -> None:
        """A module's call is over, or failed."""

    def gradients(self, pending: Any, wrapped: bool) -> Any:
        """A walk begins; what is returned stands in for ``pending``, such as a ``Relay``.

        Args:
            pending: the gradients on their way: see ``tape``.
            wrapped: whether they belong to a level of a transform (see ``func``).
        """
        return pending


class Relay:
    """Stands in for the gradients of a walk; by itself it passes everything on."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.heap = inner.heap
        self.nodes = inner.nodes
        self.leaves = inner.leaves
        self.lifted = inner.lifted
        self.add_output = inner.add_output

    def add(self, target: Any, grad: Any, source: Any = None) -> None:
        """A gradient that a walk begins with."""
        self.inner.add(target, grad, source)

    def pass_on(self, targets: Sequence[Any], grads: Sequence[Any], source: Any) -> None:
        """The contributions of a node to all its arguments: ``None`` where there is none."""
        self.inner.pass_on(targets, grads, source)

    def take(self, node: Node) -> Any:
        """A node's turn has come: its gradient."""
        return self.inner.take(node)

    def deliver(self) -> None:
        """The walk is over: the leaves take what arrived."""
        self.inner.deliver()


class Watchers:
    """All who watch, as one."""

    def __init__(self, watchers: tuple[Watcher, ...]) -> None:
        self.all = watchers
        if len(watchers) == 1:
            self.recorded = watchers[0].recorded  # type: ignore[method-assign]

    def recorded(self, node: Node, args: Any, out: Any, residuals: Any) -> None:
        """Tell all of an operation."""
        for watcher in self.all:
            watcher.recorded(node, args, out, residuals)

    def call_module(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run a module's ``forward`` and hooks, as ``Module.__call__`` does, and tell all of it."""
        for watcher in self.all:
            watcher.entered(module)
        try:
            if module._hooks is None:
                return module.forward(*args, **kwargs)
            return module._hooks.call(module, args, kwargs)
        finally:
            for watcher in reversed(self.all):
                watcher.left(module)

    def gradients(self, pending: Any, wrapped: bool) -> Any:
        """Let each stand between the walk and its gradients."""
        for watcher in self.all:
            pending = watcher.gradients(pending, wrapped)
        return pending


def watch(watcher: Watcher) -> None:
    """Tell a watcher of what runs, from now on."""
    others = () if tape.tracer is None else tape.tracer.all
    tape.tracer = Watchers((*others, watcher))


def unwatch(watcher: Watcher) -> None:
    """Tell it no more."""
    others = tuple(w for w in watchers() if w is not watcher)
    tape.tracer = Watchers(others) if others else None


def watchers() -> tuple[Watcher, ...]:
    """All who watch now."""
    return () if tape.tracer is None else tape.tracer.all


def bare(grad: Any) -> Any:
    """The array of a gradient, which is a Tensor where the walk itself is recorded."""
    return grad.array if isinstance(grad, Value) else grad
