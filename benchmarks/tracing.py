"""``python -m benchmarks.tracing``: what does it cost to trace a program while it runs?

Training steps without a trace and within one, in turn; the figure is the ratio of the medians. What
a trace shows is worked out afterwards, when it is saved, and is timed apart. Nothing is traced in
the first column: there the recorder costs one comparison with ``None`` an operation.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter

import tinygrad_sm as sg

from .contestants import CONTESTANTS
from .environment import contestant_environment
from .workloads import ROWS

MEASURED = {"tiny-op": 10, "mlp-32": 10, "mlp-128": 10, "lenet": 2, "char-gpt": 1}  # steps a round
MOST = 3.0  # times the untraced time


def seconds(step: Callable[[], object], steps: int) -> float:
    """The mean of some steps."""
    start = perf_counter()
    for _ in range(steps):
        step()
    return (perf_counter() - start) / steps


def measure(row: str, rounds: int) -> tuple[float, float, float]:
    """Seconds of a step without and with a trace, and of making one step's page."""
    step = CONTESTANTS["tinygrad_sm"].training_step(ROWS[row].problem)
    steps = MEASURED[row]
    seconds(step, 2)
    plain, traced = [], []
    for _ in range(rounds):
        plain.append(seconds(step, steps))
        with sg.trace():
            traced.append(seconds(step, steps))
    with sg.trace(check=False) as t:
        step()
    return median(plain), median(traced), seconds(t.html, 1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; the exit status says whether every ratio is at most 3."""
    p = argparse.ArgumentParser(prog="python -m benchmarks.tracing", description=__doc__)
    p.add_argument("--rows", nargs="+", choices=list(MEASURED), default=list(MEASURED))
    p.add_argument("--rounds", type=int, default=9)
    p.add_argument("--threads", type=int, default=2, help="of BLAS (default: 2)")
    p.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = p.parse_args(arguments)
    if not options.inside:  # in a process whose BLAS has the threads that were asked for
        given = sys.argv[1:] if arguments is None else list(arguments)
        variables = contestant_environment(options.threads, os.environ)
        command = [sys.executable, "-m", "benchmarks.tracing", *given, "--inside"]
        return subprocess.run(command, env=variables, check=False).returncode
    print("| time per training step | untraced | traced | ratio | its page, without checks |")
    print("| :-- | --: | --: | --: | --: |")
    worst = 0.0
    for row in options.rows:
        plain, traced, page = measure(row, options.rounds)
        worst = max(worst, traced / plain)
        print(
            f"| {ROWS[row].title} | {plain * 1e3:.3g} ms | {traced * 1e3:.3g} ms "
            f"| **{traced / plain:.2f}** | {page:.2g} s |",
            flush=True,
        )
    return int(worst > MOST)


if __name__ == "__main__":
    sys.exit(main())
