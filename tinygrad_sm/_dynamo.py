"""What programs ask of PyTorch's compiler by its inner name: there is none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from .compiler import disable, is_compiling, reset

__all__ = [
    "allow_in_graph",
    "config",
    "disable",
    "graph_break",
    "is_compiling",
    "mark_dynamic",
    "optimize",
    "reset",
]

config = SimpleNamespace()  # what is set here changes nothing


def optimize(*args: Any, **options: Any) -> Any:
    """A decorator that returns the function itself."""
    return lambda fn: fn


def allow_in_graph(fn: Any) -> Any:
    """The function itself."""
    return fn


def graph_break() -> None:
    """Do nothing: there is no graph to break."""


def mark_dynamic(t: Any, index: Any, **options: Any) -> None:
    """Do nothing: every size may change."""
