"""SparseAdam, which has no use here."""

from __future__ import annotations

from typing import Any

from .optimizer import Optimizer


class SparseAdam(Optimizer):
    """Adam for sparse gradients; there are none here, and so neither is this.

    Raises:
        NotImplementedError: always. Adam does the same for dense gradients, save that it also
            moves the rows that got no gradient.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(
            "SparseAdam: gradients are always dense here, also those of Embedding: use Adam"
        )
