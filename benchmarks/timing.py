"""How a worker times its own steps."""

from __future__ import annotations

from time import perf_counter

from .contestants import Step


def seconds_per_step(step: Step, steps: int) -> float:
    """The mean over ``steps``, after a tenth as many (at least one) that are not timed.

    Those warm up what the pause before has cooled down: caches, sleeping threads, clock rates.
    """
    for _ in range(max(1, steps // 10)):
        step()
    start = perf_counter()
    for _ in range(steps):
        step()
    return (perf_counter() - start) / steps
