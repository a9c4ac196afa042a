"""The forms of a trace other than the live page: HTML as text, JSON, DOT, the terminal."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.__main__ import main

from . import programs


@pytest.fixture(scope="module")
def trace():
    return programs.mlp()[0]


class Scripts(HTMLParser):
    """Collects the tags of a page and what stands in each script."""

    def __init__(self, page):
        super().__init__()
        self.tags = []
        self.scripts = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data):
        if self.tags and self.tags[-1][0] == "script":
            self.scripts[-1] += data


def embedded(page):
    return json.loads(Scripts(page).scripts[0])


def test_json_is_the_document(trace):
    document = json.loads(trace.json())
    assert document == json.loads(json.dumps(trace.document()))
    assert document["schema"] == "tinygrad_sm.trace/1"
    assert set(document) == {
        "schema", "title", "error", "cap", "rows", "steps", "walks", "groups", "rules", "places",
        "files", "values", "memory", "first", "flame",
    }  # fmt: skip


def test_json_has_no_numbers_that_json_lacks():
    text = programs.not_finite().json()
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
    assert '"nan"' in text
    assert '"-inf"' in text


def test_every_reference_leads_somewhere(trace):
    d = trace.document()
    for row in d["rows"]:
        assert -1 <= row["group"] < len(d["groups"])
        assert -1 <= row["where"] < len(d["places"])
        assert all(0 <= v < len(d["values"]) for v in row["outs"])
        for argument in row.get("args", ()):
            assert -1 <= argument["source"] < d["rows"].index(row)
    for step in d["steps"]:
        for c in step.get("contributions", ()):
            assert -1 <= c["target"] < len(d["rows"])
            assert all(0 <= c[k] < len(d["values"]) for k in ("fitted", "new"))
    assert len(d["memory"]["kept"]) == len(d["memory"]["alive"]) == len(d["steps"])


def test_page_stands_alone(trace):
    page = trace.html()
    tags = Scripts(page).tags
    assert not [a for _, a in tags if "src" in a]
    links = [a for tag, a in tags if tag == "link"]
    assert links == [{"rel": "icon", "href": "data:,"}]
    assert "default-src 'none'" in page
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|import)\(", page)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", page)
    assert "{{" not in page
    assert embedded(page) == json.loads(trace.json())


def test_text_of_the_program_cannot_end_the_script():
    page = programs.hostile().html()
    found = Scripts(page)
    assert [tag for tag, _ in found.tags].count("script") == 2
    assert [tag for tag, _ in found.tags].count("img") == 0
    data = json.loads(found.scripts[0])
    assert data["error"]["message"].startswith("</script>")
    assert "<b>bold</b>" in [g["path"] for g in data["groups"]]
    assert "<" not in found.scripts[0]


def test_frame_for_a_notebook(trace):
    frame = trace._repr_html_()
    (tag, attrs), *others = Scripts(frame).tags
    assert tag == "iframe"
    assert not others
    assert attrs["srcdoc"] == trace.html()
    assert attrs["sandbox"] == "allow-scripts"


def test_nothing_of_the_machine_is_written(trace, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hunter2-in-the-environment")
    texts = [trace.html(), trace.json(), trace.text(), trace.dot()]
    for text in texts:
        assert "hunter2" not in text
        assert os.path.expanduser("~") + "/" not in text
        assert os.path.dirname(os.path.dirname(sg.__file__)) + os.sep not in text


def test_lines_of_the_program_are_those_around_what_ran(tmp_path):
    secret = tmp_path / "secret.py"
    secret.write_text(
        "PASSWORD = 'open sesame'\n" + "\n" * 20
        + "import tinygrad_sm as sg\nx = sg.ones(2, requires_grad=True)\ny = x.exp()\n"
    )  # fmt: skip
    main(["trace", "--out", str(tmp_path / "run.json"), str(secret)])
    text = (tmp_path / "run.json").read_text()
    assert "sesame" not in text
    assert "y = x.exp()" in text


def test_text_shows_rules_sums_and_checks():
    text = programs.broadcast()[0].text()
    assert "y=lambda g, x: g * x" in text
    assert "∂L/∂y = g ⊙ x" in text
    assert "summed over axes (0,)" in text
    assert "b: [5, 5] + [1, -1] = [6, 4]" in text
    assert "✓ equal to finite differences" in text


def test_text_of_failures_and_nan():
    assert "ended with RuntimeError" in programs.failing().text()
    text = programs.not_finite().text()
    assert "first NaN: step 1, log" in text


def test_dot_is_quoted(trace):
    dot = trace.dot()
    assert dot.startswith('digraph "mlp.py" {')
    assert "subgraph cluster_0 {" in dot
    assert dot.count("{") == dot.count("}")
    hostile = sg.trace(title='a"b\\c\nd')
    with hostile:
        sg.ones(1, requires_grad=True) * 2
    assert hostile.dot().startswith('digraph "a\\"b\\\\c\\nd" {')


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_dot_is_understood_by_graphviz(trace):
    run = subprocess.run(["dot", "-Tsvg"], input=trace.dot(), text=True, capture_output=True)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("suffix", [".html", ".json", ".dot", ".txt"])
def test_save_by_suffix(trace, tmp_path, suffix):
    trace.save(tmp_path / f"run{suffix}")
    assert (tmp_path / f"run{suffix}").stat().st_size > 100


def test_save_refuses_other_suffixes(trace, tmp_path):
    with pytest.raises(ValueError, match=r"ends in \.html"):
        trace.save(tmp_path / "run.pdf")
    assert not list(tmp_path.iterdir())


def test_show_writes_a_page_and_opens_it(trace, monkeypatch, capsys, tmp_path):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda url: bool(opened.append(url)))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    path = trace.show()
    assert opened == [f"file://{path}"]
    assert path in capsys.readouterr().out
    with open(path, encoding="utf-8") as file:
        assert file.read() == trace.html()
    os.unlink(path)


class TestSummaries:
    def document(self, x):
        with sg.trace(check=False) as t:
            x * 1
        return t.document()["values"][0]

    def test_few_numbers_are_listed_exactly(self):
        x = sg.randn(4, 4, requires_grad=True)
        value = self.document(x)
        assert np.array(value["data"], np.float32).reshape(4, 4).tolist() == x.tolist()

    def test_many_are_summarized(self):
        x = sg.randn(60, 70, requires_grad=True)
        a = x.detach().numpy().astype(np.float64)
        value = self.document(x)
        assert "data" not in value
        assert value["mean"] == pytest.approx(a.mean(), rel=1e-4)
        assert value["std"] == pytest.approx(a.std(), rel=1e-4)
        assert (value["min"], value["max"]) == pytest.approx((a.min(), a.max()), rel=1e-5)
        assert sum(value["histogram"]) == 4200
        assert value["heat"]["columns"] == 28
        assert len(value["heat"]["cells"]) == 28 * 14
        corner = a[: 60 // 14, : 70 // 28].mean()
        assert value["heat"]["cells"][0] / 99 * value["heat"]["largest"] == pytest.approx(
            corner, abs=value["heat"]["largest"] / 99
        )

    def test_what_is_not_finite_is_counted(self):
        x = sg.zeros(400)
        x[7], x[9], x[11] = float("inf"), float("nan"), float("-inf")
        value = self.document(x.requires_grad_())
        assert (value["nan"], value["inf"], value["first"], value["zeros"]) == (1, 2, 7, 397)

    @pytest.mark.parametrize("fill", [3.0, float("nan"), 1e38])
    def test_constants(self, fill):
        value = self.document(sg.full((30, 30), fill).requires_grad_())
        assert ("min" in value) == np.isfinite(fill)
        assert value.get("min") == value.get("max")
        assert value["nan"] == (900 if np.isnan(fill) else 0)


class TestCommandLine:
    def write(self, tmp_path, text):
        path = tmp_path / "script.py"
        path.write_text("import sys\nimport tinygrad_sm as sg\n" + text)
        return str(path)

    def run(self, *arguments, cwd):
        environment = {**os.environ, "PYTHONPATH": os.path.dirname(sg.__path__[0])}
        return subprocess.run(
            [sys.executable, "-m", "tinygrad_sm", *arguments],
            cwd=cwd, env=environment, capture_output=True, text=True,
        )  # fmt: skip

    def test_page_by_default_and_arguments_go_to_the_script(self, tmp_path):
        script = self.write(
            tmp_path, "x = sg.ones(1, requires_grad=True)\n(x * float(sys.argv[1])).backward()\n"
            "print(x.grad.item(), __name__, sys.argv[2])\n",
        )  # fmt: skip
        done = self.run("trace", script, "3", "--out", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stdout == "3.0 __main__ --out\n"
        assert "script.tape.html" in done.stderr
        document = embedded((tmp_path / "script.tape.html").read_text())
        assert document["title"] == "script.py"
        assert list(document["files"]) == ["script.py"]

    def test_failure_writes_what_there_is(self, tmp_path):
        script = self.write(tmp_path, "x = sg.ones(1, requires_grad=True) * 2\n1 / 0\n")
        done = self.run("trace", script, cwd=tmp_path)
        assert done.returncode == 1
        assert "ZeroDivisionError" in done.stderr
        assert "runpy" not in done.stderr
        document = embedded((tmp_path / "script.tape.html").read_text())
        assert document["error"]["type"] == "ZeroDivisionError"
        assert document["error"]["line"] == 4
        assert len(document["steps"]) == 1

    @pytest.mark.parametrize(
        ("code", "status"), [("0", 0), ("3", 3), ("'no'", 1), ("", 0), ("None", 0)]
    )
    def test_exit_status(self, tmp_path, code, status, monkeypatch):
        monkeypatch.chdir(tmp_path)
        script = self.write(tmp_path, f"sys.exit({code})\n")
        monkeypatch.setattr(sys, "argv", ["x"])
        monkeypatch.setattr(sys, "path", list(sys.path))
        assert main(["trace", script]) == status

    def test_forms(self, tmp_path, monkeypatch, capsys):
        monkeypatch.setattr(sys, "argv", ["x"])
        monkeypatch.setattr(sys, "path", list(sys.path))
        script = self.write(tmp_path, "sg.ones(1, requires_grad=True).exp().backward()\n")
        assert main(["trace", "--text", script]) == 0
        assert "x=lambda g, out: g * out" in capsys.readouterr().out
        assert main(["trace", "--json", script]) == 0
        assert json.loads(capsys.readouterr().out)["rows"][1]["op"] == "exp"
        assert main(["trace", "--dot", "--no-check", script]) == 0
        assert capsys.readouterr().out.startswith("digraph")

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["trace", "no-such-file.py"], "no file"),
            (["trace", "-o", "run.pdf", __file__], "must end in"),
            ([], "required"),
        ],
    )
    def test_bad_use(self, arguments, message, capsys):
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 2
        assert message in capsys.readouterr().err
