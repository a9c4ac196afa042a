"""Levels: values that stand for more than an array, and how operations run on them.

``vmap``, ``jvp``, and a ``grad`` inside of one of them, each open a level. What a level wraps is a
Tensor around another one, ``inner``: for ``vmap`` around the whole batch, for ``jvp`` around the
primal, with its tangent beside it, for ``grad`` around the value to differentiate by.

An operation on wrapped tensors is lifted: the newest level among its arguments says what it means
there (``run``), in terms of operations on what lies below. So levels nest in any order, and at the
bottom the ordinary operation runs on plain tensors. A wrapper's ``array`` shows the shape and the
dtype that the function under the transform sees, so that the rest of the package need not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from .. import tape
from ..primitive import Primitive, record, refresh
from ..tape import Value, active, is_grad_enabled, outputs_of, tick
from ..tensor import Tensor


class Wrapped(Tensor):
    """A value that a level wraps.

    Attributes:
        inner: the tensor below.
        level: the time at which the level was opened: the newest is the innermost.
    """

    __slots__ = ("inner", "level")
    _copied: tuple[str, ...] = ("array", "inner", "level")

    inner: Any

    def __init__(self, inner: Any, level: int, node: Any = None) -> None:
        self.inner = inner
        self.level = level
        self.array = inner.array
        self.node = node
        self.version = [0]
        self.window = None

    def alias(self, node: Any = None) -> Any:
        """The same value at another place on this level's tape."""
        new = object.__new__(type(self))
        for name in self._copied:
            setattr(new, name, getattr(self, name))
        new.node = node
        new.version = [0]
        new.window = None
        return new

    def parts(self) -> tuple[Any, ...]:
        """The tensors that it is made of."""
        return (self.inner,)

    @classmethod
    def of_parts(cls, level: int, inner: Any, *more: Any) -> Any:
        """A value of a level from what ``parts`` returned, or others in their place."""
        return cls(inner, level, None, *more)

    def before_write(self) -> Any:
        """The same value in memory of its own, for what was recorded before a write."""
        old = self.alias(self.node)
        old.inner = self.inner.clone()
        return old

    def run(self, op: Primitive, call: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """The operation at this level, by operations on what lies below."""
        return call(*(lowered(a, self.level) for a in args))

    def runs_whole(self, op: Primitive) -> bool:
        """Whether a fused operation runs at this level as it is, not by its definition."""
        return False

    def like(self, inner: Any) -> Any:
        """A value of this level from one below, which does not depend on what it wraps."""
        return type(self)(inner, self.level)

    def beside(self, made: Any) -> Any:
        """A new tensor that can hold what depends on this value."""
        return matched(made, self)

    def below(self, function: Callable[[Any], Any]) -> Any:
        """``detach`` and the like: the function of what lies below, off this level's tape."""
        return function(self.inner)

    def store(self, value: Any) -> None:
        """Write a value of this shape into this one's memory."""
        self.inner.copy_(lowered(value, self.level))

    def share(self, view: Any, seen_through: Callable[[Any, Any], Any]) -> None:
        """Let what lies below a view of this value be a view too."""
        seen_through(self.inner, view.inner)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(level={self.level}, {self.inner!r})"


class Graded(Wrapped):
    """A value that a ``grad`` differentiates by, inside of another transform."""

    __slots__ = ()


def lowered(a: Any, level: int) -> Any:
    """What lies below a level, looked for in tuples (indices) too."""
    if isinstance(a, Wrapped):
        return a.inner if a.level == level else a
    return tuple(lowered(b, level) for b in a) if type(a) is tuple else a


def matched(t: Any, x: Any) -> Any:
    """A tensor wrapped by the levels that wrap ``x``, so that it can hold what depends on ``x``."""
    if not x.level:
        return t
    if t.level < x.level:
        return x.like(matched(t, x.inner))
    inner = matched(t.inner, x.inner if t.level == x.level else x)
    if inner is t.inner:
        return t
    fuller = t.of_parts(t.level, inner, *t.parts()[1:])
    fuller.node = t.node
    return fuller


def newest(args: Any) -> Wrapped | None:
    """The argument of the newest level, looked for in tuples (indices) too."""
    top: Wrapped | None = None
    for a in args:
        found = newest(a) if type(a) is tuple else a
        if isinstance(found, Wrapped) and (top is None or found.level > top.level):
            top = found
    return top


# who runs operations on plain tensors instead, in this thread: see utils/selective.py
choosing: ContextVar[Any] = ContextVar("choosing", default=None)


def lift(op: Primitive, call: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """The result of an operation on wrapped tensors; ``None`` if no argument is one."""
    top = newest(args)
    if top is None:
        return None if (choose := choosing.get()) is None else _chosen(choose, op, call, args)
    mask = 0
    for i, a in enumerate(args):
        if isinstance(a, Wrapped) and a.level == top.level:
            if a.window is not None:
                refresh(a)
            if a.node is not None:
                mask |= 1 << i
    if op.definition is not None and (mask or not top.runs_whole(op)):
        return op.definition(*args)
    out = top.run(op, call, args)
    mask &= op.differentiable
    if not mask or not is_grad_enabled():
        return out
    return _recorded(op, mask, args, out, top)


def _chosen(choose: Any, op: Primitive, call: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """What is run to choose, and the operations of the choice itself, are not chosen again."""
    token = choosing.set(None)
    try:
        return choose(op, call, args)
    finally:
        choosing.reset(token)


def _recorded(op: Primitive, mask: int, args: tuple[Any, ...], out: Any, top: Wrapped) -> Any:
    """The result with a node on the tape of its level."""
    outs = out if op.several else (out,)
    if outs[0].array.dtype.kind != "f":
        return out
    results = [o if o.level == top.level else top.like(o) for o in outs]
    shown = tuple(r.array for r in results)
    if op.several:
        node = record(op, mask, args, shown, (), results)
    else:
        node = record(op, mask, args, shown[0], (), results[0])
    if node.plan.spread:
        node.parents = [
            parent if mask >> position & 1 else None
            for parent, position in zip(node.parents, node.plan.positions, strict=True)
        ]
    if op.several:
        return outputs_of(node, results)
    shown_to_user = results[0].alias(node)
    if node.plan.out >= 0:
        node.result = shown_to_user.version
    return shown_to_user


@contextmanager
def opened(level: int = 0) -> Iterator[int]:
    """A new level, or an old one again, for as long as a function runs under a transform."""
    level = level or tick()
    active.append(level)
    try:
        yield level
    finally:
        active.remove(level)


def wrapped_at(x: Any, level: int) -> bool:
    """Whether a level wraps a value."""
    return isinstance(x, Wrapped) and x.level == level


def on_tape(x: Any) -> bool:
    """Whether a value, or what lies below it, is on some tape."""
    while isinstance(x, Value):
        if x.node is not None:
            return True
        x = x.inner if isinstance(x, Wrapped) else None
    return False


tape.lift = lift
