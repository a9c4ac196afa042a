"""The tape: what is recorded while a program runs forward, and the walk backward over it.

Each recorded operation is a ``Node``. It knows its parents (the nodes, or leaf tensors, that its
arguments came from), what its rules named (``saved``) and its place in time (``order``). The
backward walk visits nodes from the newest to the oldest, so that each is complete when its turn
comes: everything that used its result was recorded later and has already contributed.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from heapq import heappop, heappush
from itertools import count
from os.path import dirname, sep
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .primitive import Plan, Primitive

_PACKAGE = dirname(__file__) + sep
PICK: Any = None  # the two operations of the walk itself, made in primitive.py
STAND_IN: Any = None
_clock = count()
_new = object.__new__


class Leaf:
    """The type of ``LEAF``, the ``node`` of a tensor that the user asked gradients for."""

    def __repr__(self) -> str:
        return "LEAF"


LEAF = Leaf()


class Value:
    """What the tape knows of a tensor; ``Tensor`` is its one subclass.

    Attributes:
        array: the NumPy array, 0-d arrays included.
        node: ``None`` if nothing is recorded, ``LEAF``, or the ``Node`` that made it.
        version: counts the writes in place; one list shared by all views of one memory. After a
            write it also holds that write's line and time: ``[count, line, order]``.
        window: ``None``, or the ``View`` by which this tensor looks into another one's memory.
    """

    __slots__ = ("__dict__", "__weakref__", "array", "node", "version", "window")

    array: np.ndarray
    node: Any
    version: list[Any]
    window: View | None

    tensor_type: type  # Tensor, set once by tensor.py, so that imports point one way


def wrap(array: Any, node: Any = None) -> Any:
    """A new Tensor around an array, without a copy."""
    t: Any = _new(Value.tensor_type)
    t.array = array if type(array) is np.ndarray else np.asarray(array)
    t.node = node
    t.version = [0]
    t.window = None
    return t


class View:
    """How a view sees its base: ``look(base_array)`` is the view's array.

    ``seen`` is the version at which the view's node was right: a later write to the shared memory
    makes it stale, and ``refresh`` then records the look again.
    """

    __slots__ = ("base", "look", "seen")

    def __init__(self, base: Value, look: Callable[[Any], Any], seen: int) -> None:
        self.base = base
        self.look = look
        self.seen = seen

    def root(self) -> Value:
        """The base, or what it was before its own shape was changed in place."""
        base = self.base
        while base.window is not None:
            base = base.window.base
        return base


def written(t: Value) -> None:
    """Say that ``t.array`` was written to in place."""
    t.version[:] = [t.version[0] + 1, user_line(), next(_clock)]


# --- whether to record -----------------------------------------------------------------------

_recording: ContextVar[bool] = ContextVar("recording", default=True)
is_grad_enabled: Callable[[], bool] = _recording.get


class set_grad_enabled:
    """Switch recording on or off: a call, a context manager or a decorator.

    The switch belongs to the current thread or async task alone.
    """

    mode: bool

    def __init__(self, mode: bool) -> None:
        self.mode = bool(mode)
        self._before: list[bool] = [is_grad_enabled()]
        _recording.set(self.mode)

    def __enter__(self) -> set_grad_enabled:
        _recording.set(self.mode)
        return self

    def __exit__(self, *exc: object) -> None:
        _recording.set(self._before[-1])

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate a function: the switch is set while it runs."""
        _recording.set(self._before[-1])
        mode = self.mode

        @functools.wraps(function)
        def switched(*args: Any, **kwargs: Any) -> Any:
            before = is_grad_enabled()
            _recording.set(mode)
            try:
                return function(*args, **kwargs)
            finally:
                _recording.set(before)

        return switched


class _Switch(set_grad_enabled):
    """A switch that acts on entry only, so that one object can be entered again and again."""

    def __init__(self, function: Callable[..., Any] | None = None) -> None:
        self._before = []

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        switch = super().__new__(cls)
        if function is None:
            return switch
        switch._before = [is_grad_enabled()]
        return set_grad_enabled.__call__(switch, function)

    def __enter__(self) -> set_grad_enabled:
        self._before.append(is_grad_enabled())
        _recording.set(self.mode)
        return self

    def __exit__(self, *exc: object) -> None:
        _recording.set(self._before.pop())

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        self._before.append(is_grad_enabled())
        try:
            return super().__call__(function)
        finally:
            self._before.pop()


class no_grad(_Switch):
    """Record nothing inside: ``with no_grad():`` or ``@no_grad()``."""

    mode = False


class enable_grad(_Switch):
    """Record inside, even within ``no_grad``."""

    mode = True


class inference_mode(_Switch):
    """``no_grad`` under PyTorch's other name; ``inference_mode(False)`` records as usual."""

    mode = False

    def __new__(cls, mode: Any = True) -> Any:
        """A switch, or the decorated function where ``mode`` is one."""
        if callable(mode):
            return super().__new__(cls, mode)
        switch = super().__new__(cls)
        switch.mode = not mode if mode else is_grad_enabled()
        return switch


# --- nodes -----------------------------------------------------------------------------------


def user_line(depth: int = 2) -> tuple[CodeType, int] | None:
    """The nearest frame outside this package as (code, instruction), decoded only in errors."""
    frame: FrameType | None = sys._getframe(depth)
    while frame is not None:
        code = frame.f_code
        if not code.co_filename.startswith(_PACKAGE):
            return code, frame.f_lasti
        frame = frame.f_back
    return None


def describe_line(where: tuple[CodeType, int] | None) -> str:
    """``File "x.py", line 3, in f`` for what ``user_line`` returned."""
    if where is None:
        return "an unknown line"
    code, instruction = where
    line = code.co_firstlineno
    for start, stop, number in code.co_lines():
        if start <= instruction < stop and number is not None:
            line = number
    return f'File "{code.co_filename}", line {line}, in {code.co_name}'


class Node:
    """One recorded operation.

    Attributes:
        op: the ``Primitive`` that ran.
        plan: which rules to run and where their inputs stand in ``saved``.
        parents: per rule, the ``Node`` or leaf ``Tensor`` that the argument came from.
        saved: what the rules named; ``None`` once freed.
        stamp: the versions of the saved tensors, added up: it changes if any of them is written.
        shape, dtype: of the result; tuples of them where the operation has several results.
        where: the line of the user's program that ran it.
        order: its place in time.
        hooks: called with the gradient of the result, which each may replace.
    """

    __slots__ = (
        "__weakref__",
        "dtype",
        "hooks",
        "op",
        "order",
        "parents",
        "plan",
        "saved",
        "shape",
        "stamp",
        "where",
    )

    def __init__(
        self,
        op: Primitive,
        plan: Plan,
        parents: Sequence[Any],
        saved: Any,
        stamp: int,
        shape: Any,
        dtype: Any,
        where: Any,
    ) -> None:
        self.op = op
        self.plan = plan
        self.parents = parents
        self.saved = saved
        self.stamp = stamp
        self.shape = shape
        self.dtype = dtype
        self.where = where
        self.order = next(_clock)
        self.hooks: list[Callable[[Any], Any]] | None = None

    def name(self) -> str:
        """The node's name as PyTorch prints it, such as ``MulBackward0``."""
        return self.op.node_name

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """The parents, each with 0, as in PyTorch; a leaf tensor stands for itself."""
        return tuple((parent, 0) for parent in self.parents)

    def __repr__(self) -> str:
        return f"<{self.name()}>"

    def vjp(self, g: Any, keep: bool, record: bool) -> Sequence[Any]:
        """The gradients of the arguments, one a parent, given that of the result.

        With ``record`` the rules are fed Tensors, so that what they compute is itself recorded.
        """
        if self.saved is None:
            self._complain_of_second_backward()
        values = self._unpack(record)
        if not keep:
            self.saved = None
        if record and self.op.definition is not None:
            return self._through_definition(g, values)
        grads = []
        for (rule, names), parent in zip(self.plan.rules, self.parents, strict=False):
            named = (values[name] if name >= 0 else shape_of(parent) for name in names)
            grads.append(rule(g, *named))
        return grads[0] if self.plan.spread else grads

    def _unpack(self, record: bool) -> list[Any]:
        """What was saved: as Tensors on the graph if ``record``, else as bare arrays."""
        stamp = 0
        values = []
        for value in self.saved:
            if isinstance(value, Value):
                stamp += value.version[0]
                value = value if record else value.array
            values.append(value)
        if stamp != self.stamp:
            self._complain_of_write()
        if record and self.plan.out >= 0:
            out = values[self.plan.out]
            values[self.plan.out] = outputs_of(self, out) if self.op.several else wrap(out, self)
        return values

    def _through_definition(self, g: Any, values: list[Any]) -> Sequence[Any]:
        """Differentiate the definition of a fused operation in place of its rule."""
        arguments = values[: self.plan.count]
        stand_ins = []
        for position, parent in zip(self.plan.positions, self.parents, strict=True):
            stand_in = wrap(arguments[position].array)
            stand_in.node = Node(
                STAND_IN, STAND_IN.plan(1, 1), (parent,), (), 0, *like(parent), self.where
            )
            arguments[position] = stand_in
            stand_ins.append(stand_in)
        with enable_grad():
            out = self.op.definition(*arguments)  # type: ignore[misc]
        return walk([out], [g], targets=[s.node for s in stand_ins], keep=True, record=True)

    def _complain_of_second_backward(self) -> None:
        raise RuntimeError(
            f"backward a second time through {self.op.name} (result of shape {self.shape}, "
            f"recorded at {describe_line(self.where)}): what it had saved was freed by the first "
            "backward. Usual causes: the loss is not computed anew in each step, or a tensor "
            "carried over from the step before still holds that step's graph (detach() it). To "
            "go through one graph twice on purpose, pass retain_graph=True to the first backward."
        )

    def _complain_of_write(self) -> None:
        changed = [
            value
            for value in self.saved
            if isinstance(value, Value) and value.version[0] and value.version[2] > self.order
        ]
        tensor = changed[0]
        raise RuntimeError(
            f"a value of shape {tensor.array.shape} that {self.op.name} saved for its gradient "
            f"was changed in place afterwards (it is now at version {tensor.version[0]}). It was "
            f"used at {describe_line(self.where)}; it was changed at "
            f"{describe_line(tensor.version[1])}. Use the out-of-place form there (x = x + 1 "
            "instead of x += 1), or change a clone()."
        )


def like(parent: Any) -> tuple[Any, Any]:
    """Shape and NumPy dtype of what a node or a leaf tensor stands for."""
    source = parent if type(parent) is Node else parent.array
    return source.shape, source.dtype


def shape_of(parent: Any) -> Any:
    """The shape of what a node or a leaf tensor stands for."""
    return parent.shape if type(parent) is Node else parent.array.shape


def outputs_of(node: Node, arrays: Iterable[np.ndarray]) -> tuple[Any, ...]:
    """One Tensor for each of several results; each has a ``PICK`` node of its own."""
    plan = PICK.plan(1, 1)
    return tuple(
        wrap(a, Node(PICK, plan, (node,), (i,), 0, a.shape, a.dtype, node.where))
        for i, a in enumerate(arrays)
    )


# --- the walk back ---------------------------------------------------------------------------


def walk(
    roots: Sequence[Any],
    seeds: Sequence[Any],
    *,
    targets: Sequence[Any] | None = None,
    keep: bool = False,
    record: bool = False,
) -> list[Any]:
    """Carry gradients from the roots back to the leaves.

    Args:
        roots: tensors to start from.
        seeds: the gradient of each root: arrays, or Tensors with ``record``.
        targets: nodes and leaf tensors whose gradients are wanted; only what leads to them is
            visited. Without targets every leaf reached accumulates into its ``grad``.
        keep: keep what was saved, for another walk (PyTorch's ``retain_graph``).
        record: record the walk itself, so that its results can be differentiated.

    Returns:
        The gradients of the targets, ``None`` where nothing arrived.
    """
    with set_grad_enabled(record), np.errstate(all="ignore"):
        pending = _Gradients(record)
        for root, seed in zip(roots, seeds, strict=True):
            pending.add(root if root.node is LEAF else root.node, seed)
        wanted = None if targets is None else _leading_to(pending.heap, targets)
        captured = {}
        while pending.heap:
            node = heappop(pending.heap)[1]
            g = pending.take(node)
            if node.hooks:
                g = run_hooks(node.hooks, g)
            if wanted is not None:
                if node in wanted.targets:
                    captured[node] = g
                if node not in wanted.path:
                    continue
            if node.op is PICK:
                pending.add_output(node.parents[0], node.saved[0], g)
                continue
            for parent, grad in zip(node.parents, node.vjp(g, keep, record), strict=True):
                if parent is not None and grad is not None:
                    pending.add(parent, grad, g)
        if targets is not None:
            for leaf, grad in pending.leaves.items():
                captured[leaf] = run_hooks(leaf._hooks, grad) if leaf._hooks else grad
            return [captured.get(target) for target in targets]
        for leaf, grad in pending.leaves.items():
            leaf._accumulate(grad, leaf in pending.owned, record)
        return []


class _Gradients:
    """The gradients on their way: per node and leaf, what has arrived so far."""

    def __init__(self, record: bool) -> None:
        self.record = record
        self.nodes: dict[Node, Any] = {}
        self.leaves: dict[Any, Any] = {}
        self.owned: set[Any] = set()
        self.heap: list[tuple[int, Node]] = []

    def add(self, target: Any, grad: Any, source: Any = None) -> None:
        """Add a contribution; an array is added into only if no one else can hold it."""
        if type(target) is Node:
            store: dict[Any, Any] = self.nodes
            shape, dtype = target.shape, target.dtype
        else:
            store = self.leaves
            shape, dtype = target.array.shape, target.array.dtype
        if self.record:
            grad = _fit_tensor(grad, shape, dtype)
        elif grad.shape != shape or grad.dtype != dtype:
            grad = _fit_array(grad, shape, dtype)
        old = store.get(target)
        if old is None:
            store[target] = grad
            if store is self.nodes:
                heappush(self.heap, (-target.order, target))
            elif self._is_fresh(grad, source):
                self.owned.add(target)
        elif target in self.owned:
            old += grad
            store[target] = old
        else:
            store[target] = old + grad
            if not self.record:
                self.owned.add(target)

    def _is_fresh(self, grad: Any, source: Any) -> bool:
        """Whether a rule made this array just now, so that nobody else holds it."""
        return (
            not self.record
            and source is not None
            and grad is not source
            and getattr(grad, "base", source) is None
        )

    def add_output(self, node: Node, index: int, grad: Any) -> None:
        """Put the gradient of one of a node's several results in its place."""
        slots = self.nodes.get(node)
        if slots is None:
            slots = self.nodes[node] = [None] * len(node.shape)
            heappush(self.heap, (-node.order, node))
        slots[index] = grad if slots[index] is None else slots[index] + grad

    def take(self, node: Node) -> Any:
        """The finished gradient of a node."""
        self.owned.discard(node)
        grad = self.nodes.pop(node)
        if not node.op.several:
            return grad
        zeros = [np.zeros(s, d) for s, d in zip(node.shape, node.dtype, strict=True)]
        if self.record:
            zeros = [wrap(z) for z in zeros]
        return [z if g is None else g for g, z in zip(grad, zeros, strict=True)]


class _leading_to:
    """The nodes from which a walk can still reach a target."""

    def __init__(self, heap: Iterable[tuple[int, Node]], targets: Sequence[Any]) -> None:
        self.targets = set(targets)
        self.path: set[Any] = set()
        nodes: dict[Node, None] = {}
        stack = [node for _, node in heap]
        while stack:
            node = stack.pop()
            if node in nodes:
                continue
            nodes[node] = None
            stack += [parent for parent in node.parents if type(parent) is Node]
        useful = set(targets)
        for node in sorted(nodes, key=lambda n: n.order):
            if any(parent in useful for parent in node.parents if parent is not None):
                useful.add(node)
                self.path.add(node)


def run_hooks(hooks: Iterable[Callable[[Any], Any]], grad: Any) -> Any:
    """Pass a gradient through hooks, each of which may return another in its place."""
    bare = not isinstance(grad, Value)
    for hook in list(hooks):
        seen = wrap(grad) if bare else grad
        result = hook(seen)
        if result is not None:
            grad = result.array if bare else result
    return grad


def _fit_array(grad: Any, shape: tuple[int, ...], dtype: np.dtype) -> Any:
    """The gradient in the argument's own shape and dtype: broadcasting undone, or done."""
    if grad.shape != shape:
        grad = unbroadcast(grad, shape)
    return grad if grad.dtype == dtype else grad.astype(dtype)


def _fit_tensor(grad: Any, shape: tuple[int, ...], dtype: np.dtype) -> Any:
    if not isinstance(grad, Value):
        grad = wrap(grad)
    if grad.array.shape != shape:
        grad = unbroadcast(grad, shape)
    return grad if grad.array.dtype == dtype else grad.to(dtype)


def unbroadcast(grad: Any, shape: tuple[int, ...]) -> Any:
    """Sum over the axes along which an argument of ``shape`` was broadcast.

    An argument used n times has n contributions to its gradient, and broadcasting is use. Axes
    along which the gradient is smaller (that of a sum, say) are broadcast instead.
    """
    extra = len(grad.shape) - len(shape)
    if extra > 0:
        if len(shape) == 1 and grad.shape[-1:] == shape and type(grad) is np.ndarray:
            return column_sums(grad)
        grad = np.sum(grad, axis=tuple(range(extra)))
    axes = tuple(
        i - len(shape)
        for i, n in enumerate(shape)
        if n == 1 and len(grad.shape) == len(shape) and grad.shape[i] != 1
    )
    if axes:
        grad = np.sum(grad, axis=axes, keepdims=True)
    return grad if grad.shape == shape else np.broadcast_to(grad, shape)


def column_sums(grad: np.ndarray) -> np.ndarray:
    """The sum over all axes but the last, as a matrix product: BLAS adds rows faster than sum."""
    if grad.dtype.char not in "fd" or not grad.size:
        return grad.sum(tuple(range(grad.ndim - 1)))
    rows = grad.reshape(-1, grad.shape[-1])
    return np.ones(rows.shape[0], rows.dtype) @ rows
