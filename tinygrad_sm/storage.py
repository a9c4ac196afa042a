"""The memory that tensors look into. Typed storages are left out, and raise when they are used."""

from __future__ import annotations

from typing import Any

import numpy as np

from .copying import owner_of
from .devices import CPU, device
from .left_out import contents


class UntypedStorage:
    """The whole memory, as bytes, that an array looks into.

    Args:
        array: the array.

    >>> import tinygrad_sm as sg
    >>> x = sg.zeros(4)
    >>> x[1:].untyped_storage().nbytes(), x[1:].untyped_storage().data_ptr() == x.data_ptr()
    (16, True)
    """

    is_cuda = False

    def __init__(self, array: np.ndarray) -> None:
        self._owner = owner_of(array)

    @property
    def device(self) -> device:
        """The CPU."""
        return CPU

    def data_ptr(self) -> int:
        """The address of the first byte; 0 where there is none."""
        return int(self._owner.ctypes.data) if self.nbytes() else 0

    def nbytes(self) -> int:
        """The number of bytes."""
        return int(self._owner.nbytes)

    size = __len__ = nbytes

    def tolist(self) -> list[int]:
        """The bytes, as they lie in memory."""
        return list(self._owner.tobytes("A"))

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, UntypedStorage) and self._owner is other._owner

    def __hash__(self) -> int:
        return id(self._owner)


__getattr__ = contents(__name__)
