"""Every page of the path to learn by runs, and every claim in it holds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "examples" / "learn").glob("[0-9]*.py"))


def run(page: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(page)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_the_pages_are_numbered_in_order():
    assert [page.name[:2] for page in PAGES] == [f"{n:02}" for n in range(1, 11)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_page_runs_and_its_claims_hold(page):
    done = run(page)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert done.stdout.count("  ✓ ") >= done.stdout.count("\n---")
    assert "Break it" in done.stdout
    assert "  ✗ " in done.stdout.partition("Break it")[2]  # a badge that has turned red
    assert "Exercises" in done.stdout


def test_a_claim_that_does_not_hold_stops_the_page(tmp_path):
    page = (ROOT / "examples" / "learn" / "01_a_scalar_tape.py").read_text("utf-8")
    wrong = tmp_path / "wrong.py"
    wrong.write_text(page.replace("lambda g: g * out", "lambda g: g"), "utf-8")
    (tmp_path / "page.py").write_bytes((ROOT / "examples" / "learn" / "page.py").read_bytes())
    done = run(wrong)
    assert done.returncode == 1
    assert "this claim does not hold" in done.stderr
