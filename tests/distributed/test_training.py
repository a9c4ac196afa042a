"""Data-parallel training gives what one process gives."""

from __future__ import annotations

import functools
import os
import signal
import subprocess

import numpy as np
import pytest

from .launch import ROOT, command, needs_mpi, run, succeed, variables


@functools.cache
def losses(ranks, *args):
    """Loss and norm of the gradient, step by step."""
    return np.array(
        [line.split() for line in succeed(ranks, "training.py", *args).splitlines()], float
    )


@needs_mpi
@pytest.mark.parametrize("ranks", [2, 4])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 2e-5)])
def test_the_same_losses_on_any_number_of_ranks(ranks, dtype, tolerance):
    alone = losses(1, dtype)
    assert alone.shape == (200, 2)
    assert alone[-1, 0] < alone[0, 0] / 3
    np.testing.assert_allclose(losses(ranks, dtype), alone, atol=tolerance, rtol=tolerance)


@needs_mpi
@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_a_state_that_is_shared_out(ranks):
    np.testing.assert_allclose(losses(ranks, "float64", "zero"), losses(1, "float64"), rtol=1e-11)


@needs_mpi
@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_models(ranks):
    assert succeed(ranks, "models.py").count("fine") == ranks


MNIST = ROOT / "examples" / "mnist.py"
SETTINGS = ["--distributed", "--limit", 800, "--epochs", 3]


def offline(folder):
    """Without a network the example takes the digits that it brings."""
    return {
        "TINYGRAD_SM_DATA": "",
        "XDG_CACHE_HOME": str(folder / "cache"),
        "https_proxy": "http://127.0.0.1:9",  # the port "discard", where nobody listens
        "no_proxy": "",
    }


def last_line(text):
    return text.splitlines()[-1]


@needs_mpi
def test_the_example_goes_on_after_an_interrupt_with_another_number_of_ranks(tmp_path):
    whole = succeed(1, MNIST, *SETTINGS, "--out", tmp_path / "whole", **offline(tmp_path))
    assert len(os.listdir(tmp_path / "whole")) == 5
    settings = [*SETTINGS, "--out", tmp_path / "parts"]
    with subprocess.Popen(
        command(2, MNIST, *settings),
        env=variables(**offline(tmp_path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as interrupted:
        while not interrupted.stdout.readline().startswith("epoch 1/3"):
            assert interrupted.poll() is None
        interrupted.send_signal(signal.SIGINT)
        interrupted.wait(10)
    files = os.listdir(tmp_path / "parts")  # mpiexec may kill a rank while it writes the next one
    assert [name for name in files if not name.endswith(".part")] == ["checkpoint.pt"]
    again = succeed(4, MNIST, *settings, "--resume", **offline(tmp_path))
    assert "epoch 1/3" not in again
    assert last_line(again) == last_line(whole)
    other = run(2, MNIST, *settings, "--resume", "--lr", 0.5, **offline(tmp_path))
    assert other.returncode != 0
    assert "learning rate" in other.stderr


@needs_mpi
def test_the_language_model_learns_as_in_one_process():
    settings = ["--steps", 12, "--context", 16, "--batch-size", 8, "--write", 0]
    program = ROOT / "examples" / "char_gpt.py"
    alone = succeed(1, program, *settings)
    assert succeed(2, program, *settings, "--distributed") == alone


@needs_mpi
def test_batches_that_ranks_cannot_share(tmp_path):
    settings = [*SETTINGS, "--batch-size", 33, "--out", tmp_path]
    result = run(2, MNIST, *settings, **offline(tmp_path))
    assert result.returncode != 0
    assert "2 processes cannot share batches of 33 digits" in result.stderr
