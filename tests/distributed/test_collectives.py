"""Collectives, messages, groups and objects."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tinygrad_sm import distributed as dist

from .launch import needs_mpi, succeed


@needs_mpi
@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_collectives(ranks):
    assert succeed(ranks, "collectives.py").count("fine") == ranks


@needs_mpi
def test_collectives_that_are_checked():
    printed = succeed(2, "collectives.py", TINYGRAD_SM_DISTRIBUTED_DEBUG="DETAIL")
    assert printed.count("fine") == 2


def test_before_a_group_is_joined():
    assert not dist.is_initialized()
    with pytest.raises(ValueError, match="init_process_group"):
        dist.get_rank()
    with pytest.raises(ValueError, match="mpiexec"):
        dist.init_process_group("nccl")


def test_nothing_of_mpi_is_imported_otherwise():
    program = "import sys, tinygrad_sm.distributed; assert 'mpi4py' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_what_is_missing_is_said():
    program = """
import sys
sys.modules["mpi4py"] = None
from tinygrad_sm import distributed as dist
try:
    dist.init_process_group("mpi")
except RuntimeError as error:
    print(error)
"""
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "tinygrad_sm[mpi]" in found.stdout, found.stderr
