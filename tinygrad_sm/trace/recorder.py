"""The recorder: what a program does on the tape, noted while it runs.

It is told of three things and of nothing else: an operation that was recorded, a gradient that
moved, a module that was called. It only notes and copies; what a trace shows is worked out later.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Sequence
from os.path import dirname, sep
from typing import Any

import numpy as np

from .. import tape
from ..tape import LEAF, Node, Value
from ..watching import Relay, Watcher
from .values import Store, fingerprint

_OPTIMIZED = 1  # the flag of a function's code, whose locals are no dictionary
_HOLDERS = (np.ndarray, Value)  # of memory
_PACKAGE = dirname(dirname(__file__)) + sep


class Row:
    """A row of the tape: an operation, or a tensor that came from elsewhere.

    Attributes:
        kind: ``"op"``, ``"leaf"`` (gradients arrive here), ``"input"`` (none do) or ``"earlier"``
            (recorded before the trace began).
        op: the ``Primitive``; ``None`` for a tensor from elsewhere.
        args: one ``Argument`` each.
        outs: numbers of the kept results; one, unless the operation has several.
        residuals: numbers of what the forward function returned beside its result.
        rules: positions of the arguments that need a gradient.
        saved: what the tape keeps for the rules: (which position, buffer's identity, bytes).
        where: the line of the program, as ``tape.user_line`` gives it.
        group: the number of the module's call that it happened in, or -1.
        name: the name of a tensor, if the program has one.
        step: the step at which the row came to be.
        freed: the first step at whose end the tape no longer held what it saved, or ``None``.
    """

    __slots__ = (
        "args",
        "freed",
        "group",
        "kind",
        "name",
        "op",
        "outs",
        "residuals",
        "rules",
        "saved",
        "step",
        "where",
    )

    def __init__(self, kind: str, group: int, step: int, where: Any) -> None:
        self.kind = kind
        self.group = group
        self.step = step
        self.where = where
        self.op: Any = None
        self.args: list[Argument] = []
        self.outs: list[int] = []
        self.residuals: list[Any] = []
        self.rules: tuple[int, ...] = ()
        self.saved: list[tuple[int, int, int]] = []
        self.name = ""
        self.freed: int | None = None


class Argument:
    """What an operation was given.

    Attributes:
        value: the number of a kept array, or -1.
        source: the row that made it, or -1.
        output: which of that row's results.
        raw: an option that is no array, such as an axis.
    """

    __slots__ = ("output", "raw", "source", "value")

    def __init__(self, value: int, source: int = -1, output: int = 0, raw: Any = None) -> None:
        self.value = value
        self.source = source
        self.output = output
        self.raw = raw


class Contribution:
    """What one rule sent to one argument's gradient.

    Attributes:
        position: of the argument; -1 where it cannot be told.
        target: the row whose gradient it is, or -1.
        output: which of that row's results.
        raw: the number of what the rule returned, before it was fitted to the argument.
        fitted: the number of the contribution, in the argument's shape and dtype.
        old, new: numbers of the argument's gradient before and after; ``old`` may be ``None``.
    """

    __slots__ = ("fitted", "new", "old", "output", "position", "raw", "target")

    def __init__(self, position: int, target: int, output: int) -> None:
        self.position = position
        self.target = target
        self.output = output
        self.raw = self.fitted = self.new = -1
        self.old: int | None = None


class Step:
    """One moment of the run.

    Attributes:
        kind: ``"forward"``, ``"backward"`` (a rule is applied) or ``"deliver"`` (into ``.grad``).
        row: the row it is about.
        walk: the number of the backward walk, or -1.
        grads: numbers of the gradients that arrived, one a result.
        contributions: what was sent on.
        old, new: of a delivery: numbers of ``.grad`` before (or ``None``) and after.
        fused: whether a definition was differentiated in place of the rule.
    """

    __slots__ = ("contributions", "fused", "grads", "kind", "new", "old", "row", "walk")

    def __init__(self, kind: str, row: int, walk: int = -1) -> None:
        self.kind = kind
        self.row = row
        self.walk = walk
        self.grads: list[int] = []
        self.contributions: list[Contribution] = []
        self.old: int | None = None
        self.new = -1
        self.fused = False


class Group:
    """One call of a module: its place in the tree of calls, its path and its class."""

    __slots__ = ("kind", "parent", "path")

    def __init__(self, parent: int, path: str, kind: str) -> None:
        self.parent = parent
        self.path = path
        self.kind = kind


class Recorder(Watcher):
    """Notes what the thread that made it does on the tape.

    Args:
        max_bytes: room for copies of arrays.
    """

    def __init__(self, max_bytes: int) -> None:
        self.rows: list[Row] = []
        self.steps: list[Step] = []
        self.groups: list[Group] = []
        self.walks: list[Any] = []
        self.now = [0]
        self.store = Store(max_bytes, self.now)
        self._thread = threading.get_ident()
        self._group = -1
        self._of_node: dict[int, int] = {}
        self._of_tensor: dict[int, tuple[weakref.ref, int]] = {}
        self._nodes: list[weakref.ref] = []
        self._names: dict[int, tuple[weakref.ref, str]] = {}

    # --- forward ---------------------------------------------------------------------------------

    def recorded(self, node: Node, args: Sequence[Any], out: Any, residuals: Any) -> None:
        """Note an operation that the tape has just recorded.

        What runs on values that a level wraps is noted below it, where it runs on plain tensors.
        """
        if threading.get_ident() != self._thread or _level_of(args):
            return
        op = node.op
        arguments = [self._argument(a) for a in args]
        row = Row("op", self._group, len(self.steps), node.where)
        row.op = op
        row.args = arguments
        keep = self.store.fresh
        row.outs = [keep(o) for o in out] if op.several else [keep(out)]
        row.residuals = [self._constant(r) for r in residuals]
        row.rules = node.plan.positions
        packed = not isinstance(node.saved, tuple)  # by hooks: what they keep is their own affair
        row.saved = [
            (position, *_memory(value))
            for position, value in zip(
                node.plan.save, () if packed else node.saved, strict=not packed
            )
            if isinstance(value, _HOLDERS)
        ]
        number = len(self.rows)
        self.rows.append(row)
        self._of_node[node.order] = number
        self._nodes.append(weakref.ref(node, lambda _: self._let_go(row, self.now[0])))
        self._step(Step("forward", number))

    def _step(self, step: Step) -> None:
        self.steps.append(step)
        self.now[0] += 1

    def _let_go(self, row: Row, step: int) -> None:
        if row.freed is None:
            row.freed = step

    def _argument(self, a: Any) -> Argument:
        if not isinstance(a, Value):
            if type(a) is np.ndarray:
                return Argument(self._constant(a))
            return Argument(-1, raw=a)
        source, output = self._source(a)
        if type(a.node) is Node:
            return Argument(self.store.keep(a.array, a.version[0]), source, output)
        return Argument(self.rows[source].outs[0], source, 0)

    def _constant(self, value: Any) -> Any:
        """The number of a kept array that no tensor holds."""
        return self.store.keep(value, fingerprint(value)) if type(value) is np.ndarray else value

    def _source(self, t: Value) -> tuple[int, int]:
        """The row that a tensor came from, and which of its results it is."""
        if type(t.node) is Node:
            row, output = self.row_of(t.node)
            if row >= 0:
                return row, output
        mark = (t.version[0], fingerprint(t.array))
        known = self._of_tensor.get(id(t))
        if known is not None and known[0]() is t:
            row = known[1]
            value = self.store.keep(t.array, mark)
            if value == self.rows[row].outs[0]:
                return row, 0
        return self._enter(t, mark), 0

    def _enter(self, t: Value, mark: Any) -> int:
        """A row for a tensor that came from elsewhere."""
        where, name = self._look_up(t)
        kind = "input" if t.node is None else "leaf" if t.node is LEAF else "earlier"
        row = Row(kind, self._group, len(self.steps), where)
        row.outs = [self.store.keep(t.array, mark)]
        row.name = name
        number = len(self.rows)
        self.rows.append(row)
        self._of_tensor[id(t)] = (weakref.ref(t), number)
        if kind == "earlier":
            self._of_node[t.node.order] = number
        return number

    def row_of(self, node: Node) -> tuple[int, int]:
        """The row of a node, -1 if it was recorded outside the trace, and which result."""
        output = 0
        while node.op is tape.PICK or node.op is tape.STAND_IN:
            if node.op is tape.PICK:
                output = node.saved[0]
            parent = node.parents[0]
            if type(parent) is not Node:
                return self._leaf_row(parent), 0
            node = parent
        return self._of_node.get(node.order, -1), output

    def _leaf_row(self, leaf: Any) -> int:
        known = self._of_tensor.get(id(leaf))
        return known[1] if known is not None and known[0]() is leaf else -1

    def _look_up(self, t: Value) -> tuple[Any, str]:
        """The user's line, and the name by which it or a module knows a tensor."""
        frame: Any = sys._getframe(2)
        while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
            frame = frame.f_back
        where = None if frame is None else (frame.f_code, frame.f_lasti)
        known = self._names.get(id(t))
        if known is not None and known[0]() is t:
            return where, known[1]
        if frame is not None:
            return where, _local_name(frame, t) or _name_among(frame.f_globals, t)
        return where, ""

    # --- modules ---------------------------------------------------------------------------------

    def entered(self, module: Any) -> None:
        """Begin a group of rows: the call of a module."""
        if threading.get_ident() != self._thread:
            return
        path = self._path_of(module)
        if path is None:
            self._learn_names(module)
            path = ""
        self.groups.append(Group(self._group, path, type(module).__name__))
        self._group = len(self.groups) - 1

    def left(self, module: Any) -> None:
        """End the group."""
        if threading.get_ident() == self._thread and self._group >= 0:
            self._group = self.groups[self._group].parent

    def _path_of(self, module: Any) -> str | None:
        known = self._names.get(id(module))
        return known[1] if known is not None and known[0]() is module else None

    def _learn_names(self, root: Any) -> None:
        """Note what a module calls its own; names under a root seen first are kept."""
        for path, module in root.named_modules():
            self._names[id(module)] = (weakref.ref(module), path)
        for named in (root.named_parameters(), root.named_buffers()):
            for path, tensor in named:
                self._names[id(tensor)] = (weakref.ref(tensor), path)

    # --- backward --------------------------------------------------------------------------------

    def gradients(self, pending: Any, wrapped: bool) -> Any:
        """The gradients of a walk that begins, such that each move is noted."""
        if wrapped or threading.get_ident() != self._thread:
            return pending
        self.walks.append(tape.user_line(4))
        return _Watched(pending, self, len(self.walks) - 1)

    def flame(self, events: Any) -> list[dict[str, Any]]:
        """What a profile measured meanwhile, each event with its row: see ``schema.md``."""
        begin = events[0].start if events else 0
        return [
            {
                "name": e.name,
                "kind": e.kind,
                "module": e.module,
                "start": (e.start - begin) / 1e3,
                "time": e.total / 1e3,
                "own": e.alone / 1e3,
                "depth": e.depth,
                "bytes": e.memory,
                "row": self._of_node.get(e.order, -1),
            }
            for e in events
        ]

    def close(self) -> None:
        """End the run; the rest happens without the program's own objects."""
        self.store.close()
        self._nodes = []
        self._of_node = {}
        self._of_tensor = {}
        self._names = {}


def _name_among(names: Any, t: Value) -> str:
    for name, value in list(names.items()):
        if value is t and not name.startswith("_"):
            return str(name)
    return ""


def _local_name(frame: Any, t: Value) -> str:
    """The name of a tensor in a frame, found without keeping the frame's tensors alive.

    Before Python 3.13 a function's ``f_locals`` is a copy that stays with the frame: it is emptied
    again, unless the program itself holds it.
    """
    names = frame.f_locals
    name = _name_among(names, t)
    ours = frame.f_code.co_flags & _OPTIMIZED and type(names) is dict
    if ours and sys.getrefcount(names) <= 3:
        names.clear()
    return name


def _memory(value: Any) -> tuple[int, int]:
    """Which memory an array or tensor lies in, and its bytes there."""
    base = value.array if isinstance(value, Value) else value
    while isinstance(base.base, np.ndarray):
        base = base.base
    return id(base), base.nbytes


class _Watched(Relay):
    """The gradients of a walk, of which a recorder is told."""

    def __init__(self, inner: Any, recorder: Recorder, walk: int) -> None:
        super().__init__(inner)
        self.recorder = recorder
        self.walk = walk
        self.totals: dict[Any, int] = {}
        self.node: Node | None = None
        self.step: Step | None = None
        self.place = 0
        self.arrived: Any = None

    def take(self, node: Node) -> Any:
        """Begin a step: the node's turn has come."""
        g = super().take(node)
        self._finish()
        recorder = self.recorder
        row, _ = recorder.row_of(node)
        self.node = node
        self.place = 0
        self.step = None
        total = self.totals.pop(node, None)
        if row < 0 or recorder.rows[row].op is not node.op:
            return g
        step = Step("backward", row, self.walk)
        step.fused = self.lifted and node.op.definition is not None
        if node.op.several:
            step.grads = self._kept(g, node)
        else:
            step.grads = [recorder.store.keep(bare(g)) if total is None else total]
        self.step = step
        self.arrived = g
        recorder._step(step)
        return g

    def _kept(self, grad: Any, node: Any) -> list[int]:
        """The numbers of a node's gradient, of which several results have one each: 0 for ``None``."""
        if type(grad) is not list:
            return [self.recorder.store.keep(bare(grad))]
        parts = [
            np.zeros(s, d) if x is None else bare(x)
            for x, s, d in zip(grad, node.shape, node.dtype, strict=True)
        ]
        return [self.recorder.store.keep(part) for part in parts]

    def _finish(self) -> None:
        """Note whether the node before let go of what it had saved."""
        if self.step is not None and self.node is not None and self.node.saved is None:
            recorder = self.recorder
            recorder._let_go(recorder.rows[self.step.row], recorder.now[0] - 1)

    def add(self, target: Any, grad: Any, source: Any = None) -> None:
        """Note a contribution, with the sum before and after it."""
        store = self.recorder.store
        is_node = type(target) is Node
        old = self.totals.get(target)
        super().add(target, grad, source)
        total = bare((self.nodes if is_node else self.leaves)[target])
        if old is None:
            fitted = new = store.keep(total)
        else:
            fitted = store.keep(_fitted(bare(grad), total))
            new = store.fresh(total)
        self.totals[target] = new
        if self.step is None:
            return
        if source is not self.arrived:  # a hook put another in its place
            self.step.grads = self._kept(source, self.node)
            self.arrived = source
        position = self._position(target)
        row, output = self.recorder.row_of(target) if is_node else (self._leaf(target), 0)
        contribution = Contribution(position, row, output)
        contribution.fitted, contribution.old, contribution.new = fitted, old, new
        raw = bare(grad)
        contribution.raw = fitted if raw.shape == total.shape else store.keep(raw)
        self.step.contributions.append(contribution)

    def _leaf(self, leaf: Any) -> int:
        return self.recorder._leaf_row(leaf)

    def _position(self, target: Any) -> int:
        """Which argument's rule made this: the next one that came from ``target``."""
        node = self.node
        if node is None:
            return -1
        for place in range(self.place, len(node.parents)):
            if node.parents[place] is target:
                self.place = place + 1
                return node.plan.positions[place]
        return -1

    def deliver(self) -> None:
        """Let the leaves take what arrived, and note what ``grad`` was and is."""
        self._finish()
        recorder, store = self.recorder, self.recorder.store
        before = {}
        for leaf in self.leaves:
            if leaf._grad is not None:
                before[leaf] = store.keep(leaf._grad.array, fingerprint(leaf._grad.array))
        super().deliver()
        for leaf in self.leaves:
            row = recorder._leaf_row(leaf)
            if row < 0:
                continue
            step = Step("deliver", row, self.walk)
            step.grads = [self.totals[leaf]]
            step.old = before.get(leaf)
            step.new = step.grads[0]
            if leaf in before or leaf._hooks:
                step.new = store.fresh(leaf._grad.array)
            recorder._step(step)


def _level_of(args: Any) -> int:
    """The level of the first wrapped value among arguments, tuples (indices) included, or 0."""
    for a in args:
        level = _level_of(a) if type(a) is tuple else a.level if isinstance(a, Value) else 0
        if level:
            return level
    return 0


def bare(grad: Any) -> np.ndarray:
    """The array of a gradient, which is a Tensor where the walk itself is recorded."""
    return grad.array if isinstance(grad, Value) else np.asarray(grad)


def _fitted(grad: np.ndarray, like: np.ndarray) -> np.ndarray:
    """A contribution in the shape and dtype of what it was added to."""
    if grad.shape != like.shape:
        grad = np.asarray(tape.unbroadcast(grad, like.shape))
    return grad if grad.dtype == like.dtype else grad.astype(like.dtype)
