"""What a program asks of ``torch.cuda``, answered truthfully: there is no GPU.

Questions are answered (``is_available()`` is False, there are 0 devices, 0 bytes are in use), seeding
does nothing as there is nothing to seed, and whatever would need a GPU raises ``NoSuchDeviceError``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..devices import NoSuchDeviceError
from . import amp

__all__ = [
    "Event",
    "Stream",
    "amp",
    "current_device",
    "current_stream",
    "device_count",
    "empty_cache",
    "get_device_capability",
    "get_device_name",
    "get_device_properties",
    "get_rng_state",
    "get_rng_state_all",
    "ipc_collect",
    "is_available",
    "is_bf16_supported",
    "is_initialized",
    "manual_seed",
    "manual_seed_all",
    "max_memory_allocated",
    "max_memory_reserved",
    "memory_allocated",
    "memory_reserved",
    "reset_peak_memory_stats",
    "seed_all",
    "set_device",
    "set_rng_state",
    "set_rng_state_all",
    "synchronize",
]

_TYPED = (
    "FloatTensor DoubleTensor HalfTensor LongTensor IntTensor ShortTensor CharTensor ByteTensor"
)


def __getattr__(name: str) -> Any:
    if name == "random":
        return import_module(f"{__name__}.random")
    if name in [*_TYPED.split(), "BoolTensor"]:
        return type(name, (), {"__new__": lambda cls, *args: _refuse(cls.__name__)})
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _refuse(name: str) -> Any:
    raise NoSuchDeviceError(
        f"cuda.{name}: there is no GPU here: ask cuda.is_available(), which is False, first"
    )


def is_available() -> bool:
    """False: there is no GPU."""
    return False


def is_initialized() -> bool:
    """False: there is no GPU."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False: there is no GPU."""
    return False


def device_count() -> int:
    """0: there is no GPU."""
    return 0


def memory_allocated(device: Any = None) -> int:
    """0 bytes."""
    return 0


memory_reserved = max_memory_allocated = max_memory_reserved = memory_allocated


def manual_seed(seed: int) -> None:
    """Do nothing: there is no GPU to seed. ``tinygrad_sm.manual_seed`` seeds the CPU."""


manual_seed_all = manual_seed


def seed_all() -> None:
    """Do nothing: there is no GPU to seed."""


def empty_cache() -> None:
    """Do nothing: there is no GPU memory."""


ipc_collect = empty_cache


def get_rng_state_all() -> list[Any]:
    """The states of no GPU: an empty list."""
    return []


def set_rng_state_all(new_states: Any) -> None:
    """Set the states of no GPU.

    Raises:
        NoSuchDeviceError: if there is a state to set.
    """
    if len(new_states):
        _refuse("set_rng_state_all")


def set_device(device: Any) -> None:
    """Choose a GPU: a negative number is no choice; any other raises.

    Raises:
        NoSuchDeviceError: always, but for a negative number.
    """
    if not (isinstance(device, int) and device < 0):
        _refuse("set_device")


def current_device() -> int:
    """Raise ``NoSuchDeviceError``."""
    return _refuse("current_device")


def synchronize(device: Any = None) -> None:
    """Raise ``NoSuchDeviceError``."""
    _refuse("synchronize")


def reset_peak_memory_stats(device: Any = None) -> None:
    """Raise ``NoSuchDeviceError``."""
    _refuse("reset_peak_memory_stats")


reset_max_memory_allocated = reset_peak_memory_stats


def get_device_name(device: Any = None) -> str:
    """Raise ``NoSuchDeviceError``."""
    return _refuse("get_device_name")


def get_device_capability(device: Any = None) -> tuple[int, int]:
    """Raise ``NoSuchDeviceError``."""
    return _refuse("get_device_capability")


def get_device_properties(device: Any = None) -> Any:
    """Raise ``NoSuchDeviceError``."""
    return _refuse("get_device_properties")


def get_rng_state(device: Any = "cuda") -> Any:
    """Raise ``NoSuchDeviceError``."""
    return _refuse("get_rng_state")


def set_rng_state(new_state: Any, device: Any = "cuda") -> None:
    """Raise ``NoSuchDeviceError``."""
    _refuse("set_rng_state")


def current_stream(device: Any = None) -> Any:
    """Raise ``NoSuchDeviceError``."""
    return _refuse("current_stream")


class Event:
    """A point in the work of a GPU: there is none, so making one raises."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse("Event")


class Stream:
    """A queue of work of a GPU: there is none, so making one raises."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse("Stream")
