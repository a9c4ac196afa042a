"""The names of kinds of arguments, for annotations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from .devices import device as Device
from .tensor import Size, Tensor

__all__ = ["Device", "Number", "Size", "Storage", "TensorOrTensors"]

Number: TypeAlias = int | float | bool
_TensorOrTensors: TypeAlias = Tensor | Sequence[Tensor]
TensorOrTensors: TypeAlias = _TensorOrTensors
Storage: TypeAlias = np.ndarray[Any, Any]
_size: TypeAlias = Size | list[int] | tuple[int, ...]
_int, _float, _bool = int, float, bool
