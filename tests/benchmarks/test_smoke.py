"""The benchmark program runs, and refuses to time what does not compute the same."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.agreement import Disagreement, check
from benchmarks.contestants import CONTESTANTS
from benchmarks.environment import contestant_environment
from benchmarks.workloads import ROWS

from ..distributed.launch import needs_mpi

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("row", ["softmax", "mlp-32", "tiny-op"])
def test_ours_loses_what_numpy_by_hand_loses(row):
    steps = {
        name: CONTESTANTS[name].training_step(ROWS[row].problem)
        for name in ("tinygrad_sm", "numpy")
    }
    check(row, {name: [step() for _ in range(3)] for name, step in steps.items()})


def test_other_losses_are_refused():
    with pytest.raises(Disagreement, match=r"step 2 .* with ours .* with theirs"):
        check("row", {"ours": [1.0, 0.5], "theirs": [1.0, 0.51]})


def test_variables_that_change_kernels_are_dropped():
    variables = contestant_environment(2, {"OPENBLAS_CORETYPE": "Haswell", "HOME": "/"})
    assert "OPENBLAS_CORETYPE" not in variables
    assert variables["OMP_NUM_THREADS"] == variables["OPENBLAS_NUM_THREADS"] == "2"
    assert variables["HOME"] == "/"


def test_the_program_prints_its_table():
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "benchmarks",
            *["--quick", "--rounds", "1", "--rows", "tiny-op"],
            *["--contestants", "tinygrad_sm", "numpy"],
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "| one tiny op, forward and backward |" in done.stdout
    assert "medians of 1 rounds" in done.stdout


@needs_mpi
def test_the_program_of_several_processes_prints_its_tables():
    variables = {**os.environ, "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe"}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.parallel", "--rounds", "1", "--seconds", "0.01"],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("| 2 ranks, 1 thread each |") == 2
    assert done.stdout.count("- 1024 ranks: ") == 2


def test_the_program_of_tracing_prints_its_table():
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "benchmarks.tracing",
            *["--rows", "mlp-128", "--rounds", "3", "--threads", "1"],
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr  # at most 3 times the untraced time
    assert "| MLP 784-256-128-10, batch 128 |" in done.stdout
