"""cuDNN: not here. Its switches can be set, and have no effect."""

from __future__ import annotations

enabled = True
benchmark = False
deterministic = False
allow_tf32 = True


def is_available() -> bool:
    """False: there is no GPU."""
    return False


def version() -> None:
    """None: there is no cuDNN."""
