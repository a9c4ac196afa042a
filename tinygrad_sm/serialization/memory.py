"""The elements of tensors as blocks of bytes, and a table that says who looks where."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..nn.parameter import Buffer, Parameter
from ..tape import LEAF, Value
from ..tensor import Tensor

TENSORS: dict[str, Any] = {"Tensor": Tensor, "Parameter": Parameter, "Buffer": Buffer}
_NAMES = {kind: name for name, kind in TENSORS.items()} | {np.ndarray: "array"}
NUMBERS = {np.dtype(code).name: np.dtype(code) for code in "?bBhHiIqQefdFD"}
Extent = tuple[int, int]


def kind_of(value: Any) -> str | None:
    """What the table calls a value with elements; ``None`` for everything else."""
    if isinstance(value, np.generic | np.ndarray) and value.dtype.name not in NUMBERS:
        return None
    return "number" if isinstance(value, np.generic) else _NAMES.get(type(value))


# --- to bytes --------------------------------------------------------------------------------------


class Table:
    """Collects the values with elements; each counts once, however often it comes."""

    def __init__(self) -> None:
        self._values: list[Any] = []
        self._numbers: dict[int, int] = {}
        self.blocks: list[np.ndarray] = []

    def add(self, value: Any) -> int:
        """The number of a value in the table."""
        if id(value) not in self._numbers:
            self._numbers[id(value)] = len(self._values)
            self._values.append(value)
        return self._numbers[id(value)]

    def add_block(self, raw: bytes) -> int:
        """The number of a block of plain bytes."""
        self.blocks.append(np.frombuffer(raw, np.uint8))
        return len(self.blocks) - 1

    def entries(self) -> list[dict[str, Any]]:
        """The table, once all values are in; fills the blocks."""
        arrays = [_elements(value) for value in self._values]
        entries: list[Any] = [None] * len(arrays)
        for group in _groups(arrays):
            if len(group) == 1:
                arrays[group[0]] = np.asarray(arrays[group[0]], order="C")
            start, block = _block([arrays[i] for i in group])
            self.blocks.append(block)
            for i in group:
                entries[i] = self._entry(self._values[i], arrays[i], start)
        return entries

    def _entry(self, value: Any, array: np.ndarray, start: int) -> dict[str, Any]:
        return {
            "kind": kind_of(value),
            "dtype": array.dtype.name,
            "shape": list(array.shape),
            "strides": list(array.strides),
            "block": len(self.blocks) - 1,
            "offset": array.__array_interface__["data"][0] - start if array.size else 0,
            "requires_grad": isinstance(value, Tensor) and value.requires_grad,
        }


def _elements(value: Any) -> np.ndarray:
    """The elements, in this machine's order of bytes."""
    array = value.array if isinstance(value, Value) else np.asarray(value)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _extent(array: np.ndarray) -> Extent:
    """The addresses of the first byte, and of the one after the last."""
    low, high = np.lib.array_utils.byte_bounds(array)
    return low, high if array.size else low


def _groups(arrays: list[np.ndarray]) -> list[list[int]]:
    """Which arrays share memory; those whose elements overlap each other stand alone."""
    groups: list[list[int]] = []
    reached = -1
    for i in sorted(range(len(arrays)), key=lambda i: _extent(arrays[i])):
        low, high = _extent(arrays[i])
        if arrays[i].nbytes > high - low:  # expanded: it is saved in full
            groups.insert(0, [i])
        elif low < reached and groups:
            groups[-1].append(i)
            reached = max(reached, high)
        else:
            groups.append([i])
            reached = high
    return sorted(groups, key=min)  # not by address: equal values shall make equal files


def _block(arrays: list[np.ndarray]) -> tuple[int, np.ndarray]:
    """The memory that some arrays look into: its address, and its bytes."""
    bounds = [_extent(array) for array in arrays]
    start, end = min(low for low, _ in bounds), max(high for _, high in bounds)
    first = arrays[[low for low, _ in bounds].index(start)]
    if start == end:
        return start, np.empty(0, np.uint8)
    upward = first[tuple(slice(None, None, -1 if step < 0 else 1) for step in first.strides)]
    one = np.lib.stride_tricks.as_strided(upward, (1,), (first.itemsize,)).view(np.uint8)
    return start, np.lib.stride_tricks.as_strided(one, (end - start,), (1,))


# --- from bytes ------------------------------------------------------------------------------------


def values_of(entries: list[Any], blocks: list[np.ndarray]) -> list[Any]:
    """The values of a table. Tensors of one block share memory and the count of writes to it.

    Raises:
        ValueError, TypeError, KeyError: for a table that ``Table`` does not make.
    """
    versions: list[list[Any]] = [[0] for _ in blocks]
    return [_value(entry, blocks, versions) for entry in entries]


def _value(entry: dict[str, Any], blocks: list[np.ndarray], versions: list[list[Any]]) -> Any:
    number = entry["block"]
    if type(number) is not int or not 0 <= number < len(blocks):
        raise ValueError("it has a tensor in a block that there is not")
    array = look(entry["dtype"], entry["shape"], entry["strides"], entry["offset"], blocks[number])
    kind = entry["kind"]
    if kind == "array":
        return array
    if kind == "number":
        return array[()]
    return tensor_on(kind, array, versions[number], entry["requires_grad"])


def tensor_on(kind: str, array: np.ndarray, version: list[Any], requires_grad: bool) -> Any:
    """A tensor on an array, with the count of writes to its memory.

    Raises:
        ValueError: for integers that require gradients.
    """
    if requires_grad and array.dtype.kind != "f":
        raise ValueError("it has integers that require gradients")
    tensor = object.__new__(TENSORS[kind])
    tensor.array, tensor.node = array, LEAF if requires_grad else None
    tensor.version, tensor.window = version, None
    return tensor


def look(
    dtype: str, shape: list[Any], strides: list[Any], offset: Any, block: np.ndarray
) -> np.ndarray:
    """An array that lies within its block and does not overlap itself.

    Args:
        dtype: its dtype, by name.
        shape: its sizes.
        strides: the steps between its elements, in bytes.
        offset: where its first element is, in bytes.
        block: the memory, as bytes.

    Raises:
        ValueError, TypeError, KeyError: for an array that there cannot be.
    """
    kind = NUMBERS[dtype]
    if any(type(n) is not int for n in (*shape, *strides, offset)) or len(shape) != len(strides):
        raise ValueError("it has a shape, strides or an offset that are not integers")
    if any(n < 0 for n in shape):
        raise ValueError("it has a negative size")
    if 0 in shape:
        return np.empty(shape, kind)
    reach = [(n - 1) * step for n, step in zip(shape, strides, strict=True)]
    low = offset + sum(r for r in reach if r < 0)
    high = offset + sum(r for r in reach if r > 0) + kind.itemsize
    elements = 1
    for n in shape:
        elements *= n
    if low < 0 or high > block.size or elements * kind.itemsize > block.size:
        raise ValueError("it has a tensor that reaches out of its block")
    array: np.ndarray = np.ndarray(shape, kind, block.data, offset, strides)
    if kind.kind == "b" and array.view(np.uint8).max() > 1:
        raise ValueError("it has a bool that is neither true nor false")
    return array
