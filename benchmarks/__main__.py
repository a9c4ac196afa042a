"""``python -m benchmarks``: measure, and print the table.

Examples::

    python -m benchmarks                              # everything, some minutes
    python -m benchmarks --quick --rows mlp-128 char-gpt
    python -m benchmarks --contestants tinygrad_sm pytorch --threads 1
    python -m benchmarks --check                      # only: do all compute the same?
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from . import imports, steps, table
from .agreement import Disagreement
from .contestants import CONTESTANTS
from .environment import contestant_environment, machine
from .imports import Imported
from .process import WorkerError
from .steps import Column, Effort
from .workloads import ROWS

IMPORT = "import"
FULL = Effort(rounds=15, seconds=0.2)
QUICK = Effort(rounds=3, seconds=0.05)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Time tinygrad_sm beside other libraries."
    )
    every_row = [*ROWS, IMPORT]
    p.add_argument("--rows", nargs="+", choices=every_row, default=every_row, metavar="ROW",
                   help=f"what to measure, of {', '.join(every_row)}; all by default")  # fmt: skip
    p.add_argument("--contestants", nargs="+", choices=list(CONTESTANTS), metavar="NAME",
                   default=list(CONTESTANTS),
                   help=f"of {', '.join(CONTESTANTS)}; all by default")  # fmt: skip
    p.add_argument("--threads", type=int, default=2, help="of BLAS and OpenMP (default: 2)")
    p.add_argument("--rounds", type=int, help=f"default: {FULL.rounds}")
    p.add_argument("--quick", action="store_true", help="a first impression: few, short rounds")
    p.add_argument("--check", action="store_true", help="compare losses, measure nothing")
    p.add_argument("--json", type=Path, metavar="FILE", help="write every sample there")
    return p


def effort_of(options: argparse.Namespace) -> Effort:
    """Rounds and their length, as the command line asks for."""
    effort = QUICK if options.quick else FULL
    rounds = options.rounds or effort.rounds
    return Effort(rounds=rounds, seconds=effort.seconds, pause=effort.pause)


def show_progress(text: str) -> None:
    """One line on a terminal's standard error, which the next call writes over."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def report(
    results: dict[str, dict[str, Column]],
    imported: dict[str, Imported],
    contestants: Sequence[str],
    notes: Sequence[str],
) -> str:
    """Tables and notes, as Markdown."""
    parts = []
    if results:
        parts += [table.step_table(results, contestants), table.memory_table(results, contestants)]
    if imported:
        parts.append(table.import_table(imported))
    parts.append("\n".join([*notes, *table.versions(results), *table.absences(results, imported)]))
    return "\n\n".join(part for part in parts if part)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; returns the exit status."""
    options = parser().parse_args(arguments)
    variables = contestant_environment(options.threads, os.environ)
    here = machine(options.threads, os.environ)
    effort = effort_of(options)
    rows = [row for row in options.rows if row != IMPORT]
    results: dict[str, dict[str, Column]] = {}
    imported: dict[str, Imported] = {}
    try:
        for row in rows:
            results[row] = steps.measure(
                row,
                options.contestants,
                variables,
                None if options.check else effort,
                show_progress,
            )
        if IMPORT in options.rows and not options.check:
            libraries = dict.fromkeys(
                ["numpy", *(CONTESTANTS[name].library for name in options.contestants)]
            )
            imported = imports.measure(list(libraries), variables, effort.rounds, show_progress)
    except (Disagreement, WorkerError) as error:
        show_progress("")
        print(f"error: {error}", file=sys.stderr)
        return 1
    show_progress("")
    if options.check:
        print(f"all losses agree in {', '.join(rows)}")
        print("\n".join(table.absences(results, imported)))
        return 0
    print(report(results, imported, options.contestants, table.circumstances(here, effort.rounds)))
    if options.json is not None:
        options.json.write_text(
            json.dumps(
                {
                    "machine": asdict(here),
                    "effort": asdict(effort),
                    "rows": {
                        row: {name: asdict(column) for name, column in columns.items()}
                        for row, columns in results.items()
                    },
                    "imports": {library: asdict(found) for library, found in imported.items()},
                },
                indent=1,
            )
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
