"""Which parameters the walks back reached, and whether an optimizer has them.

Optimizers warn by it of mistakes that run without an error: see ``optim/mistakes.py``.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakSet

latest = [0, 0]  # when the last two walks that deliver began, the later one first
alone: WeakSet[Any] = WeakSet()  # parameters reached while no optimizer had them


class Holder:
    """What an optimizer's parameters know of it.

    Attributes:
        reached: when a walk reached one of them last.
        modules: whether one is an ``nn.Parameter``.
    """

    __slots__ = ("modules", "reached")

    def __init__(self) -> None:
        self.reached = 0
        self.modules = False


def note(parameter: Any) -> None:
    """Note that a walk reached a parameter."""
    holder = parameter._holder
    if holder is not None:
        holder.reached = latest[0]
        return
    if not parameter._reached:
        alone.add(parameter)
    parameter._reached = latest[0]
