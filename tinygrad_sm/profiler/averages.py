"""Events added up by operation, module or line, and shown as a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .events import Event

_COUNTED = {
    "op": ("op", "backward", "walk", "user"),
    "module": ("op", "backward", "module"),
    "line": ("op", "backward"),
}
_SORTED_BY = {
    "count": "count",
    "cpu_time": "cpu_time",
    "cpu_time_total": "cpu_time_total",
    "self_cpu_time_total": "self_cpu_time_total",
    "cpu_memory_usage": "cpu_memory_usage",
    "self_cpu_memory_usage": "cpu_memory_usage",
    "forward": "forward_time",
    "backward": "backward_time",
}
_NO_DEVICE = ("cuda", "device", "xpu")


class Average:
    """All events of one name, module or line, added up. Times are in microseconds.

    Attributes:
        key: what they have in common.
        count: how many there were.
        cpu_time_total: from start to end, summed.
        self_cpu_time_total: without the events within.
        forward_time, backward_time: the latter, split by the way.
        cpu_memory_usage: bytes of the arrays that they made.
        input_shapes: of the arguments, if the events were grouped by them.
    """

    def __init__(self, key: str, input_shapes: tuple[tuple[int, ...], ...]) -> None:
        self.key = key
        self.input_shapes = [list(shape) for shape in input_shapes]
        self.count = 0
        self.cpu_time_total = self.self_cpu_time_total = 0.0
        self.forward_time = self.backward_time = 0.0
        self.cpu_memory_usage = 0

    def add(self, event: Event, called: bool = True) -> None:
        """Take in one more event; ``called``: it is a call of its own, not a part of one.

        A module's call has its forward operations within; its rules run later, and are added to it.
        """
        if called:
            self.count += 1
        if called or event.kind == "backward":
            self.cpu_time_total += event.total / 1e3
        if event.kind == "module":
            return
        self.self_cpu_time_total += event.alone / 1e3
        self.cpu_memory_usage += event.memory
        if event.kind in ("backward", "walk"):
            self.backward_time += event.alone / 1e3
        else:
            self.forward_time += event.alone / 1e3

    @property
    def cpu_time(self) -> float:
        """The mean from start to end."""
        return self.cpu_time_total / max(self.count, 1)

    @property
    def self_cpu_memory_usage(self) -> int:
        """PyTorch's other name of ``cpu_memory_usage``: each event counts its own arrays alone."""
        return self.cpu_memory_usage

    def __repr__(self) -> str:
        return (
            f"<Average {self.key}: {self.count} times, {_time(self.self_cpu_time_total)} by itself>"
        )


class Averages(list[Average]):
    """What ``key_averages`` returns."""

    def __init__(self, rows: Iterable[Average], by: str, memory: bool) -> None:
        super().__init__(rows)
        self.by = by
        self._memory = memory

    @property
    def self_cpu_time_total(self) -> float:
        """The time of all rows, in microseconds."""
        return sum(row.self_cpu_time_total for row in self)

    def total_average(self) -> Average:
        """All rows as one."""
        total = Average("Total", ())
        for row in self:
            total.count += row.count
            total.self_cpu_time_total += row.self_cpu_time_total
            total.forward_time += row.forward_time
            total.backward_time += row.backward_time
            total.cpu_memory_usage += row.cpu_memory_usage
        total.cpu_time_total = total.self_cpu_time_total
        return total

    def table(
        self,
        sort_by: str | None = None,
        row_limit: int = 100,
        max_src_column_width: int = 75,
        max_name_column_width: int = 55,
        max_shapes_column_width: int = 80,
        header: str | None = None,
        top_level_events_only: bool = False,
    ) -> str:
        """The rows as text.

        Args:
            sort_by: an attribute of the rows, largest first; without it, the order of first use.
            row_limit: the rows shown; -1: all.
            max_src_column_width: the width of the first column where rows are lines.
            max_name_column_width: its width elsewhere.
            max_shapes_column_width: the width of the shapes.
            header: a line above the table.
            top_level_events_only: accepted; rows are sums over all depths.

        Raises:
            ValueError: for an unknown ``sort_by``.
        """
        rows = self._sorted(sort_by)
        shown = rows if row_limit < 0 else rows[:row_limit]
        width = max_src_column_width if self.by == "line" else max_name_column_width
        whole = self.self_cpu_time_total or 1.0
        cells = [self._titles()]
        cells += [self._cells(r, whole, width, max_shapes_column_width) for r in shown]
        lines = _aligned(cells)
        if len(shown) < len(rows):
            lines.append(f"... and {len(rows) - len(shown)} more")
        lines.append(f"Self CPU time total: {_time(self.self_cpu_time_total)}")
        return "\n".join([*([header] if header else []), *lines, ""])

    def _sorted(self, sort_by: str | None) -> list[Average]:
        if sort_by is None:
            return list(self)
        name = _SORTED_BY.get(sort_by)
        if name is None:
            if any(device in sort_by for device in _NO_DEVICE):
                return list(self)
            raise ValueError(
                f"table: sort_by must be one of {', '.join(_SORTED_BY)}, not {sort_by!r}"
            )
        return sorted(self, key=lambda row: getattr(row, name), reverse=True)

    def _titles(self) -> list[str]:
        first = {"op": "Name", "module": "Module", "line": "Line"}[self.by]
        split = [] if self.by == "op" else ["Forward", "Backward"]
        memory = ["CPU Mem"] if self._memory else []
        shapes = ["Input Shapes"] if any(row.input_shapes for row in self) else []
        times = ["Self CPU %", "Self CPU", *split, "CPU total", "CPU time avg", "# of Calls"]
        return [first, *times, *memory, *shapes]

    def _cells(self, row: Average, whole: float, width: int, shapes_width: int) -> list[str]:
        split = [] if self.by == "op" else [_time(row.forward_time), _time(row.backward_time)]
        memory = [_bytes(row.cpu_memory_usage)] if self._memory else []
        shaped = any(r.input_shapes for r in self)
        shapes = [_cut(str(row.input_shapes), shapes_width)] if shaped else []
        return [
            _cut(row.key, width, self.by == "line"),
            f"{100 * row.self_cpu_time_total / whole:.2f}%",
            _time(row.self_cpu_time_total),
            *split,
            _time(row.cpu_time_total),
            _time(row.cpu_time),
            str(row.count),
            *memory,
            *shapes,
        ]


def averaged(
    events: Iterable[Event], by: str = "op", shapes: bool = False, memory: bool = False
) -> Averages:
    """Events added up. Of a module, its calls are counted, with all that they contain.

    Raises:
        ValueError: for a ``by`` that is none of ``"op"``, ``"module"``, ``"line"``.
    """
    if by not in _COUNTED:
        raise ValueError(f"key_averages: by must be one of {', '.join(_COUNTED)}, not {by!r}")
    rows: dict[Any, Average] = {}
    for event in events:
        if event.kind not in _COUNTED[by]:
            continue
        name = event.name if by == "op" else event.module if by == "module" else event.line()
        key = name, event.kind if by == "op" else "", event.shapes if shapes else ()
        if key not in rows:
            rows[key] = Average(name or "(outside of modules)", key[2])
        rows[key].add(event, by != "module" or not event.module or event.kind == "module")
    return Averages(rows.values(), by, memory)


def _time(microseconds: float) -> str:
    if microseconds >= 1e6:
        return f"{microseconds / 1e6:.3f}s"
    if microseconds >= 1e3:
        return f"{microseconds / 1e3:.3f}ms"
    return f"{microseconds:.3f}us"


def _bytes(count: int) -> str:
    for unit, size in (("Gb", 1 << 30), ("Mb", 1 << 20), ("Kb", 1 << 10)):
        if count >= size:
            return f"{count / size:.2f} {unit}"
    return f"{count} b"


def _cut(text: str, width: int, end: bool = False) -> str:
    if width <= 3 or len(text) <= width:
        return text
    return "..." + text[3 - width :] if end else text[: width - 3] + "..."


def _aligned(cells: Sequence[Sequence[str]]) -> list[str]:
    """Columns: the first to the left, numbers to the right, a rule under the titles."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            c.ljust(w) if not i else c.rjust(w)
            for i, (c, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]
    rule = "  ".join("-" * w for w in widths)
    return [rule, lines[0], rule, *lines[1:], rule]
