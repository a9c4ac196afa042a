"""How long a piece of code takes: ``timeit``, with PyTorch's names for what it found."""

from __future__ import annotations

import statistics
import timeit
from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["Compare", "Measurement", "Timer", "timer"]

timer = timeit.default_timer
_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))


class Measurement:
    """Times of one piece of code.

    Args:
        number_per_run: how often the code ran in each measurement.
        raw_times: seconds that each measurement took.
        task: what was measured: ``stmt``, ``label``, ``sub_label``, ``description``.
    """

    def __init__(self, number_per_run: int, raw_times: list[float], task: dict[str, Any]) -> None:
        self.number_per_run, self.raw_times, self.task = number_per_run, raw_times, task

    @property
    def times(self) -> list[float]:
        """Seconds a run took, by measurement."""
        return [t / self.number_per_run for t in self.raw_times]

    @property
    def median(self) -> float:
        """The median of the times, in seconds."""
        return statistics.median(self.times)

    @property
    def mean(self) -> float:
        """The mean of the times, in seconds."""
        return statistics.fmean(self.times)

    @property
    def iqr(self) -> float:
        """The distance of the quartiles of the times, in seconds."""
        if len(self.times) < 2:
            return 0.0
        low, _, high = statistics.quantiles(self.times, n=4, method="inclusive")
        return high - low

    @property
    def title(self) -> str:
        """What was measured."""
        parts = (self.task["label"] or self.task["stmt"], self.task["sub_label"])
        return ": ".join(str(part) for part in parts if part)

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} of {self.title}"]
        if self.task["description"]:
            lines.append(str(self.task["description"]))
        lines.append(f"  {_told(self.median)} (median), {_told(self.iqr)} (IQR)")
        runs, measured = self.number_per_run, len(self.raw_times)
        lines.append(f"  {measured} measurement(s), {runs} run(s) per measurement")
        return "\n".join(lines)


def _told(seconds: float) -> str:
    """A time with its unit."""
    scale, unit = next((u for u in _UNITS if seconds >= u[0]), _UNITS[-1])
    return f"{seconds / scale:.2f} {unit}"


class Timer:
    """Measures how long code takes.

    Args:
        stmt: the code, as a string.
        setup: code that runs once before.
        global_setup: accepted and ignored: there is no other language.
        timer: the clock.
        globals: the names that the code uses.
        label: what is measured, for tables; the code by default.
        sub_label: which case of it.
        description: which way of doing it.
        env: where.
        num_threads: accepted; NumPy keeps the threads that it has.
        language: ``"python"``.

    >>> found = Timer("x + 1", globals={"x": 2}).timeit(10)
    >>> found.number_per_run, found.median > 0
    (10, True)
    """

    def __init__(
        self,
        stmt: str = "pass",
        setup: str = "pass",
        global_setup: str = "",
        timer: Callable[[], float] = timer,
        globals: dict[str, Any] | None = None,
        label: str | None = None,
        sub_label: str | None = None,
        description: str | None = None,
        env: str | None = None,
        num_threads: int = 1,
        language: Any = "python",
    ) -> None:
        self._timer = timeit.Timer(stmt, setup, timer, globals or {})
        self._task = {
            "stmt": stmt,
            "label": label,
            "sub_label": sub_label,
            "description": description,
        }

    def timeit(self, number: int = 1_000_000) -> Measurement:
        """One measurement of ``number`` runs."""
        self._timer.timeit(max(number // 100, 2))
        return Measurement(number, [self._timer.timeit(number)], self._task)

    def repeat(self, repeat: int = -1, number: int = -1) -> None:
        """Raise: the number of runs is chosen by ``blocked_autorange``.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("See `Timer.blocked_autorange.`")

    def autorange(self, callback: Any = None) -> None:
        """Raise: see ``repeat``.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("See `Timer.blocked_autorange.`")

    def blocked_autorange(
        self, callback: Callable[[int, float], Any] | None = None, min_run_time: float = 0.2
    ) -> Measurement:
        """Measurements of so many runs that the clock does not matter.

        Args:
            callback: called with the runs and the seconds of each measurement.
            min_run_time: seconds to spend at least.
        """
        number = 1
        while self._timer.timeit(number) < min_run_time / 1000 and number < 1_000_000_000:
            number *= 10
        times: list[float] = []
        while sum(times) < min_run_time:
            times.append(self._timer.timeit(number))
            if callback is not None:
                callback(number, times[-1])
        return Measurement(number, times, self._task)

    def adaptive_autorange(
        self,
        threshold: float = 0.1,
        *,
        min_run_time: float = 0.01,
        max_run_time: float = 10.0,
        callback: Callable[[int, float], Any] | None = None,
    ) -> Measurement:
        """Measurements until the quartiles are within ``threshold`` of the median."""
        spent = min_run_time
        while True:
            found = self.blocked_autorange(callback, spent)
            if found.iqr <= threshold * found.median or 2 * spent > max_run_time:
                return found
            spent *= 2


class Compare:
    """A table of measurements: a row a case, a column a way of doing it.

    Args:
        results: the measurements.
    """

    def __init__(self, results: Iterable[Measurement]) -> None:
        self._results = list(results)

    def extend_results(self, results: Iterable[Measurement]) -> None:
        """Add measurements."""
        self._results.extend(results)

    def trim_significant_figures(self) -> None:
        """Do nothing: times have two digits after the point."""

    colorize = highlight_warnings = trim_significant_figures

    def __str__(self) -> str:
        ways = list(dict.fromkeys(str(r.task["description"] or "") for r in self._results))
        cases = list(dict.fromkeys(r.title for r in self._results))
        found = {
            (r.title, str(r.task["description"] or "")): _told(r.median) for r in self._results
        }
        rows = [["", *ways], *([c, *(found.get((c, w), "") for w in ways)] for c in cases)]
        widths = [max(len(row[i]) for row in rows) for i in range(len(ways) + 1)]
        return "\n".join(
            " | ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
            for row in rows
        )

    def print(self) -> None:
        """Print the table."""
        print(self)
