"""The tape: what is recorded while a program runs forward, and the walk backward over it.

Each recorded operation is a ``Node``. It knows its parents (the nodes, or leaf tensors, that its
arguments came from), what its rules named (``saved``) and its place in time (``order``). The
backward walk visits nodes from the newest to the oldest, so that each is complete when its turn
comes: everything that used its result was recorded later and has already contributed.
"""

from __future__ import annotations

from _thread import get_ident
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from .carried import second_backward
from .decorating import running_in
from .floating_point import ERRORS, IGNORED
from .hooks import Hooks, RemovableHandle, accumulator
from .lines import describe_line, user_line
from .reached import latest

if TYPE_CHECKING:
    from .primitive import Plan, Primitive

PICK: Any = None  # the two operations of the walk itself, made in primitive.py
STAND_IN: Any = None
lift: Any = None  # runs an operation on wrapped tensors, made in func/levels.py
active: list[Any] = []  # the forward-mode and batching levels now open, in any thread
packers: list[Any] = []  # what saved_tensors_hooks asks to be done to what is saved, in any thread
packing: ContextVar[tuple[Any, ...]] = ContextVar("packing", default=())  # and in this one
watched: set[int] = set()  # the ids of leaves that have hooks called after accumulation
groups: list[Any] = []  # who waits for the gradients of several tensors, in any thread
# while any do, the walk that is under way in this one
walking: ContextVar[Any] = ContextVar("walking", default=None)
last_write = 0  # when a tensor was last written to in place: what is newer was not
tracer: Any = None  # all who are told of what runs, if anybody is: see watching.py
_clock = count(1)
tick: Callable[[], int] = _clock.__next__
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
        level: 0, or the time at which the level that wraps this value was opened (see ``func``).
    """

    __slots__ = ("__dict__", "__weakref__", "array", "node", "version", "window")

    array: np.ndarray
    node: Any
    version: list[Any]
    window: View | None
    level: int = 0
    share: Any  # of wrapped values: see func/levels.py
    inner: Any

    tensor_type: type  # Tensor, set once by tensor.py, so that imports point one way


def wrap(array: Any, node: Any = None) -> Any:
    """A new Tensor around an array, without a copy."""
    t: Any = _new(Value.tensor_type)
    t.array = array if type(array) is np.ndarray else np.asarray(array)
    t.node = node
    t.version = [0]
    t.window = None
    return t


def alias(t: Any, node: Any = None) -> Any:
    """The same value, on the same memory, at another place on the tape."""
    return t.alias(node) if t.level else wrap(t.array, node)


def values_of(t: Any) -> np.ndarray:
    """The numbers behind a value: for a batch, those of all samples, the batch in front."""
    while isinstance(t, Value) and t.level:
        t = t.inner
    return t.array if isinstance(t, Value) else t


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


def written(*tensors: Value) -> None:
    """Say that the arrays of tensors were written to in place."""
    global last_write
    line = user_line()
    for t in tensors:
        last_write = next(_clock)
        t.version[:] = [t.version[0] + 1, line, last_write]


# --- whether to record -----------------------------------------------------------------------

_recording: ContextVar[bool] = ContextVar("recording", default=True)
is_grad_enabled: Callable[[], bool] = _recording.get


# What is entered and not yet left: (switch, the mode before it, what was entered earlier). Like the
# mode itself it belongs to one thread or task, so that one switch can be entered in several at once.
_entered: ContextVar[Any] = ContextVar("entered", default=None)


class _Switch:
    """A switch that acts on entry, as a context manager or a decorator."""

    mode: bool

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        """A switch, or the decorated function."""
        switch = super().__new__(cls)
        return switch if function is None else switch(function)

    def __enter__(self) -> Any:
        _entered.set((self, is_grad_enabled(), _entered.get()))
        _recording.set(self.mode)
        return self

    def __exit__(self, *exc: object) -> None:
        entered, later = _entered.get(), []
        while entered is not None and entered[0] is not self:
            later.append(entered[:2])
            entered = entered[2]
        if entered is not None:  # else it was entered in another thread or task
            _recording.set(entered[1])
            entered = entered[2]
            for switch, before in reversed(later):
                entered = switch, before, entered
            _entered.set(entered)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate a function, of any kind: the switch is set while its own lines run."""
        return running_in(enable_grad if self.mode else no_grad, function)


class set_grad_enabled(_Switch):
    """Switch recording on or off: a call, a context manager or a decorator.

    The switch belongs to the current thread or async task alone.
    """

    def __new__(cls, mode: bool) -> Any:
        """A switch: whatever the mode is, it is no function to decorate."""
        return object.__new__(cls)

    def __init__(self, mode: bool) -> None:
        self.mode = bool(mode)
        self._made: tuple[int, bool] | None = (get_ident(), is_grad_enabled())
        _recording.set(self.mode)

    def __enter__(self) -> Any:
        if self._made is not None and self._made[0] == get_ident():
            _recording.set(self._made[1])  # the call that made it has switched already
            self._made = None
        return super().__enter__()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate a function, of any kind, and switch back what the call switched."""
        if self._made is not None:
            _recording.set(self._made[1])
        return super().__call__(function)


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


class Node:
    """One recorded operation.

    Attributes:
        op: the ``Primitive`` that ran.
        plan: which rules to run and where their inputs stand in ``saved``.
        parents: per rule, the ``Node`` or leaf ``Tensor`` that the argument came from.
        saved: what the rules named; ``None`` once freed.
        result: the version of the result where a rule names ``out``, else ``None``: not the result
            itself, which would be a cycle.
        shape, dtype: of the result; tuples of them where the operation has several results.
        where: the line of the user's program that ran it.
        order: its place in time; a saved tensor must not have been written after it.
        hooks: called with the gradient of the result, and with those of the arguments.
    """

    __slots__ = (
        "__weakref__",
        "dtype",
        "hooks",
        "op",
        "order",
        "parents",
        "plan",
        "result",
        "saved",
        "shape",
        "where",
    )

    def __init__(
        self,
        op: Primitive,
        plan: Plan,
        parents: Sequence[Any],
        saved: Any,
        shape: Any,
        dtype: Any,
        where: Any,
    ) -> None:
        self.op = op
        self.plan = plan
        self.parents = parents
        self.saved = saved
        self.shape = shape
        self.dtype = dtype
        self.where = where
        self.order = next(_clock)
        self.hooks: Hooks | None = None
        self.result: list[Any] | None = None

    def name(self) -> str:
        """The node's name as PyTorch prints it, such as ``MulBackward0``."""
        return self.op.node_name

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """What comes next on the way back: (node, which of its results), one an argument.

        A leaf that requires grad is met as its ``AccumulateGrad``; ``(None, 0)`` stands for an
        argument that needs no gradient.
        """
        return tuple(function_of(parent) for parent in self.by_argument(self.parents))

    def by_argument(self, values: Sequence[Any]) -> list[Any]:
        """What is known of parents, spread over all arguments that have rules: else ``None``."""
        known = dict(zip(self.plan.positions, values, strict=False))
        known_rules = self.op.differentiable
        return [known.get(i) for i in range(self.plan.count) if known_rules >> i & 1]

    # What the rules saved, under PyTorch's names. Properties, as a ``__getattr__`` would make each
    # look at a node slower.

    @property
    def _saved_self(self) -> Any:
        return self._saved_at("_saved_self", 0 if self.plan.count else -1)

    @property
    def _saved_other(self) -> Any:
        return self._saved_at("_saved_other", 1 if self.plan.count > 1 else -1)

    @property
    def _saved_result(self) -> Any:
        return self._saved_at("_saved_result", self.plan.count)

    def _saved_at(self, name: str, place: int) -> Any:
        """What was saved of an argument or the result.

        Raises:
            AttributeError: for what was not saved.
            RuntimeError: if it was freed.
        """
        if place not in self.plan.save:
            raise AttributeError(f"{self.name()!r} object has no attribute {name!r}")
        if self.saved is None:
            raise RuntimeError(
                f"{name} of {self.name()}: Trying to access what was saved after it was freed: pass "
                "retain_graph=True to backward to keep it"
            )
        value = tuple(self.saved)[self.plan.save.index(place)]
        return wrap(value) if isinstance(value, np.ndarray) else value

    @property
    def metadata(self) -> dict[Any, Any]:
        """A dict for notes about the node, kept as long as the node."""
        return self._get_hooks().metadata

    def register_hook(self, hook: Callable[[Any, Any], Any]) -> RemovableHandle:
        """Call ``hook(grad_inputs, grad_outputs)`` after the rules ran.

        Both are tuples of tensors; a tuple that the hook returns takes the place of the first.
        """
        after = self._get_hooks().after
        after.append(hook)
        return RemovableHandle(after, hook)

    def register_prehook(self, hook: Callable[[Any], Any]) -> RemovableHandle:
        """Call ``hook(grad_outputs)`` before the rules run; a tuple it returns takes their place."""
        several = self.op.several

        def before(grad: Any) -> Any:
            replaced = hook(tuple(grad) if several else (grad,))
            return replaced if replaced is None or several else replaced[0]

        hooks = self._get_hooks()
        hooks.append(before)
        return RemovableHandle(hooks, before)

    def _get_hooks(self) -> Hooks:
        self.hooks = Hooks() if self.hooks is None else self.hooks
        return self.hooks

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"

    def vjp(self, g: Any, keep: bool, lifted: bool, level: int = 0) -> Sequence[Any]:
        """The gradients of the arguments, one a parent, given that of the result.

        With ``lifted`` the rules are fed Tensors, so that what they compute is itself recorded;
        with ``level``, what lies below the values that this level wraps.
        """
        saved = self.saved
        if saved is None:
            raise SecondBackward(self)
        if type(saved) is not tuple:  # packed by saved_tensors_hooks, whose user answers for it
            saved = tuple(saved)
        elif last_write > self.order:
            self._check_not_written(saved)
        if lifted:
            grads = self._lifted(g, list(saved), level)
        else:
            grads = self.plan.pull(g, saved, self.parents)
        if not keep and saved:  # where nothing was saved another walk may pass, as in PyTorch
            self.saved = None
        return grads

    def _lifted(self, g: Any, values: list[Any], level: int) -> Sequence[Any]:
        """The gradients by rules fed Tensors, or by the definition of a fused operation."""
        out = self.plan.out
        if out >= 0:
            several = self.op.several
            values[out] = outputs_of(self, values[out]) if several else placed(values[out], self)
        if level:
            values = [_below(v, level) for v in values]
        if self.op.definition is not None:
            return self._through_definition(g, values)
        bare = self.op.plan(self.plan.mask, self.plan.count)
        return bare.pull(g, values, self.parents)

    def _through_definition(self, g: Any, values: list[Any]) -> Sequence[Any]:
        """Differentiate the definition of a fused operation in place of its rule."""
        arguments = values[: self.plan.count]
        stand_ins = []
        for position, parent in zip(self.plan.positions, self.parents, strict=True):
            arguments[position] = stand_in(arguments[position], parent)
            stand_ins.append(arguments[position])
        record = is_grad_enabled()
        with enable_grad():
            out = self.op.definition(*arguments)  # type: ignore[misc]
        return walk([out], [g], targets=[s.node for s in stand_ins], keep=True, record=record)

    def _check_not_written(self, saved: Sequence[Any]) -> None:
        """Refuse to go on with what was written to in place since it was saved."""
        found: tuple[str, Any, list[Any]] | None = None
        if self.result is not None and self.result[0]:
            found = "a result", self.shape, self.result
        for value in saved:
            if isinstance(value, Value) and value.version[0] and value.version[2] > self.order:
                found = found or ("a value", value.array.shape, value.version)
        if found is None:
            return
        what, shape, (count, line, _) = found
        raise RuntimeError(
            f"{what} of shape {shape} that {self.op.name} saved for its gradient was changed in "
            f"place afterwards (it is now at version {count}). It was used at "
            f"{describe_line(self.where)}; it was changed at {describe_line(line)}. Use the "
            "out-of-place form there (x = x + 1 instead of x += 1), or change a clone()."
        )


class SecondBackward(Exception):
    """A walk came to a node that an earlier walk had freed."""


def _below(value: Any, level: int) -> Any:
    """What lies below a level; several results are a tuple of values."""
    if type(value) is tuple:
        return tuple(_below(v, level) for v in value)
    return value.inner if getattr(value, "level", 0) == level else value


def function_of(parent: Any) -> tuple[Any, int]:
    """The node that a parent stands for, and which of its results."""
    if isinstance(parent, Value):
        return accumulator(parent), 0
    if parent is not None and parent.op is PICK:
        return parent.parents[0], parent.saved[0]
    return parent, 0


def _shown(g: Any) -> Any:
    return g if isinstance(g, Value) else wrap(g)


def stand_in(t: Any, parent: Any) -> Any:
    """An alias of ``t`` with a node of its own, whose gradient goes on to ``parent``."""
    return alias(t, entry(t, parent))


def entry(t: Any, parent: Any) -> Node:
    """A node for a value as an input: nothing happened to it."""
    plan = STAND_IN.plan(1, 1)
    return Node(STAND_IN, plan, (parent,), (), t.array.shape, t.array.dtype, None)


def placed(value: Any, node: Any) -> Any:
    """A result that was saved without its place on the tape, put there."""
    return alias(value, node) if isinstance(value, Value) else wrap(value, node)


def like(parent: Any) -> tuple[Any, Any]:
    """Shape and NumPy dtype of what a node or a leaf tensor stands for."""
    source = parent if type(parent) is Node else parent.array
    return source.shape, source.dtype


def shape_of(parent: Any) -> Any:
    """The shape of what a node or a leaf tensor stands for."""
    return parent.shape if type(parent) is Node else parent.array.shape


def output_of(node: Node, array: np.ndarray) -> Any:
    """The result of a node; the node watches it for writes if its rules name it."""
    t: Any = _new(Value.tensor_type)  # what wrap does, without a call
    t.array = array
    t.node = node
    t.version = version = [0]
    t.window = None
    if node.plan.out >= 0:
        node.result = version
    return t


def outputs_of(node: Node, arrays: Iterable[Any]) -> tuple[Any, ...]:
    """One Tensor for each of several results; each has a ``PICK`` node of its own."""
    plan = PICK.plan(1, 1)
    results = []
    for i, a in enumerate(arrays):
        shown = a.array if isinstance(a, Value) else a
        pick = Node(PICK, plan, (node,), (i,), shown.shape, shown.dtype, node.where)
        results.append(placed(a, pick))
    return tuple(results)


# --- the walk back ---------------------------------------------------------------------------


def walk(
    roots: Sequence[Any],
    seeds: Sequence[Any],
    *,
    targets: Sequence[Any] | None = None,
    keep: bool = False,
    record: bool = False,
    level: int = 0,
) -> list[Any]:
    """Carry gradients from the roots back to the leaves.

    Args:
        roots: tensors to start from.
        seeds: the gradient of each root: arrays, or Tensors with ``record``.
        targets: nodes and leaf tensors whose gradients are wanted; only what leads to them is
            visited. Without targets every leaf reached accumulates into its ``grad``.
        keep: keep what was saved, for another walk (PyTorch's ``retain_graph``).
        record: record the walk itself, so that its results can be differentiated.
        level: the level whose tape this is; the rules see what lies below it.

    Returns:
        The gradients of the targets, ``None`` where nothing arrived.
    """
    wrapped = any(getattr(x, "level", 0) for x in (*roots, *seeds))
    lifted = record or wrapped
    mode, errors, token = _recording.set(record), ERRORS.set(IGNORED), None
    try:
        if targets is None:
            latest[:] = tick(), latest[0]
        pending: Any = _GradientTensors() if lifted else _Gradients()
        if tracer is not None:
            pending = tracer.gradients(pending, wrapped)
        for root, seed in zip(roots, seeds, strict=True):
            pending.add(root if root.node is LEAF else root.node, seed)
        wanted = None if targets is None else _leading_to(pending.heap, targets)
        if groups:
            token = walking.set((pending, wanted))
        if watched and targets is None and isinstance(pending, _Gradients):
            pending.deliver_early()
        captured = {}
        heap, take, pass_on = pending.heap, pending.take, pending.pass_on
        while heap:
            node = heappop(heap)[1]
            g = take(node)
            if node.hooks is not None and (wanted is None or wanted.visits(node)):
                g = run_hooks(node.hooks, g)
            if wanted is not None:
                if node in wanted.targets:
                    captured[node] = g
                if node not in wanted.path:
                    continue
            if node.op is PICK:
                pending.add_output(node.parents[0], node.saved[0], g)
                continue
            grads = node.vjp(g, keep, lifted, level)
            if node.hooks is not None:
                grads = run_after_hooks(node, g, grads)
            pass_on(node.parents, grads, g)
        if targets is not None:
            for leaf, grad in pending.leaves.items():
                if leaf._hooks and leaf in wanted.targets:  # type: ignore[union-attr]
                    grad = run_hooks(leaf._hooks, grad)
                captured[leaf] = grad
            return [captured.get(target) for target in targets]
        pending.deliver()
        return []
    except SecondBackward as stop:
        (node,) = stop.args
        message = second_backward(node, [root.node for root in roots])
        raise RuntimeError(message) from None
    finally:
        if token is not None:
            walking.reset(token)
        ERRORS.reset(errors)
        _recording.reset(mode)


class _Gradients:
    """The gradients on their way: per node and leaf, what has arrived so far."""

    lifted = False

    def __init__(self) -> None:
        self.nodes: dict[Node, Any] = {}
        self.leaves: dict[Any, Any] = {}
        self.owned: set[Any] = set()
        self.heap: list[tuple[float, Any]] = []

    def add(self, target: Any, grad: Any, source: Any = None) -> None:
        """Add one contribution; ``source`` is the gradient that the rule was fed."""
        self.pass_on((target,), (grad,), source)

    def pass_on(self, targets: Sequence[Any], grads: Sequence[Any], source: Any) -> None:
        """Add contributions; an array is added into only if no one else can hold it."""
        nodes, leaves, owned = self.nodes, self.leaves, self.owned
        for target, grad in zip(targets, grads):  # noqa: B905 (slow)
            if target is None or grad is None:
                continue
            if type(target) is Node:
                if grad.shape != target.shape or grad.dtype is not target.dtype:
                    grad = _fit_array(grad, target.shape, target.dtype)
                if target not in nodes:
                    nodes[target] = grad
                    heappush(self.heap, (-target.order, target))
                elif target in owned:
                    nodes[target] += grad
                else:
                    nodes[target] = nodes[target] + grad
                    owned.add(target)
                continue
            array = target.array
            if grad.shape != array.shape or grad.dtype is not array.dtype:
                grad = _fit_array(grad, array.shape, array.dtype)
            if target in owned:
                leaves[target] += grad
            elif target in leaves:
                leaves[target] = leaves[target] + grad
                owned.add(target)
            else:
                leaves[target] = grad
                if _is_fresh(grad, source, grads):
                    owned.add(target)

    def add_output(self, node: Node, index: int, grad: Any) -> None:
        """Put the gradient of one of a node's several results in its place."""
        slots = self.nodes.get(node)
        if slots is None:
            slots = self.nodes[node] = [None] * len(node.shape)
            heappush(self.heap, (-node.order, node))
        slots[index] = grad if slots[index] is None else slots[index] + grad

    def take(self, node: Node) -> Any:
        """The finished gradient of a node."""
        grad = self.nodes.pop(node)
        return grad if type(grad) is not list else self._completed(grad, node)

    def _completed(self, grads: list[Any], node: Node) -> list[Any]:
        """The gradients of several results, with zeros where nothing arrived."""
        if node.op.takes_none:
            return grads
        zeros = [np.zeros(s, d) for s, d in zip(node.shape, node.dtype, strict=True)]
        if self.lifted:
            zeros = [wrap(z) for z in zeros]
        return [z if g is None else g for g, z in zip(grads, zeros, strict=True)]

    def deliver(self) -> None:
        """Let every leaf reached add what arrived to its ``grad``."""
        for leaf, grad in self.leaves.items():
            leaf._accumulate(grad, leaf in self.owned, self.lifted)

    def deliver_early(self) -> None:
        """Let leaves that somebody watches have theirs as soon as nothing more can arrive."""
        last: dict[Any, int] = {}
        for node in nodes_below(node for _, node in self.heap):
            for leaf in node.parents:
                if getattr(leaf, "_after_accumulation", None):
                    last[leaf] = min(node.order, last.get(leaf, node.order))
        for leaf, order in last.items():
            stop: Any = _Stop(self, leaf)
            self.nodes[stop] = None
            heappush(self.heap, (0.5 - order, stop))


class _GradientTensors(_Gradients):
    """The gradients of a walk that is itself recorded: Tensors, never added into."""

    lifted = True

    def pass_on(self, targets: Sequence[Any], grads: Sequence[Any], source: Any) -> None:
        """Add contributions."""
        for target, grad in zip(targets, grads, strict=True):
            if target is None or grad is None:
                continue
            is_node = type(target) is Node
            like = target if is_node else target.array
            store: dict[Any, Any] = self.nodes if is_node else self.leaves
            grad = _fit_tensor(grad, like.shape, like.dtype)
            if is_node and target not in store:
                heappush(self.heap, (-target.order, target))
            store[target] = store[target] + grad if target in store else grad


def _is_fresh(grad: Any, source: Any, grads: Sequence[Any]) -> bool:
    """Whether a rule made this array just now, and for one argument, so that nobody else holds it."""
    if source is None or grad is source or getattr(grad, "base", source) is not None:
        return False
    return len(grads) == 1 or [*map(id, grads)].count(id(grad)) == 1


class _Stop:
    """A place on the walk, after the last node that a leaf feeds, where the leaf gets its gradient."""

    op = hooks = None
    parents = ()

    def __init__(self, pending: _Gradients, leaf: Any) -> None:
        self.pending = pending
        self.leaf = leaf

    def vjp(self, g: None, keep: bool, lifted: bool, level: int) -> Sequence[Any]:
        """Deliver what arrived, if anything did."""
        grad = self.pending.leaves.pop(self.leaf, None)
        if grad is not None:
            self.leaf._accumulate(grad, self.leaf in self.pending.owned, lifted)
        return ()

    def __lt__(self, other: _Stop) -> bool:
        return False


def nodes_below(nodes: Iterable[Node]) -> list[Node]:
    """Nodes and all that they were computed from, each once, in no order."""
    found = dict.fromkeys(nodes)
    stack = list(found)
    while stack:
        new = {p: None for p in stack.pop().parents if type(p) is Node and p not in found}
        found |= new
        stack += new
    return list(found)


class _leading_to:
    """The nodes from which a walk can still reach a target."""

    def __init__(self, heap: Iterable[tuple[int, Node]], targets: Sequence[Any]) -> None:
        self.targets = set(targets)
        self.path: set[Any] = set()
        useful = set(targets)
        for node in sorted(nodes_below(n for _, n in heap), key=lambda n: n.order):
            if any(parent in useful for parent in node.parents if parent is not None):
                useful.add(node)
                self.path.add(node)

    def visits(self, node: Node) -> bool:
        """Whether a node is a target or on the way to one."""
        return node in self.path or node in self.targets


def run_hooks(hooks: Iterable[Callable[[Any], Any]], grad: Any) -> Any:
    """Pass a gradient through hooks, each of which may return another in its place."""
    for hook in list(hooks):
        several = type(grad) is list
        shown = [g if g is None else _shown(g) for g in grad] if several else _shown(grad)
        result = hook(shown)
        if result is not None:
            pairs = zip(result, grad, strict=True) if several else ((result, grad),)
            kept = [
                new if new is None or isinstance(old, Value) else new.array for new, old in pairs
            ]
            grad = kept if several else kept[0]
    return grad


def run_after_hooks(node: Node, g: Any, grads: Sequence[Any]) -> Sequence[Any]:
    """The gradients of a node's arguments, as the hooks after its rules leave them."""
    assert node.hooks is not None
    for hook in list(node.hooks.after):
        shown = tuple(None if x is None else _shown(x) for x in node.by_argument(grads))
        given = g if node.op.several else [g]
        replaced = hook(shown, tuple(x if x is None else _shown(x) for x in given))
        if replaced is not None:
            kept = dict(zip(node.by_argument(range(len(grads))), replaced, strict=True))
            grads = [
                new.array if isinstance(new, Value) and not isinstance(old, Value) else new
                for new, old in ((kept[i], x) for i, x in enumerate(grads))
            ]
    return grads


def _fit_array(grad: Any, shape: tuple[int, ...], dtype: np.dtype) -> Any:
    """The gradient in the argument's own shape and dtype: broadcasting undone, or done."""
    if grad.shape != shape:
        grad = unbroadcast(grad, shape)
    return grad if grad.dtype == dtype else grad.astype(dtype)


def fit(grad: Any, argument: Any) -> Any:
    """A gradient, as a Tensor, in the shape and dtype of the argument that it is for."""
    return _fit_tensor(grad, argument.array.shape, argument.array.dtype)


def _fit_tensor(grad: Any, shape: tuple[int, ...], dtype: np.dtype) -> Any:
    grad = _shown(grad)
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
