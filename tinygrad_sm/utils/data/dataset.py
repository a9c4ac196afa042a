"""Datasets: what can be read by index, or only from beginning to end."""

from __future__ import annotations

import math
import warnings
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any, Generic, TypeVar

import numpy as np

from ...ops.random import Generator, default_generator, randperm
from ...tape import Value
from ...tensor import Tensor

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Dataset(Generic[T_co]):
    """Base of datasets that are read by index: define ``__getitem__`` and ``__len__``."""

    def __getitem__(self, index: Any) -> T_co:
        raise NotImplementedError(f"{type(self).__name__} does not define __getitem__")

    def __add__(self, other: Dataset[T_co]) -> ConcatDataset[T_co]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co], Iterable[T_co]):
    """Base of datasets that are read from beginning to end: define ``__iter__``."""

    def __add__(self, other: Dataset[T_co]) -> ChainDataset:  # type: ignore[override]
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Tensors read side by side: example i is row i of each.

    Args:
        tensors: tensors whose first sizes are equal.

    Raises:
        TypeError: for something that is not a tensor.
        ValueError: for no tensors, or one without dimensions.
        AssertionError: if the first sizes differ.

    >>> import tinygrad_sm as sg
    >>> from tinygrad_sm.utils.data import TensorDataset
    >>> TensorDataset(sg.arange(4), sg.arange(4) ** 2)[3]
    (tensor(3), tensor(9))
    """

    def __init__(self, *tensors: Tensor) -> None:
        if not tensors:
            raise ValueError("TensorDataset: expected at least one tensor")
        for t in tensors:
            if not isinstance(t, Value):
                raise TypeError(
                    f"TensorDataset: expected Tensors, not {type(t).__name__}: convert arrays with "
                    "from_numpy, lists with tensor"
                )
            if not t.array.ndim:
                raise ValueError("TensorDataset: a tensor without dimensions holds no examples")
        if len({len(t.array) for t in tensors}) > 1:
            shapes = ", ".join(str(t.array.shape) for t in tensors)
            raise AssertionError(
                f"Size mismatch between tensors: the first sizes of {shapes} differ"
            )
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(t[index] for t in self.tensors)

    def __len__(self) -> int:
        return len(self.tensors[0])


class StackDataset(Dataset[Any]):
    """Datasets read side by side: example i is example i of each, as a tuple or a dict.

    Args:
        args: datasets of one length, for tuples.
        kwargs: or datasets by name, for dicts.

    Raises:
        ValueError: for no datasets, different lengths, or both kinds of arguments.

    >>> from tinygrad_sm.utils.data import StackDataset
    >>> StackDataset(image=["a", "b"], label=[3, 4])[1]
    {'image': 'b', 'label': 4}
    """

    datasets: tuple[Any, ...] | dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args and kwargs:
            raise ValueError(
                "StackDataset: expected datasets for tuples (by position) or for dicts (by name), "
                "not both"
            )
        self.datasets = args or kwargs
        lengths = [len(d) for d in (args or kwargs.values())]
        if not lengths:
            raise ValueError("At least one dataset should be passed")
        if len(set(lengths)) > 1:
            raise ValueError(f"Size mismatch between datasets: their lengths are {lengths}")
        self._length = lengths[0]

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {name: dataset[index] for name, dataset in self.datasets.items()}
        return tuple(dataset[index] for dataset in self.datasets)

    def __len__(self) -> int:
        return self._length


class ConcatDataset(Dataset[T_co]):
    """Datasets one behind the other.

    Args:
        datasets: the datasets, each with a length.

    Raises:
        AssertionError: for no datasets, or one that cannot be read by index.
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets: list[Any] = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(d, IterableDataset) for d in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset: use ChainDataset")
        self.cumulative_sizes = list(accumulate(len(d) for d in self.datasets))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: Any) -> T_co:
        place = index + len(self) if index < 0 else index
        if place < 0:
            raise ValueError(
                f"absolute value of index should not exceed dataset length: got {index} for a "
                f"length of {len(self)}"
            )
        if place >= len(self):
            raise IndexError(f"ConcatDataset: index {index} is out of range for length {len(self)}")
        which = bisect_right(self.cumulative_sizes, place)
        before = self.cumulative_sizes[which - 1] if which else 0
        found: T_co = self.datasets[which][place - before]
        return found


class ChainDataset(IterableDataset[Any]):
    """Iterable datasets one after the other.

    Args:
        datasets: the datasets.
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = datasets

    def _checked(self) -> Iterator[Any]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise AssertionError(
                    f"ChainDataset only supports IterableDataset, not {type(dataset).__name__}"
                )
            yield dataset

    def __iter__(self) -> Iterator[Any]:
        for dataset in self._checked():
            yield from dataset

    def __len__(self) -> int:
        return sum(len(dataset) for dataset in self._checked())


class Subset(Dataset[T_co]):
    """A part of a dataset.

    Args:
        dataset: the whole.
        indices: where in it the examples of the part are.
    """

    def __init__(self, dataset: Dataset[T_co], indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: Any) -> T_co:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(
    dataset: Dataset[T],
    lengths: Sequence[int | float],
    generator: Generator | None = default_generator,
) -> list[Subset[T]]:
    """Split a dataset at random into parts that do not overlap.

    Args:
        dataset: the dataset.
        lengths: the length of each part; or shares that add up to 1, rounded down, with what is
            left dealt out one by one from the first part on.
        generator: where the randomness comes from.

    Raises:
        ValueError: if the lengths do not add up to that of the dataset, or one is negative.
    """
    total = len(dataset)  # type: ignore[arg-type]
    counts: list[Any] = list(lengths)
    if math.isclose(sum(counts), 1) and sum(counts) <= 1:
        counts = _counts_of_shares(total, counts)
    if sum(counts) != total or any(n < 0 for n in counts):
        raise ValueError(
            "Sum of input lengths does not equal the length of the input dataset: the lengths "
            f"{list(lengths)}, the dataset has {total} examples"
        )
    order = randperm(total, generator=generator).tolist()
    ends = accumulate(counts)
    return [Subset(dataset, order[end - n : end]) for end, n in zip(ends, counts, strict=True)]


def _counts_of_shares(total: int, shares: Sequence[float]) -> list[int]:
    for i, share in enumerate(shares):
        if not 0 <= share <= 1:
            raise ValueError(f"Fraction at index {i} is not between 0 and 1: {share}")
    counts = [math.floor(total * share) for share in shares]
    for i in range(total - sum(counts)):
        counts[i % len(counts)] += 1
    for i, n in enumerate(counts):
        if n == 0:
            warnings.warn(f"Length of split at index {i} is 0: that dataset is empty", stacklevel=3)
    return counts


def batch_reader(dataset: Any) -> Callable[[np.ndarray], list[Tensor]] | None:
    """How to read many examples of a dataset by one index a tensor, already collated.

    Returns:
        A function from an integer array of indices to one tensor for each of the dataset's; or
        ``None`` for datasets of another kind, and for subclasses that read examples in their own
        way.
    """
    kind = type(dataset)
    if hasattr(kind, "__getitems__"):
        return None
    if getattr(kind, "__getitem__", None) is TensorDataset.__getitem__:
        return lambda rows: [t[rows] for t in dataset.tensors]
    if getattr(kind, "__getitem__", None) is Subset.__getitem__:
        read = batch_reader(dataset.dataset)
        places = as_rows(dataset.indices)
        if read is not None and places is not None:
            return lambda rows: read(places[rows])
    return None


def as_rows(indices: Any) -> np.ndarray | None:
    """A one-dimensional integer array of indices; ``None`` if they are anything else."""
    try:
        rows = np.asarray(indices)
    except (TypeError, ValueError):
        return None
    return rows if rows.ndim == 1 and rows.dtype.kind in "iu" else None
