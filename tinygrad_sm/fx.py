"""Graphs of programs: left out, but for what programs say to the tracer beforehand."""

from __future__ import annotations

from typing import Any

from .left_out import contents

__all__ = ["wrap"]
__getattr__ = contents(__name__)


def wrap(fn_or_name: Any) -> Any:
    """The function, or its name, itself: no tracer would step into it.

    >>> @wrap
    ... def double(x):
    ...     return 2 * x
    >>> double(2)
    4
    """
    return fn_or_name
