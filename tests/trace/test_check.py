"""The badge of a rule: it must be green for right rules and red for wrong ones."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg
from tests.cases import CASES
from tinygrad_sm.trace.check import check_rule


def op_of(operation):
    return operation.primitive


def planted(rule, forward=np.sin):
    return op_of(sg.primitive(forward, name="planted", x=rule))


SMALL = np.array([0.3, -1.2, 2.5], np.float32)
LARGE = np.random.default_rng(0).normal(size=(40, 30)).astype(np.float32)


@pytest.mark.parametrize("x", [SMALL, LARGE, np.array(0.7, np.float32)])
def test_right_and_wrong_rules(x):
    right = planted(lambda g, x: g * np.cos(x), lambda x: np.sin(x))
    wrong = planted(lambda g, x: g * np.cos(x) * 1.001, lambda x: np.sin(x))
    sign = planted(lambda g, x: -g * np.cos(x), lambda x: np.sin(x))
    huge = planted(lambda g, x: 999 * g * np.cos(x), lambda x: np.sin(x))
    assert check_rule(right, [x], 0).status == "ok"
    assert check_rule(right, [x], 0).error < 1e-7
    for op in (wrong, sign, huge):
        assert check_rule(op, [x], 0).status == "wrong"
    assert check_rule(huge, [x], 0).error > 0.5


def test_a_rule_that_ignores_what_arrives_is_wrong():
    op = planted(lambda g, x: np.ones_like(g) * np.cos(x), lambda x: np.sin(x))
    assert check_rule(op, [LARGE], 0).status == "wrong"


def test_one_wrong_element_among_many_is_found():
    def rule(g, x):
        out = g * np.cos(x)
        out[3, 4] += 5 * g[3, 4]
        return out

    assert check_rule(planted(rule, lambda x: np.sin(x)), [LARGE], 0).status == "wrong"


def test_a_rule_that_forgets_the_sum_over_rows_is_wrong():
    op = op_of(
        sg.primitive(
            lambda x, y: x + y,
            name="planted",
            x=lambda g: g,
            y=lambda g, shape: g[:1].reshape(shape),
        )
    )
    x, y = LARGE, LARGE[0]
    assert check_rule(op, [x, y], 0).status == "ok"
    assert check_rule(op, [x, y], 1).status == "wrong"


@pytest.mark.parametrize("x", [np.zeros(3, np.float32), np.maximum(LARGE, 0)])
def test_kinks_are_told_from_errors(x):
    op = op_of(sg.relu)
    found = check_rule(op, [x], 0)
    assert found.status == "kink"
    assert "no derivative" in found.detail
    bad = planted(lambda g, x: g * (x > -0.5), lambda x: np.maximum(x, 0))
    assert check_rule(bad, [x], 0).status == "wrong"


def test_few_kinks_among_many_elements_are_no_errors():
    x = LARGE.copy()
    x[0, :3] = 0
    assert check_rule(op_of(sg.relu), [x], 0).status == "kink"


def test_a_kink_within_the_step_is_no_error():
    x = np.array([1.0, 1.0 + 1e-8, 3.0, *np.arange(4.0, 40.0)])
    y = np.array([1.0 + 3e-7, 1.0, 3.0 - 2e-6, *np.arange(50.0, 86.0)])
    found = {check_rule(op_of(sg.maximum), [x, y], 0, seed).status for seed in range(20)}
    assert found <= {"ok", "kink"}


def test_ties_are_kinks():
    ones = np.ones(4, np.float32)
    assert check_rule(op_of(sg.maximum), [ones, ones], 0).status == "kink"
    assert check_rule(op_of(sg.maximum), [ones, ones * 2], 0).status == "ok"


def test_jumps_are_kinks():
    assert check_rule(op_of(sg.floor), [np.array([1.0, 2.5], np.float32)], 0).status == "kink"
    assert check_rule(op_of(sg.floor), [np.array([1.2, 2.5], np.float32)], 0).status == "ok"


def test_elements_that_are_not_finite_are_left_out_and_said_to_be():
    found = check_rule(op_of(sg.log), [np.array([1.0, 0.0, 2.0], np.float32)], 0)
    assert found.status == "ok"
    found = check_rule(op_of(sg.sqrt), [np.array([1.0, 0.0, np.inf, -1], np.float32)], 0)
    assert found.status == "ok"
    assert "left out" in found.detail
    assert check_rule(op_of(sg.sqrt), [np.zeros(2, np.float32)], 0).status == "unchecked"
    assert check_rule(op_of(sg.exp), [np.full(2, np.nan, np.float32)], 0).status == "unchecked"


def test_scales():
    for scale in (1e-12, 1e-4, 1e4, 1e12):
        x = SMALL.astype(np.float64) * scale
        assert check_rule(op_of(sg.mul), [x, x + 1], 0).status == "ok"
        assert check_rule(op_of(sg.square), [x], 0).status == "ok"
        wrong = planted(lambda g, x: g * (2.01 * x), lambda x: x * x)
        assert check_rule(wrong, [x], 0).status == "wrong"


def test_empty_and_integer_arguments_are_not_checked():
    assert check_rule(op_of(sg.exp), [np.zeros((0, 3), np.float32)], 0).status == "unchecked"
    assert check_rule(op_of(sg.mul), [SMALL, np.arange(3)], 1).status == "unchecked"
    assert check_rule(op_of(sg.mul), [SMALL, np.arange(3)], 0).status == "ok"


def test_a_rule_that_raises_is_not_checked():
    def rule(g, x):
        raise ValueError("no")

    found = check_rule(planted(rule, lambda x: np.sin(x)), [SMALL], 0)
    assert found.status == "unchecked"
    assert "no" in found.detail


def test_float32_results_are_compared_at_their_precision():
    half = op_of(sg.primitive(lambda x: x.astype(np.float32) * 2, name="narrow", x=lambda g: g * 2))
    assert check_rule(half, [SMALL], 0).status == "ok"
    bad = op_of(
        sg.primitive(lambda x: x.astype(np.float32) * 2, name="narrow", x=lambda g: g * 2.2)
    )
    assert check_rule(bad, [SMALL], 0).status == "wrong"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_case_of_the_registry_has_no_red_badge(case):
    tensors = [sg.tensor(x, requires_grad=x.dtype.kind == "f") for x in case.inputs]
    with sg.trace() as t, np.errstate(all="ignore"):
        out = case.call(sg, *tensors)
        if isinstance(out, sg.Tensor) and out.requires_grad:
            out.sum().backward()
    rules = [r for row in t.document()["rows"] for r in row.get("rules", ())]
    assert [r["detail"] for r in rules if r["check"] == "wrong"] == []
