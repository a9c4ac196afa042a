"""``profile``, ``record_function`` and ``schedule``, by PyTorch's names."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any

from ..watching import unwatch, watch, watchers
from .averages import Averages, averaged
from .chrome import as_chrome_trace
from .events import Collector, Event


class ProfilerActivity(Enum):
    """What can be profiled; there are no devices beside the CPU here."""

    CPU = 0
    XPU = 1
    CUDA = 2


class ProfilerAction(Enum):
    """What a schedule says of a step."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


def schedule(
    *, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0
) -> Callable[[int], ProfilerAction]:
    """Which steps to profile: skip some, then cycles of waiting, warming up and recording.

    Args:
        wait: steps of a cycle in which nothing happens.
        warmup: steps after these that are not recorded either.
        active: steps that are, after which ``on_trace_ready`` is called.
        repeat: the number of cycles; 0: as long as the program runs.
        skip_first: steps before the first cycle.

    Raises:
        ValueError: for negative counts, or no active step.
    """
    if min(wait, warmup, repeat, skip_first) < 0 or active < 1:
        raise ValueError(
            "schedule: expected counts of at least 0 and active of at least 1, not "
            f"wait={wait}, warmup={warmup}, active={active}, repeat={repeat}, "
            f"skip_first={skip_first}"
        )
    cycle = wait + warmup + active

    def action(step: int) -> ProfilerAction:
        step -= skip_first
        if step < 0 or (repeat and step >= repeat * cycle):
            return ProfilerAction.NONE
        place = step % cycle
        if place < wait:
            return ProfilerAction.NONE
        if place < wait + warmup:
            return ProfilerAction.WARMUP
        last = place == cycle - 1
        return ProfilerAction.RECORD_AND_SAVE if last else ProfilerAction.RECORD

    return action


def tensorboard_trace_handler(
    dir_name: str, worker_name: str | None = None, use_gzip: bool = False
) -> Callable[[profile], None]:
    """An ``on_trace_ready`` that writes a Chrome trace into a folder, one file a cycle."""
    os.makedirs(dir_name, exist_ok=True)

    def write(prof: profile) -> None:
        name = f"{worker_name or os.getpid()}.{time.time_ns()}.pt.trace.json"
        prof.export_chrome_trace(os.path.join(dir_name, name + (".gz" if use_gzip else "")))

    return write


_RECORDED = (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)


class profile:
    """Times and memory of what runs in a ``with`` block, in the thread that entered it.

    Args:
        activities: accepted; the CPU is what there is.
        schedule: which steps to record (see ``schedule``); the program then calls ``step()``.
        on_trace_ready: called with the profile when a cycle of the schedule, or all, is done.
        record_shapes: note the shapes of arguments, for ``group_by_input_shape``.
        profile_memory: show the bytes of the arrays that were made.
        with_stack, with_flops, with_modules: accepted; lines and modules are always noted.

    >>> import tinygrad_sm as sg
    >>> x = sg.ones(3, requires_grad=True)
    >>> with profile() as prof:
    ...     (x * x).sum().backward()
    >>> [(row.key, row.count) for row in prof.key_averages()]
    [('mul', 1), ('sum', 1), ('backward', 1), ('SumBackward0', 1), ('MulBackward0', 1), \
('AccumulateGrad', 1)]
    """

    def __init__(
        self,
        *,
        activities: Iterable[Any] | None = None,
        schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[[profile], Any] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_flops: bool = False,
        with_modules: bool = False,
    ) -> None:
        self.step_num = 0
        self._schedule = schedule
        self._on_trace_ready = on_trace_ready
        self._shapes = record_shapes
        self._memory = profile_memory
        self._collector: Collector | None = None
        self._events: list[Event] | None = None
        self._step: record_function | None = None

    def __enter__(self) -> profile:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin, if the schedule says so."""
        if self._action() in _RECORDED:
            self._begin()

    def stop(self) -> None:
        """End; ``on_trace_ready`` is called if anything was recorded since it last was."""
        if self._end() and self._on_trace_ready is not None:
            self._on_trace_ready(self)

    def step(self) -> None:
        """Say that the next step of the program begins."""
        before = self._action()
        self.step_num += 1
        if before is ProfilerAction.RECORD_AND_SAVE and self._schedule is not None:
            self.stop()
        if self._action() in _RECORDED:
            if self._collector is None:
                self._begin()
            else:
                self._name_step()
        else:
            self._end()

    def _action(self) -> ProfilerAction:
        return ProfilerAction.RECORD if self._schedule is None else self._schedule(self.step_num)

    def _begin(self) -> None:
        if any(isinstance(watcher, Collector) for watcher in watchers()):
            raise RuntimeError("profile: another profile is running: end it first")
        self._collector = Collector(self._shapes)
        self._collector.start()
        watch(self._collector)
        if self._schedule is not None:
            self._name_step()

    def _name_step(self) -> None:
        if self._step is not None:
            self._step.__exit__()
        self._step = record_function(f"ProfilerStep#{self.step_num}")
        self._step.__enter__()

    def _end(self) -> bool:
        collector, self._collector = self._collector, None
        self._step = None
        if collector is None:
            return False
        unwatch(collector)
        collector.stop()
        self._events = collector.close()
        return True

    def events(self) -> list[Event]:
        """What was recorded, in order of start.

        Raises:
            RuntimeError: before the profile has ended, or if nothing was recorded.
        """
        if self._events is None or self._collector is not None:
            raise RuntimeError(
                "profile: nothing is recorded yet: leave the with block first (with a schedule, "
                "call step() after each step of the program)"
            )
        return self._events

    def key_averages(
        self, group_by_input_shape: bool = False, group_by_stack_n: int = 0, by: str = "op"
    ) -> Averages:
        """The events added up.

        Args:
            group_by_input_shape: tell apart what had arguments of other shapes.
            group_by_stack_n: more than 0: add up by line of the program.
            by: ``"op"``, ``"module"`` or ``"line"``; gradients count where their operation stood.

        Raises:
            ValueError: for another ``by``.
        """
        by = "line" if group_by_stack_n > 0 else by
        return averaged(self.events(), by, group_by_input_shape, self._memory)

    def export_chrome_trace(self, path: Any) -> None:
        """Write the events for Chrome's ``about:tracing`` and Perfetto; gzipped for ``.gz``."""
        text = as_chrome_trace(self.events())
        if os.fspath(path).endswith(".gz"):
            import gzip  # loaded only where it is asked for

            with gzip.open(path, "wt", encoding="utf-8") as packed:
                packed.write(text)
            return
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def __repr__(self) -> str:
        return f"<profile: {len(self._events or ())} events>"


class record_function:
    """Name a part of the program in profiles: a context manager or a decorator.

    >>> with record_function("forward"):
    ...     pass
    """

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name = name
        self._told: list[Collector] = []

    def __enter__(self) -> record_function:
        self._told = [w for w in watchers() if isinstance(w, Collector)]
        for collector in self._told:
            collector.label(self.name)
        return self

    def __exit__(self, *exc: object) -> None:
        for collector in self._told:
            collector.finish()
        self._told = []

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Name the calls of a function."""

        @functools.wraps(function)
        def named(*args: Any, **kwargs: Any) -> Any:
            with record_function(self.name):
                return function(*args, **kwargs)

        return named
