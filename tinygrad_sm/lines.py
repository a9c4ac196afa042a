"""Lines of the user's program: which one ran an operation, and what it says."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Iterator
from os.path import dirname, sep
from types import CodeType, FrameType
from typing import Any

_PACKAGE = dirname(__file__) + sep
_getframe = sys._getframe


def user_line(depth: int = 2) -> tuple[CodeType, int] | None:
    """The nearest frame outside this package as (code, instruction), decoded only in errors."""
    frame: FrameType | None = _getframe(depth)
    while frame is not None:
        code = frame.f_code
        if not ours[code.co_filename]:
            return code, frame.f_lasti
        frame = frame.f_back
    return None


class _InPackage(dict[str, bool]):
    """Whether a file belongs to this package, found out once a file."""

    def __missing__(self, filename: str) -> bool:
        self[filename] = filename.startswith(_PACKAGE)
        return self[filename]


ours = _InPackage()


def in_package(code: CodeType) -> bool:
    """Whether a function is this package's own."""
    return ours[code.co_filename]


def describe_line(where: tuple[CodeType, int] | None) -> str:
    """``File "x.py", line 3, in f`` for what ``user_line`` returned."""
    if where is None:
        return "an unknown line"
    code = where[0]
    return f'File "{code.co_filename}", line {number_of(where)}, in {code.co_name}'


def quote_line(where: tuple[CodeType, int] | None) -> str:
    """The same with what the line says, where its source is at hand: ``... in f (h = g(h))``."""
    text = ""
    if where is not None:
        text = linecache.getline(where[0].co_filename, number_of(where)).strip()
    return f"{describe_line(where)} ({text})" if text else describe_line(where)


def number_of(where: tuple[CodeType, int]) -> int:
    """The number of the line in its file."""
    code, instruction = where
    line = code.co_firstlineno
    for start, stop, number in code.co_lines():
        if start <= instruction < stop and number is not None:
            line = number
    return line


def variables() -> Iterator[tuple[str, Any]]:
    """The variables of all functions that are running, and what they hold, one level down."""
    frame: FrameType | None = _getframe(1)
    while frame is not None:
        if not in_package(frame.f_code):
            for name, value in list(frame.f_locals.items()):
                yield name, value
                if type(value) in (list, tuple):
                    yield from ((f"{name}[{i}]", x) for i, x in enumerate(value))
                elif type(value) is dict:
                    yield from ((f"{name}[{key!r}]", x) for key, x in list(value.items()))
                elif "__dict__" in dir(type(value)):
                    held = object.__getattribute__(value, "__dict__")
                    yield from ((f"{name}.{key}", x) for key, x in list(held.items()))
        frame = frame.f_back
