"""The lesson runs, its numbers are right, and a claim that does not hold stops it."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import tinygrad_sm as sg

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PICTURES = ("boundaries.png", "descents.png", "icons.png")

pytest.importorskip("matplotlib", reason="the lesson draws its pictures with matplotlib")


@pytest.fixture(scope="module")
def lessons() -> Iterator[ModuleType]:
    """The example as a module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(EXAMPLES))
        yield importlib.import_module("softmax_regression")


@pytest.fixture
def lesson(lessons: ModuleType, tmp_path: Path) -> Any:
    return lessons.Lesson(tmp_path, quick=True)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_the_whole_lesson_runs_quickly(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "er"
    environment = os.environ | {"PYTHONPATH": str(EXAMPLES.parent), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, EXAMPLES / "softmax_regression.py", "--quick", "--seed=3", f"--out={out}"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    checks = sum(line.startswith("  [ok] ") for line in lines)
    assert lines[-1] == f"all {checks} checks passed"
    assert checks >= 46
    sections = [int(found[1]) for line in lines if (found := re.match(r"(\d+)\. ", line))]
    assert sections == list(range(1, 12))
    for name in PICTURES:
        assert (out / name).read_bytes().startswith(b"\x89PNG\r\n")
        assert name in lines[-2]


def test_the_slide(lessons: ModuleType) -> None:
    a = lessons.softmax_by_hand(lessons.SCORES)
    np.testing.assert_allclose(a, [0.842, 0.042, 0.002, 0.114], atol=5e-4)
    assert lessons.hardmax(lessons.SCORES).tolist() == [1, 0, 0, 0]


def test_the_cat(lessons: ModuleType) -> None:
    z = np.log(lessons.YHAT)
    dz = [0.3, -0.8, 0.1, 0.4]
    assert lessons.loss_of_scores(z, lessons.CAT) == pytest.approx(1.6094379124341003, abs=1e-15)
    np.testing.assert_allclose(lessons.gradient_by_tape(z, lessons.CAT), dz, atol=1e-15)
    differences = lessons.finite_differences(lambda z: lessons.loss_of_scores(z, lessons.CAT), z)
    np.testing.assert_allclose(differences, dz, atol=1e-9)


def test_finite_differences_of_a_known_function(lessons: ModuleType) -> None:
    z = np.array([0.5, -2.0, 3.0])
    gradient = lessons.finite_differences(lambda z: float((z**3).sum() + z[0] * z[1]), z)
    np.testing.assert_allclose(gradient, 3 * z**2 + [z[1], z[0], 0], atol=1e-8)


def test_two_losses_of_two_classes(lessons: ModuleType) -> None:
    z = sg.tensor([[0.0, 2.0], [1.0, -1.0]], dtype=sg.float64)
    y = sg.tensor([1, 1])
    expected = (np.log1p(np.exp(-2)) + np.log1p(np.exp(2))) / 2
    assert lessons.softmax_of_two(z, y).item() == pytest.approx(expected, abs=1e-15)
    assert lessons.logistic(z[:, 1] - z[:, 0], y).item() == pytest.approx(expected, abs=1e-15)


def test_the_course_in_columns_is_right_by_differences(
    lessons: ModuleType, rng: np.random.Generator
) -> None:
    W, b, X = rng.normal(size=(3, 2)), rng.normal(size=(3, 1)), rng.normal(size=(2, 5))
    Y = np.eye(3)[:, rng.integers(3, size=5)]
    course = lessons.course_pass(W, b, X, Y)

    def cost_by_weights(flat: np.ndarray) -> float:
        return float(lessons.course_pass(flat.reshape(W.shape), b, X, Y)["J"])

    def cost_by_biases(flat: np.ndarray) -> float:
        return float(lessons.course_pass(W, flat.reshape(b.shape), X, Y)["J"])

    dW = lessons.finite_differences(cost_by_weights, W.ravel())
    db = lessons.finite_differences(cost_by_biases, b.ravel())
    np.testing.assert_allclose(course["dW"].ravel(), dW, atol=1e-9)
    np.testing.assert_allclose(course["db"].ravel(), db, atol=1e-9)


def small_model(rng: np.random.Generator) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    weights = [rng.normal(0, 0.5, shape) for shape in ((5, 2), (5,), (3, 5), (3,))]
    return weights, rng.normal(size=(20, 2)), rng.integers(3, size=20)


def test_by_hand_and_by_tape_step_by_step(lessons: ModuleType, rng: np.random.Generator) -> None:
    weights, x, labels = small_model(rng)
    before = [weight.copy() for weight in weights]
    by_hand = lessons.costs_by_hand(weights, x, np.eye(3)[labels], 30, 0.3)
    by_tape = lessons.costs_by_framework(sg, weights, x, labels, 30, 0.3)
    np.testing.assert_allclose(by_tape, by_hand, rtol=0, atol=1e-13)
    assert by_hand[-1] < by_hand[0]
    for weight, untouched in zip(weights, before, strict=True):
        np.testing.assert_array_equal(weight, untouched)


def test_by_pytorch_step_by_step(lessons: ModuleType, rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch where it is installed")
    weights, x, labels = small_model(rng)
    by_hand = lessons.costs_by_hand(weights, x, np.eye(3)[labels], 30, 0.3)
    by_torch = lessons.costs_by_framework(torch, weights, x, labels, 30, 0.3)
    np.testing.assert_allclose(by_torch, by_hand, rtol=0, atol=1e-13)


def test_without_pytorch_two_ways_are_compared(
    lessons: ModuleType,
    lesson: Any,
    rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    lessons.three_ways(lesson, rng)
    printed = capsys.readouterr().out
    assert "PyTorch is not installed here, so its column is left out." in printed
    assert "cost.backward()  # backprop: the framework's" in printed
    assert lesson.checks == 2


# --- Boundaries -----------------------------------------------------------------------------------


def test_straight_boundaries_are_found_and_are_straight(lessons: ModuleType) -> None:
    W, b = np.array([[1.0, 0.3], [-0.6, 0.9], [-0.2, -1.1]]), np.array([0.1, 0.0, -0.05])
    boundaries = lessons.boundary_points(lambda points: points @ W.T + b)
    assert set(boundaries) == {(0, 1), (0, 2), (1, 2)}
    for (i, j), points in boundaries.items():
        assert len(points) > 20
        np.testing.assert_allclose(points @ (W[i] - W[j]) + b[i] - b[j], 0, atol=1e-12)
    assert lessons.largest_bend(boundaries.values()) < 1e-12


def test_a_circle_bends_by_its_radius(lessons: ModuleType) -> None:
    def scores(points: np.ndarray) -> np.ndarray:
        return np.stack([(points**2).sum(1), np.full(len(points), 0.5**2)], 1)

    boundaries = lessons.boundary_points(scores)
    points = boundaries[0, 1]
    np.testing.assert_allclose(np.hypot(*points.T), 0.5, atol=1e-9)
    assert lessons.largest_bend(boundaries.values()) == pytest.approx(0.5, abs=0.01)


def test_a_boundary_under_a_third_class_does_not_count(lessons: ModuleType) -> None:
    def scores(points: np.ndarray) -> np.ndarray:  # class 2 wins in a strip thinner than the grid
        x = points[:, 0] - 0.007
        return np.stack([x, -x, 0.002 - np.abs(x) / 2], 1)

    assert lessons.boundary_points(scores)[0, 1].shape == (0, 2)


# --- Data -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("classes", [3, 4, 5, 6])
def test_the_wheel(lessons: ModuleType, classes: int) -> None:
    x, labels = lessons.pinwheel(classes, 30, np.random.default_rng(1))
    again, _ = lessons.pinwheel(classes, 30, np.random.default_rng(1))
    assert x.shape == (30 * classes, 2)
    assert np.bincount(labels).tolist() == [30] * classes
    assert np.hypot(*x.T).max() <= 1
    np.testing.assert_array_equal(x, again)


def test_the_icons(lessons: ModuleType) -> None:
    pictures = lessons.pictures
    images, labels = pictures.draw_icons(200, np.random.default_rng(1))
    again, same_labels = pictures.draw_icons(200, np.random.default_rng(1))
    assert images.shape == (200, 12, 12, 3)
    assert images.dtype == np.float32
    assert images.min() >= 0
    assert images.max() <= 1
    assert set(labels) == {0, 1, 2, 3}
    np.testing.assert_array_equal(images, again)
    np.testing.assert_array_equal(labels, same_labels)
    corners = images[:, 0, 0].mean(1)  # sky: bright by day, dark by night
    assert 60 < (corners > 0.5).sum() < 140


def test_every_drawing_is_twelve_by_twelve(lessons: ModuleType) -> None:
    for name in lessons.pictures.CLASSES:
        for drawing in lessons.pictures.DRAWINGS[name]:
            assert [len(line) for line in drawing.split()] == [12] * 12


def test_descents_see_each_example_once_a_pass(
    lessons: ModuleType, rng: np.random.Generator
) -> None:
    points, labels = lessons.pinwheel(3, 16, rng)
    data = lessons.TensorDataset(sg.tensor(points, dtype=sg.float32), sg.tensor(labels))
    for batch, steps in ((48, 1), (16, 3), (1, 48)):
        descent = lessons.descend("any", data, batch, 0.1, 2)
        assert len(descent.step_costs) == 2 * steps
        assert len(descent.pass_costs) == 3
        assert descent.pass_costs[0] == pytest.approx(np.log(3), abs=1e-6)
        assert descent.pass_costs[2] < descent.pass_costs[0]


# --- Claims that do not hold ----------------------------------------------------------------------


def test_claims_are_counted_and_false_ones_stop_the_lesson(lesson: Any) -> None:
    lesson.section("A section")
    lesson.check("two is even", 2 % 2 == 0)
    lesson.agree("nearly", [1.0, 2.0], [1.0, 2.0 + 1e-9], within=1e-8)
    assert lesson.checks == 2
    with pytest.raises(AssertionError, match=r"section 1: .*three is even"):
        lesson.check("three is even", 3 % 2 == 0)
    with pytest.raises(AssertionError, match=r"largest difference 1\.0e-07"):
        lesson.agree("not near", 1.0, 1.0 + 1e-7, within=1e-8)
    with pytest.raises(AssertionError, match="nan"):
        lesson.agree("not a number", np.nan, 1.0, within=1e9)
    assert lesson.checks == 2


def wrong(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with its result a thousandth too large."""
    return lambda *args, **kwargs: function(*args, **kwargs) * 1.001


def wrong_course(function: Callable[..., Any]) -> Callable[..., Any]:
    """The course's pass without the 1/m of dW."""
    return lambda W, b, X, Y: {
        **(right := function(W, b, X, Y)),
        "dW": right["dW"] * X.shape[1],
    }


def wrong_costs(function: Callable[..., Any]) -> Callable[..., Any]:
    """Costs whose last one is off in the eleventh digit."""
    return lambda *args: [*(costs := function(*args))[:-1], costs[-1] + 1e-11]


@pytest.mark.parametrize(
    ("name", "spoil", "section"),
    [
        ("softmax_by_hand", wrong, "why_soft"),
        ("softmax_by_hand", wrong, "large_scores"),
        ("hardmax", wrong, "why_soft"),
        ("logistic", wrong, "two_classes"),
        ("gradient_by_tape", wrong, "the_gradient"),
        ("finite_differences", wrong, "the_gradient"),
        ("loss_of_scores", wrong, "the_gradient"),
        ("course_pass", wrong_course, "columns_and_rows"),
        ("costs_by_hand", wrong_costs, "three_ways"),
        ("costs_by_framework", wrong_costs, "three_ways"),
    ],
)
def test_a_planted_fault_stops_the_lesson(
    lessons: ModuleType,
    lesson: Any,
    rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    spoil: Callable[[Callable[..., Any]], Callable[..., Any]],
    section: str,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)  # quick: without PyTorch
    needs_rng = section not in ("why_soft", "large_scores")
    arguments = (lesson, rng) if needs_rng else (lesson,)
    getattr(lessons, section)(*arguments)
    monkeypatch.setattr(lessons, name, spoil(getattr(lessons, name)))
    with pytest.raises(AssertionError, match="this should hold and does not"):
        getattr(lessons, section)(*arguments)


def test_without_matplotlib_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    source = EXAMPLES / "softmax_regression_pictures.py"
    spec = importlib.util.spec_from_file_location("pictures_without_matplotlib", source)
    assert spec is not None
    assert spec.loader is not None
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(SystemExit, match=r'matplotlib: pip install -e "\.\[examples\]"'):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
