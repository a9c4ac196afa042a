"""Parameter: a tensor that a module trains."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tape import LEAF
from ..tensor import Tensor


class Parameter(Tensor):
    """A tensor that a module lists among its parameters when it is set as an attribute.

    Args:
        data: the tensor to share memory with.
        requires_grad: whether it is trained.

    Raises:
        RuntimeError: if gradients are asked of integers.
    """

    __slots__ = ()

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        array = np.zeros((0,), np.float32) if data is None else data.array
        if requires_grad and array.dtype.kind != "f":
            raise RuntimeError(
                f"Parameter: only floating dtypes can require gradients, not {array.dtype}: pass "
                "requires_grad=False"
            )
        self.array = array
        self.node = LEAF if requires_grad else None
        self.version = [0]
        self.window = None
