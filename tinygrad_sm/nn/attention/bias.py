"""Masks for causal attention, by where their diagonal ends."""

from __future__ import annotations

from enum import IntEnum
from typing import Self

from ...ops.creation import ones
from ...tensor import Tensor

__all__ = ["CausalBias", "CausalVariant", "causal_lower_right", "causal_upper_left"]


class CausalVariant(IntEnum):
    """Whether the last column that a row sees is its own, or as far from the last as the row is."""

    UPPER_LEFT = 1
    LOWER_RIGHT = 2


class CausalBias(Tensor):
    """A bool mask, (L, S): True for the columns that a row sees.

    Args:
        variant: where the diagonal lies.
        seq_len_q: L, the number of rows.
        seq_len_kv: S, the number of columns.
    """

    variant: CausalVariant
    seq_len_q: int
    seq_len_kv: int

    def __new__(cls, variant: CausalVariant, seq_len_q: int, seq_len_kv: int) -> Self:
        """The mask."""
        right = seq_len_kv - seq_len_q if variant == CausalVariant.LOWER_RIGHT else 0
        mask: Self = ones(seq_len_q, seq_len_kv, dtype=bool).tril(right).as_subclass(cls)
        mask.variant, mask.seq_len_q, mask.seq_len_kv = variant, seq_len_q, seq_len_kv
        return mask

    def __init__(self, variant: CausalVariant, seq_len_q: int, seq_len_kv: int) -> None:
        pass


def causal_upper_left(*size: int) -> CausalBias:
    """The mask whose diagonal begins at the upper left: row i sees columns up to i.

    >>> causal_upper_left(2, 3).tolist()
    [[True, False, False], [True, True, False]]
    """
    return CausalBias(CausalVariant.UPPER_LEFT, *size)


def causal_lower_right(*size: int) -> CausalBias:
    """The mask whose diagonal ends at the lower right: the last row sees all columns.

    >>> causal_lower_right(2, 3).tolist()
    [[True, True, False], [True, True, True]]
    """
    return CausalBias(CausalVariant.LOWER_RIGHT, *size)
