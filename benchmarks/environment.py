"""What the figures depend on: threads, variables that change BLAS, versions, the machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def is_dropped(variable: str) -> bool:
    """Whether a variable could pin an old kernel of OpenBLAS, or have every import compile anew."""
    return variable.startswith("OPENBLAS_") or variable == "PYTHONDONTWRITEBYTECODE"


def contestant_environment(threads: int, inherited: Mapping[str, str]) -> dict[str, str]:
    """The variables that every contestant runs with.

    All ``OPENBLAS_*`` and ``PYTHONDONTWRITEBYTECODE`` are dropped, the threads of OpenBLAS, OpenMP and MKL are set, and this
    repository comes first on the path.
    """
    variables = {name: value for name, value in inherited.items() if not is_dropped(name)}
    variables |= dict.fromkeys(THREAD_VARIABLES, str(threads))
    path = [str(ROOT), variables.get("PYTHONPATH", "")]
    variables["PYTHONPATH"] = os.pathsep.join(part for part in path if part)
    return variables


@dataclass(frozen=True)
class Machine:
    """Where and how the benchmark ran.

    Attributes:
        cpu: the processor's name.
        cores: processors that this process may use.
        load: average number of busy processes in the minute before, or ``None`` if unknown.
        system: the operating system.
        python: Python's version.
        threads: given to every contestant.
        dropped: names of the variables that were set and were dropped.
    """

    cpu: str
    cores: int
    load: float | None
    system: str
    python: str
    threads: int
    dropped: tuple[str, ...]


def machine(threads: int, inherited: Mapping[str, str]) -> Machine:
    """A description of this machine, now."""
    return Machine(
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else _cores(),
        load=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        threads=threads,
        dropped=tuple(sorted(name for name in inherited if is_dropped(name))),
    )


def _cores() -> int:
    return os.cpu_count() or 1


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
