"""Which PyTorch the names are those of, in the form in which programs ask."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["TorchVersion"]


class TorchVersion(str):
    """A version that compares by its numbers: with another, a string, or a tuple.

    >>> TorchVersion("2.13.0+local") >= "2.4"
    True
    >>> TorchVersion("1.9") < (1, 10)
    True
    """

    __slots__ = ()

    def _numbers(self, other: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The numbers of both, padded to one length."""
        a, b = _release(self), _release(other)
        length = max(len(a), len(b))
        return a + (0,) * (length - len(a)), b + (0,) * (length - len(b))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, str | tuple | list):
            return NotImplemented
        mine, theirs = self._numbers(other)
        return mine == theirs

    def __lt__(self, other: Any) -> bool:
        mine, theirs = self._numbers(other)
        return mine < theirs

    def __gt__(self, other: Any) -> bool:
        mine, theirs = self._numbers(other)
        return mine > theirs

    def __le__(self, other: Any) -> bool:
        return not self > other

    def __ge__(self, other: Any) -> bool:
        return not self < other

    __hash__ = str.__hash__


def _release(version: Any) -> tuple[int, ...]:
    """The numbers of a version: ``(2, 13, 0)`` of ``"2.13.0+cpu"`` or ``"2.13.0a1"``."""
    if not isinstance(version, str):
        return tuple(int(part) for part in version)
    found = re.match(r"v?\d+(\.\d+)*", version)
    if found is None:
        raise ValueError(f"TorchVersion: {version!r} is no version")
    return tuple(int(part) for part in found[0].removeprefix("v").split("."))
