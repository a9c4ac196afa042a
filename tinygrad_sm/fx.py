"""Symbolic tracing: there is none, so what programs say to the tracer beforehand does nothing."""

from __future__ import annotations

from typing import Any

__all__ = ["wrap"]


def wrap(fn_or_name: Any) -> Any:
    """The function, or its name, itself: no tracer would step into it.

    >>> @wrap
    ... def double(x):
    ...     return 2 * x
    >>> double(2)
    4
    """
    return fn_or_name


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    raise NotImplementedError(f"fx.{name} is left out of this framework: there is no symbolic tracer")
