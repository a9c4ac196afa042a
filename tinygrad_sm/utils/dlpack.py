"""Memory shared with other libraries, by the DLPack protocol."""

from __future__ import annotations

from typing import Any

from ..ops.creation import from_dlpack
from ..tensor import Tensor

__all__ = ["from_dlpack", "to_dlpack"]


def to_dlpack(tensor: Tensor) -> Any:
    """A capsule over a tensor's memory, for another library's ``from_dlpack``."""
    return tensor.__dlpack__()
