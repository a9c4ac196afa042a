"""Apple's GPUs: there is none, and asking says so."""

from __future__ import annotations

from typing import Any

from .devices import NoSuchDeviceError

__all__ = ["device_count", "empty_cache", "is_available", "manual_seed", "synchronize"]


def is_available() -> bool:
    """False: there is none."""
    return False


def device_count() -> int:
    """0: there is none."""
    return 0


def manual_seed(seed: int) -> None:
    """Do nothing: there is no GPU to seed."""


manual_seed_all = manual_seed


def _refuse(name: str) -> Any:
    raise NoSuchDeviceError(
        f"mps.{name}: there is no such device here: mps.is_available() is False"
    )


def synchronize(device: Any = None) -> None:
    """Raise ``NoSuchDeviceError``."""
    _refuse("synchronize")


def empty_cache() -> None:
    """Raise ``NoSuchDeviceError``."""
    _refuse("empty_cache")
