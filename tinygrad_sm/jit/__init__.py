"""TorchScript: there is no script compiler, so functions and modules run as Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ..nn import Module

__all__ = [
    "Attribute",
    "Final",
    "Future",
    "RecursiveScriptModule",
    "ScriptFunction",
    "ScriptModule",
    "annotate",
    "export",
    "fork",
    "freeze",
    "ignore",
    "interface",
    "is_scripting",
    "is_tracing",
    "isinstance",
    "load",
    "optimize_for_inference",
    "save",
    "script",
    "script_if_tracing",
    "script_method",
    "trace",
    "trace_module",
    "unused",
    "wait",
]


class ScriptModule(Module):
    """A module: there is no compiler that would make more of it."""


RecursiveScriptModule = ScriptModule


class ScriptFunction:
    """The type of compiled functions, of which there are none."""

    def __init__(self) -> None:
        raise NotImplementedError("jit.ScriptFunction: there is no script compiler here")


def annotate(the_type: Any, the_value: Any) -> Any:
    """The value itself."""
    return the_value


class Attribute:
    """A value with a type that a compiler would read.

    Args:
        value: the value.
        type: its type.
    """

    def __init__(self, value: Any, type: Any) -> None:
        self.value, self.type = value, type


class Future:
    """The result of ``fork``, which was computed at once.

    Args:
        value: the result.
    """

    def __init__(self, value: Any) -> None:
        self._value = value

    def wait(self) -> Any:
        """The result."""
        return self._value

    value = wait


def fork(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Future:
    """``func(*args, **kwargs)``, computed at once, in this thread."""
    return Future(func(*args, **kwargs))


def wait(future: Future) -> Any:
    """The result of ``fork``."""
    return future.wait()


isinstance = isinstance


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


unused = export = interface = script_if_tracing = _overload = _overload_method = script_method


def trace_module(mod: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
    """The module itself, with all its branches: it runs as Python."""
    return mod


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
