"""What a trace keeps of the numbers: copies, as long as there is room for them.

While the program runs a value is a bare copy, or what it can be computed from later; ``Kept``, with
which the page is made, comes afterwards.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from ..copying import owner_of

SAMPLE = 4096  # elements kept of an array for which there is no room
FEW = 64  # the same once samples have taken a quarter of the room on top
SMALL = 1024  # bytes for which there is always room


class Kept:
    """One array as it was at one moment.

    Attributes:
        array: a copy; past the cap ``None``.
        sample: past the cap, elements taken at even distances, of ``stride``, a power of 2.
        shape, dtype: the array's own.
    """

    __slots__ = ("array", "dtype", "sample", "shape", "stride")

    def __init__(self, array: np.ndarray, most: int = 0) -> None:
        self.shape = array.shape
        self.dtype = array.dtype
        self.stride = 1
        while most and array.size > most * self.stride:
            self.stride *= 2
        self.array = None if most else array
        self.sample = array.reshape(-1)[:: self.stride].copy() if most else None

    @property
    def nbytes(self) -> int:
        """The bytes of the array itself."""
        size: int = self.dtype.itemsize
        for n in self.shape:
            size *= n
        return size

    def numbers(self) -> np.ndarray:
        """The elements there are: all of them, or the sample."""
        return self.sample if self.array is None else self.array  # type: ignore[return-value]

    @classmethod
    def sum_of(cls, a: Kept, b: Kept) -> Kept:
        """The sum of two values of which one at least is known by a sample only."""
        total = cls(np.empty(0, a.dtype))
        total.array, total.shape = None, a.shape
        total.stride = max(a.stride, b.stride)
        parts = [x.numbers().reshape(-1)[:: total.stride // x.stride] for x in (a, b)]
        total.sample = np.add(*parts)
        return total


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


class Watch(weakref.ref):
    """A reference to an array that the trace has seen, and what was last seen of it.

    It stands twice in the trace's log: when its array was first seen, and when the array went.

    Attributes:
        number: of its last copy, or -1.
        mark: what told then whether it had been written to.
        base: of a view, the watch of the array that owns the memory; else ``None``.
        size: the array's bytes.
    """

    __slots__ = ("base", "mark", "number", "size")

    base: Watch | None
    number: int
    mark: Any
    size: int


class Store:
    """The copies of a trace and the memory that its program used.

    Args:
        max_bytes: room for copies; past it a value keeps a sample of its elements only.
        log: the list in which watches are put.

    Attributes:
        values: copies; a ``Kept`` where there was no room; two numbers for the sum of both.
        log: puts an entry into the log.
        seen_as: per value the watch of the array that it was copied from, or ``None``.
        watches: by id the watch of an array that lives, or lived.
    """

    def __init__(self, max_bytes: int, log: list[Any]) -> None:
        self.max_bytes = max_bytes
        self.held = 0
        self.capped = 0
        self.values: list[Any] = []
        self.seen_as: list[Watch | None] = []
        self.watches: dict[int, Watch] = {}
        self.log = log.append

    def fresh(self, array: np.ndarray, mark: Any = 0) -> int:
        """Keep an array that was just made; the number under which it is kept."""
        size = array.nbytes
        if size <= SMALL:
            self.held += size
            copy: Any = array.copy()
        else:
            copy = self._kept(array)
        number = len(self.values)
        self.values.append(copy)
        watch = self.watches.get(id(array))
        if watch is None or watch() is not array:
            watch = self.watch(array, size, number, mark)
        else:
            watch.number = number
            watch.mark = mark
        self.seen_as.append(watch)
        return number

    def keep(self, array: np.ndarray, mark: Any = 0) -> int:
        """The number of an array's copy; ``mark`` is other if the array was written to since."""
        watch = self.watches.get(id(array))
        if watch is not None and watch() is array and watch.number >= 0 and watch.mark == mark:
            return watch.number
        return self.fresh(array, mark)

    def own(self, array: np.ndarray) -> int:
        """Keep an array that nobody else has, without a copy."""
        self.values.append(self._fitting(array))
        self.seen_as.append(None)
        return len(self.values) - 1

    def later(self, old: int, contribution: int) -> int:
        """Keep the sum of two values, which is computed when the trace is shown."""
        self.values.append((old, contribution))
        self.seen_as.append(None)
        return len(self.values) - 1

    def _kept(self, array: np.ndarray) -> Any:
        size = _bytes_of(array)
        if size > SMALL and size > self.max_bytes - self.held:
            return self._fitting(array)
        self.held += size
        return _copy(array)

    def _fitting(self, array: np.ndarray) -> Any:
        """An array, or, where there is no room for it, what is kept instead."""
        size = _bytes_of(array)
        if size <= SMALL or size <= self.max_bytes - self.held:
            self.held += size
            return array
        self.capped += 1
        kept = Kept(array, most=SAMPLE if self.held < 1.25 * self.max_bytes else FEW)
        self.held += kept.numbers().nbytes
        return kept

    def watch(self, array: np.ndarray, size: int, number: int = -1, mark: Any = None) -> Watch:
        """Watch an array, and the memory that it lies in, from now on."""
        log = self.log
        watch = self.watches[id(array)] = Watch(array, log)
        watch.number = number
        watch.mark = mark
        watch.size = size
        base = array.base
        watch.base = None if base is None else self._watch_of_owner(base)
        log(watch)
        return watch

    def _watch_of_owner(self, array: Any) -> Watch | None:
        """The watch of the array whose memory a view looks into, unless it is no array."""
        if not isinstance(array, np.ndarray):
            return None
        array = owner_of(array)
        watch = self.watches.get(id(array))
        known = watch is not None and watch() is array
        return watch if known else self.watch(array, array.nbytes)

    def finished(self) -> list[Kept]:
        """All values, sums included, in the order of their numbers."""
        finished: list[Kept] = []
        for value in self.values:
            if type(value) is tuple:
                old, contribution = (finished[number] for number in value)
                value = self._sum(old, contribution)
            finished.append(value if type(value) is Kept else Kept(value))
        self.values = finished
        return finished

    def _sum(self, old: Kept, contribution: Kept) -> Any:
        if old.array is not None and contribution.array is not None:
            return self._fitting(np.add(old.array, contribution.array))
        self.capped += 1
        return Kept.sum_of(old, contribution)
