"""The README says nothing that is not so: its code runs, its map is whole, its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tinygrad_sm as sg

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
RULES = " = unary("


def test_the_snippets_run_and_give_what_they_say() -> None:
    names: dict[str, object] = {}
    said = 0
    for snippet in SNIPPETS:
        if RULES in snippet:
            continue
        exec(snippet, names)
        for line in snippet.splitlines():
            target = re.match(r"(\(?[\w.]+)", line)
            value = re.search(r"# .*?(tensor\(.*\))", line)
            if target and value:
                assert repr(eval(target[1], names)) == value[1]
                said += 1
            elif number := re.search(r"# .* = ([\d.]+)$", line):
                assert eval(line[1 : line.index(",")], names).item() == pytest.approx(
                    float(number[1]), abs=1e-4
                )
                said += 1
    assert f"# {names['names']}" in README
    assert said == 6


def test_the_rules_are_the_packages_own() -> None:
    [snippet] = [snippet for snippet in SNIPPETS if RULES in snippet]
    source = (ROOT / "tinygrad_sm" / "ops" / "elementwise.py").read_text(encoding="utf-8")
    rules = re.findall(r"\b[xy]=lambda g, [^:]*: [^,)\n]*", snippet)
    assert len(rules) == 3
    for rule in rules:
        assert rule in source


def test_the_map_names_every_room_and_no_other() -> None:
    table = README.partition("| in `tinygrad_sm/` |")[2].partition("\n\n")[0]
    first_columns = " ".join(line.split("|")[1] for line in table.splitlines()[2:])
    named = set(re.findall(r"`([^`]+)`", first_columns))
    rooms = {
        path.name + "/" * path.is_dir()
        for path in (ROOT / "tinygrad_sm").iterdir()
        if not path.name.startswith("_") and (path.is_dir() or path.suffix == ".py")
    }
    assert named == rooms


def test_links_and_named_files_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)]+)\)", README)
    files = re.findall(r"`((?:examples|tests|benchmarks)/[^`]*)`", README)
    assert len(links) > 3
    for target in {*links, *files}:
        assert (ROOT / target).exists(), target


def test_the_stream_is_pytorchs() -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch where it is installed")
    orders, weights = [], []
    for framework in (sg, torch):
        framework.manual_seed(0)
        weights.append(framework.nn.Linear(784, 128).weight.detach().numpy())
        data = framework.utils.data.TensorDataset(framework.arange(100))
        loader = framework.utils.data.DataLoader(data, batch_size=7, shuffle=True)
        orders.append([batch.tolist() for (batch,) in loader])
    assert orders[0] == orders[1]
    assert abs(weights[0] - weights[1]).max() <= 2**-27  # the last bit of 1/28, the largest
