"""One contestant with one problem, in a process of its own, answering questions over a pipe.

Questions and answers are lines of JSON. The first answer comes unasked, once the problem stands:
``{"ready": true}``, or ``{"absent": reason}`` from a contestant that cannot run here.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, TextIO

from .contestants import CONTESTANTS, Contestant, Step
from .memory import peak_bytes, resident_bytes
from .timing import seconds_per_step
from .workloads import ROWS


def build(contestant: Contestant, row: str) -> tuple[Step, int]:
    """The contestant's step, and the bytes in memory after its import.

    Raises:
        ImportError: if the library, or what it needs for this problem, is not installed.
    """
    import_module(contestant.library)
    baseline = resident_bytes()
    return contestant.training_step(ROWS[row].problem), baseline


def describe(contestant: Contestant) -> dict[str, Any]:
    """The versions of the library and of NumPy, and the threads and kernels in use."""
    library = sys.modules[contestant.library]
    return {
        "version": str(getattr(library, "__version__", None) or _installed(contestant.library)),
        "numpy": str(sys.modules["numpy"].__version__),
        "pools": _thread_pools(),
    }


def _installed(library: str) -> str:
    from importlib.metadata import version

    return version(library)


def _thread_pools() -> list[str]:
    """What threadpoolctl, if installed, finds: such as ``openblas SkylakeX on 2 threads``."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return []
    return sorted(
        {
            f"{pool['internal_api']} {pool.get('architecture', '')}".strip()
            + f" on {pool['num_threads']} threads"
            for pool in threadpool_info()
        }
    )


def answers(contestant: Contestant, step: Step, baseline: int) -> dict[str, Callable[..., Any]]:
    """The questions that a worker answers, by name."""
    return {
        "losses": lambda count: [step() for _ in range(count)],
        "time": lambda steps: seconds_per_step(step, steps),
        "memory": lambda: {"peak": peak_bytes(), "baseline": baseline},
        "describe": lambda: describe(contestant),
    }


def serve(contestant: Contestant, row: str, questions: TextIO, replies: TextIO) -> None:
    """Build the problem, then answer until the questions end."""

    def reply(answer: dict[str, Any]) -> None:
        print(json.dumps(answer), file=replies, flush=True)

    try:
        step, baseline = build(contestant, row)
    except ImportError as reason:
        reply({"absent": str(reason)})
        return
    reply({"ready": True})
    known = answers(contestant, step, baseline)
    for line in questions:
        question, *arguments = json.loads(line)
        reply({"answer": known[question](*arguments)})


def main() -> None:
    """``python -m benchmarks.worker CONTESTANT ROW``, started by ``process``.

    Only answers may go into the pipe: what libraries print goes to standard error.
    """
    name, row = sys.argv[1:]
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    serve(CONTESTANTS[name], row, sys.stdin, replies)


if __name__ == "__main__":
    main()
