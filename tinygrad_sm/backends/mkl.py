"""Intel's MKL: NumPy chooses its own BLAS."""

from __future__ import annotations


def is_available() -> bool:
    """False: nothing here calls it."""
    return False
