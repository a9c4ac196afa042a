"""Warnings at the user's own line."""

from __future__ import annotations

import sys
import warnings
from typing import Any

from .tape import in_package


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the nearest line outside of this package."""
    frame: Any = sys._getframe(1)
    level = 2
    while frame is not None and in_package(frame.f_code):
        frame = frame.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)
