"""Events in the format that Chrome's ``about:tracing`` and Perfetto open."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

from .events import Event

_CATEGORIES = {
    "op": "cpu_op",
    "backward": "cpu_op",
    "walk": "cpu_op",
    "module": "python_function",
    "user": "user_annotation",
}


def as_chrome_trace(events: Sequence[Event]) -> str:
    """JSON of the Trace Event Format: complete events, and arrows from operation to backward.

    Times are in microseconds from the first event.
    """
    begin = events[0].start if events else 0
    pid = os.getpid()
    place = {"pid": pid, "tid": 1}
    entries: list[dict[str, Any]] = [
        {"ph": "M", "name": "process_name", **place, "args": {"name": "tinygrad_sm"}},
        {"ph": "M", "name": "thread_name", **place, "args": {"name": "the program"}},
    ]
    entries += [_complete(event, begin, place) for event in events]
    entries += _arrows(events, begin, place)
    return json.dumps(
        {"schemaVersion": 1, "displayTimeUnit": "ms", "traceEvents": entries}, ensure_ascii=False
    )


def _complete(event: Event, begin: int, place: dict[str, int]) -> dict[str, Any]:
    args: dict[str, Any] = {"kind": event.kind, "module": event.module, "line": event.line()}
    if event.memory:
        args["bytes"] = event.memory
    if event.shapes:
        args["Input Dims"] = [list(shape) for shape in event.shapes]
    return {
        "ph": "X",
        "name": event.name,
        "cat": _CATEGORIES[event.kind],
        "ts": (event.start - begin) / 1e3,
        "dur": event.total / 1e3,
        **place,
        "args": args,
    }


def _arrows(events: Sequence[Event], begin: int, place: dict[str, int]) -> list[dict[str, Any]]:
    """From each operation to the event of its gradient."""
    backward = {e.order: e for e in events if e.kind == "backward" and e.order}
    arrows = []
    for event in events:
        later = backward.get(event.order) if event.kind == "op" else None
        if later is not None:
            shared = {"name": "fwdbwd", "cat": "fwdbwd", "id": event.order, **place}
            arrows += [
                {"ph": "s", "ts": (event.start - begin) / 1e3, **shared},
                {"ph": "f", "bp": "e", "ts": (later.start - begin) / 1e3, **shared},
            ]
    return arrows
