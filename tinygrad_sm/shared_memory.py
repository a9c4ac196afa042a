"""Memory that several processes see: a file that each of them maps, and that goes with its maker."""

from __future__ import annotations

import os
import tempfile
import weakref
from typing import Any

import numpy as np

from .copying import attributes_of, rebuild, reduced

_IN_MEMORY = "/dev/shm"  # where files are memory, if the system has it


def mapping_of(array: np.ndarray) -> np.memmap | None:
    """The file that an array looks into, if it does."""
    base: Any = array
    found = None
    while isinstance(base, np.ndarray):
        found = base if isinstance(base, np.memmap) else found
        base = base.base
    return found


def shared(array: np.ndarray) -> np.ndarray:
    """An array of the same values that other processes can see; itself if it is one already.

    The file goes when nobody in this process looks into it any more: another process must have
    mapped it by then.
    """
    if array.size == 0 or mapping_of(array) is not None:
        return array
    folder = _IN_MEMORY if os.path.isdir(_IN_MEMORY) else None
    descriptor, path = tempfile.mkstemp(prefix="tinygrad_sm-", dir=folder)
    os.close(descriptor)
    mapped = np.memmap(path, array.dtype, "w+", shape=array.size)
    weakref.finalize(mapped, _remove, path, os.getpid())
    view = np.asarray(mapped).reshape(array.shape)
    view[...] = array
    return view


def _remove(path: str, maker: int) -> None:
    if os.getpid() == maker and os.path.exists(path):
        os.unlink(path)


def sent(t: Any) -> tuple[Any, ...]:
    """What is sent of a tensor to another process: where its memory is, or a copy of it."""
    mapped = mapping_of(t.array)
    if mapped is None:
        return reduced(t)
    start = t.array.__array_interface__["data"][0] - mapped.__array_interface__["data"][0]
    place = (str(mapped.filename), mapped.offset + start, t.array.shape, t.array.strides)
    return received, (type(t), t.array.dtype.str, place, t.requires_grad, attributes_of(t))


def received(kind: Any, code: str, place: Any, requires_grad: bool, attributes: Any) -> Any:
    """The tensor that was sent, on the memory that it is on there."""
    path, offset, shape, strides = place
    mapped = np.memmap(path, np.uint8, "r+")
    array: np.ndarray = np.ndarray(shape, code, mapped, offset, strides)
    return rebuild(kind, array, requires_grad, attributes)
