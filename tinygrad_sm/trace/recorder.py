"""The recorder: what a program does on the tape, noted while it runs.

It is told of three things and of nothing else: an operation that was recorded, a gradient that
moved, a module that was called. It notes numbers in tuples and copies arrays, no more, because the
program waits meanwhile; ``assembly.py`` makes rows and steps of it when the trace is shown.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Sequence
from threading import get_ident
from typing import Any

import numpy as np

from .. import tape
from ..copying import owner_of
from ..lines import in_package, user_line
from ..tape import LEAF, Node, Value, active, packers
from ..watching import Relay, Watcher
from .records import Group, Row
from .values import Store, fingerprint

_OPTIMIZED = 1  # the flag of a function's code, whose locals are no dictionary
_HOLDERS = (np.ndarray, Value)  # of memory
OUTPUT = 32  # the bit from which on a place holds the number, plus 1, of one of several results
reference = weakref.ref
NOWHERE = -1  # the place of what no row made


class Known(weakref.ref):
    """A reference to a tensor from elsewhere, and what was last seen of it.

    Attributes:
        row: its row.
        value: the number of its kept array.
        version, print: what tells whether that was written to.
        array: a reference to the array itself, as a tensor can be given another.
    """

    __slots__ = ("array", "print", "row", "value", "version")

    row: int
    value: int
    version: int
    print: bytes
    array: Any


class Recorder(Watcher):
    """Notes what the thread that made it does on the tape.

    A place says where a value came from: the number of a row, and which of its results.

    Args:
        max_bytes: room for copies of arrays.

    Attributes:
        rows: a ``Row`` for a tensor from elsewhere. For an operation a tuple: itself, its plan, its
            line, its group; what was given, unless all are tensors; the number of its result,
            or of each, and those of its residuals; then of each argument the number of its kept
            array (or -1) and its place.
        steps: for an operation that ran, its row. For one on the way back (row, walk, the gradient
            or gradients that arrived, whether the definition was differentiated). For a delivery (row, walk,
            gradient, number of ``.grad`` before or -1, and after).
        contributions: seven numbers each, one after the other: step, argument, place, and the
            numbers of what the rule returned, of that fitted, of the sum before (or -1) and after.
        replaced: by step, gradients that hooks put in the place of those that arrived.
        log: in order, ``None`` for each step back, and what came and, standing there for a second
            time, went: a ``Watch`` of an array, a mere reference to the node of a step forward.
        freed: by row, the step in which the backward pass let go of its values.
        packed: by row, what the tape keeps where ``saved_tensors_hooks`` had a say.
    """

    def __init__(self, max_bytes: int) -> None:
        self.rows: list[Any] = []
        self.steps: list[Any] = []
        self.log: list[Any] = []
        self.contributions: list[int] = []
        self.replaced: dict[int, tuple[int, ...]] = {}
        self.freed: dict[int, int] = {}
        self.packed: dict[int, list[tuple[int, int, int]]] = {}
        self.groups: list[Group] = []
        self.walks: list[Any] = []
        self.store = Store(max_bytes, self.log)
        self._thread = get_ident()
        self._group = -1
        self._of_node: dict[int, int] = {}  # the row of an operation, by its node's order
        self._of_others: dict[int, int] = {}  # the place of another node's result
        self._of_tensor: dict[int, Known] = {}
        self._names: dict[int, tuple[weakref.ref, str]] = {}

    # --- forward ---------------------------------------------------------------------------------

    def recorded(self, node: Node, args: Sequence[Any], out: Any, residuals: Any) -> None:
        """Note an operation that the tape has just recorded.

        What runs on values that a level wraps is noted below it, where it runs on plain tensors.
        """
        if get_ident() != self._thread or (active and _level_of(args)):
            return
        store = self.store
        watches, fresh, of_node = store.watches, store.fresh, self._of_node
        noted = []
        options = False
        for a in args:
            if isinstance(a, Value):
                source = a.node
                if type(source) is Node and source.order in of_node:
                    place = of_node[source.order]
                    array, mark = a.array, a.version[0]
                    watch = watches.get(id(array))
                    if watch is None or watch.mark != mark or watch() is not array:
                        number = fresh(array, mark)
                    else:
                        number = watch.number
                else:
                    number, place = self._elsewhere(a)
            else:
                options = True
                place = NOWHERE
                number = self._constant(a) if type(a) is np.ndarray else -1
            noted.append(number)
            noted.append(place)
        rows = self.rows
        row = len(rows)
        if packers:
            self._note_packed(row, node)
        rows.append(
            (
                node.op,
                node.plan,
                node.where,
                self._group,
                [None if isinstance(a, _HOLDERS) else a for a in args] if options else None,
                [fresh(o) for o in out] if node.op.several else fresh(out),
                [self._residual(r) for r in residuals] if residuals else (),
                *noted,
            )
        )
        of_node[node.order] = row
        came = store.log
        came(reference(node, came))
        self.steps.append(row)

    def _note_packed(self, row: int, node: Node) -> None:
        # what hooks keep in place of what they were given is their own affair
        saved = node.saved if isinstance(node.saved, tuple) else ()
        self.packed[row] = [
            (position, *_memory(value))
            for position, value in zip(node.plan.save, saved, strict=False)
            if isinstance(value, _HOLDERS)
        ]

    def _residual(self, value: Any) -> Any:
        return self._constant(value) if type(value) is np.ndarray else value

    def _constant(self, array: np.ndarray) -> int:
        """The number of a kept array that no tensor holds."""
        return self.store.keep(array, fingerprint(array))

    def _elsewhere(self, t: Value) -> tuple[int, int]:
        """Number and place of a tensor that is not simply the result of a row."""
        if type(t.node) is Node:
            place = self.place_of(t.node)
            if place >= 0:
                self._of_others[t.node.order] = place
                return self.store.keep(t.array, t.version[0]), place
        array, version, print = t.array, t.version[0], fingerprint(t.array)
        known = self._of_tensor.get(id(t))
        if (
            known is None
            or known.version != version
            or known.print != print
            or known.array() is not array
            or known() is not t
        ):
            known = self._enter(t, version, print)
        return known.value, known.row

    def _enter(self, t: Value, version: int, print: bytes) -> Known:
        """A row for a tensor that came from elsewhere."""
        where, name = self._look_up(t)
        kind = "input" if t.node is None else "leaf" if t.node is LEAF else "earlier"
        row = Row(kind, self._group, len(self.steps), where)
        row.name = name
        known = self._of_tensor[id(t)] = Known(t)
        known.row = len(self.rows)
        known.value = self.store.keep(t.array, (version, print))
        known.version, known.print = version, print
        known.array = self.store.watches[id(t.array)]
        row.outs = [known.value]
        self.rows.append(row)
        if kind == "earlier":
            self._of_others[t.node.order] = known.row
        return known

    def place_of(self, node: Node) -> int:
        """Where a node's result comes from; -1 if it was recorded outside the trace."""
        if node.order in self._of_others:
            return self._of_others[node.order]
        output = 0
        while node.op is tape.PICK or node.op is tape.STAND_IN:
            if node.op is tape.PICK:
                output = node.saved[0] + 1
            parent = node.parents[0]
            if type(parent) is not Node:
                return self.leaf_row(parent)
            node = parent
        row = self._of_node.get(node.order, NOWHERE)
        if row < 0:
            row = self._of_others.get(node.order, NOWHERE)
        return row if row < 0 else row | output << OUTPUT

    def leaf_row(self, leaf: Any) -> int:
        """The row of a tensor from elsewhere, or -1."""
        known = self._of_tensor.get(id(leaf))
        return known.row if known is not None and known() is leaf else NOWHERE

    def _look_up(self, t: Value) -> tuple[Any, str]:
        """The user's line, and the name by which it or a module knows a tensor."""
        frame: Any = sys._getframe(2)
        while frame is not None and in_package(frame.f_code):
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
        if get_ident() != self._thread:
            return
        path = self._path_of(module)
        if path is None:
            self._learn_names(module)
            path = ""
        self.groups.append(Group(self._group, path, type(module).__name__))
        self._group = len(self.groups) - 1

    def left(self, module: Any) -> None:
        """End the group."""
        if get_ident() == self._thread and self._group >= 0:
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
        if wrapped or get_ident() != self._thread:
            return pending
        self.walks.append(user_line(4))
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
        log = self.log
        self.log = log.copy()
        log.clear()  # what goes from now on is told to this one
        self.store.watches = {}
        self._of_node = {}
        self._of_others = {}
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
    base = owner_of(value.array if isinstance(value, Value) else value)
    return -1 - id(base), base.nbytes


class _Watched(Relay):
    """The gradients of a walk, of which a recorder is told."""

    def __init__(self, inner: Any, recorder: Recorder, walk: int) -> None:
        super().__init__(inner)
        self.recorder = recorder
        self.walk = walk
        self.totals: dict[Any, tuple[int, int]] = {}  # the number of a sum so far, and its place
        self.node: Any = None
        self.row = NOWHERE
        self.step = -1
        self.arrived: Any = None
        self._take = inner.take
        self._pass_on = inner.pass_on

    def take(self, node: Node) -> Any:
        """Begin a step: the node's turn has come."""
        g = self._take(node)
        recorder = self.recorder
        if self.step >= 0 and self.node.saved is None:
            recorder.freed.setdefault(self.row, self.step)
        total = self.totals.pop(node, None)
        self.node = node
        row = recorder._of_node.get(node.order)
        if row is None:  # not an operation that the trace has seen
            self.step = -1
            return g
        steps = recorder.steps
        self.row = row
        self.step = len(steps)
        self.arrived = g
        grads = self._kept(g, node) if total is None or node.op.several else total[0]
        steps.append((row, self.walk, grads, self.lifted and node.op.definition is not None))
        recorder.store.log(None)
        return g

    def _kept(self, grad: Any, node: Any) -> tuple[int, ...]:
        """The numbers of a node's gradient, of which several results have one each: 0 for ``None``."""
        keep = self.recorder.store.keep
        if type(grad) is not list:
            return (keep(bare(grad)),)
        results = zip(grad, node.shape, node.dtype, strict=True)
        return tuple([keep(np.zeros(s, d) if x is None else bare(x)) for x, s, d in results])

    def add(self, target: Any, grad: Any, source: Any = None) -> None:
        """Note the gradient that a walk begins with."""
        self.inner.add(target, grad, source)
        old, place = self.totals.get(target, (NOWHERE, None))
        new = self._summed(target, grad, old, (target,))[2]
        self.totals[target] = new, self._place_of(target) if place is None else place

    def pass_on(self, targets: Sequence[Any], grads: Sequence[Any], source: Any) -> None:
        """Note the contributions of a node, with the sums before and after them."""
        self._pass_on(targets, grads, source)
        recorder, step, node = self.recorder, self.step, self.node
        if step >= 0 and source is not self.arrived:  # a hook put another in its place
            recorder.replaced[step] = self._kept(source, node)
        nodes, totals, keep = self.nodes, self.totals, recorder.store.keep
        contributions = recorder.contributions
        for position, target, grad in zip(node.plan.positions, targets, grads, strict=True):
            if target is None or grad is None:
                continue
            known = totals.get(target)
            if known is None:
                old, place = NOWHERE, self._place_of(target)
            else:
                old, place = known
            if known is None and nodes.get(target) is grad and type(grad) is np.ndarray:
                returned = fitted = new = keep(grad)
            else:
                returned, fitted, new = self._summed(target, grad, old, targets)
            totals[target] = new, place
            if step >= 0:
                contributions += (step, position, place, returned, fitted, old, new)

    def _place_of(self, target: Any) -> int:
        if type(target) is not Node:
            return self.recorder.leaf_row(target)
        place = self.recorder._of_node.get(target.order)
        return self.recorder.place_of(target) if place is None else place

    def _summed(self, target: Any, grad: Any, old: int, targets: Any) -> tuple[int, int, int]:
        """Numbers of a contribution, as it was returned and as it was fitted, and of the sum."""
        total = (self.nodes if type(target) is Node else self.leaves)[target]
        if type(total) is not np.ndarray or type(grad) is not np.ndarray:
            total, grad = bare(total), bare(grad)
        store = self.recorder.store
        same = grad.shape == total.shape
        if old < 0 and sum(t is target for t in targets) == 1:  # it is the sum so far
            fitted = new = store.keep(total)
        else:
            as_it_is = same and grad.dtype is total.dtype
            fitted = new = store.keep(grad) if as_it_is else store.own(_fitted(grad, total))
            if old >= 0:
                new = store.later(old, fitted)
            watch = store.watches.get(id(total))
            if watch is None or watch() is not total:
                store.watch(total, total.nbytes)
        return fitted if same else store.keep(grad), fitted, new

    def deliver(self) -> None:
        """Let the leaves take what arrived, and note what ``grad`` was and is."""
        if self.step >= 0 and self.node.saved is None:
            self.recorder.freed.setdefault(self.row, self.step)
        recorder, store = self.recorder, self.recorder.store
        before = {}
        for leaf in self.leaves:
            if leaf._grad is not None:
                before[leaf] = store.keep(leaf._grad.array, fingerprint(leaf._grad.array))
        super().deliver()
        for leaf in self.leaves:
            row = recorder.leaf_row(leaf)
            if row < 0:
                continue
            new = arrived = self.totals[leaf][0]
            if leaf in before or leaf._hooks:
                new = store.fresh(leaf._grad.array)
            recorder.steps.append((row, self.walk, arrived, before.get(leaf, -1), new))
            store.log(None)


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
        grad = np.array(tape.unbroadcast(grad, like.shape))
    return grad if grad.dtype == like.dtype else grad.astype(like.dtype)
