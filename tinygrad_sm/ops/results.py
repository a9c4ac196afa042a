"""Results that have names, as those of ``max`` along a dimension and of the factorizations."""

from __future__ import annotations

from functools import cache
from operator import itemgetter
from typing import Any


class Results(tuple[Any, ...]):
    """Base of tuples whose places have names: those that a subclass annotates.

    To a program they are named tuples. ``typing.NamedTuple`` compiles each class from text, which
    takes ten times as long, and every import of the package would pay for some fifteen.
    """

    __slots__ = ()
    _fields: tuple[str, ...] = ()
    _name = ""

    def __init_subclass__(cls, name: str = "") -> None:
        cls._name = name or cls.__name__
        cls._fields = tuple(cls.__annotations__) or cls._fields
        for place, name in enumerate(cls._fields):
            setattr(cls, name, property(itemgetter(place)))

    def __new__(cls, *values: Any) -> Any:
        """The results, in order.

        Raises:
            TypeError: for more or fewer than there are names.
        """
        if len(values) != len(cls._fields):
            raise TypeError(f"{cls.__name__}: {len(cls._fields)} values make it, not {len(values)}")
        return tuple.__new__(cls, values)

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self)

    def __repr__(self) -> str:
        parts = ",\n".join(f"{n}={v!r}" for n, v in zip(self._fields, self, strict=True))
        return f"tinygrad_sm.return_types.{self._name}(\n{parts})"


class ValuesAndIndices(Results):
    """What ``max(dim)``, ``sort`` and ``topk`` return."""

    values: Any
    indices: Any


@cache
def values_and_indices(name: str) -> type[ValuesAndIndices]:
    """The class of the results of an operation, which prints its name; in ``return_types``."""
    room = f"{__name__.partition('.')[0]}.return_types"
    return type(name, (ValuesAndIndices,), {"__slots__": (), "__module__": room})
