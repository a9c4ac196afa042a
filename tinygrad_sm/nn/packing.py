"""Sequences of different lengths in one tensor: padded, or packed step by step.

Packed, the rows are those of the first step of all sequences, then those of the second step of
the sequences that have one, and so on; the sequences are in order of falling length.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..ops.indexing import collect
from ..ops.padding import constant_pad
from ..ops.shape import stack
from ..tape import wrap
from ..tensor import Tensor


class _Packed(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None = None
    unsorted_indices: Tensor | None = None


class PackedSequence(_Packed):
    """Sequences packed step by step; made by ``pack_padded_sequence`` and ``pack_sequence``.

    Attributes:
        data: the rows, (total, ...).
        batch_sizes: how many sequences have each step, int64.
        sorted_indices: the sequences by falling length, as places in the batch.
        unsorted_indices: where each sequence of the batch stands in that order.
    """

    __slots__ = ()

    def __new__(
        cls,
        data: Tensor,
        batch_sizes: Tensor,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> PackedSequence:
        """Work ``unsorted_indices`` out if they are not given."""
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """With the rows in another dtype."""
        return self._replace(data=self.data.to(*args, **kwargs))

    def double(self) -> PackedSequence:
        """With the rows in float64."""
        return self._replace(data=self.data.double())

    def float(self) -> PackedSequence:
        """With the rows in float32."""
        return self._replace(data=self.data.float())

    def cpu(self) -> PackedSequence:
        """The packed sequences themselves: they are on the CPU."""
        return self

    @property
    def is_cuda(self) -> bool:
        """Never."""
        return False


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """Where each number stands in a permutation of 0 ... n-1."""
    return None if permutation is None else wrap(np.argsort(permutation.array, kind="stable"))


def _rows(lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For falling lengths: the place of each packed row in (steps, batch), and the batch sizes."""
    steps = np.arange(lengths.max(initial=0))
    there = steps[:, None] < lengths
    return np.flatnonzero(there), there.sum(1)


def pack_padded_sequence(
    input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack padded sequences.

    Args:
        input: (T, N, ...), or (N, T, ...) with ``batch_first``.
        lengths: of each sequence, all positive.
        batch_first: which of the two it is.
        enforce_sorted: whether the sequences must be in order of falling length already.

    Raises:
        RuntimeError: for lengths that do not fit the input, or are not sorted if they must be.
    """
    sizes = np.asarray(lengths.array if isinstance(lengths, Tensor) else lengths, np.int64)
    padded = input.transpose(0, 1) if batch_first else input
    longest, count = padded.array.shape[:2]
    if sizes.shape != (count,):
        raise RuntimeError(
            f"pack_padded_sequence: Expected `len(lengths)` to be equal to batch_size, but got "
            f"{len(sizes)} (batch_size={count})"
        )
    if (sizes <= 0).any() or (sizes > longest).any():
        raise RuntimeError(
            f"pack_padded_sequence: Length of all samples has to be greater than 0 and at most "
            f"{longest}, but found {sizes.tolist()}"
        )
    order = None
    if not enforce_sorted:
        order = np.argsort(-sizes, kind="stable")
        sizes = sizes[order]
        padded = padded.index_select(1, wrap(order))
    elif (np.diff(sizes) > 0).any():
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You "
            "can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to "
            "sidestep this requirement."
        )
    places, batch_sizes = _rows(sizes)
    flat = padded.reshape(longest * count, *padded.array.shape[2:])
    return PackedSequence(
        flat[wrap(places)], wrap(batch_sizes), order if order is None else wrap(order)
    )


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Undo ``pack_padded_sequence``.

    Args:
        sequence: what is packed.
        batch_first: return (N, T, ...) instead of (T, N, ...).
        padding_value: what stands where a sequence has ended.
        total_length: T; the longest sequence's by default.

    Returns:
        The padded sequences in their first order, and their lengths.

    Raises:
        ValueError: for a total length less than the longest sequence's.
    """
    batch_sizes = sequence.batch_sizes.array
    steps, count = len(batch_sizes), int(batch_sizes[0])
    if total_length is not None and total_length < steps:
        raise ValueError(
            f"Expected total_length to be at least the length of the longest sequence in input, "
            f"but got total_length={total_length} and max sequence length being {steps}"
        )
    length = steps if total_length is None else total_length
    there = np.arange(count) < np.pad(batch_sizes, (0, length - steps))[:, None]
    rest = sequence.data.array.shape[1:]
    flat: Tensor = collect(sequence.data, np.flatnonzero(there), (length * count, *rest))
    padded = flat.reshape(length, count, *rest)
    if padding_value:
        ended = wrap(~there.reshape(length, count, *(1,) * len(rest)))
        padded = padded.masked_fill(ended, padding_value)
    lengths = wrap(there.sum(0))
    if sequence.unsorted_indices is not None:
        padded = padded.index_select(1, sequence.unsorted_indices)
        lengths = lengths[sequence.unsorted_indices]
    return (padded.transpose(0, 1) if batch_first else padded), lengths


def pad_sequence(
    sequences: Tensor | Sequence[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Tensors (Ti, ...) of different lengths as one (T, N, ...), T the longest.

    Args:
        sequences: the tensors, which agree in all sizes but the first.
        batch_first: return (N, T, ...).
        padding_value: what fills the rest.
        padding_side: where the rest is, ``"right"`` or ``"left"``.

    Raises:
        RuntimeError: for an empty list, another side, or sizes that differ.
    """
    listed = list(sequences) if isinstance(sequences, Iterable) else []
    if not listed or padding_side not in ("right", "left"):
        raise RuntimeError(
            "pad_sequence: expected a list of tensors that is not empty and padding_side 'right' "
            f"or 'left', but got {len(listed)} tensors and {padding_side!r}"
        )
    if len({t.array.shape[1:] for t in listed}) > 1:
        raise RuntimeError(
            "pad_sequence: The size of tensors must match except in the first dimension, but got "
            f"shapes {[t.array.shape for t in listed]}"
        )
    longest = max(t.array.shape[0] for t in listed)
    padded = []
    for t in listed:
        extra = longest - t.array.shape[0]
        sides = (0, extra) if padding_side == "right" else (extra, 0)
        padded.append(constant_pad(t, (sides, *((0, 0),) * (t.array.ndim - 1)), padding_value))
    return stack(padded, 0 if batch_first else 1)


def unpad_sequence(
    padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False
) -> list[Tensor]:
    """Undo ``pad_sequence``: a list of tensors of the given lengths."""
    padded = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [t[: int(n)] for t, n in zip(padded.unbind(0), lengths.tolist(), strict=True)]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack a list of tensors (Ti, ...); see ``pack_padded_sequence``."""
    lengths = [t.array.shape[0] for t in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """Undo ``pack_sequence``: a list of tensors."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
