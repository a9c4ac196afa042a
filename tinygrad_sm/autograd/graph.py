"""The tape to look at and to hook into: nodes, and what they save.

How to walk it, now and in later versions: ``tensor.grad_fn`` is the ``Node`` that made a tensor.
``node.next_functions`` leads back, as pairs (node, which of its results): ``(None, 0)`` for what
needs no gradient, an ``AccumulateGrad`` with its ``variable`` at a leaf. A node has a ``name()``, a
``metadata`` dict for notes, and hooks before and after its rules. ``nodes(tensor)`` does the walk.

>>> import tinygrad_sm as sg
>>> x = sg.ones(2, requires_grad=True)
>>> [node.name() for node in sg.autograd.graph.nodes((x * x).sum())]
['SumBackward0', 'MulBackward0', 'AccumulateGrad']
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..func.levels import Wrapped
from ..hooks import AccumulateGrad, RemovableHandle, accumulator
from ..tape import (
    LEAF,
    Node,
    Value,
    alias,
    groups,
    no_grad,
    nodes_below,
    packers,
    packing,
    stand_in,
    walking,
    wrap,
    written,
)

__all__ = [
    "AccumulateGrad",
    "GradientEdge",
    "Node",
    "allow_mutation_on_saved_tensors",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "nodes",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
]


class GradientEdge(NamedTuple):
    """A place on the tape: a node, and which of its results."""

    node: Any
    output_nr: int


def get_gradient_edge(tensor: Any) -> GradientEdge:
    """Where a tensor stands on the tape; a leaf, as its ``AccumulateGrad``.

    Raises:
        RuntimeError: if the tensor does not require grad.
    """
    if not tensor.requires_grad:
        raise RuntimeError(
            "It is not possible to get the gradient edge for a Tensor that does not require gradients"
        )
    if tensor.node is LEAF:
        return GradientEdge(accumulator(tensor), 0)
    return GradientEdge(tensor.grad_fn, tensor.output_nr)


def nodes(*roots: Any) -> Iterator[Any]:
    """Every node that tensors (or nodes) lead back to, once each, the newest first, leaves last."""
    found: dict[Any, None] = {}
    stack = [r if not isinstance(r, Value) else get_gradient_edge(r).node for r in roots]
    while stack:
        node = stack.pop()
        if node is not None and node not in found:
            found[node] = None
            stack += [before for before, _ in node.next_functions]
    leaves = [n for n in found if isinstance(n, AccumulateGrad)]
    yield from sorted((n for n in found if isinstance(n, Node)), key=lambda n: -n.order)
    yield from leaves


def increment_version(tensor: Any) -> None:
    """Say that a tensor (or each of several) was written to behind the tape's back."""
    for t in [tensor] if isinstance(tensor, Value) else tensor:
        written(t)


class Packed(Sequence[Any]):
    """What a node saved, as the pack hook left it; looked at, it is unpacked."""

    def __init__(self, saved: Any, pack: Callable[[Any], Any], unpack: Callable[[Any], Any]):
        self._restore = [_kept(value, pack, unpack) for value in saved]

    def __len__(self) -> int:
        return len(self._restore)

    def __getitem__(self, index: Any) -> Any:
        return list(self)[index]

    def __iter__(self) -> Iterator[Any]:
        return (restore() for restore in self._restore)


Restore = Callable[[], Any]


def _kept(value: Any, pack: Callable[[Any], Any], unpack: Callable[[Any], Any]) -> Restore:
    """One saved value, packed: a function that makes of it what was saved, in its place."""
    if isinstance(value, Wrapped):
        return _kept_below(value, pack, unpack)
    if type(value) is tuple or type(value) is list:
        parts = [_kept(part, pack, unpack) for part in value]
        return lambda: type(value)(part() for part in parts)
    if isinstance(value, Value):
        place = _place(value)
        packed = _hooked(pack, value)
        return lambda: _put(_unpacked(unpack, packed), place)
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        packed = _hooked(pack, wrap(value))
        return lambda: _unpacked(unpack, packed).array
    return lambda: value


def _kept_below(value: Any, pack: Callable[[Any], Any], unpack: Callable[[Any], Any]) -> Restore:
    """A value under a transform: what it is made of, packed; hooks see plain tensors alone."""
    place = _place(value)
    parts = [_kept(part, pack, unpack) for part in value.parts()]
    kind, level = type(value), value.level
    return lambda: _put(kind.of_parts(level, *(part() for part in parts)), place)


def _place(value: Any) -> Any:
    return value if value.node is LEAF else value.node


def _put(value: Any, place: Any) -> Any:
    return alias(value) if place is None else stand_in(value, place)


def _hooked(hook: Callable[[Any], Any], value: Any) -> Any:
    with no_grad():
        return hook(value)


def _unpacked(unpack: Callable[[Any], Any], packed: Any) -> Any:
    value = _hooked(unpack, packed)
    if not isinstance(value, Value):
        raise TypeError(
            "saved_tensors_hooks: the unpack hook must return a Tensor, not a "
            f"{type(value).__name__}"
        )
    return value


class saved_tensors_hooks:
    """Say how the tape keeps what it saves, for the operations of a ``with`` block.

    It belongs to the current thread or async task alone. What is saved so is not watched for writes:
    who packs it answers for it. Inside of ``func``'s transforms the hooks
    are given the plain tensors below: whole batches, and primals and tangents one after the other.

    Args:
        pack_hook: given a tensor when it is saved; may return anything.
        unpack_hook: given that, when the backward walk needs it; returns the tensor.

    >>> import tinygrad_sm as sg
    >>> x = sg.ones(2, requires_grad=True)
    >>> with sg.autograd.graph.saved_tensors_hooks(lambda t: t.half(), lambda t: t.float()):
    ...     y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    tensor([2., 2.])
    """

    def __init__(self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        self._hooks = pack_hook, unpack_hook

    def __enter__(self) -> None:
        if (message := _refusal.get()) is not None:
            raise RuntimeError(message)
        packers.append(self)
        packing.set((*packing.get(), lambda saved: Packed(saved, *self._hooks)))

    def __exit__(self, *exc: object) -> None:
        packers.remove(self)
        packing.set(packing.get()[:-1])


class save_on_cpu(saved_tensors_hooks):
    """Keep what is saved in main memory, where it always is here."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cpu") -> None:
        super().__init__(lambda t: t, lambda t: t)


_refusal: ContextVar[str | None] = ContextVar("refusal", default=None)


@contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Within this block ``saved_tensors_hooks`` raise a ``RuntimeError`` with this message.

    Raises:
        RuntimeError: with it, at once, if such hooks are at work already.
    """
    if packing.get():
        raise RuntimeError(error_message)
    token = _refusal.set(error_message)
    try:
        yield
    finally:
        _refusal.reset(token)


class allow_mutation_on_saved_tensors(saved_tensors_hooks):
    """Within this block, what the tape saves may be written to in place: it keeps copies.

    Raises:
        RuntimeError: within another such block.

    >>> import tinygrad_sm as sg
    >>> x = sg.ones(2, requires_grad=True)
    >>> with sg.autograd.graph.allow_mutation_on_saved_tensors():
    ...     y = x * 3
    ...     loss = (y * y).sum()
    ...     _ = y.zero_()
    ...     loss.backward()
    >>> x.grad
    tensor([18., 18.])
    """

    def __init__(self) -> None:
        super().__init__(lambda t: t.clone(), lambda t: t)

    def __enter__(self) -> None:
        if any(isinstance(hooks, allow_mutation_on_saved_tensors) for hooks in packers):
            raise RuntimeError("allow_mutation_on_saved_tensors contexts cannot be nested")
        super().__enter__()


def register_multi_grad_hook(
    tensors: Sequence[Any], fn: Callable[..., Any], *, mode: str = "all"
) -> RemovableHandle:
    """Call ``fn`` once gradients of several tensors are there, once a backward walk.

    Args:
        tensors: tensors that require grad.
        fn: with ``mode="all"``, given the list of their gradients when all have arrived, ``None``
            for tensors that the walk does not reach; with ``"any"``, given the first to arrive.
        mode: ``"all"`` or ``"any"``.

    Raises:
        ValueError: for another mode.
    """
    if mode not in ("all", "any"):
        raise ValueError(f"register_multi_grad_hook: mode must be 'all' or 'any', not {mode!r}")
    return _Group(list(tensors), fn, mode)


class _Group(RemovableHandle):
    """The hooks on several tensors, and what has arrived in the walk that is under way."""

    def __init__(self, tensors: list[Any], fn: Callable[..., Any], mode: str) -> None:
        self._places = [_place(t) for t in tensors]
        self._fn = fn
        self._mode = mode
        self._walk: Any = None
        self._arrived: dict[int, Any] = {}
        self._expected: set[int] = set()
        self._handles = [t.register_hook(partial(self._note, i)) for i, t in enumerate(tensors)]
        groups.append(self)

    def _note(self, i: int, grad: Any) -> None:
        pending, wanted = walking.get()
        first = self._walk is None or self._walk() is not pending
        if first:
            self._walk, self._arrived = weakref.ref(pending), {}
            reached = _still_reached(self._places[i], pending, wanted)
            self._expected = {k for k, place in enumerate(self._places) if place in reached} | {i}
        self._arrived[i] = grad
        if self._mode == "any":
            if first:
                self._fn(grad)
        elif self._arrived.keys() >= self._expected:
            self._expected.add(-1)  # so that it is called once
            self._fn([self._arrived.get(k) for k in range(len(self._places))])

    def remove(self) -> None:
        """Take all hooks off."""
        for handle in self._handles:
            handle.remove()
        if self in groups:
            groups.remove(self)


def _still_reached(here: Any, pending: Any, wanted: Any) -> set[Any]:
    """Where, from here on, gradients of a walk that is under way will arrive: nodes and leaves."""
    ahead = [here, *(node for _, node in pending.heap)]
    nodes = nodes_below(node for node in ahead if isinstance(node, Node))
    passed = nodes if wanted is None else [n for n in nodes if n in wanted.path]
    leaves = {p for n in passed for p in n.parents if isinstance(p, Value)}
    leaves.update(pending.leaves)
    if wanted is None:
        return leaves.union(nodes)
    return leaves & wanted.targets | {n for n in nodes if wanted.visits(n)}
