"""Settings of PyTorch's that programs make: kept where they mean something, and else accepted."""

from __future__ import annotations

import os
from typing import Any

_state: dict[str, Any] = {"threads": None, "deterministic": False, "precision": "highest"}


def get_num_threads() -> int:
    """How many threads were asked for, or processors there are."""
    return _state["threads"] or os.cpu_count() or 1


def set_num_threads(threads: int) -> None:
    """Remember a number of threads. NumPy's own are set by the environment (OMP_NUM_THREADS).

    Raises:
        RuntimeError: for a number that is not positive.
    """
    if threads < 1:
        raise RuntimeError(f"set_num_threads: expects a positive integer, not {threads}")
    _state["threads"] = threads


def get_num_interop_threads() -> int:
    """1: operations run one after the other."""
    return 1


def set_num_interop_threads(threads: int) -> None:
    """Do nothing: operations run one after the other."""


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Remember the wish: all algorithms here are deterministic anyway."""
    _state["deterministic"] = bool(mode)


def are_deterministic_algorithms_enabled() -> bool:
    """What ``use_deterministic_algorithms`` was told."""
    return _state["deterministic"]


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """False: nothing warns."""
    return False


def set_float32_matmul_precision(precision: str) -> None:
    """Remember a precision: float32 is multiplied as float32 anyway.

    Raises:
        ValueError: for another one than ``highest``, ``high`` or ``medium``.
    """
    if precision not in ("highest", "high", "medium"):
        raise ValueError(f"set_float32_matmul_precision: not a precision: {precision!r}")
    _state["precision"] = precision


def get_float32_matmul_precision() -> str:
    """What ``set_float32_matmul_precision`` was told; ``"highest"`` at first."""
    return _state["precision"]


def set_flush_denormal(mode: bool) -> bool:
    """False: denormal numbers stay as they are."""
    return False


def set_warn_always(b: bool) -> None:
    """Do nothing: Python's ``warnings`` decide how often a warning is shown."""


def is_warn_always_enabled() -> bool:
    """False: Python's ``warnings`` decide."""
    return False


def compiled_with_cxx11_abi() -> bool:
    """False: nothing is compiled."""
    return False
