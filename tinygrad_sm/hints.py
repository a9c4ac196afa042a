"""Warnings at the user's own line, and the category of those that a program can switch off.

How messages are written, errors as well as warnings: first the operation or the class, then what
is the case with shapes, names and lines, then what was expected, then the usual fix, each in a
sentence. What is told is what was found, not what might be.
"""

from __future__ import annotations

import sys
import warnings
from typing import Any

from .lines import in_package


class LikelyMistakeWarning(UserWarning):
    """A program runs, but likely not as it was meant: a loss that is fed probabilities, say.

    To silence all of its kind::

        warnings.filterwarnings("ignore", category=tinygrad_sm.LikelyMistakeWarning)
    """


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the nearest line outside of this package."""
    frame: Any = sys._getframe(1)
    level = 2
    while frame is not None and in_package(frame.f_code):
        frame = frame.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)
