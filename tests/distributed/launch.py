"""Programs run on several processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
MPIEXEC = shutil.which(
    "mpiexec", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
)
needs_mpi = pytest.mark.skipif(
    find_spec("mpi4py") is None or MPIEXEC is None,
    reason='mpi4py or mpiexec is not installed: pip install "tinygrad_sm[mpi]"',
)


def command(ranks: int, program: str | Path, *args: object) -> list[str]:
    """How a program of ``programs/``, or any other, is started on some processes."""
    begin = [MPIEXEC, "-n", str(ranks), sys.executable, str(HERE / "programs" / program)]
    return [*begin, *map(str, args)]


def variables(**more: str) -> dict[str, str]:
    """The environment: one thread each, and more ranks than cores are no mistake."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "OMPI_ALLOW_RUN_AS_ROOT": "1",
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
        **more,
    }


def run(
    ranks: int, program: str | Path, *args: object, limit: float = 60, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; over the limit, in seconds, is a failure."""
    return subprocess.run(
        command(ranks, program, *args),
        env=variables(**more),
        timeout=limit,
        capture_output=True,
        text=True,
        errors="replace",
    )


def succeed(ranks: int, program: str | Path, *args: object, **more: str) -> str:
    """What a program printed that must not fail."""
    result = run(ranks, program, *args, **more)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
