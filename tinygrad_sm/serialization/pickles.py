"""Pickles read as data: the opcodes that build values are followed, and no name is looked up.

A pickle is a program for a small machine with a stack. Most of its opcodes build numbers, strings
and containers; the others fetch a function or class by name and call it, which is how a pickle runs
code. Here a name means what a table says, or nothing: what the pickle may call is exactly what its
reader lists. Python's own Unpickler takes no part.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

_MARK = object()
_CONSTANTS = {
    "NONE": None,
    "NEWTRUE": True,
    "NEWFALSE": False,
}
_LITERALS = {
    "BININT",
    "BININT1",
    "BININT2",
    "LONG1",
    "LONG4",
    "BINFLOAT",
    "SHORT_BINUNICODE",
    "BINUNICODE",
    "BINUNICODE8",
    "SHORT_BINBYTES",
    "BINBYTES",
    "BINBYTES8",
    "BYTEARRAY8",
    "SHORT_BINSTRING",
    "BINSTRING",
}


class Builder:
    """A name that a pickle may call: ``make`` builds a value of plain arguments."""

    def __init__(self, make: Callable[..., Any]) -> None:
        self.make = make


class Token:
    """A name that a pickle may mention, as an argument to a builder."""

    def __init__(self, name: str, value: Any = None) -> None:
        self.name, self.value = name, value


class Trusted:
    """A class or function of which the caller said that it may be used.

    Attributes:
        value: the class or function.
    """

    def __init__(self, value: Any) -> None:
        self.value = value


def read(
    raw: bytes,
    names: Mapping[str, Any],
    persistent: Callable[[Any], Any] | None = None,
) -> Any:
    """The value that a pickle describes.

    Args:
        raw: the pickle.
        names: what ``module.name`` stands for: a ``Builder``, a ``Token``, something ``Trusted``,
            or any other value, which stands for itself.
        persistent: finds what the pickle refers to outside of itself.

    Raises:
        pickle.UnpicklingError: for a name that is not in the table, and for anything else that does
            not build plain data.
    """
    machine = _Machine(names, persistent)
    try:
        for opcode, argument, _ in pickletools.genops(io.BytesIO(raw)):
            if opcode.name == "STOP":
                (value,) = machine.stack
                return machine.value(value)
            machine.step(opcode.name, argument)
    except pickle.UnpicklingError:
        raise
    except Exception as error:
        raise pickle.UnpicklingError(f"{type(error).__name__}: {error}") from error
    raise pickle.UnpicklingError("the pickle has no end")


def keys(items: list[Any]) -> list[Any]:
    """Items to be hashed: tuples within tuples can take for ever, and are refused.

    Raises:
        pickle.UnpicklingError: for these.
    """
    for item in items:
        if isinstance(item, tuple) and any(isinstance(part, tuple) for part in item):
            raise pickle.UnpicklingError("it has a key that is a tuple of tuples")
    return items


class _Machine:
    def __init__(self, names: Mapping[str, Any], persistent: Callable[[Any], Any] | None) -> None:
        self.names, self.persistent = names, persistent
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def step(self, name: str, argument: Any) -> None:
        """Follow one opcode."""
        if name in _LITERALS:
            self.stack.append(argument)
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name not in ("PROTO", "FRAME"):
            follow = getattr(self, "op_" + name.lower(), None)
            if follow is None:
                raise pickle.UnpicklingError(f"the opcode {name} is none that builds plain data")
            follow(argument)

    def value(self, item: Any) -> Any:
        """What an item of the stack is, once it leaves the machine."""
        return item.value if isinstance(item, Trusted) else item

    def values(self) -> list[Any]:
        """The items above the last mark, taken off the stack with it."""
        place = len(self.stack) - 1
        while self.stack[place] is not _MARK:
            place -= 1
            if place < 0:
                raise pickle.UnpicklingError("a mark is missing")
        items = [self.value(item) for item in self.stack[place + 1 :]]
        del self.stack[place:]
        return items

    def pop(self) -> Any:
        """The last item, taken off the stack."""
        item = self.stack.pop()
        if item is _MARK:
            raise pickle.UnpicklingError("a mark is in the place of a value")
        return item

    # --- containers -------------------------------------------------------------------------------

    def op_mark(self, _: Any) -> None:
        self.stack.append(_MARK)

    def op_empty_list(self, _: Any) -> None:
        self.stack.append([])

    def op_empty_dict(self, _: Any) -> None:
        self.stack.append({})

    def op_empty_set(self, _: Any) -> None:
        self.stack.append(set())

    def op_empty_tuple(self, _: Any) -> None:
        self.stack.append(())

    def op_tuple(self, _: Any) -> None:
        self.stack.append(tuple(self.values()))

    def op_tuple1(self, _: Any) -> None:
        self._tuple(1)

    def op_tuple2(self, _: Any) -> None:
        self._tuple(2)

    def op_tuple3(self, _: Any) -> None:
        self._tuple(3)

    def _tuple(self, n: int) -> None:
        items = [self.value(self.pop()) for _ in range(n)]
        self.stack.append(tuple(items[::-1]))

    def op_frozenset(self, _: Any) -> None:
        self.stack.append(frozenset(keys(self.values())))

    def op_append(self, _: Any) -> None:
        item = self.value(self.pop())
        self._top(list).append(item)

    def op_appends(self, _: Any) -> None:
        items = self.values()
        self._top(list).extend(items)

    def op_setitem(self, _: Any) -> None:
        item = self.value(self.pop())
        (key,) = keys([self.value(self.pop())])
        self._top(dict, OrderedDict)[key] = item

    def op_setitems(self, _: Any) -> None:
        items = self.values()
        self._top(dict, OrderedDict).update(zip(keys(items[::2]), items[1::2], strict=True))

    def op_additems(self, _: Any) -> None:
        items = self.values()
        self._top(set).update(keys(items))

    def _top(self, *kinds: type) -> Any:
        if type(self.stack[-1]) not in kinds:
            raise pickle.UnpicklingError(f"it fills a {type(self.stack[-1]).__name__}")
        return self.stack[-1]

    # --- the memo ---------------------------------------------------------------------------------

    def op_memoize(self, _: Any) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def op_binput(self, number: int) -> None:
        self.memo[number] = self.stack[-1]

    def op_binget(self, number: int) -> None:
        self.stack.append(self.memo[number])

    op_long_binput, op_long_binget = op_binput, op_binget

    # --- names, and what is made with them --------------------------------------------------------

    def op_global(self, name: str) -> None:
        self._name(name.replace(" ", "."))

    def op_stack_global(self, _: Any) -> None:
        name, module = self.pop(), self.pop()
        self._name(f"{module}.{name}")

    def _name(self, name: str) -> None:
        if name.startswith("__builtin__."):  # as older protocols call the module
            name = name.replace("__builtin__", "builtins", 1)
        if name not in self.names:
            raise pickle.UnpicklingError(
                f"it uses {name}, which is no plain data. If you trust it, allow it with "
                "serialization.add_safe_globals"
            )
        self.stack.append(self.names[name])

    def op_binpersid(self, _: Any) -> None:
        if self.persistent is None:
            raise pickle.UnpicklingError("it refers to something outside of itself")
        self.stack.append(self.persistent(self.value(self.pop())))

    def op_reduce(self, _: Any) -> None:
        arguments, called = self.pop(), self.pop()
        if isinstance(called, Trusted):
            self.stack.append(called.value(*arguments))
        elif isinstance(called, Builder):
            self.stack.append(called.make(*arguments))
        else:
            raise pickle.UnpicklingError("it calls what is no function")

    def op_newobj(self, _: Any) -> None:
        arguments, kind = self.pop(), self.pop()
        if isinstance(kind, Builder):
            self.stack.append(kind.make(*arguments))
        elif isinstance(kind, Trusted) and isinstance(kind.value, type):
            self.stack.append(kind.value.__new__(kind.value, *arguments))
        else:
            raise pickle.UnpicklingError("it makes an object of what is no class")

    def op_build(self, _: Any) -> None:
        state, made = self.value(self.pop()), self.stack[-1]
        if type(made) is OrderedDict:
            made.__dict__.update(state)
        elif type(made) is np.ndarray:
            _, shape, kind, fortran, data = state
            self.stack[-1].__setstate__((1, shape, _plain(kind), fortran, data))
        elif isinstance(made, np.dtype):
            if state[1] not in ("<", "|"):
                raise pickle.UnpicklingError("its numbers are big-endian")
        elif any(type(made) is known.value for known in self._trusted()):
            _restore(made, state)
        else:
            raise pickle.UnpicklingError(f"it gives a state to a {type(made).__name__}")

    def _trusted(self) -> list[Trusted]:
        return [known for known in self.names.values() if isinstance(known, Trusted)]


def _restore(made: Any, state: Any) -> None:
    """Give an object of a trusted class its attributes."""
    if hasattr(made, "__setstate__"):
        made.__setstate__(state)
        return
    attributes, slots = state if isinstance(state, tuple) else (state, None)
    made.__dict__.update(attributes or {})
    for name, value in (slots or {}).items():
        setattr(made, name, value)


def _plain(kind: Any) -> np.dtype:
    if not isinstance(kind, np.dtype) or kind.kind not in "biufc":
        raise pickle.UnpicklingError(f"an array of {kind} holds no plain numbers")
    return kind


def _dtype(code: Any, *_: Any) -> np.dtype:
    return _plain(np.dtype(str(code)))


def _array_from(buffer: Any, kind: Any, shape: Any, order: Any) -> np.ndarray:
    return np.frombuffer(buffer, _plain(kind)).reshape(shape, order=order)


ARRAYS: dict[str, Any] = {
    "numpy.dtype": Builder(_dtype),
    "numpy.ndarray": Token("ndarray"),
    "_codecs.encode": Builder(lambda text, coding="latin1": text.encode("latin1")),
}
for _module in ("numpy._core", "numpy.core"):
    ARRAYS[f"{_module}.multiarray._reconstruct"] = Builder(
        lambda kind, shape, code: np.empty(0, np.uint8)
    )
    ARRAYS[f"{_module}.multiarray.scalar"] = Builder(
        lambda kind, data: np.frombuffer(data, _plain(kind), count=1)[0]
    )
    ARRAYS[f"{_module}.numeric._frombuffer"] = Builder(_array_from)
