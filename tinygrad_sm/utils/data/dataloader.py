"""DataLoader: batches of a dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ...ops.creation import tensor
from ...ops.random import Generator
from ...ops.shape import stack
from ...tensor import Tensor
from .dataset import IterableDataset, Subset, TensorDataset
from .sampler import BatchSampler, RandomSampler, SequentialSampler, draw_seed


def default_collate(batch: Sequence[Any]) -> Any:
    """Examples made into a batch: tensors stacked, numbers made tensors, containers entered.

    Raises:
        TypeError: for what cannot be batched.
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(list(batch))
    if isinstance(first, np.ndarray | np.generic):
        return tensor(np.stack(batch))
    if isinstance(first, float):
        return tensor(np.asarray(batch, np.float64))
    if isinstance(first, bool | int):
        return tensor(np.asarray(batch))
    if isinstance(first, str | bytes):
        return list(batch)
    if isinstance(first, Mapping):
        return {key: default_collate([item[key] for item in batch]) for key in first}
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(default_collate(part) for part in zip(*batch, strict=True)))
    if isinstance(first, Sequence):
        return [default_collate(part) for part in zip(*batch, strict=True)]
    raise TypeError(f"default_collate: cannot make a batch of {type(first).__name__}")


class DataLoader:
    """An iterable of batches.

    All work is done in this process: ``num_workers`` and what belongs to it are accepted so that
    programs run, and change nothing.

    Args:
        dataset: examples by number, or an ``IterableDataset``.
        batch_size: examples a batch; ``None`` for single examples.
        shuffle: in random order, anew each time.
        sampler: an order of one's own.
        batch_sampler: lists of indices of one's own.
        collate_fn: makes a batch of a list of examples.
        drop_last: leave out a last batch that is not full.
        generator: where the random order comes from.

    Raises:
        ValueError: for options that contradict each other.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Any = None,
        batch_sampler: Any = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Any = None,
        generator: Generator | None = None,
        **worker_options: Any,
    ) -> None:
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None and (batch_size != 1 or shuffle or sampler or drop_last):
            raise ValueError(
                "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and "
                "drop_last"
            )
        self.dataset, self.generator, self.num_workers = dataset, generator, num_workers
        self.drop_last, self.pin_memory = drop_last, pin_memory
        self.collate_fn = collate_fn or default_collate
        self._plain = collate_fn is None
        streams = isinstance(dataset, IterableDataset)
        if sampler is None and not streams:
            sampler = (
                RandomSampler(dataset, generator=generator)
                if shuffle
                else SequentialSampler(dataset)
            )
        self.sampler = sampler
        self.batch_size = None if batch_sampler is not None else batch_size
        if batch_sampler is None and batch_size is not None and not streams:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_sampler = batch_sampler

    def __iter__(self) -> Iterator[Any]:
        draw_seed(self.generator)  # PyTorch draws one here for its workers: the streams stay equal
        if isinstance(self.dataset, IterableDataset):
            yield from self._from_stream()
        elif self.batch_sampler is None:
            for index in self.sampler:
                yield self.dataset[index]
        else:
            fetch = self._fetch_at_once if self._indexable() else self._fetch
            for batch in self.batch_sampler:
                yield fetch(batch)

    def _from_stream(self) -> Iterator[Any]:
        if self.batch_size is None:
            yield from self.dataset
            return
        batch = []
        for example in self.dataset:
            batch.append(example)
            if len(batch) == self.batch_size:
                yield self.collate_fn(batch)
                batch = []
        if batch and not self.drop_last:
            yield self.collate_fn(batch)

    def _fetch(self, batch: list[int]) -> Any:
        return self.collate_fn([self.dataset[i] for i in batch])

    def _indexable(self) -> bool:
        """Whether a batch can be read by one index into tensors."""
        source = self.dataset.dataset if isinstance(self.dataset, Subset) else self.dataset
        return self._plain and type(source) is TensorDataset

    def _fetch_at_once(self, batch: list[int]) -> list[Tensor]:
        source = self.dataset
        if isinstance(source, Subset):
            batch = [source.indices[i] for i in batch]
            source = source.dataset
        places = np.asarray(batch)
        return [t[places] for t in source.tensors]

    def __len__(self) -> int:
        if self.batch_sampler is not None:
            return len(self.batch_sampler)
        if isinstance(self.dataset, IterableDataset):
            count = len(self.dataset)  # type: ignore[arg-type]
            size = self.batch_size or 1
            return count // size if self.drop_last else -(-count // size)
        return len(self.sampler)
