"""What a pickle may use without trust: tensors and plain containers, and what a program allows."""

from __future__ import annotations

import itertools
import pickle
from collections import Counter, OrderedDict
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..copying import rebuild
from ..devices import device
from ..dtypes import DTYPES, bfloat16, complex32, complex64, complex128
from ..tensor import Size
from .memory import TENSORS
from .pickles import ARRAYS, Builder, Token, Trusted, keys

_allowed: list[Any] = []


def add_safe_globals(safe_globals: Iterable[Any]) -> None:
    """Let ``load`` use classes and functions that it does not know.

    A file can then make their objects and give them any attributes, so only what does no harm
    whatever a file says should be allowed.

    Args:
        safe_globals: classes and functions, or pairs of one and the name it has in files.
    """
    _allowed.extend(safe_globals)


def get_safe_globals() -> list[Any]:
    """What ``load`` may use by ``add_safe_globals``."""
    return list(_allowed)


def clear_safe_globals() -> None:
    """Let ``load`` use nothing that it does not know."""
    _allowed.clear()


class safe_globals:
    """A block in which ``load`` may use classes and functions that it does not know.

    Args:
        safe_globals: as for ``add_safe_globals``.

    >>> import io, tinygrad_sm as sg
    >>> f = io.BytesIO()
    >>> sg.save(sg.nn.Identity(), f)
    >>> _ = f.seek(0)
    >>> with safe_globals([sg.nn.Identity]):
    ...     sg.load(f)
    Identity()
    """

    def __init__(self, safe_globals: Iterable[Any]) -> None:
        self.safe_globals = list(safe_globals)

    def __enter__(self) -> None:
        self.before = get_safe_globals()
        add_safe_globals(self.safe_globals)

    def __exit__(self, *exc: object) -> None:
        _allowed[:] = self.before


def _name(value: Any) -> tuple[str, Trusted]:
    if isinstance(value, tuple):
        value, name = value
        return name, Trusted(value)
    return f"{value.__module__}.{value.__qualname__}", Trusted(value)


def allowed() -> dict[str, Any]:
    """What the program allowed, by its name in files."""
    return dict(_name(value) for value in _allowed if not isinstance(value, str))


def _tensor(kind: Any, array: Any, requires_grad: bool, attributes: Any = None) -> Any:
    if not (isinstance(kind, Token) and kind.name in TENSORS):
        raise pickle.UnpicklingError("it has a tensor of a kind that there is not")
    if not isinstance(array, np.ndarray) or array.dtype not in DTYPES:
        raise pickle.UnpicklingError("it has a tensor without elements")
    if requires_grad and array.dtype.kind != "f":
        raise pickle.UnpicklingError("it has integers that require gradients")
    return rebuild(TENSORS[kind.name], array, bool(requires_grad), attributes)


def _counter(counts: Any) -> Counter[Any]:
    if type(counts) is not dict:
        raise pickle.UnpicklingError("it has a Counter of what is no dict")
    return Counter(counts)


def _bytearray(content: Any = b"", *_: Any) -> bytearray:
    if not isinstance(content, bytes | bytearray):
        raise pickle.UnpicklingError("it has a bytearray of what are no bytes")
    return bytearray(content)


CONTAINERS: dict[str, Any] = {
    "collections.OrderedDict": Builder(lambda: OrderedDict()),
    "collections.Counter": Builder(_counter),
    "builtins.set": Builder(lambda items: set(keys(items))),
    "builtins.frozenset": Builder(lambda items: frozenset(keys(items))),
    "builtins.complex": Builder(complex),
    "builtins.bytearray": Builder(_bytearray),
}
_DTYPES = [*DTYPES.values(), bfloat16, complex32, complex64, complex128]
DTYPE_NAMES = {d.name: d for d in _DTYPES}
SIZES: dict[str, Builder] = {"Size": Builder(Size), "device": Builder(device)}
OURS: dict[str, Any] = {
    **CONTAINERS,
    **ARRAYS,
    **{f"{device.__module__.rpartition('.')[0]}.dtypes.{d.__reduce__()}": d for d in _DTYPES},
    **{f"{kind.__module__}.{name}": Token(name) for name, kind in TENSORS.items()},
    f"{rebuild.__module__}.rebuild": Builder(_tensor),
    f"{device.__module__}.device": SIZES["device"],
    f"{Size.__module__}.Size": SIZES["Size"],
}


def known(*tables: dict[str, Any]) -> dict[str, Any]:
    """All that a pickle may use: what the tables say, and what the program allowed."""
    return dict(itertools.chain(allowed().items(), *(table.items() for table in tables)))
