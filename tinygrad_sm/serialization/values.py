"""Python values as JSON and back.

JSON's own kinds (``null``, ``true``, numbers, strings, arrays) stand for themselves. Every other
kind is an object of one key, the kind's name, as the table ``KINDS`` has them; besides these there
are::

    {"tensor": n}        number n of the file's table of tensors, NumPy's arrays and its numbers
    {"pickle": [n, t]}   block n of the file's memory holds the pickle of something else, of type t
"""

from __future__ import annotations

import base64
import math
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

from ..devices import device
from ..dtypes import DTYPES, bfloat16, complex32, complex64, complex128, dtype
from ..tensor import Size

DEEPEST = 100  # containers within containers: Python's own stack does not bear any depth
Inner = Callable[[Any], Any]


class Kind(NamedTuple):
    """How values of one type become JSON and back; ``inner`` does it for what they contain."""

    name: str
    type: type
    pack: Callable[[Any, Inner], Any]
    unpack: Callable[[Any, Inner], Any]


def _items(value: Any, inner: Inner) -> list[Any]:
    return [inner(part) for part in value]


def _pairs(value: Any, inner: Inner) -> list[Any]:
    return [[inner(key), inner(part)] for key, part in value.items()]


def _bounds(value: Any, inner: Inner) -> list[Any]:
    return [inner(value.start), inner(value.stop), inner(value.step)]


def _dict(pairs: Any, inner: Inner) -> dict[Any, Any]:
    return {inner(key): inner(part) for key, part in pairs}


def _base64(value: Any, inner: Inner) -> str:
    return base64.b64encode(value).decode("ascii")


def _bytes(text: Any, inner: Inner) -> bytes:
    return base64.b64decode(text, validate=True)


_FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_DTYPES = {d.name: d for d in (*DTYPES.values(), bfloat16, complex32, complex64, complex128)}

KINDS = (
    Kind("int", int, lambda v, inner: hex(v), lambda c, inner: int(c, 16)),
    Kind("float", float, lambda v, inner: repr(v), lambda c, inner: _FLOATS[c]),
    Kind(
        "complex",
        complex,
        lambda v, inner: [inner(v.real), inner(v.imag)],
        lambda c, inner: complex(*_items(c, inner)),
    ),
    Kind("bytes", bytes, _base64, _bytes),
    Kind("bytearray", bytearray, _base64, lambda c, inner: bytearray(_bytes(c, inner))),
    Kind("tuple", tuple, _items, lambda c, inner: tuple(_items(c, inner))),
    Kind("set", set, _items, lambda c, inner: set(_items(c, inner))),
    Kind("frozenset", frozenset, _items, lambda c, inner: frozenset(_items(c, inner))),
    Kind("Size", Size, _items, lambda c, inner: Size(_items(c, inner))),
    Kind("dict", dict, _pairs, _dict),
    Kind("OrderedDict", OrderedDict, _pairs, lambda c, inner: OrderedDict(_dict(c, inner))),
    Kind("Counter", Counter, _pairs, lambda c, inner: Counter(_dict(c, inner))),
    Kind("slice", slice, _bounds, lambda c, inner: slice(*_items(c, inner))),
    Kind("range", range, _bounds, lambda c, inner: range(*_items(c, inner))),
    Kind("dtype", dtype, lambda v, inner: v.name, lambda c, inner: _DTYPES[c]),
    Kind("device", device, lambda v, inner: str(v), lambda c, inner: device(c)),
)
_BY_TYPE = {kind.type: kind for kind in KINDS} | {type(bfloat16): KINDS[-2]}
_BY_NAME = {kind.name: kind for kind in KINDS}


def encode(value: Any, other: Callable[[Any], Any], depth: int = 0) -> Any:
    """A value as JSON.

    Args:
        value: the value.
        other: makes JSON of a value of a kind that is not in the table.
        depth: how many containers the value is in.

    Raises:
        ValueError: for a value in too many containers, such as one that contains itself.
    """
    if depth > DEEPEST:
        raise ValueError(
            f"save: containers within containers deeper than {DEEPEST}: does one contain itself?"
        )

    def inner(part: Any) -> Any:
        return encode(part, other, depth + 1)

    if _is_json(value):
        return value
    if type(value) is list:
        return _items(value, inner)
    kind = _BY_TYPE.get(type(value))
    return other(value) if kind is None else {kind.name: kind.pack(value, inner)}


def _is_json(value: Any) -> bool:
    """Whether a value stands for itself: integers do up to 64 bits, floats if they are finite."""
    kind = type(value)
    if kind is int:
        return bool(-(2**63) <= value < 2**63)
    return value is None or kind is bool or kind is str or (kind is float and math.isfinite(value))


def decode(value: Any, other: Callable[[str, Any], Any], depth: int = 0) -> Any:
    """The value that ``encode`` made JSON of.

    Args:
        value: the JSON.
        other: finds the value of a kind that is not in the table, given its name and content.
        depth: how many containers the value is in.

    Raises:
        ValueError, TypeError, KeyError: for JSON that ``encode`` does not make.
    """
    if depth > DEEPEST:
        raise ValueError(f"it has containers within containers deeper than {DEEPEST}")

    def inner(part: Any) -> Any:
        return decode(part, other, depth + 1)

    if isinstance(value, list):
        return _items(value, inner)
    if not isinstance(value, dict):
        return value
    ((name, content),) = value.items()
    kind = _BY_NAME.get(name)
    return other(name, content) if kind is None else kind.unpack(content, inner)
