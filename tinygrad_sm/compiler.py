"""Compilation: there is no compiler, so everything stays as it is and runs as it was written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["compile", "disable", "is_compiling", "reset", "set_stance"]


def compile(model: Any = None, **options: Any) -> Any:
    """The function or module itself: there is no compiler. A decorator with options, too.

    >>> @compile
    ... def double(x):
    ...     return 2 * x
    >>> double(2)
    4
    """
    return (lambda decorated: decorated) if model is None else model


def disable(fn: Any = None, recursive: bool = True, *, reason: str | None = None) -> Any:
    """The function itself: nothing is compiled."""
    return (lambda decorated: decorated) if fn is None else fn


def _assert(condition: Any, message: Any) -> None:
    """``assert``, as a function that a compiler would see.

    Raises:
        AssertionError: if the condition is false.
    """
    assert condition, message


def is_compiling() -> bool:
    """False."""
    return False


def reset() -> None:
    """Do nothing: there is no cache of compiled code."""


class set_stance:
    """How a compiler should behave: there is none, so this does nothing."""

    def __init__(self, stance: str = "default", **options: Any) -> None:
        self.stance = stance

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        pass

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself."""
        return function
