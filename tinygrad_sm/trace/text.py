"""A trace as text, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MARKS = {"ok": "✓", "wrong": "✗", "kink": "◇", "unchecked": "–"}
FEW = 8  # up to so many numbers are written out


def as_text(document: dict[str, Any]) -> str:
    """The run: forward with what the tape keeps, backward with rules, sums and checks."""
    return "\n".join(_Writer(document).lines()) + "\n"


class _Writer:
    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.rows = document["rows"]
        self.values = document["values"]

    def lines(self) -> Iterator[str]:
        """All lines."""
        steps = self.document["steps"]
        yield f"{self.document['title']}: {len(steps)} steps"
        kind, group = "", -1
        for number, step in enumerate(steps, 1):
            row = self.rows[step["row"]]
            if step["kind"] != kind and "deliver" not in (kind, step["kind"]):
                yield from ("", step["kind"])
            kind = step["kind"]
            if kind == "forward" and row["group"] != group:
                group = row["group"]
                yield f"  {self.path(group)}"
            yield from {
                "forward": self.forward, "backward": self.backward, "deliver": self.deliver
            }[kind](number, row, step)  # fmt: skip
        yield from self.ending()

    def path(self, group: int) -> str:
        """Where in the model a row stands, as ``[MLP] hidden.0 (Linear)``."""
        if group < 0:
            return "(outside any module)"
        found = self.document["groups"][group]
        return f"{found['path'] or '(the model)'} ({found['class']})"

    def name(self, row: int) -> str:
        """What a row is called."""
        if row < 0:
            return "a tensor from before the trace"
        entry = self.rows[row]
        return entry["name"] or entry.get("op") or entry["kind"]

    def value(self, number: int | None) -> str:
        """A value in a few characters."""
        if number is None:
            return "0"
        value = self.values[number]
        shape = tuple(value["shape"])
        if len(value.get("data", ())) in range(1, FEW + 1):
            numbers = ", ".join(_shown(x) for x in value["data"])
            return (
                numbers
                if not shape
                else f"[{numbers}]"
                if len(shape) == 1
                else f"{shape} [{numbers}]"
            )
        if "nan" in value and value["nan"] + value["inf"]:
            return f"{shape} with {value['nan']} NaN and {value['inf']} infinite"
        if "data" in value:
            mean, std = _moments(value["data"])
            return f"{shape} mean {mean} std {std}" if value["data"] else f"{shape}"
        if "mean" in value:
            return f"{shape} mean {_shown(value['mean'])} std {_shown(value['std'])}"
        return f"{shape}"

    def place(self, row: dict[str, Any]) -> str:
        """The line of the program."""
        if row["where"] < 0:
            return ""
        place = self.document["places"][row["where"]]
        return f"{place['file']}:{place['line']}"

    def forward(self, number: int, row: dict[str, Any], step: dict[str, Any]) -> Iterator[str]:
        """An operation: its call, its result, and what is kept of it."""
        given = ", ".join(
            a["text"]
            if a["value"] < 0
            else self.name(a["source"])
            if a["source"] >= 0
            else a["name"]
            for a in row["args"]
        )
        marks = "".join(MARKS[rule["check"]] for rule in row["rules"])
        call = f"{row['name'] or 'out'} = {row['op']}({given})"
        values = "; ".join(self.value(out) for out in row["outs"])
        yield f"{number:>6}  {marks:<3} {call} = {values}  {self.place(row)}"
        for saved in row["saved"]:
            wanted = ", ".join(saved["for"]) or "its definition"
            yield f"            keeps {saved['what']} for {wanted}: {saved['bytes']} bytes"

    def backward(self, number: int, row: dict[str, Any], step: dict[str, Any]) -> Iterator[str]:
        """A rule applied: what arrives, the rule, what it gives, and the sum."""
        arriving = "; ".join(self.value(g) for g in step["grads"])
        yield f"{number:>6}  {self.name(step['row'])}: g = {arriving}  {self.place(row)}"
        for c in step["contributions"]:
            applied = next(
                (r for r in row["rules"] if r["argument"] == c["argument"]), row["rules"][0]
            )
            rule = self.document["rules"][applied["rule"]]
            check = f"{MARKS[applied['check']]} {applied['detail']}"
            code = rule["code"].splitlines() or ["(its source is not at hand)"]
            yield f"            {code[0]}  {rule['file']}:{rule['line']}"
            yield from (f"            {line}" for line in code[1:])
            yield f"            {'; '.join(rule['text'])}  {check}"
            if c.get("summed"):
                yield f"            summed over axes {tuple(c['summed'])}: {self.value(c['raw'])}"
            old, new = self.value(c["old"]), self.value(c["new"])
            yield f"            {self.name(c['target'])}: {old} + {self.value(c['fitted'])} = {new}"

    def deliver(self, number: int, row: dict[str, Any], step: dict[str, Any]) -> Iterator[str]:
        """A gradient added to a leaf's ``grad``."""
        old, arrived, new = (self.value(n) for n in (step["old"], step["grads"][0], step["new"]))
        yield f"{number:>6}  {self.name(step['row'])}.grad: {old} + {arrived} = {new}"

    def ending(self) -> Iterator[str]:
        """What went wrong, and what was left out."""
        first, cap, error = (self.document[key] for key in ("first", "cap", "error"))
        for kind, word in (("nan", "NaN"), ("inf", "infinity")):
            if first[kind] is not None:
                row = self.rows[self.document["steps"][first[kind]]["row"]]
                yield f"first {word}: step {first[kind] + 1}, {row.get('op', 'grad')}  {self.place(row)}"
        if cap["values_without_copy"]:
            yield (
                f"the cap of {cap['max_bytes']} bytes of copies was reached: "
                f"{cap['values_without_copy']} tensors are known by a sample only"
            )
        if error:
            yield f"ended with {error['type']} at {error['file']}:{error['line']}: {error['message']}"


def _moments(data: list[Any]) -> tuple[str, str]:
    numbers = [float(x) for x in data]
    mean = sum(numbers) / max(len(numbers), 1)
    square = sum((x - mean) ** 2 for x in numbers) / max(len(numbers), 1)
    return _shown(mean), _shown(square**0.5)


def _shown(x: Any) -> str:
    return x if isinstance(x, str) else f"{x:.4g}"
