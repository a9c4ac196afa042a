"""Tensors as memory that MPI reads from or writes into, without a copy where they are contiguous."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..tape import written
from ..tensor import Tensor


def check_tensors(call: str, name: str, given: Any) -> None:
    """Raise where something is not a tensor.

    Raises:
        TypeError: naming it.
    """
    for t in given if isinstance(given, list | tuple) else [given]:
        if not isinstance(t, Tensor):
            raise TypeError(
                f"{call}: expected parameter `{name}` to be made of Tensors, but got "
                f"{type(t).__name__}"
            )


def outgoing(t: Tensor) -> np.ndarray:
    """The values, flat and contiguous."""
    return np.ascontiguousarray(t.array).reshape(-1)


def incoming(t: Tensor) -> tuple[np.ndarray, Callable[[], None]]:
    """Flat memory with the tensor's values, and what to do when MPI has written into it."""
    array = t.array
    if not array.flags.writeable:
        raise ValueError(
            f"distributed: a tensor of shape {array.shape} cannot be written to, as its memory is "
            "read-only: clone() it first"
        )
    flat = array.reshape(-1)  # a copy, if it is not contiguous

    def finish() -> None:
        if not array.flags.c_contiguous:
            array[...] = flat.reshape(array.shape)
        written(t)

    return flat, finish


def all_incoming(
    tensors: Sequence[Tensor],
) -> tuple[list[np.ndarray], Callable[[], None]]:
    """The same of several tensors."""
    pairs = [incoming(t) for t in tensors]

    def finish() -> None:
        for _, each in pairs:
            each()

    return [flat for flat, _ in pairs], finish


def raw(flat: np.ndarray) -> np.ndarray:
    """The same memory as bytes: what is only moved needs no element type."""
    return flat.view(np.uint8)


def shown(t: Tensor) -> str:
    """A tensor's dtype and shape."""
    return f"{t.array.dtype} {tuple(t.array.shape)}"


def check_same_sizes(call: str, tensors: Sequence[Tensor], other: Tensor) -> None:
    """Raise where a list does not fit the tensor that its elements come from or go to.

    Raises:
        ValueError: naming the element.
    """
    for i, t in enumerate(tensors):
        if t.array.shape != other.array.shape or t.array.dtype != other.array.dtype:
            raise ValueError(
                f"{call}: element {i} of the list is {shown(t)}, but the tensor is "
                f"{shown(other)}: they must be equal in shape and dtype"
            )
