"""What PyTorch's worker processes draw and read, in the calling process.

There are no processes here, but each worker has what a process of its own would have: its random
streams, seeded as PyTorch seeds them, and its share of the batches. So a dataset that draws at random
gives the same numbers, and an ``IterableDataset`` that asks which worker it runs in is read as there.
"""

from __future__ import annotations

import copy
import random
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...ops.random import get_rng_state, manual_seed, set_rng_state
from .dataset import IterableDataset


class WorkerInfo:
    """Which worker the code runs in.

    Attributes:
        id: its number, from 0.
        num_workers: how many there are.
        seed: of its random stream.
        dataset: what it reads; what ``worker_init_fn`` sets on it is seen by this worker alone.
    """

    def __init__(self, id: int, num_workers: int, seed: int, dataset: Any) -> None:
        self.id, self.num_workers, self.seed, self.dataset = id, num_workers, seed, dataset

    def __repr__(self) -> str:
        return f"WorkerInfo(id={self.id}, num_workers={self.num_workers}, seed={self.seed})"


_here: list[WorkerInfo] = []


def get_worker_info() -> WorkerInfo | None:
    """Which of a loader's workers the code runs in; ``None`` outside of them."""
    return _here[-1] if _here else None


class Worker:
    """One worker: its streams of random numbers, and how it reads.

    Args:
        id: its number.
        count: how many there are.
        seed: the number that all of them are seeded by.
        dataset: what to read.
        prepare: called with its number once its streams are seeded.
    """

    def __init__(
        self, id: int, count: int, seed: int, dataset: Any, prepare: Callable[[int], Any] | None
    ) -> None:
        own = prepare is not None or isinstance(dataset, IterableDataset)
        self.info = WorkerInfo(id, count, seed + id, copy.copy(dataset) if own else dataset)
        self._states: Any = None
        self.read: Callable[[Any], Any]
        self.ended = False
        with self.running():
            manual_seed(seed + id)
            random.seed(seed + id)
            np.random.seed(_for_numpy(seed, id))
            if prepare is not None:
                prepare(id)

    @contextmanager
    def running(self) -> Iterator[None]:
        """A block that runs in this worker."""
        outside = _states()
        if self._states is not None:
            _set_states(self._states)
        _here.append(self.info)
        try:
            yield
        finally:
            _here.pop()
            self._states = _states()
            _set_states(outside)


def _for_numpy(seed: int, id: int) -> np.ndarray:
    """The words by which PyTorch seeds NumPy's stream in a worker."""
    words = [id, seed & 0xFFFFFFFF, seed >> 32, 0]
    return np.random.SeedSequence(words).generate_state(4)


def _states() -> tuple[Any, ...]:
    return get_rng_state(), random.getstate(), np.random.get_state()


def _set_states(states: tuple[Any, ...]) -> None:
    own, python, numpy = states
    set_rng_state(own)
    random.setstate(python)
    np.random.set_state(numpy)


class Turns(Iterator[Any]):
    """The batches of several workers, each in its turn.

    A worker that has come to its end still has the turns that it was given ahead, which are skipped;
    no new ones are given to it.

    Args:
        workers: the workers.
        order: what is to be read, batch after batch.
        ahead: how many turns each worker is given in advance.
    """

    def __init__(self, workers: list[Worker], order: Iterator[Any], ahead: int) -> None:
        self._workers, self._order = workers, order
        self._next = 0
        self._turns: deque[tuple[Worker, Any]] = deque()
        for _ in range(ahead * len(workers)):
            self._give_turn()

    def _give_turn(self) -> None:
        """Give what is to be read next to the next worker that has not come to its end."""
        for _ in self._workers:
            worker = self._workers[self._next]
            self._next = (self._next + 1) % len(self._workers)
            if not worker.ended:
                for place in self._order:
                    self._turns.append((worker, place))
                    return
                return

    def __next__(self) -> Any:
        while self._turns:
            worker, place = self._turns.popleft()
            if worker.ended:
                continue
            try:
                with worker.running():
                    batch = worker.read(place)
            except StopIteration:
                worker.ended = True
                self._give_turn()
                continue
            self._give_turn()
            return batch
        raise StopIteration
