"""Batches of a dataset, in order or shuffled."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, repeat
from typing import Any, Generic, TypeVar

from ...ops.random import Generator
from .collate import default_collate, default_convert
from .dataset import IterableDataset, as_rows, batch_reader
from .sampler import BatchSampler, RandomSampler, SequentialSampler, draw_seed
from .worker import Turns, Worker

T_co = TypeVar("T_co", covariant=True)

_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class DataLoader(Generic[T_co]):
    """Iterates over a dataset in batches, once each time that it is iterated.

    Everything happens in the calling process, when a batch is asked for: ``num_workers`` starts no
    processes. But each of the workers that PyTorch would start has its own random streams, seeded
    as there, its ``worker_init_fn`` and its ``get_worker_info()``, and reads the batches that it
    would read.

    A ``TensorDataset``, and a ``Subset`` of one, are read by one index a batch and tensor instead of
    one an example.

    Args:
        dataset: what to read: something with ``__getitem__`` and ``__len__``, or an
            ``IterableDataset``.
        batch_size: examples in a batch; ``None`` to get single examples.
        shuffle: whether to read in a new random order each time.
        sampler: the order in which to read, instead of ``shuffle``.
        batch_sampler: lists of indices, instead of ``batch_size``, ``shuffle``, ``sampler`` and
            ``drop_last``.
        num_workers: accepted; all reading is done in this process.
        collate_fn: makes a batch of a list of examples; by default ``default_collate``.
        pin_memory: accepted; there is no memory of another kind.
        drop_last: leave out the last batch if it is smaller.
        timeout: accepted; nothing is waited for.
        worker_init_fn: accepted; there are no workers.
        multiprocessing_context: accepted; there are no workers.
        generator: where the order comes from; by default the default generator, so that
            ``manual_seed`` gives the same order as in PyTorch.
        prefetch_factor: accepted with ``num_workers``.
        persistent_workers: accepted with ``num_workers``.
        pin_memory_device: accepted.
        in_order: accepted; batches are always in order.

    Raises:
        ValueError: for options that exclude each other or are out of their range.

    >>> import tinygrad_sm as sg
    >>> from tinygrad_sm.utils.data import DataLoader, TensorDataset
    >>> for x, y in DataLoader(TensorDataset(sg.arange(5), sg.arange(5) ** 2), batch_size=3):
    ...     print(x, y)
    tensor([0, 1, 2]) tensor([0, 1, 4])
    tensor([3, 4]) tensor([ 9, 16])
    """

    _ready = False

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[Any] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        _check_worker_options(num_workers, timeout, prefetch_factor, persistent_workers)
        if isinstance(dataset, IterableDataset):
            _check_no_order(shuffle, sampler, batch_sampler)
        _check_exclusive(batch_size, shuffle, sampler, batch_sampler, drop_last)
        self.dataset = dataset
        self.num_workers = num_workers
        self.pin_memory = pin_memory
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.generator = generator
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.persistent_workers = persistent_workers
        self.pin_memory_device = pin_memory_device
        self.in_order = in_order
        if sampler is None:
            sampler = self._default_sampler(bool(shuffle))
        self.batch_size = None if batch_sampler is not None else batch_size
        if self.batch_size is not None:
            batch_sampler = BatchSampler(sampler, self.batch_size, drop_last)
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        if collate_fn is None:
            collate_fn = default_convert if batch_sampler is None else default_collate
        self.collate_fn = collate_fn
        self._reported_length: int | None = None
        self._seed: int | None = None
        self._workers: list[Worker] = []
        self._ready = True

    def _default_sampler(self, shuffle: bool) -> Iterable[Any]:
        if isinstance(self.dataset, IterableDataset):
            return repeat(None)  # how many are read, the dataset itself decides
        if shuffle:
            return RandomSampler(self.dataset, generator=self.generator)
        return SequentialSampler(self.dataset)

    def __setattr__(self, name: str, value: Any) -> None:
        if self._ready and name in _FIXED:
            raise ValueError(
                f"{name} attribute should not be set after DataLoader is initialized: the sampler "
                "was made for it. Make a new DataLoader"
            )
        super().__setattr__(name, value)

    def __iter__(self) -> Iterator[Any]:
        return _Batches(self)

    def __len__(self) -> int:
        if not isinstance(self.dataset, IterableDataset):
            order: Any = self.sampler if self.batch_sampler is None else self.batch_sampler
            return len(order)
        length = self._reported_length = len(self.dataset)  # type: ignore[arg-type]
        if self.batch_size is None:
            return length
        return length // self.batch_size if self.drop_last else -(-length // self.batch_size)

    def _prepare_workers(self) -> list[Worker]:
        """New workers, or those from before if they persist.

        Without any, too, the number is drawn by which PyTorch seeds its workers, so that later draws
        are the same.
        """
        if self._seed is None or not self.persistent_workers:
            self._seed, n = draw_seed(self.generator), self.num_workers
            self._workers = [
                Worker(i, n, self._seed, self.dataset, self.worker_init_fn) for i in range(n)
            ]
        for worker in self._workers:
            worker.ended = False
            with worker.running():
                worker.read = _reader(self, worker.info.dataset)
        return self._workers


class _Batches(Iterator[Any]):
    """One pass over a loader's dataset."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        self._loader = loader
        batched = loader.batch_sampler is not None
        order = iter(loader.batch_sampler if batched else loader.sampler)  # type: ignore[arg-type]
        workers = loader._prepare_workers()
        self._batches: Iterator[Any] = (
            Turns(workers, order, loader.prefetch_factor or 1)
            if workers
            else map(_reader(loader, loader.dataset), order)
        )
        self._given = 0

    def __len__(self) -> int:
        return len(self._loader)

    def __next__(self) -> Any:
        batch = next(self._batches)
        self._given += 1
        reported = self._loader._reported_length
        if reported is not None and self._given > reported:
            warnings.warn(
                f"the length of {type(self._loader.dataset).__name__} was reported to be {reported} "
                f"when len(dataloader) was asked, but {self._given} samples have been fetched",
                stacklevel=2,
            )
        return batch


def _reader(loader: DataLoader[Any], dataset: Any) -> Callable[[Any], Any]:
    """The function from an index, or a list of them, to what the loader gives for it."""
    collate = loader.collate_fn
    batched = loader.batch_sampler is not None
    if isinstance(dataset, IterableDataset):
        return _iterable_reader(dataset, collate, batched, loader.drop_last)
    if not batched:
        return lambda index: collate(dataset[index])
    read_many = getattr(dataset, "__getitems__", None)
    if read_many is not None:
        return lambda indices: collate(read_many(indices))
    read_rows = batch_reader(dataset) if collate is default_collate else None

    def read(indices: Any) -> Any:
        rows = None if read_rows is None else as_rows(indices)
        if read_rows is not None and rows is not None:
            return read_rows(rows)
        return collate([dataset[index] for index in indices])

    return read


def _iterable_reader(
    dataset: IterableDataset[Any], collate: Callable[[Any], Any], batched: bool, drop_last: bool
) -> Callable[[Any], Any]:
    examples = iter(dataset)

    def read(places: Any) -> Any:
        if not batched:
            return collate(next(examples))
        batch = list(islice(examples, len(places)))
        if not batch or (drop_last and len(batch) < len(places)):
            raise StopIteration
        return collate(batch)

    return read


def _check_worker_options(
    num_workers: int, timeout: float, prefetch_factor: int | None, persistent_workers: bool
) -> None:
    if num_workers < 0:
        raise ValueError(f"num_workers option should be non-negative, not {num_workers}")
    if timeout < 0:
        raise ValueError(f"timeout option should be non-negative, not {timeout}")
    if prefetch_factor is not None and num_workers == 0:
        raise ValueError("prefetch_factor option could only be specified with num_workers > 0")
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError(f"prefetch_factor option should be non-negative, not {prefetch_factor}")
    if persistent_workers and num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")


def _check_no_order(shuffle: Any, sampler: Any, batch_sampler: Any) -> None:
    given = {"shuffle": shuffle or None, "sampler": sampler, "batch_sampler": batch_sampler}
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                f"DataLoader with IterableDataset: expected unspecified {name} option, but got "
                f"{name}={value}: an IterableDataset is read in its own order"
            )


def _check_exclusive(
    batch_size: Any, shuffle: Any, sampler: Any, batch_sampler: Any, drop_last: bool
) -> None:
    if sampler is not None and shuffle:
        raise ValueError("sampler option is mutually exclusive with shuffle")
    if batch_sampler is not None and (batch_size != 1 or shuffle or sampler or drop_last):
        raise ValueError(
            "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and "
            "drop_last"
        )
    if batch_size is None and drop_last:
        raise ValueError(
            "batch_size=None option disables auto-batching and is mutually exclusive with drop_last"
        )
