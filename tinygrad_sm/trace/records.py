"""What a trace consists of: rows of the tape, and the steps of the run."""

from __future__ import annotations

from typing import Any


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
