"""Intel's oneDNN: not here."""

from __future__ import annotations

enabled = False


def is_available() -> bool:
    """False: nothing here calls it."""
    return False
