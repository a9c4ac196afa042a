"""A rank that fails ends all, soon, and is named."""

from __future__ import annotations

import time

import pytest

from .launch import needs_mpi, run

NAMES_IT = {
    "raise": "rank 1 of 2 failed, and ends all: ValueError: bad luck",
    "kill": "rank 1",
    "exit": "rank 1 has ended its program",
    "return": "rank 1 has ended its program",
}


@needs_mpi
@pytest.mark.parametrize("how", NAMES_IT)
def test_a_rank_that_fails_ends_the_others(how):
    start = time.monotonic()
    result = run(2, "faults.py", how)
    assert time.monotonic() - start < 20  # the start of Python included
    assert result.returncode != 0
    assert NAMES_IT[how] in result.stderr
    assert "through" not in result.stdout
    if how in ("exit", "return"):
        assert "all_reduce(SUM) of float32 (2,)" in result.stderr


@needs_mpi
@pytest.mark.parametrize(
    ("how", "calls"),
    [
        ("shape", ["all_reduce(SUM) of float32 (2,)", "all_reduce(SUM) of float32 (3,)"]),
        ("dtype", ["all_reduce(SUM) of float32 (2,)", "all_reduce(SUM) of float64 (2,)"]),
        ("order", ["all_reduce(SUM) of float32 (2,)", "broadcast(src=0) of float32 (2,)"]),
    ],
)
def test_different_calls_are_found_and_named(how, calls):
    result = run(2, "faults.py", how, TINYGRAD_SM_DISTRIBUTED_DEBUG="DETAIL")
    assert result.returncode != 0
    for call in calls:
        assert call in result.stderr
    assert result.stderr.count("faults.py") >= 2


@needs_mpi
@pytest.mark.parametrize("how", ["late", "early", "not at all"])
def test_a_rank_that_is_late_or_no_longer_needed_is_no_failure(how):
    result = run(2, "faults.py", how)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("through") == (1 if how == "early" else 2)
