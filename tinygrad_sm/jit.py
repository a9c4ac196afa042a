"""TorchScript: there is no script compiler, so functions and modules run as Python."""

from __future__ import annotations

from typing import Any

__all__ = [
    "export",
    "freeze",
    "ignore",
    "is_scripting",
    "is_tracing",
    "load",
    "optimize_for_inference",
    "save",
    "script",
    "script_method",
    "trace",
    "unused",
]


def script(obj: Any, *args: Any, **kwargs: Any) -> Any:
    """The function, module or class itself: it runs as Python."""
    return obj


def script_method(fn: Any) -> Any:
    """The method itself."""
    return fn


def trace(func: Any, example_inputs: Any = None, *args: Any, **kwargs: Any) -> Any:
    """The function or module itself, with all its branches: it runs as Python."""
    return func


def ignore(drop: Any = False, **kwargs: Any) -> Any:
    """The function itself, or a decorator that returns it."""
    return drop if callable(drop) else lambda fn: fn


unused = export = script_method


def freeze(mod: Any, *args: Any, **kwargs: Any) -> Any:
    """The module itself."""
    return mod


optimize_for_inference = freeze


def is_scripting() -> bool:
    """False."""
    return False


is_tracing = is_scripting


def save(m: Any, f: Any, *args: Any) -> None:
    """Raise: there is no TorchScript to save.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError("jit.save: there is no TorchScript here: save m.state_dict()")


def load(f: Any, *args: Any, **kwargs: Any) -> Any:
    """Raise: there is no TorchScript to load.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError("jit.load: there is no TorchScript here: load a state_dict")
