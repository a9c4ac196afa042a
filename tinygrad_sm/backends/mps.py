"""Apple's GPUs: not here."""

from __future__ import annotations


def is_available() -> bool:
    """False: there is no GPU."""
    return False


def is_built() -> bool:
    """False: there is no GPU."""
    return False
