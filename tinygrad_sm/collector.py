"""The garbage collector rests while the package is imported.

What an import makes stays, but there is so much of it that the collector would look through it
twenty times: 3 ms of the 17 that the import takes.
"""

from __future__ import annotations

import gc

import numpy as np  # noqa: F401 (if it is missing, that shall be found before anything is changed)

_was_on = gc.isenabled()
gc.disable()


def resume() -> None:
    """Let the collector go on, if it was on."""
    if _was_on:
        gc.enable()
