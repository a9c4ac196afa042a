"""Rules as they are written, and as mathematics."""

from __future__ import annotations

import gc

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.primitive import Primitive
from tinygrad_sm.trace.document import option_text, summed_axes
from tinygrad_sm.trace.mathematics import as_text, equations
from tinygrad_sm.trace.sources import rule_source, shown_path


def rules():
    """Every rule of the package, in an order that each process of a parallel run finds alike."""
    package = {
        (op.name, argument, rule.__module__, rule.__code__.co_firstlineno): rule
        for op in gc.get_objects()
        if issubclass(type(op), Primitive) and getattr(op.forward, "__module__", None) != __name__
        for argument, rule in op.rules.items()
        if str(getattr(rule, "__module__", "")).startswith("tinygrad_sm")
    }
    return [
        pytest.param(*key[:2], package[key], id=f"{key[0]}-{key[1]}") for key in sorted(package)
    ]


@pytest.mark.parametrize(("op", "argument", "rule"), rules())
def test_every_rule_of_the_package_has_its_line(op, argument, rule):
    source = rule_source(rule)
    assert source.file.startswith("tinygrad_sm/")
    assert source.code.startswith((f"{argument}=lambda", "def ", "lambda", '{"'))
    if "lambda" in source.code:
        names = rule.__code__.co_varnames[: rule.__code__.co_argcount]
        assert f"lambda {', '.join(names)}:" in " ".join(source.code.split())
    lines = equations(source.tree, argument)
    assert as_text(lines[-1])
    with open(f"{sg.__path__[0]}/{source.file.removeprefix('tinygrad_sm/')}") as file:
        text = file.read().splitlines()
    assert source.code.splitlines()[0] in text[source.line - 1]


def test_two_rules_on_one_line_are_told_apart():
    op = sg.primitive(
        lambda x, y: x * y, name="product",
        x=lambda g, y: g * y, y=lambda g, x: g * x,
    ).primitive  # fmt: skip
    assert rule_source(op.rules["x"]).code == "x=lambda g, y: g * y"
    assert rule_source(op.rules["y"]).code == "y=lambda g, x: g * x"


def test_a_rule_without_source():
    rule = eval("lambda g: g")
    source = rule_source(rule)
    assert source.code == ""
    assert equations(source.tree, "x") == []
    op = sg.primitive(lambda x: x * 1, name="unseen", x=rule)
    x = sg.ones(2, requires_grad=True)
    with sg.trace() as t:
        op(x).sum().backward()
    assert "source is not at hand" in t.text()


class TestMathematics:
    @pytest.mark.parametrize(
        ("rule", "text"),
        [
            (lambda g, out: g * out, "∂L/∂x = g ⊙ out"),
            (lambda g, x, y: -g * x / (y * y), "∂L/∂x = (−g ⊙ x)/(y ⊙ y)"),
            (lambda g, x: g * (1 - x * x), "∂L/∂x = g ⊙ (1 − x ⊙ x)"),
            (lambda g, x: g - (x - g), "∂L/∂x = g − (x − g)"),
            (lambda g, x: g - (x + g), "∂L/∂x = g − (x + g)"),
            (lambda g, x: 2 * x, "∂L/∂x = 2 x"),
            (lambda g, x: np.exp(-x) ** 2, "∂L/∂x = (e^(−x))^2"),
            (lambda g, y: np.matmul(g, np.swapaxes(y, -1, -2)), "∂L/∂x = g yᵀ"),
            (lambda g, c: np.where(c, g, 0.0), "∂L/∂x = g where c, else 0"),
            (lambda g, x: g * np.greater(x, 0), "∂L/∂x = g ⊙ [x > 0]"),
            (lambda g, alpha: alpha * g, "∂L/∂x = α ⊙ g"),
            (lambda g, x: np.sum(g * x, axis=0), "∂L/∂x = ∑(g ⊙ x)"),
        ],
    )
    def test_lines(self, rule, text):
        assert as_text(equations(rule_source(rule).tree, "x")[-1]) == text


def test_paths_say_nothing_of_the_machine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert shown_path(str(tmp_path / "deep" / "script.py")) == "deep/script.py"
    assert shown_path("/home/someone/secret/script.py") == "script.py"
    assert shown_path(sg.__file__) == "tinygrad_sm/__init__.py"


def test_options_in_words():
    assert option_text((1, 2)) == "(1, 2)"
    assert option_text(slice(1, None, 2)) == "1::2"
    assert option_text(Ellipsis) == "..."
    assert option_text(np.dtype("float32")) == "float32"
    assert option_text(np.zeros((2, 3))) == "float64 array of shape (2, 3)"
    assert option_text(lambda x: x) == "<function>"
    assert len(option_text("x" * 1000)) == 60


@pytest.mark.parametrize(
    ("raw", "fitted", "axes"),
    [
        ((4, 3), (3,), [0]),
        ((4, 3), (1, 3), [0]),
        ((5, 4, 3), (4, 1), [0, 2]),
        ((4, 3), (4, 3), []),
        ((), (3,), []),
        ((2, 3), (), [0, 1]),
    ],
)
def test_summed_axes(raw, fitted, axes):
    assert summed_axes(raw, fitted) == axes
