"""How long does a training step take, and how much memory? Every contestant in turn, in rounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median
from time import sleep
from typing import Any, Protocol

from . import agreement
from .process import Worker


class Answers(Protocol):
    """What is asked of a worker."""

    contestant: str

    def ask(self, question: str, *arguments: Any) -> Any:
        """The answer to a question."""


@dataclass(frozen=True)
class Effort:
    """How long to measure.

    Attributes:
        rounds: in each, every contestant is timed once.
        seconds: that one timing should take about so long.
        pause: seconds between two timings. Threads of the contestant before spin for a while
            before they sleep, and would take processors from the next.
    """

    rounds: int
    seconds: float
    pause: float = 0.05


@dataclass
class Column:
    """What was found about a contestant in a row.

    Attributes:
        absent: why it took no part, or ``None``.
        seconds: per step, one number a round.
        losses: of the first steps.
        peak: bytes of memory at most.
        baseline: bytes after the library's import.
        described: versions and threads, as the worker tells them.
    """

    absent: str | None = None
    seconds: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    peak: int = 0
    baseline: int = 0
    described: dict[str, Any] = field(default_factory=dict)

    @property
    def median(self) -> float:
        """Of the rounds, in seconds."""
        return median(self.seconds)


def measure(
    row: str,
    contestants: Sequence[str],
    variables: Mapping[str, str],
    effort: Effort | None,
    progress: Callable[[str], None],
) -> dict[str, Column]:
    """All contestants in one row; with no ``effort`` their losses are compared, and no more.

    Raises:
        Disagreement: if their losses differ.
        WorkerError: if a contestant breaks down.
    """
    columns = {}
    with ExitStack() as stack:
        workers = []
        for name in contestants:
            progress(f"{row}: {name} sets out")
            worker = stack.enter_context(Worker(name, row, variables))
            columns[name] = Column(absent=worker.absent)
            if worker.absent is None:
                columns[name].losses = worker.ask("losses", agreement.STEPS)
                workers.append(worker)
        agreement.check(
            row, {worker.contestant: columns[worker.contestant].losses for worker in workers}
        )
        if effort is not None:
            for name, seconds in in_rounds(
                workers, effort, lambda text: progress(f"{row}: {text}")
            ):
                columns[name].seconds.append(seconds)
            for worker in workers:
                column = columns[worker.contestant]
                memory = worker.ask("memory")
                column.peak, column.baseline = memory["peak"], memory["baseline"]
                column.described = worker.ask("describe")
    return columns


def in_rounds(
    workers: Sequence[Answers], effort: Effort, progress: Callable[[str], None]
) -> Iterator[tuple[str, float]]:
    """Pairs of contestant and seconds per step; each round begins with another contestant."""
    counts = {worker.contestant: steps_to_time(worker, effort.seconds) for worker in workers}
    for turn in range(effort.rounds):
        progress(f"round {turn + 1} of {effort.rounds}")
        first = turn % max(len(workers), 1)
        for worker in [*workers[first:], *workers[:first]]:
            sleep(effort.pause)
            yield worker.contestant, worker.ask("time", counts[worker.contestant])


def steps_to_time(worker: Answers, seconds: float) -> int:
    """How many steps take about so long, found by ever longer trials."""
    steps = 1
    while True:
        each = worker.ask("time", steps)
        if each * steps >= seconds / 4:
            return max(1, round(seconds / each))
        steps *= 4
