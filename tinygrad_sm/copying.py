"""Tensors copied and pickled: what of them goes along, and which copies share memory."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from .tape import LEAF, Value

# What the tape and optimizers hang onto a tensor; every other attribute is the user's and goes along.
_OF_THE_TAPE = {
    *("_grad", "_hooks", "_after_accumulation", "_retained", "_accumulator"),
    *("_holder", "_reached"),
}


def owner_of(array: Any) -> Any:
    """The array whose memory a view looks into; an array that is no view is its own."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def attributes_of(t: Any) -> dict[str, Any]:
    """The attributes that are the user's."""
    return {name: value for name, value in t.__dict__.items() if name not in _OF_THE_TAPE}


def _made(kind: Any, array: np.ndarray, requires_grad: bool, version: list[Any]) -> Any:
    new = object.__new__(kind)
    new.array, new.version, new.window = array, version, None
    new.node = LEAF if requires_grad else None
    return new


def rebuild(
    kind: Any, array: np.ndarray, requires_grad: bool, attributes: dict[str, Any] | None = None
) -> Any:
    """The tensor that was pickled."""
    new = _made(kind, array, requires_grad, [0])
    new.__dict__.update(attributes or {})
    return new


def reduced(t: Any) -> tuple[Any, ...]:
    """What pickle keeps of a tensor: values, whether it requires grad, and attributes."""
    return rebuild, (type(t), t.array, t.requires_grad, attributes_of(t))


def shallow(t: Any) -> Any:
    """A leaf on the same memory."""
    new = _made(type(t), t.array, t.requires_grad, t.version)
    new.__dict__.update(attributes_of(t))
    return new


def deep(t: Any, memo: dict[Any, Any]) -> Any:
    """A leaf on memory of its own, which it shares with copies of what ``t`` shares memory with.

    Raises:
        RuntimeError: for a result of recorded operations.
    """
    if not t.is_leaf:
        raise RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
            "protocol: use clone() or detach() first"
        )
    version = memo.setdefault(("version", id(t.version)), [0])
    new = memo[id(t)] = _made(type(t), _copied(t.array, memo), t.requires_grad, version)
    new._grad = copy.deepcopy(t._grad, memo)
    new.__dict__.update(copy.deepcopy(attributes_of(t), memo))
    return new


def _copied(array: np.ndarray, memo: dict[Any, Any]) -> np.ndarray:
    """A view of the copy of the memory that ``array`` looks into, copied once a ``deepcopy``."""
    owner = owner_of(array)
    if not owner.flags.forc:
        return array.copy()
    memory = memo.get(("memory", id(owner)))
    if memory is None:
        memory = memo["memory", id(owner)] = owner.copy(order="K")
    if owner is array:
        return memory
    view: np.ndarray = np.ndarray(
        array.shape,
        array.dtype,
        memory if memory.flags.c_contiguous else memory.T,
        array.ctypes.data - owner.ctypes.data,
        array.strides,
    )
    view.flags.writeable = not any(
        n > 1 and not s for n, s in zip(view.shape, view.strides, strict=True)
    )
    return view


def exported(t: Value, options: dict[str, Any]) -> Any:
    """The DLPack capsule of a tensor's memory.

    Raises:
        BufferError: if the tensor requires grad: writes would escape the tape.
    """
    if t.requires_grad:  # type: ignore[attr-defined]
        raise BufferError(
            "Can't export tensors that require gradient, use tensor.detach(): what is written "
            "through DLPack would escape the tape"
        )
    backward = any(step < 0 for step in t.array.strides)  # which PyTorch, for one, cannot take
    array = t.array.copy() if backward and options.get("copy") is not False else t.array
    return array.__dlpack__(**options)
