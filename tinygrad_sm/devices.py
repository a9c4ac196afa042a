"""Devices: PyTorch's names for them, of which only the CPU can be computed on."""

from __future__ import annotations

import functools
from collections.abc import Callable
from operator import index as as_int
from typing import Any

KINDS = ("cpu", "cuda", "meta", "mps", "xpu", "xla", "hpu", "mtia", "ipu", "hip", "privateuseone")


class NoSuchDeviceError(RuntimeError, AssertionError):
    """A device was asked for that this framework does not compute on.

    PyTorch raises ``AssertionError`` for ``"cuda"`` and ``RuntimeError`` for others: either
    ``except`` catches this one.
    """


class device:
    """The name of a device: ``device("cpu")``, ``device("cuda", 1)``, ``device("cuda:1")``.

    Any device can be named, as in PyTorch, so that programs can ask before they choose; a tensor
    can be put on ``"cpu"`` alone. It is a context manager and a decorator too.

    Attributes:
        type: ``"cpu"``, ``"cuda"`` and so on.
        index: which of several, or ``None``.

    Raises:
        RuntimeError: for a name that no device has.

    >>> device("cuda:1")
    device(type='cuda', index=1)
    """

    __slots__ = ("index", "type")

    type: str
    index: int | None

    def __init__(self, type: Any = None, index: int | None = None) -> None:
        if isinstance(type, device):
            type, index = type.type, type.index
        if not isinstance(type, str):
            raise NoSuchDeviceError(
                f"device: expected a name such as 'cpu', not {type!r}: a bare number means an "
                "accelerator, and there is none"
            )
        kind, colon, number = type.partition(":")
        if kind not in KINDS or (colon and (not number.isdigit() or index is not None)):
            raise RuntimeError(f"device: expected one of {', '.join(KINDS)}, not {type!r}")
        self.type = kind
        self.index = int(number) if colon else None if index is None else as_int(index)

    def __repr__(self) -> str:
        where = "" if self.index is None else f", index={self.index}"
        return f"device(type={self.type!r}{where})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, device):
            return NotImplemented
        return (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> Any:
        return device, (self.type, self.index)

    def __enter__(self) -> device:
        check_device(self)
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate a function: it runs with this as the default device."""

        @functools.wraps(function)
        def there(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return there


CPU = device("cpu")


def check_device(wanted: Any) -> None:
    """Accept the CPU and nothing else.

    Raises:
        NoSuchDeviceError: for another device: there is none here.
    """
    if wanted is not None and device(wanted).type != "cpu":
        raise NoSuchDeviceError(
            f"device {str(wanted)!r}: there is none: this framework computes on 'cpu' only. Ask "
            "cuda.is_available(), which is False, before choosing it."
        )


def set_default_device(device: Any) -> None:
    """Set where new tensors go: ``"cpu"`` or ``None``.

    Raises:
        NoSuchDeviceError: for another device.
    """
    check_device(device)


def get_default_device() -> device:
    """Where new tensors go: ``device("cpu")``."""
    return CPU
