"""Names whose module is imported when they are first used, so that ``import`` stays short."""

from __future__ import annotations

from importlib import import_module
from types import MethodType
from typing import Any

_PACKAGE = __name__.rpartition(".")[0]


def found(module: str, name: str) -> Any:
    """What a module of this package, such as ``"linalg.older_names"``, calls by a name."""
    return getattr(import_module(f"{_PACKAGE}.{module}"), name)


class later:
    """A method that is a function of a module: once found, it takes this stand-in's place.

    >>> class Matrix:
    ...     det = later("linalg.older_names")
    >>> type(vars(Matrix)["det"]).__name__, Matrix.det.__name__, type(vars(Matrix)["det"]).__name__
    ('later', 'det', 'function')
    """

    def __init__(self, module: str) -> None:
        self.module = module

    def __set_name__(self, owner: type, name: str) -> None:
        self.owner, self.name = owner, name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        function = found(self.module, self.name)
        setattr(self.owner, self.name, function)
        return function if instance is None else MethodType(function, instance)
