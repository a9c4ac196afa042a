"""Accelerators: there is none, and asking says so."""

from __future__ import annotations

from typing import Any

from .devices import NoSuchDeviceError, device

__all__ = [
    "current_accelerator",
    "current_device_index",
    "device_count",
    "device_index",
    "empty_cache",
    "is_available",
    "memory_allocated",
    "set_device_index",
    "synchronize",
]


def is_available() -> bool:
    """False: there is none."""
    return False


def device_count() -> int:
    """0: there is none."""
    return 0


def current_accelerator(check_available: bool = False) -> device | None:
    """None: there is none."""
    return None


def _refuse() -> Any:
    raise NoSuchDeviceError(
        "Cannot access accelerator device when none is available: ask accelerator.is_available(), "
        "which is False, first"
    )


def current_device_index() -> int:
    """Raise ``NoSuchDeviceError``."""
    return _refuse()


def set_device_index(device: Any) -> None:
    """Raise ``NoSuchDeviceError``."""
    _refuse()


def synchronize(device: Any = None) -> None:
    """Raise ``NoSuchDeviceError``."""
    _refuse()


def empty_cache() -> None:
    """Raise ``NoSuchDeviceError``."""
    _refuse()


def memory_allocated(device: Any = None) -> int:
    """Raise ``NoSuchDeviceError``."""
    return _refuse()


max_memory_allocated = memory_reserved = max_memory_reserved = memory_allocated
current_device_idx, set_device_idx = current_device_index, set_device_index


class device_index:
    """A block in which another accelerator is chosen: ``None`` for no change; else it raises."""

    def __init__(self, device: int | None) -> None:
        self.idx = device

    def __enter__(self) -> None:
        if self.idx is not None:
            _refuse()

    def __exit__(self, *exc: object) -> None:
        pass
