"""The table of PyTorch's names says what is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks import names

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("<!-- names: begin")[2].partition("<!-- names: end")[0]


@pytest.fixture(scope="module")
def found() -> list[names.Name]:
    return names.names()


def test_a_name_is_here_left_out_or_missing(found: list[names.Name]) -> None:
    states = {name.name: name.state for name in found}
    for here in (
        "nn.Linear",
        "F.relu",
        "torch.tensor",
        ".backward",
        ".weight",
        "torch.cuda.is_available",
    ):
        assert states[here] == "here"
    assert states["torch.polar"] == "left out"
    assert names.state_of_path("torch.fft.rfft") == "left out"
    assert names.state_of_path("torch.fft") == "left out"
    assert names.state_of_path("torch.no_such_thing") == "missing"
    assert names.state_of_path("nn.Linnear") == "missing"
    objects = names.bearers()
    assert names.state_of_attribute("to_sparse", objects) == "left out"
    assert names.state_of_attribute("no_such_thing", objects) == "missing"


def test_every_name_that_two_programs_use_is_here(found: list[names.Name]) -> None:
    assert [name.name for name in found if name.programs > 1 and name.state != "here"] == []


def test_the_readme_has_the_table_and_claims_no_more_than_there_is(found: list[names.Name]) -> None:
    said = re.findall(r"^\| (.*?) \| (\d+) \| (\d+) \| (\d+) \| ", SECTION, re.MULTILINE)
    rows = re.findall(
        r"^\| (.*?) \| (\d+) \| (\d+) \| (\d+) \| ", "\n".join(names.table(found)), re.MULTILINE
    )
    assert [area for area, *_ in said] == [area for area, *_ in rows]
    for (area, _, claimed, _), (_, _, here, _) in zip(said, rows, strict=True):
        assert int(claimed) <= int(here), area
    for group in names.what_is_left_out():
        assert f"{group.partition(':')[0]}:" in SECTION
