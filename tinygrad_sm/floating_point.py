"""NumPy's floating-point warnings, off while the framework computes: PyTorch has none.

NumPy keeps what it does about them in a context variable. ``np.errstate`` finds the variable's
value anew each time, at 0.9 us, as much as many an operation; here the value is found once.
"""

from __future__ import annotations

from _thread import _local as local  # what threading.local is, without importing threading
from contextvars import Context

import numpy as np


def _silenced() -> Context:
    context = Context()
    context.run(np.seterr, all="ignore")
    return context


((ERRORS, IGNORED),) = _silenced().items()


class _Silent(local):
    """``run(function, *args)`` with the warnings off: each thread has a context where they are."""

    def __init__(self) -> None:
        self.run = _silenced().run


silent = _Silent()
