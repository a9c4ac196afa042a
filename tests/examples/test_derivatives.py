"""The examples of derivatives: each runs, draws its picture, and ends with a line that holds."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
BUNDLED = EXAMPLES / "data" / "mnist-5000"

matplotlib = pytest.importorskip("matplotlib", reason="the examples draw with matplotlib")


def last_numbers(tmp_path: Path, name: str, *options: str) -> list[float]:
    """Run an example; the numbers of its last line."""
    environment = os.environ | {
        "PYTHONPATH": str(EXAMPLES.parent),
        "PYTHONWARNINGS": "error",
        "MPLCONFIGDIR": matplotlib.get_cachedir(),  # its list of fonts is slow to make
        "TINYGRAD_SM_DATA": "",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "https_proxy": "http://127.0.0.1:9",  # the port "discard", where nobody listens
        "no_proxy": "",
    }
    done = subprocess.run(
        [sys.executable, EXAMPLES / f"{name}.py", f"--out={tmp_path}", *options],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / f"{name}.png").stat().st_size > 10_000
    last = done.stdout.strip().splitlines()[-1]
    return [float(x) for x in re.findall(r"-?\d+\.?\d*(?:e[-+]\d+)?", last)]


def test_newton_converges_in_a_handful_of_steps(tmp_path):
    numbers = last_numbers(tmp_path, "newton", "--count=200", "--steps=8")
    steps, loss, gradient, descent_steps, descent_loss = numbers
    assert (steps, descent_steps) == (8, 400)
    assert gradient < 1e-8
    assert loss < descent_loss


def test_the_equation_is_solved(tmp_path):
    *_, error = last_numbers(tmp_path, "physics_informed")
    assert error < 5e-3


def test_the_hardest_digit_is_found(tmp_path):
    numbers = last_numbers(tmp_path, "per_sample_gradients", "--epochs=1", "--count=200")
    place, label, read, norm, median, difference = numbers
    assert 0 <= place < 200
    assert label != read
    assert norm > 3 * median
    assert difference < 1e-5


def test_learning_to_learn(tmp_path):
    numbers = last_numbers(tmp_path, "maml", "--steps=300")
    _, learned, random = numbers
    assert learned < random / 1.5
