"""The one door to ``mpi4py``, opened by the first ``init_process_group``."""

from __future__ import annotations

import atexit
import sys
import traceback
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import TracebackType
from typing import Any


def is_installed() -> bool:
    """Whether ``mpi4py`` is there; it is not imported."""
    return find_spec("mpi4py") is not None


@cache
def mpi() -> Any:
    """The module ``mpi4py.MPI``; importing it starts MPI.

    Raises:
        RuntimeError: if it is not installed, or finds no MPI library.
    """
    try:
        found = import_module("mpi4py.MPI")
    except (ImportError, RuntimeError) as error:
        raise RuntimeError(
            f"distributed: MPI cannot be started ({error}). It needs mpi4py and an MPI library: "
            'pip install "tinygrad_sm[mpi]"'
        ) from error
    _end_all_on_error()
    return found


@cache
def farewells() -> Farewells:
    """Who has left, of all processes. The first call must be made by all of them at once."""
    return Farewells(mpi().COMM_WORLD.Dup())


class Farewells:
    """Every process tells the others when it ends, so that nobody waits for it in vain."""

    def __init__(self, comm: Any) -> None:
        self.comm = comm
        self.gone: set[int] = set()
        atexit.register(self._say)

    def heard(self) -> set[int]:
        """The ranks that have ended so far."""
        status = mpi().Status()
        while self.comm.Iprobe(status=status):
            self.comm.recv(source=status.Get_source())
            self.gone.add(status.Get_source())
        return self.gone

    def _say(self) -> None:
        others = [r for r in range(self.comm.size) if r != self.comm.rank]
        mpi().Request.waitall([self.comm.isend(None, other) for other in others])


def _end_all_on_error() -> None:
    """Make an exception that nobody catches end every process, as the others would wait for ever."""
    show = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
        world = mpi().COMM_WORLD
        show(kind, error, where)
        what = traceback.format_exception_only(kind, error)[-1].strip()
        print(f"rank {world.rank} of {world.size} failed, and ends all: {what}", file=sys.stderr)
        sys.stdout.flush()
        sys.stderr.flush()
        if world.size > 1:
            world.Abort(1)

    sys.excepthook = hook
