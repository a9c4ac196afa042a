"""What a profile notes while a program runs: intervals of time, each with a name and a place.

A forward function is timed where the framework runs it (``silent.run``), a rule from the moment
that a node's gradient is taken until its contributions are added. What lies inside what is found
afterwards, from the times alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from sys import _getframe
from time import perf_counter_ns
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ..copying import owner_of
from ..floating_point import silent
from ..lines import describe_line, user_line
from ..tape import Node, Value
from ..watching import Relay, Watcher, bare


class Event:
    """An interval of the run.

    Attributes:
        name: the operation, its backward's name, the module's path or the user's label.
        kind: ``"op"``, ``"backward"`` (rules of one node), ``"walk"`` (a whole backward walk),
            ``"module"`` or ``"user"`` (``record_function``).
        start, end: in nanoseconds, of ``time.perf_counter_ns``.
        module: the path of the module in whose call it belongs, or ``""``.
        where: the line of the program, as ``tape.user_line`` gives it.
        memory: bytes of the arrays that it made and handed on.
        shapes: of the arguments, where the profile was asked to note them.
        order: the node's place in time, which joins an operation to its backward; 0 without one.
        inside: nanoseconds spent in the events within.
        depth: how many events it lies within.
    """

    __slots__ = (
        "depth",
        "end",
        "inside",
        "kind",
        "memory",
        "module",
        "name",
        "order",
        "shapes",
        "start",
        "where",
    )

    def __init__(self, name: str, kind: str, module: str, where: Any) -> None:
        self.name = name
        self.kind = kind
        self.module = module
        self.where = where
        self.memory = self.order = self.inside = self.depth = 0
        self.shapes: tuple[tuple[int, ...], ...] = ()
        self.start = self.end = perf_counter_ns()

    @property
    def total(self) -> int:
        """Nanoseconds from start to end."""
        return self.end - self.start

    @property
    def alone(self) -> int:
        """Nanoseconds without those of the events within."""
        return self.total - self.inside

    def line(self) -> str:
        """The line of the program as text."""
        return describe_line(self.where)


class Collector(Watcher):
    """Notes events of the thread that it is started in.

    Args:
        shapes: whether to note the shapes of arguments.
    """

    def __init__(self, shapes: bool) -> None:
        self.events: list[Event] = []
        self._shapes = shapes
        self._thread = threading.get_ident()
        self._run: Callable[..., Any] = silent.run
        self._names: dict[Any, str] = {}
        self._ran: tuple[Any, Event] | None = None
        self._open: list[Event] = []
        self._paths: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
        self._origins: dict[int, tuple[str, Any]] = {}

    def start(self) -> None:
        """Time the forward functions of this thread from now on."""
        self._run = silent.run
        silent.run = self._timed  # type: ignore[assignment]

    def stop(self) -> None:
        """Time them no more."""
        silent.run = self._run

    # --- forward ---------------------------------------------------------------------------------

    def _timed(self, forward: Any, *arrays: Any) -> Any:
        """Run a forward function and note how long it took."""
        event = Event(self._name_of(forward), "op", self._module(), user_line(3))
        if self._shapes:
            event.shapes = tuple(a.shape for a in arrays if type(a) is np.ndarray)
        self.events.append(event)
        event.start = perf_counter_ns()
        try:
            out = self._run(forward, *arrays)
        finally:
            event.end = perf_counter_ns()
        results = out if type(out) is tuple else (out,)
        event.memory = _made(results, arrays)
        self._ran = forward, event
        return out

    def _name_of(self, forward: Any) -> str:
        """The operation's name, which is asked of the call that is under way, once."""
        name = self._names.get(forward)
        if name is None:
            op = _getframe(2).f_locals.get("op")
            name = self._names[forward] = forward.__name__ if op is None else op.name
        return name

    def _module(self) -> str:
        return next((e.name for e in reversed(self._open) if e.kind == "module"), "")

    def recorded(self, node: Node, args: Any, out: Any, residuals: Any) -> None:
        """Join a node to the event of its forward function."""
        if threading.get_ident() != self._thread:
            return
        self._origins[node.order] = self._module(), node.where
        ran, self._ran = self._ran, None
        if ran is not None and ran[0] is node.op.forward:
            ran[1].name = node.op.name
            ran[1].order = node.order

    def entered(self, module: Any) -> None:
        """A module's call begins."""
        if threading.get_ident() == self._thread:
            path = self._paths.get(module)
            if path is None:
                for name, part in module.named_modules():
                    self._paths.setdefault(part, name or type(module).__name__)
                path = self._paths[module]
            self.begin(Event(path, "module", path, user_line()))

    def left(self, module: Any) -> None:
        """It ends."""
        if threading.get_ident() == self._thread and self._open:
            self.finish()

    def begin(self, event: Event) -> None:
        """Open an interval that others may lie within."""
        self.events.append(event)
        self._open.append(event)

    def finish(self) -> None:
        """Close the interval opened last."""
        self._open.pop().end = perf_counter_ns()

    def label(self, name: str) -> None:
        """Open an interval that the user names."""
        self.begin(Event(name, "user", self._module(), user_line()))

    # --- backward --------------------------------------------------------------------------------

    def gradients(self, pending: Any, wrapped: bool) -> Any:
        """Time the rules of a walk."""
        if threading.get_ident() != self._thread:
            return pending
        walk = Event("backward", "walk", "", user_line())
        self.events.append(walk)
        return _Timed(pending, self, walk)

    def origin(self, node: Node) -> tuple[str, Any]:
        """The module and the line that a node was recorded at."""
        return self._origins.get(node.order, ("", node.where))

    def close(self) -> list[Event]:
        """The events in order of their start, each knowing what lies within it."""
        now = perf_counter_ns()
        for event in self._open:
            event.end = now
        self.events.sort(key=lambda e: (e.start, -e.end))
        around: list[Event] = []
        for event in self.events:
            while around and around[-1].end <= event.start:
                around.pop()
            if around:
                around[-1].inside += event.total
            event.depth = len(around)
            around.append(event)
        return self.events


class _Timed(Relay):
    """The gradients of a walk, and how long the rules took that made them."""

    def __init__(self, inner: Any, collector: Collector, walk: Event) -> None:
        super().__init__(inner)
        self.collector = collector
        self.walk = walk
        self.event: Event | None = None

    def take(self, node: Node) -> Any:
        """A node's rules begin."""
        g = self.inner.take(node)
        event = Event(node.name(), "backward", *self.collector.origin(node))
        event.order = node.order
        self.collector.events.append(event)
        self.event = event
        self.walk.end = event.start
        return g

    def pass_on(self, targets: Sequence[Any], grads: Sequence[Any], source: Any) -> None:
        """The contributions of the node's rules are added."""
        self.inner.pass_on(targets, grads, source)
        assert self.event is not None
        self.event.end = self.walk.end = perf_counter_ns()
        sent = [g for t, g in zip(targets, grads, strict=True) if t is not None and g is not None]
        arrived = source if type(source) is list else [source]
        self.event.memory += _made(sent, map(bare, arrived))

    def deliver(self) -> None:
        """The leaves take what arrived."""
        event = Event("AccumulateGrad", "backward", "", self.walk.where)
        self.inner.deliver()
        event.end = self.walk.end = perf_counter_ns()
        self.collector.events.append(event)


def _made(results: Iterable[Any], given: Iterable[Any]) -> int:
    """The bytes of memory that results lie in, but for that of what they were made of."""
    known = {id(owner_of(x)) for x in given if isinstance(x, np.ndarray)}
    found = {}
    for x in results:
        value = x.array if isinstance(x, Value) else x
        if isinstance(value, np.ndarray | np.generic):
            owner = owner_of(value)
            found[id(owner)] = owner.nbytes
    return sum(size for place, size in found.items() if place not in known)
