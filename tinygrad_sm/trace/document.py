"""A trace as one document: plain lists and dictionaries, from which all its forms are made.

``schema.md`` beside this file describes it.
"""

from __future__ import annotations

import ast
import linecache
import time
from collections import Counter
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

import numpy as np

from .assembly import Run, alive
from .check import Verdict, check_rule
from .mathematics import as_text, equations
from .recorder import Recorder
from .records import Argument, Contribution, Row, Step
from .sources import Line, line_of, rule_source
from .summaries import has_nan, is_finite, summary

SCHEMA = "tinygrad_sm.trace/1"
CONTEXT = 4  # lines of the program shown around one that ran an operation
CHECK_SECONDS = 60.0  # after which rules are left unchecked, and say so


class Document:
    """Makes the document of a recorder.

    Args:
        recorder: what was noted.
        title: the page's title.
        error: what ended the program early, or ``None``.
        check: whether to hold every rule against finite differences.
    """

    def __init__(
        self, recorder: Recorder, title: str, error: dict[str, Any] | None, check: bool
    ) -> None:
        self.run = Run(recorder)
        self.kept = self.run.values
        self.store = recorder.store
        self.title = title
        self.error = error
        self.check = check
        self.rules: list[dict[str, Any]] = []
        self.places: list[dict[str, Any]] = []
        self._rule_numbers: dict[Any, int] = {}
        self._place_numbers: dict[Line, int] = {}
        self._deadline = time.monotonic() + CHECK_SECONDS

    def build(self) -> dict[str, Any]:
        """The document."""
        run, store = self.run, self.store
        names = self._assigned_names()
        rows = [self._row(i, row, names.get(i, "")) for i, row in enumerate(run.rows)]
        steps = [self._step(step) for step in run.steps]
        walks = [{"where": self._place(where)} for where in run.walks]
        return {
            "schema": SCHEMA,
            "title": self.title,
            "error": self.error,
            "cap": {
                "max_bytes": store.max_bytes,
                "kept_bytes": store.held,
                "values_without_copy": store.capped,
            },
            "rows": rows,
            "steps": steps,
            "walks": walks,
            "groups": [{"parent": g.parent, "path": g.path, "class": g.kind} for g in run.groups],
            "rules": self.rules,
            "places": self.places,
            "files": self._files(),
            "values": [summary(kept) for kept in self.kept],
            "memory": {"kept": self._kept_curve(), "alive": alive(run)},
            "first": self._first_not_finite(),
        }

    # --- rows --------------------------------------------------------------------------------------

    def _row(self, number: int, row: Row, assigned: str) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "kind": row.kind,
            "name": row.name or assigned,
            "group": row.group,
            "step": row.step,
            "where": self._place(row.where),
            "outs": row.outs,
        }
        if row.op is None:
            return entry
        labels = argument_names(row.op, len(row.args))
        return entry | {
            "op": row.op.name,
            "args": [self._argument(label, a) for label, a in zip(labels, row.args, strict=True)],
            "rules": [self._applied(row, position, labels) for position in row.rules],
            "saved": self._saved(row, labels),
            "freed": row.freed,
        }

    def _argument(self, label: str, a: Argument) -> dict[str, Any]:
        entry: dict[str, Any] = {"name": label, "value": a.value, "source": a.source}
        if a.output:
            entry["output"] = a.output
        if a.value < 0:
            entry["text"] = option_text(a.raw)
        return entry

    def _applied(self, row: Row, position: int, labels: list[str]) -> dict[str, Any]:
        op = row.op
        rule = op.rule_at(position)
        verdict = self._verdict(row, position)
        known = [*labels, "out", *op.residuals]
        inputs = [known[p] if p >= 0 else "shape" for p in op.inputs_of(rule, len(labels))]
        entry = {
            "argument": position,
            "rule": self._rule(op, rule, position),
            "names": self._named(row, inputs, known),
            "options": self._options(row, inputs, labels, position),
            "check": verdict.status,
            "detail": verdict.detail,
        }
        if np.isfinite(verdict.error):
            entry["error"] = float(f"{verdict.error:.2g}")
        return entry

    def _named(self, row: Row, inputs: list[str], known: list[str]) -> dict[str, Any]:
        """The numbers of the values that a rule's names stand for, where they are arrays."""
        values = [*(a.value for a in row.args), row.outs[0], *row.residuals]
        places = {name: values[known.index(name)] for name in inputs if name in known}
        return {n: v for n, v in places.items() if isinstance(v, int) and v >= 0}

    def _options(
        self, row: Row, inputs: list[str], labels: list[str], position: int
    ) -> dict[str, str]:
        """The texts of the options that a rule names."""
        texts = {
            label: option_text(a.raw)
            for label, a in zip(labels, row.args, strict=True)
            if a.value < 0 and label in inputs
        }
        if "shape" in inputs and row.args[position].value >= 0:
            texts["shape"] = str(self.kept[row.args[position].value].shape)
        return texts

    def _verdict(self, row: Row, position: int) -> Verdict:
        if not self.check:
            return Verdict("unchecked", np.nan, "checks were not asked for")
        if time.monotonic() > self._deadline:
            return Verdict("unchecked", np.nan, f"{CHECK_SECONDS:.0f} s of checks were enough")
        args = []
        for a in row.args:
            if a.value >= 0 and self.kept[a.value].array is None:
                return Verdict("unchecked", np.nan, "no copy was kept of an argument")
            args.append(self.kept[a.value].array if a.value >= 0 else a.raw)
        return check_rule(row.op, args, position)

    def _rule(self, op: Any, rule: Any, position: int) -> int:
        number = self._rule_numbers.get(rule)
        if number is None:
            number = self._rule_numbers[rule] = len(self.rules)
            source = rule_source(rule)
            argument = op.parameters[position if op.star is None else min(position, op.star)]
            lines = equations(source.tree, argument)
            self.rules.append(
                {
                    "op": op.name,
                    "argument": argument,
                    "code": source.code,
                    "file": source.file,
                    "line": source.line,
                    "math": lines,
                    "text": [as_text(line) for line in lines],
                    "doc": source.doc,
                }
            )
        return number

    def _saved(self, row: Row, labels: list[str]) -> list[dict[str, Any]]:
        """What the tape keeps of this operation, and for the gradient of which arguments."""
        op = row.op
        known = [*labels, "out", *op.residuals]
        saved = []
        for position, _, size in row.saved:
            wanted = [
                labels[i] for i in row.rules if position in op.inputs_of(op.rule_at(i), len(labels))
            ]
            saved.append({"what": known[position], "for": wanted, "bytes": size})
        return saved

    # --- steps -------------------------------------------------------------------------------------

    def _step(self, step: Step) -> dict[str, Any]:
        entry: dict[str, Any] = {"kind": step.kind, "row": step.row}
        if step.kind == "forward":
            return entry
        entry |= {"walk": step.walk, "grads": step.grads}
        if step.kind == "deliver":
            return entry | {"old": step.old, "new": step.new}
        if step.fused:
            entry["definition"] = True
        return entry | {"contributions": [self._contribution(c) for c in step.contributions]}

    def _contribution(self, c: Contribution) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "argument": c.position,
            "target": c.target,
            "fitted": c.fitted,
            "old": c.old,
            "new": c.new,
        }
        if c.output:
            entry["output"] = c.output
        if c.raw != c.fitted:
            raw, fitted = self.kept[c.raw].shape, self.kept[c.fitted].shape
            entry |= {"raw": c.raw, "summed": summed_axes(raw, fitted)}
        return entry

    # --- sources -----------------------------------------------------------------------------------

    def _place(self, where: Any) -> int:
        line = line_of(where)
        if line is None:
            return -1
        number = self._place_numbers.get(line)
        if number is None:
            number = self._place_numbers[line] = len(self.places)
            self.places.append(
                {
                    "file": line.file,
                    "line": line.line,
                    "last": line.last,
                    "column": line.column,
                    "end": line.end,
                    "function": line.function,
                }
            )
        return number

    def _files(self) -> dict[str, dict[str, str]]:
        """The lines of the program that ran operations, with a few around each, and no others."""
        files: dict[str, dict[str, str]] = {}
        for line in self._place_numbers:
            shown = files.setdefault(line.file, {})
            source = linecache.getlines(line.filename)
            first = max(line.line - CONTEXT, 1)
            for number in range(first, min(line.last + CONTEXT, len(source)) + 1):
                shown[str(number)] = source[number - 1].rstrip("\n")
        return files

    def _assigned_names(self) -> dict[int, str]:
        """Names for results: ``a`` where the program says ``a = ...``, for the last of its rows."""
        rows = self.run.rows
        operations = [i for i, row in enumerate(rows) if row.op is not None]
        names = {}
        for i, following in zip_longest(operations, operations[1:]):
            if following is not None and rows[following].where == rows[i].where:
                continue
            line = line_of(rows[i].where)
            name = line and _assignments(line.filename).get(
                (line.line, line.column, line.last, line.end)
            )
            if name:
                names[i] = name
        return names

    # --- curves ------------------------------------------------------------------------------------

    def _kept_curve(self) -> list[int]:
        """Bytes, after each step, that the tape holds for its rules; shared memory counts once."""
        begins: dict[int, list[Row]] = {}
        ends: dict[int, list[Row]] = {}
        for row in self.run.rows:
            begins.setdefault(row.step, []).append(row)
            if row.freed is not None:
                ends.setdefault(max(row.freed, row.step), []).append(row)
        holders: Counter[int] = Counter()
        total = 0
        curve = []
        for step in range(len(self.run.steps)):
            for row in begins.get(step, ()):
                for _, memory, size in row.saved:
                    total += 0 if holders[memory] else size
                    holders[memory] += 1
            for row in ends.get(step, ()):
                for _, memory, size in row.saved:
                    holders[memory] -= 1
                    total -= 0 if holders[memory] else size
            curve.append(total)
        return curve

    def _first_not_finite(self) -> dict[str, int | None]:
        """The steps at which NaN, and an infinity, first came up."""
        first: dict[str, int | None] = {"nan": None, "inf": None}
        for number, step in enumerate(self.run.steps):
            for value in self._made_by(step):
                kept = self.kept[value]
                if is_finite(kept):
                    continue
                kind = "nan" if has_nan(kept) else "inf"
                if first[kind] is None:
                    first[kind] = number
            if first["nan"] is not None:
                break
        return first

    def _made_by(self, step: Step) -> Sequence[int]:
        if step.kind == "forward":
            return self.run.rows[step.row].outs
        return [c.fitted for c in step.contributions] or step.grads


def argument_names(op: Any, count: int) -> list[str]:
    """A name for each of an operation's arguments; those of ``*args`` are numbered."""
    if op.star is None:
        return list(op.parameters[:count])
    star = op.star
    numbered = [f"{op.parameters[star]}{i}" for i in range(count - star)]
    return [*op.parameters[:star], *numbered]


def option_text(raw: Any, room: int = 60) -> str:
    """An option in a few characters; functions and objects by their kind alone."""
    if isinstance(raw, tuple | list):
        inner = ", ".join(option_text(x, 20) for x in raw[:8]) + (", …" if len(raw) > 8 else "")
        return f"({inner})" if isinstance(raw, tuple) else f"[{inner}]"
    if isinstance(raw, np.ndarray):
        return f"{raw.dtype} array of shape {raw.shape}"
    if isinstance(raw, slice):
        parts = ["" if x is None else str(x) for x in (raw.start, raw.stop)]
        return ":".join(parts) + ("" if raw.step is None else f":{raw.step}")
    if raw is Ellipsis:
        return "..."
    if raw is None or isinstance(raw, bool | int | float | str | np.generic | np.dtype):
        text = repr(raw) if not isinstance(raw, np.generic | np.dtype) else str(raw)
        return text if len(text) <= room else text[: room - 1] + "…"
    return f"<{type(raw).__name__}>"


def summed_axes(raw: tuple[int, ...], fitted: tuple[int, ...]) -> list[int]:
    """The axes of what a rule returned over which the engine summed, counted from its front."""
    extra = len(raw) - len(fitted)
    stretched = [
        i + extra for i, n in enumerate(fitted) if extra >= 0 and n == 1 and raw[i + extra] != 1
    ]
    return [*range(max(extra, 0)), *stretched]


_parsed: dict[str, dict[tuple[int, int, int, int], str]] = {}


def _assignments(filename: str) -> dict[tuple[int, int, int, int], str]:
    """For each expression of a file that is assigned to one name: its place, and the name."""
    if filename in _parsed:
        return _parsed[filename]
    lines = linecache.getlines(filename)
    found = {}
    try:
        tree: ast.AST = ast.parse("".join(lines))
    except SyntaxError:
        tree = ast.Module([], [])
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], node.value
            if isinstance(target, ast.Name) and value.end_lineno is not None:
                start = lines[value.lineno - 1].encode()[: value.col_offset].decode()
                stop = lines[value.end_lineno - 1].encode()[: value.end_col_offset].decode()
                found[value.lineno, len(start), value.end_lineno, len(stop)] = target.id
    _parsed[filename] = found
    return found
