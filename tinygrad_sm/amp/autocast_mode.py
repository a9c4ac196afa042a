"""``autocast``: a switch to lower precision, which computation here never takes."""

from __future__ import annotations

import warnings
from contextlib import ContextDecorator
from typing import Any

from ..devices import device

__all__ = ["autocast", "is_autocast_available"]


class autocast(ContextDecorator):
    """A block, or a function, in which PyTorch may compute in lower precision.

    Here every operation computes in the dtype of its arguments, inside and outside: lower precision
    saves no time on NumPy. For ``"cuda"`` a warning says that it is off, as PyTorch's does.

    Args:
        device_type: ``"cpu"``, ``"cuda"``, ...
        dtype: the lower precision; not used.
        enabled: whether the program wants it.
        cache_enabled: not used.
    """

    def __init__(
        self,
        device_type: str,
        dtype: Any = None,
        enabled: bool = True,
        cache_enabled: bool | None = None,
    ) -> None:
        self.device = device(device_type).type
        if enabled and self.device != "cpu":
            warnings.warn(
                f"autocast: {self.device} is not available: autocast is disabled", stacklevel=3
            )
        self.fast_dtype = dtype

    def __enter__(self) -> autocast:
        return self

    def __exit__(self, *exc: object) -> None:
        pass


def is_autocast_available(device_type: str) -> bool:
    """False: no device computes in lower precision here."""
    return False
