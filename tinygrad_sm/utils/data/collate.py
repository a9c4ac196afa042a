"""A batch out of examples."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from ...dtypes import DTYPES, float64
from ...ops.creation import as_tensor, tensor
from ...ops.shape import stack
from ...tape import Value


def default_collate(batch: Any) -> Any:
    """Put examples together into a batch, with a new first dimension.

    Tensors and arrays are stacked; numbers become a tensor (floats float64, ints int64); strings
    and bytes stay as they are. In dicts, tuples, named tuples and lists this is done for each
    place; the kind of container stays, save that tuples become lists.

    Args:
        batch: the examples, all of one structure.

    Raises:
        TypeError: for something that cannot be put together.
        RuntimeError: for examples of different lengths or shapes.

    >>> from tinygrad_sm.utils.data import default_collate
    >>> default_collate([{"x": 1.0, "name": "a"}, {"x": 2.0, "name": "b"}])
    {'x': tensor([1., 2.], dtype=tinygrad_sm.float64), 'name': ['a', 'b']}
    """
    first = batch[0]
    if isinstance(first, Value):
        return stack(batch)
    if isinstance(first, np.ndarray):
        _check_numbers(first.dtype)
        return stack([as_tensor(example) for example in batch])
    if isinstance(first, str | bytes):
        return batch
    if isinstance(first, np.generic):
        _check_numbers(first.dtype)
        return as_tensor(np.asarray(batch))
    if isinstance(first, float):
        return tensor(batch, dtype=float64)
    if isinstance(first, int):
        return tensor(batch)
    if isinstance(first, Mapping):
        return _rebuilt_mapping(
            first, {key: default_collate([example[key] for example in batch]) for key in first}
        )
    if isinstance(first, Sequence):
        return _collated_sequence(first, batch)
    raise TypeError(
        "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; "
        f"found {type(first).__name__}: pass a collate_fn of your own to the DataLoader"
    )


def default_convert(data: Any) -> Any:
    """Turn the arrays and NumPy numbers in an example into tensors, and leave the rest.

    This is what a DataLoader without batches (``batch_size=None``) does to each example.
    """
    if isinstance(data, np.ndarray | np.generic) and not isinstance(data, Value):
        return as_tensor(data) if data.dtype in DTYPES else data
    if isinstance(data, Mapping):
        return _rebuilt_mapping(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return _rebuilt_sequence(data, [default_convert(part) for part in data])
    return data


def _check_numbers(kind: np.dtype) -> None:
    if kind.newbyteorder("=") not in DTYPES:
        raise TypeError(
            "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; "
            f"found an array of {kind}"
        )


def _collated_sequence(first: Sequence[Any], batch: Sequence[Any]) -> Any:
    lengths = sorted({len(example) for example in batch})
    if len(lengths) > 1:
        raise RuntimeError(
            "each element in list of batch should be of equal size, but the lengths are "
            f"{', '.join(map(str, lengths))}: pad them, or pass a collate_fn of your own"
        )
    return _rebuilt_sequence(first, [default_collate(p) for p in zip(*batch, strict=True)])


def _rebuilt_mapping(like: Mapping[Any, Any], parts: dict[Any, Any]) -> Any:
    """The parts in the same kind of mapping; in a plain dict if it cannot be made."""

    def fill() -> Any:
        if not isinstance(like, MutableMapping):
            return type(like)(parts)  # type: ignore[call-arg]
        # a copy keeps what else the mapping knows, such as the factory of a defaultdict
        clone = copy.copy(like)
        clone.update(parts)
        return clone

    return _or_plain(fill, parts)


def _rebuilt_sequence(like: Sequence[Any], parts: list[Any]) -> Any:
    """The parts in the same kind of sequence; in a list if it is a tuple or cannot be made."""

    def fill() -> Any:
        if not isinstance(like, MutableSequence):
            return type(like)(parts)  # type: ignore[call-arg]
        clone = copy.copy(like)
        for i, part in enumerate(parts):
            clone[i] = part
        return clone

    if isinstance(like, tuple):
        return type(like)(*parts) if hasattr(like, "_fields") else parts
    return _or_plain(fill, parts)


def _or_plain(fill: Callable[[], Any], parts: Any) -> Any:
    try:
        return fill()
    except TypeError:
        return parts
