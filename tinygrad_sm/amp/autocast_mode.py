"""``autocast``: a switch to lower precision, which computation here never takes."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import ContextDecorator
from typing import Any

from ..devices import device
from ..dtypes import bfloat16, dtype, float16

__all__ = ["autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]


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


def custom_fwd(fwd: Any = None, *, device_type: str = "cuda", cast_inputs: Any = None) -> Any:
    """Decorates the ``forward`` of a Function that autocast could enter: itself, as none does."""
    return fwd if fwd is not None else lambda function: function


def custom_bwd(bwd: Any = None, *, device_type: str = "cuda") -> Any:
    """Decorates the ``backward`` that belongs to ``custom_fwd``: itself."""
    return bwd if bwd is not None else lambda function: function


# --- what programs ask of the switch at the top level ---------------------------------------------


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """False: nothing is computed in lower precision."""
    return False


is_autocast_cpu_enabled = is_autocast_cache_enabled = is_autocast_enabled


def get_autocast_dtype(device_type: str) -> dtype:
    """The lower precision that PyTorch would take: bfloat16 on the CPU, else float16."""
    return bfloat16 if device_type == "cpu" else float16


def get_autocast_gpu_dtype() -> dtype:
    """float16."""
    return float16


def get_autocast_cpu_dtype() -> dtype:
    """bfloat16."""
    return bfloat16


def _nothing(*args: Any, **kwargs: Any) -> None:
    """Do nothing: nothing is computed in lower precision."""


set_autocast_enabled: Callable[..., None] = _nothing
set_autocast_cpu_enabled = set_autocast_cache_enabled = set_autocast_enabled
set_autocast_dtype = set_autocast_gpu_dtype = set_autocast_cpu_dtype = set_autocast_enabled
clear_autocast_cache = set_autocast_enabled
