"""A call under way: what ``async_op=True`` returns, and what every blocking call waits for."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from .engine import farewells, mpi

SPIN = 5e-3  # seconds of polling at full speed before naps
NAP = 1e-4
GRACE = 2.0  # seconds for a message of a rank that has ended to arrive
yield_processor = getattr(os, "sched_yield", lambda: time.sleep(0))


class DistributedError(RuntimeError):
    """A call between processes that cannot be completed."""


class Work:
    """A call between processes, perhaps not completed yet.

    Args:
        requests: what MPI is asked to do.
        what: the call, for messages.
        group: the process group.
        finish: done once, after the requests are complete.
        needs: the ranks without which it cannot end, by their number in the group; all by default.
    """

    def __init__(
        self,
        requests: Sequence[Any],
        what: str,
        group: Any,
        finish: Callable[[], object] | None = None,
        needs: Sequence[int] | None = None,
    ) -> None:
        self._requests = list(requests)
        self._what = what
        self._group = group
        self._finish = finish
        self._needs = needs
        self._complete = False

    def is_completed(self) -> bool:
        """Whether it has ended; asking lets MPI go on with it."""
        if not self._complete and mpi().Request.Testall(self._requests):
            self._complete = True
            if self._finish is not None:
                self._finish()
            self._requests, self._finish = [], None
        return self._complete

    def is_success(self) -> bool:
        """Whether it has ended: what fails raises."""
        return self.is_completed()

    def wait(self, timeout: timedelta | None = None) -> bool:
        """Wait until it has ended.

        Args:
            timeout: how long; by default as long as the group was given.

        Raises:
            DistributedError: if it takes longer, or if a rank that must take part has ended.
        """
        limit = (timeout or self._group.timeout).total_seconds()
        start = next_look = time.monotonic()
        while not self.is_completed():
            now = time.monotonic()
            if now - start > limit:
                raise DistributedError(
                    f"rank {self._group.rank()} waited {limit:g} s for {self._what}: another rank "
                    "did not make the same call. Set TINYGRAD_SM_DISTRIBUTED_DEBUG=DETAIL to see "
                    "which; a longer wait is init_process_group(timeout=...)"
                )
            if now > next_look:
                self._look_for_the_gone(limit)
                next_look = now + 0.2
            if now - start < SPIN:
                yield_processor()
            else:
                time.sleep(NAP)
        return True

    def _look_for_the_gone(self, limit: float) -> None:
        ranks = self._group.ranks
        needed = set(ranks if self._needs is None else [ranks[r] for r in self._needs])
        gone = farewells().heard() & needed
        if not gone:
            return
        end = time.monotonic() + min(GRACE, limit)
        while time.monotonic() < end:
            if self.is_completed():
                return
            time.sleep(NAP)
        raise DistributedError(
            f"rank {self._group.rank()} waits for {self._what}, but rank "
            f"{', '.join(map(str, sorted(gone)))} has ended its program: every rank of a group must "
            "make the same calls"
        )

    def result(self) -> None:
        """Nothing: results are in the tensors that were handed in."""

    def __repr__(self) -> str:
        return f"<Work: {self._what}, {'complete' if self._complete else 'under way'}>"


def done(work: Work, async_op: bool) -> Work | None:
    """The work itself if it may go on, or ``None`` after it has ended."""
    if async_op:
        return work
    work.wait()
    return None
