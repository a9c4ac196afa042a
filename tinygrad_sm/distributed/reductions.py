"""How the values of several processes become one."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np

from .engine import mpi

_INTEGERS_ONLY = ("BAND", "BOR", "BXOR")
_NAMES = {
    "SUM": "SUM",
    "AVG": "SUM",
    "PRODUCT": "PROD",
    "MIN": "MIN",
    "MAX": "MAX",
    "BAND": "BAND",
    "BOR": "BOR",
    "BXOR": "BXOR",
}
_OF_BOOLEANS = {"SUM": "MAX", "PRODUCT": "MIN"}


class ReduceOp(IntEnum):
    """Sum, mean, product, smallest, largest, and the bitwise ones."""

    SUM = 0
    AVG = 1
    PRODUCT = 2
    MIN = 3
    MAX = 4
    BAND = 5
    BOR = 6
    BXOR = 7


def mpi_op(op: ReduceOp, dtype: np.dtype[Any]) -> Any:
    """MPI's operation.

    Raises:
        ValueError: if it makes no sense for the dtype.
    """
    if op.name in _INTEGERS_ONLY and dtype.kind == "f":
        raise ValueError(f"ReduceOp.{op.name} needs integers or booleans, but got {dtype}")
    if op is ReduceOp.AVG and dtype.kind != "f":
        raise ValueError(f"ReduceOp.AVG needs floating-point numbers, but got {dtype}")
    name = op.name
    if dtype.kind == "b":
        name = _OF_BOOLEANS.get(name, name)
    return getattr(mpi(), _NAMES[name])


def buffer(array: np.ndarray) -> np.ndarray:
    """The same memory, flat, with an element type that MPI can reduce: booleans as bytes."""
    flat = array.reshape(-1)
    return flat.view(np.uint8) if flat.dtype.kind == "b" else flat
