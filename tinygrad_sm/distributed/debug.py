"""A check before each collective that all ranks make the same call; off unless asked for."""

from __future__ import annotations

import os
from enum import IntEnum
from typing import Any

import numpy as np

from ..lines import describe_line, user_line
from .work import DistributedError, Work

_WIDTH = 1024  # bytes of a call's description


class DebugLevel(IntEnum):
    """How much is checked: nothing, or with ``DETAIL`` every collective."""

    OFF = 0
    INFO = 1
    DETAIL = 2


_level = [DebugLevel[os.environ.get("TINYGRAD_SM_DISTRIBUTED_DEBUG", "OFF").upper()]]


def get_debug_level() -> DebugLevel:
    """The level, at first that of the variable ``TINYGRAD_SM_DISTRIBUTED_DEBUG``."""
    return _level[0]


def set_debug_level(level: DebugLevel) -> None:
    """Set the level; every rank must do so at the same place of the program."""
    _level[0] = DebugLevel(level)


def check_same_call(group: Any, call: str) -> None:
    """With ``DETAIL``, compare a call with those of the group's other ranks.

    Raises:
        DistributedError: if they differ; it names both calls and where they were made.
    """
    if _level[0] is not DebugLevel.DETAIL:
        return
    mine = f"{call}\n{describe_line(user_line(3))}".encode()[:_WIDTH]
    sent = np.zeros(_WIDTH, np.uint8)
    sent[: len(mine)] = np.frombuffer(mine, np.uint8)
    received = np.empty((group.size(), _WIDTH), np.uint8)
    request = group.checks.Iallgather(sent, received)
    Work([request], f"the check before {call}", group).wait()
    calls = [bytes(row).rstrip(b"\0").decode(errors="replace").split("\n") for row in received]
    for rank, (other, line) in enumerate(calls):
        if other != calls[0][0]:
            raise DistributedError(
                f"rank {group.ranks[0]} calls {calls[0][0]} ({calls[0][1]}), but rank "
                f"{group.ranks[rank]} calls {other} ({line}): all ranks of a group must make the "
                "same calls in the same order, with the same shapes and dtypes"
            )
