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
    warnings.warn(message, category, stacklevel=_nearest()[0])


_told: set[tuple[str, int, str]] = set()
_filters: Any = None


def warn_once(message: str) -> None:
    """Warn of a likely mistake: of one operation once a line, while Python's filters stay in place.

    A loop tells it once, even where ``"always"`` is the filter or the shapes in it differ.
    """
    global _filters
    level, frame = _nearest()
    if _filters is not warnings.filters:  # another list in each ``catch_warnings``
        _filters = warnings.filters
        _told.clear()
    line = (frame.f_code.co_filename, frame.f_lineno) if frame is not None else ("", 0)
    key = (*line, message.partition(":")[0])
    if key not in _told:
        _told.add(key)
        warnings.warn(message, LikelyMistakeWarning, stacklevel=level)


def _nearest() -> tuple[int, Any]:
    """The ``stacklevel``, in the caller, of the nearest line outside of this package; its frame."""
    frame: Any = sys._getframe(2)
    level = 2
    while frame is not None and in_package(frame.f_code):
        frame = frame.f_back
        level += 1
    return level, frame
