"""The answer as Markdown, to paste into a README."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import geometric_mean

from .contestants import CONTESTANTS, REFERENCE
from .environment import Machine
from .imports import Imported
from .steps import Column
from .workloads import ROWS

Results = Mapping[str, Mapping[str, Column]]
NOTHING = "-"


def time(seconds: float) -> str:
    """Seconds with three digits in the unit that suits them, such as ``0.213 ms``.

    >>> time(0.0002134), time(0.1), time(3.1e-6)
    ('213 us', '100 ms', '3.10 us')
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size or unit == "us":
            return f"{_three_digits(seconds / size)} {unit}"
    raise AssertionError("unreachable")


def _three_digits(number: float) -> str:
    decimals = 2 if number < 9.995 else 1 if number < 99.95 else 0
    return f"{number:.{decimals}f}"


def megabytes(count: float) -> str:
    """Bytes in millions.

    >>> megabytes(123_456_789)
    '123 MB'
    """
    return f"{count / 1e6:.0f} MB"


def markdown(rows: Iterable[Sequence[str]]) -> str:
    """Rows of cells, the first being the head; all columns but the first to the right.

    >>> print(markdown([["a", "b"], ["one", "1"]]))
    | a | b |
    | :-- | --: |
    | one | 1 |
    """
    head, *body = rows
    lines = [head, [":--"] + ["--:"] * (len(head) - 1), *body]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def with_ratio(text: str, value: float, reference: float | None) -> str:
    """A cell: the figure and, in bold, its ratio to the reference's, if there is one."""
    return text if reference is None else f"{text} · **{value / reference:.2f}**"


def step_table(results: Results, contestants: Sequence[str]) -> str:
    """Time per step and contestant, with its ratio to PyTorch's."""
    rows = [["time per training step", *(CONTESTANTS[name].title for name in contestants)]]
    for key, columns in results.items():
        row = ROWS[key]
        reference = _reference(columns)
        cells = [row.title]
        for name in contestants:
            column = columns[name]
            if column.absent is not None:
                cells.append("absent")
            else:
                text = time(column.median / row.parts)
                cells.append(with_ratio(text, column.median, reference and reference.median))
        rows.append(cells)
    if len(results) > 1 and all(_reference(columns) for columns in results.values()):
        rows.append(["geometric mean of the ratios", *_geometric_means(results, contestants)])
    return markdown(rows)


def _reference(columns: Mapping[str, Column]) -> Column | None:
    column = columns.get(REFERENCE)
    return column if column is not None and column.absent is None else None


def _geometric_means(results: Results, contestants: Sequence[str]) -> list[str]:
    """Of a contestant's ratios, if it ran every row."""
    cells = []
    for name in contestants:
        columns = [row[name] for row in results.values()]
        if any(column.absent is not None for column in columns):
            cells.append(NOTHING)
            continue
        ratios = [row[name].median / row[REFERENCE].median for row in results.values()]
        cells.append(f"**{geometric_mean(ratios):.2f}**")
    return cells


def memory_table(results: Results, contestants: Sequence[str]) -> str:
    """Peak memory of the rows that train, and what of it is not there after the import."""
    rows = [["peak memory (above the import)", *(CONTESTANTS[name].title for name in contestants)]]
    for key, columns in results.items():
        if not ROWS[key].trains:
            continue
        reference = _reference(columns)
        cells = [ROWS[key].title]
        for name in contestants:
            column = columns[name]
            if column.absent is not None:
                cells.append("absent")
            else:
                above = megabytes(column.peak - column.baseline)
                text = f"{megabytes(column.peak)} ({above})"
                cells.append(with_ratio(text, column.peak, reference and reference.peak))
        rows.append(cells)
    return markdown(rows) if len(rows) > 1 else ""


def import_table(imported: Mapping[str, Imported]) -> str:
    """Time of an import, and how much longer it is than NumPy's."""
    rows = [["", "time to import", "longer than NumPy's"]]
    numpy = imported["numpy"]
    for library, found in imported.items():
        if found.absent is not None:
            rows.append([f"`{library}`", "absent", NOTHING])
            continue
        more = found.median - numpy.median
        rows.append(
            [
                f"`{library}`",
                time(found.median),
                NOTHING if found is numpy else f"{more * 1e3:+.1f} ms",
            ]
        )
    return markdown(rows)


def absences(results: Results, imported: Mapping[str, Imported]) -> list[str]:
    """A line for each contestant and reason for which it took no part."""
    rows_by_reason: dict[str, list[str]] = {}
    for key, columns in results.items():
        for name, column in columns.items():
            if column.absent is not None:
                reason = f"{CONTESTANTS[name].title}: {column.absent}"
                rows_by_reason.setdefault(reason, []).append(key)
    for library, found in imported.items():
        if found.absent is not None:
            rows_by_reason.setdefault(f"`{library}`: {found.absent}", []).append("import")
    return [f"- absent in {', '.join(rows)}: {reason}" for reason, rows in rows_by_reason.items()]


def versions(results: Results) -> list[str]:
    """A line for each contestant: its version, NumPy's, and threads and kernels, where known."""
    lines: dict[str, str] = {}
    for columns in results.values():
        for name, column in columns.items():
            found = column.described
            if found and name not in lines:
                title = CONTESTANTS[name].title
                of_numpy = "" if name == "numpy" else f" (NumPy {found['numpy']})"
                pools = f": {'; '.join(found['pools'])}" if found["pools"] else ""
                lines[name] = f"- {title} {found['version']}{of_numpy}{pools}"
    return list(lines.values())


def circumstances(machine: Machine, rounds: int) -> list[str]:
    """What the figures depend on, a line each."""
    dropped = ", ".join(machine.dropped) if machine.dropped else "none was set"
    load = "unknown" if machine.load is None else f"{machine.load:.2f}"
    return [
        f"- {machine.cpu}, {machine.cores} cores; {machine.system}; {machine.python}",
        f"- threads of OpenBLAS, OpenMP and MKL, for every contestant: {machine.threads}; all other "
        f"`OPENBLAS_*` variables and `PYTHONDONTWRITEBYTECODE` are dropped ({dropped})",
        f"- medians of {rounds} rounds, each contestant in its own process, in turn; in bold the "
        f"ratio to {CONTESTANTS[REFERENCE].title}; float32, synthetic data, the same starting "
        "weights, losses compared over the first steps",
        f"- load of the machine before: {load}",
    ]
