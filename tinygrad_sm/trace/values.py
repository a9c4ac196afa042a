"""What a trace keeps of the numbers: copies, as long as there is room for them."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

SAMPLE = 4096  # elements kept of an array for which there is no room


class Kept:
    """One array as it was at one moment.

    Attributes:
        array: a copy; past the cap ``None``.
        sample: past the cap, elements taken at even distances.
        shape, dtype: the array's own.
    """

    __slots__ = ("array", "dtype", "sample", "shape")

    def __init__(self, array: np.ndarray, room: int) -> None:
        self.shape = array.shape
        self.dtype = array.dtype
        self.array: np.ndarray | None = None
        self.sample: np.ndarray | None = None
        if array.nbytes <= 1024:
            self.array = array.copy()
        elif _bytes_of(array) <= room:
            self.array = _copy(array)
        else:
            self.sample = array.reshape(-1)[:: -(-array.size // SAMPLE)].copy()

    @property
    def nbytes(self) -> int:
        """The bytes of the array itself."""
        size: int = self.dtype.itemsize
        for n in self.shape:
            size *= n
        return size

    @property
    def held(self) -> int:
        """The bytes that the copy takes."""
        kept = self.numbers()
        return kept.nbytes if kept.nbytes <= 1024 else _bytes_of(kept)

    def numbers(self) -> np.ndarray:
        """The elements there are: all of them, or the sample."""
        return self.sample if self.array is None else self.array  # type: ignore[return-value]


def _bytes_of(array: np.ndarray) -> int:
    """The memory behind an array, in which a broadcast axis counts once."""
    if 0 not in array.strides:
        return array.nbytes
    size: int = array.itemsize
    for n, stride in zip(array.shape, array.strides, strict=True):
        size *= n if stride else min(n, 1)
    return size


def _copy(array: np.ndarray) -> np.ndarray:
    """A copy that keeps broadcast axes broadcast."""
    if 0 not in array.strides:
        return array.copy()
    once = tuple(slice(None) if stride else slice(0, 1) for stride in array.strides)
    return np.broadcast_to(array[once].copy(), array.shape)


def fingerprint(array: np.ndarray) -> bytes:
    """A few elements, enough to notice that somebody has written to an array."""
    if array.size <= 16:
        return array.tobytes()
    return array.flat[:: array.size // 16].tobytes()


class Buffer(weakref.ref):
    """A block of memory: when it was first seen, and when it went.

    Attributes:
        size: bytes.
        born, died: numbers of steps; ``died`` is ``None`` while it lives.
    """

    __slots__ = ("born", "died", "size")

    size: int
    born: int
    died: int | None


class Store:
    """The copies of a trace and the memory that its program used.

    Args:
        max_bytes: room for copies; past it a value keeps a sample of its elements only.
        now: the number of steps so far, as a list of one that its owner counts up.
    """

    def __init__(self, max_bytes: int, now: list[int]) -> None:
        self.max_bytes = max_bytes
        self.held = 0
        self.capped = 0
        self.values: list[Kept] = []
        self.buffers: list[Buffer] = []
        self._now = now
        self._known: dict[int, tuple[weakref.ref, int, Any]] = {}
        self._alive: dict[int, Buffer] = {}

    def fresh(self, array: np.ndarray, mark: Any = 0) -> int:
        """Keep an array that was just made; the number under which it is kept."""
        kept = Kept(array, self.max_bytes - self.held)
        self.held += kept.held
        self.capped += kept.array is None
        number = len(self.values)
        self.values.append(kept)
        buffer = self._watch(array)
        reference = buffer if array.base is None else weakref.ref(array)
        self._known[id(array)] = (reference, number, mark)
        return number

    def keep(self, array: np.ndarray, mark: Any = 0) -> int:
        """The number of an array's copy; ``mark`` is other if the array was written to since."""
        known = self._known.get(id(array))
        if known is not None and known[0]() is array and known[2] == mark:
            return known[1]
        return self.fresh(array, mark)

    def _watch(self, array: np.ndarray) -> Buffer:
        """The memory that an array lies in, from now on watched."""
        base: Any = array
        while isinstance(base.base, np.ndarray):
            base = base.base
        known = self._alive.get(id(base))
        if known is not None and known() is base:
            return known
        buffer = Buffer(base, self._gone)
        buffer.size = base.nbytes
        buffer.born = self._now[0]
        buffer.died = None
        self.buffers.append(buffer)
        self._alive[id(base)] = buffer
        return buffer

    def _gone(self, buffer: Any) -> None:
        buffer.died = self._now[0]

    def close(self) -> None:
        """Watch no more: the run is over."""
        self._known.clear()
        self._alive.clear()
