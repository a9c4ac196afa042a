"""PyTorch's older place of the profiler."""

from __future__ import annotations

from typing import Any

from ..profiler import session
from ..profiler.averages import Averages
from ..profiler.events import Event
from ..profiler.session import record_function

__all__ = ["profile", "record_function"]


class profile:
    """``profiler.profile`` with the older arguments.

    Args:
        enabled: ``False``: profile nothing.
        record_shapes, profile_memory: as there.
        kwargs: ``use_cpu``, ``use_cuda``, ``with_stack`` and the like: accepted.
    """

    def __init__(
        self,
        enabled: bool = True,
        *,
        record_shapes: bool = False,
        profile_memory: bool = False,
        **kwargs: Any,
    ) -> None:
        self.enabled = enabled
        self._session = session.profile(record_shapes=record_shapes, profile_memory=profile_memory)

    def __enter__(self) -> profile:
        if self.enabled:
            self._session.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self.enabled:
            self._session.stop()

    @property
    def function_events(self) -> list[Event]:
        """What was recorded, in order of start."""
        return self._session.events()

    @property
    def self_cpu_time_total(self) -> float:
        """The time of all events, in microseconds."""
        return self.key_averages().self_cpu_time_total

    def key_averages(self, *args: Any, **kwargs: Any) -> Averages:
        """The events added up: see ``profiler.profile.key_averages``."""
        return self._session.key_averages(*args, **kwargs)

    def table(self, *args: Any, **kwargs: Any) -> str:
        """The events added up by operation, as text."""
        return self.key_averages().table(*args, **kwargs)

    def export_chrome_trace(self, path: Any) -> None:
        """Write the events for the usual viewers."""
        self._session.export_chrome_trace(path)
