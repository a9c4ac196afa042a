"""How soon is a library ready? Fresh processes that import it, in turn, in rounds."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from .environment import ROOT

_PROGRAM = """
from time import perf_counter
start = perf_counter()
import {library}
print(perf_counter() - start)
"""


@dataclass
class Imported:
    """What was found about a library.

    Attributes:
        absent: why it cannot be imported, or ``None``.
        seconds: of one import, one number a round.
    """

    absent: str | None = None
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Of the rounds, in seconds."""
        return median(self.seconds)


def seconds_to_import(library: str, variables: Mapping[str, str]) -> float:
    """Of one import in a fresh process, without Python's own start.

    Raises:
        ImportError: with the last line that the failed process wrote.
    """
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(library=library)],
        env=dict(variables),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ImportError(done.stderr.strip().rpartition("\n")[2])
    return float(done.stdout)


def measure(
    libraries: Sequence[str],
    variables: Mapping[str, str],
    rounds: int,
    progress: Callable[[str], None],
) -> dict[str, Imported]:
    """Each library's imports, in rounds that begin with another library each.

    A first import of each is not counted: it may have to compile and to read from the disk.
    """
    found = {}
    for library in libraries:
        progress(f"import: {library}")
        found[library] = Imported()
        try:
            seconds_to_import(library, variables)
        except ImportError as reason:
            found[library].absent = str(reason)
    present = [library for library in libraries if found[library].absent is None]
    for turn in range(rounds):
        progress(f"import: round {turn + 1} of {rounds}")
        first = turn % max(len(present), 1)
        for library in [*present[first:], *present[:first]]:
            found[library].seconds.append(seconds_to_import(library, variables))
    return found
