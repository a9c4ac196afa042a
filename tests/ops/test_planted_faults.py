"""The tester tested: faults are planted in the library one by one, and each must be caught.

A wrong rule takes the place of a right one, or a wrong function that of one of the engine's. Then
the checkers that every case of the registry goes through must raise ``AssertionError``; without a
fault the same checkers pass the same cases.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm import tape
from tinygrad_sm.ops import accumulation, in_place
from tinygrad_sm.ops.reduction import restore
from tinygrad_sm.primitive import Primitive
from tinygrad_sm.tape import Node

from ..cases import CASES, Case
from ..cases.registry import normal
from ..checks import (
    central_differences,
    check_differences,
    check_float32,
    check_pytorch,
    value_and_gradients,
)
from .test_registry import IN_TESTS_OF_NN, OF_SECOND_DERIVATIVES, primitives


def recorded(case) -> set[Primitive]:
    """The primitives on the tape of a case."""
    out = case.call(sg, *(sg.tensor(x, requires_grad=True) for x in case.inputs))
    seen, nodes = set(), [out.grad_fn]
    while nodes:
        node = nodes.pop()
        if isinstance(node, Node) and node not in seen:
            seen.add(node)
            nodes += node.parents
    return {node.op for node in seen}


@functools.cache
def cases_by_primitive() -> dict[Primitive, list]:
    """The cases that run each primitive, smooth and small ones first."""
    found = {}
    for case in sorted(CASES, key=lambda c: (not c.smooth, sum(x.size for x in c.inputs))):
        if all(x.size for x in case.inputs):
            for op in recorded(case):
                found.setdefault(op, []).append(case)
    return found


@functools.cache
def differences(case) -> list[np.ndarray]:
    """What a case's gradient must be, from values alone: no planted rule changes it."""
    _, weights, _ = value_and_gradients(case.call, case.inputs)
    return central_differences(case.call, case.inputs, weights)


def check(case) -> None:
    """What the registry asks of a gradient in float64."""
    if case.smooth:
        check_differences(case, differences(case))
    else:
        check_pytorch(case)


def caught(cases, checker: Callable[[Any], None] = check) -> bool:
    """Whether the checker refuses some case."""
    for case in cases:
        try:
            checker(case)
        except AssertionError:
            return True
    return False


class planted:
    """A wrong rule in the place of an operation's right one, inside a ``with`` block."""

    def __init__(self, op: Primitive, argument: str, wrong: Callable[..., Any]) -> None:
        self.op, self.argument, self.wrong = op, argument, wrong

    def __enter__(self) -> None:
        self.right = self.op.rules[self.argument]
        self.op.rules[self.argument] = self.wrong
        self.op._plans.clear()

    def __exit__(self, *exc: object) -> None:
        self.op.rules[self.argument] = self.right
        self.op._plans.clear()


def changed(change: Callable[[Any], Any]) -> Callable[..., Any]:
    """A fault that changes whatever the right rule returns, and names what that rule names."""

    def fault(rule: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(rule)
        def wrong(*args: Any) -> Any:
            grads = rule(*args)
            return [change(g) for g in grads] if isinstance(grads, list) else change(grads)

        return wrong

    return fault


# --- the same fault in every rule there is -------------------------------------------------------

EVERYWHERE = {
    "sign": changed(lambda g: -g),
    "factor": changed(lambda g: 1.01 * g),
    "dropped": changed(lambda g: 0.0 * g),
    "offset": changed(lambda g: g + 0.01),
    "half precision": changed(lambda g: g.astype(np.float16).astype(np.float64)),
}
RULES = [
    (op, argument)
    for name, known in sorted(primitives().items())
    for op in known
    for argument in op.rules
    if name not in OF_SECOND_DERIVATIVES | IN_TESTS_OF_NN
]
# Their derivative is 0 (almost) everywhere, so that a multiple of it is right as well.
FLAT = {
    "angle-x", "ceil-x", "copy-x", "copysign-y", "floor-x", "floor_divide-x", "floor_divide-y",
    "round-x", "sign-x", "trunc-x", "trunc_divide-x", "trunc_divide-y",
}  # fmt: skip


@pytest.mark.parametrize(
    ("op", "argument"), RULES, ids=[f"{op.name}-{argument}" for op, argument in RULES]
)
def test_a_fault_in_any_rule_is_caught(op, argument):
    cases = cases_by_primitive()[op]
    flat = f"{op.name}-{argument}" in FLAT
    for name in ["offset"] if flat else EVERYWHERE:
        with planted(op, argument, EVERYWHERE[name](op.rules[argument])):
            assert caught(cases), name


# --- faults of one rule each: the ones that people make ------------------------------------------

rolled = changed(lambda g: np.roll(g, 1))
turned = changed(lambda g: np.ascontiguousarray(g.T).reshape(g.shape))
WRITTEN = Case("mul_", lambda m, x, y: (x * 1.0).mul_(y), (normal(3, 4), normal(3, 4, seed=1)))


def right_rule(name: str, argument: str) -> Callable[..., Any]:
    return primitives()[name][0].rules[argument]


def other(axis: int) -> int:
    """Of two dimensions, the one that was not meant."""
    return -3 - axis


def by_axis(name: str, argument: str = "x") -> Callable[..., Any]:
    """The right rule along the wrong one of two dimensions."""
    rule = right_rule(name, argument)
    parameters = inspect.signature(rule).parameters

    @functools.wraps(rule)
    def wrong(g, *args):
        given = dict(zip(list(parameters)[1:], args, strict=True))
        if "axis" in given:
            given["axis"] = other(given["axis"])
        if "axes" in given:
            given["axes"] = tuple(other(a) for a in given["axes"])
        return rule(g, **given)

    return wrong


def assigned(g, index, shape):
    out = np.zeros(shape, g.dtype)
    out[index] = g
    return out


def square_case(op: str, call: Callable[..., Any], *shape: int) -> Case:
    return Case(op, call, (normal(*(shape or (4, 4))),))


def product(m, x):
    return x @ (x * 0.5 + 1.0)


# (kind, operation, argument, the wrong rule, the case that shows it unless the registry has one)
WRONG = [
    ("wrong axis", "softmax", "x", by_axis("softmax"), square_case("softmax", lambda m, x: m.softmax(x, 0))),
    ("wrong axis", "log_softmax", "x", by_axis("log_softmax"), square_case("log_softmax", lambda m, x: m.log_softmax(x, 0))),
    ("wrong axis", "sum", "x", by_axis("sum"), square_case("sum", lambda m, x: x.sum(0))),
    ("wrong axis", "amax", "x", by_axis("amax"), square_case("amax", lambda m, x: x.amax(1))),
    ("wrong axis", "prod", "x", by_axis("prod"), square_case("prod", lambda m, x: x.prod(0))),
    ("wrong axis", "var", "x", by_axis("var"), square_case("var", lambda m, x: x.var(0))),
    ("wrong axis", "logsumexp", "x", by_axis("logsumexp"), square_case("logsumexp", lambda m, x: x.logsumexp(0))),
    ("wrong axis", "cumsum", "x", by_axis("cumsum"), None),
    ("wrong axis", "cumprod", "x", by_axis("cumprod"), None),
    ("wrong axis", "flip", "x", by_axis("flip"), None),
    ("wrong axis", "permute", "x", lambda g, axes: np.transpose(g, axes), square_case("permute", lambda m, x: x.permute(1, 2, 0), 3, 3, 3)),
    ("wrong tie", "amax", "x", lambda g, x, out, axes, keepdim: restore(g, axes, keepdim) * (x == restore(out, axes, keepdim)), None),
    ("wrong tie", "amin", "x", lambda g, x, out, axes, keepdim: restore(g, axes, keepdim) * (x == restore(out, axes, keepdim)), None),
    ("wrong tie", "maximum", "x", lambda g, x, y: g * (x >= y), None),
    ("wrong tie", "maximum", "y", lambda g, x, y: g * (y > x), None),
    ("wrong tie", "minimum", "x", lambda g, x, y: g * (x <= y), None),
    ("wrong tie", "minimum", "y", lambda g, x, y: g * (y < x), None),
    ("wrong tie", "fmax", "x", lambda g, x, y: g * (x > y), None),
    ("wrong tie", "median", "x", lambda g, x, out: g * (x == out), None),
    ("wrong tie", "scatter_reduce", "x", lambda g, x, out: g * (x == out), None),
    ("dropped term", "softmax", "x", lambda g, out: g * out, None),
    ("dropped term", "log_softmax", "x", lambda g: g, None),
    ("dropped term", "tanh", "x", lambda g: g, None),
    ("dropped term", "sigmoid", "x", lambda g, out: g * out, None),
    ("dropped term", "pow", "x", lambda g, x, y: g * np.power(x, np.subtract(y, 1)), None),
    ("dropped term", "div", "y", lambda g, x, y: -g * x / y, None),
    ("dropped term", "sqrt", "x", lambda g, out: g / out, None),
    ("dropped term", "native_layer_norm", "x", lambda g, weight, scale: scale * (g * weight), None),
    ("dropped term", "nll_loss", "logits", lambda g, probabilities: g * probabilities, None),
    ("dropped term", "silu", "x", lambda g, x: g / (1 + np.exp(-x)), None),
    ("dropped term", "entr", "x", lambda g, x: -g * np.log(x), None),
    ("dropped term", "erfcx", "x", lambda g, x, out: g * 2 * x * out, None),
    ("dropped term", "atan2", "x", lambda g, x, y: g / y, None),
    ("dropped term", "hypot", "x", lambda g, x: g * x, None),
    ("off by one", "tril", "x", lambda g, k: np.tril(g, k - 1), None),
    ("off by one", "triu", "x", lambda g, k: np.triu(g, k + 1), None),
    ("off by one", "polygamma", "x", lambda g, out: g * out, None),
    *(
        ("off by one", name, argument, rolled(right_rule(name, argument)), None)
        for name, argument in [
            ("index", "x"), ("cat", "arrays"), ("split", "x"), ("flip", "x"), ("roll", "x"),
            ("cumsum", "x"), ("cumprod", "x"), ("diagonal", "x"), ("unfold", "x"), ("view", "x"),
            ("constant_pad_nd", "x"), ("convolution", "x"), ("convolution", "weight"),
            ("max_pool2d", "x"), ("avg_pool2d", "x"), ("embedding", "weight"),
            ("scatter_add", "src"), ("index_put", "x"), ("index_put", "src"),
            ("copy_slices", "base"), ("copy_slices", "value"), ("permute", "x"), ("where", "x"),
        ]
    ),
    ("duplicates", "index", "x", assigned, None),
    ("duplicates", "embedding", "weight", assigned, None),
    ("wrong mask at the bound", "relu", "x", lambda g, x: g * (x >= 0), None),
    ("wrong mask at the bound", "leaky_relu", "x", lambda g, x, slope: g * np.where(x >= 0, 1.0, slope), None),
    ("wrong mask at the bound", "elu", "x", lambda g, x, alpha, scale, speed: g * np.where(x < 0, alpha * np.exp(x), 1.0), None),
    ("wrong mask at the bound", "clamp_min", "x", lambda g, x, y: g * (x > y), None),
    ("wrong mask at the bound", "clamp_max", "x", lambda g, x, y: g * (x < y), None),
    ("wrong mask at the bound", "hardtanh", "x", lambda g, x, low, high: g * ((x >= low) & (x <= high)), None),
    ("wrong mask at the bound", "abs", "x", lambda g, x: g * np.where(x >= 0, 1.0, -1.0), None),
    ("wrong mask at the bound", "norm", "x", lambda g, x, out, axes, keepdim: restore(g, axes, keepdim) * np.where(x == 0, 1.0, x / restore(out, axes, keepdim)), None),
    ("transposed matrix", "mm", "x", lambda g, y: g @ y, square_case("mm", product)),
    ("transposed matrix", "mm", "y", lambda g, x: x @ g, square_case("mm", product)),
    ("transposed matrix", "addmm", "weight", turned(right_rule("addmm", "weight")), None),
    ("transposed matrix", "addmm", "x", turned(right_rule("addmm", "x")), None),
    ("transposed matrix", "convolution", "weight", changed(lambda g: g[..., ::-1, ::-1])(right_rule("convolution", "weight")), None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "name", "argument", "wrong", "shown_by"),
    WRONG,
    ids=[f"{kind}-{name}-{argument}" for kind, name, argument, *_ in WRONG],
)
def test_a_wrong_rule_is_caught(kind, name, argument, wrong, shown_by):
    op = primitives()[name][0]
    cases = [shown_by] if shown_by else cases_by_primitive()[op]
    if shown_by:
        assert op in recorded(shown_by)
        assert not caught(cases)
    with planted(op, argument, wrong):
        assert caught(cases)


# --- faults of the engine ------------------------------------------------------------------------


def of(*names: str) -> list:
    """The cases of some operations."""
    return [c for c in CASES if c.op in names and all(x.size for x in c.inputs)]


def first_of(grad, shape):
    """The first of the gradients that broadcasting asks to be summed."""
    extra = len(grad.shape) - len(shape)
    grad = grad[(0,) * extra] if extra > 0 else grad
    for axis, n in enumerate(shape):
        if n == 1 and len(grad.shape) == len(shape):
            grad = np.take(grad, [0], axis)
    return np.broadcast_to(grad, shape)


def mean_of(grad, shape):
    """The mean where the sum is asked for."""
    total = UNBROADCAST(grad, shape)
    return total * (total.size / grad.size) if total.size < grad.size else total


def keeping(choose: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """A ``pass_on`` that makes ``choose(old, new)`` of two contributions."""

    def pass_on(self, targets, grads, source):
        for target, grad in zip(targets, grads, strict=True):
            if target is not None and grad is not None:
                add(self, target, grad, source)

    def add(self, target, grad, source):
        store = self.nodes if type(target) is Node else self.leaves
        old = store.pop(target, None)
        if old is None:
            PASS_ON(self, (target,), (grad,), source)
            return
        store[target] = old
        zero = np.zeros_like(old)
        PASS_ON(self, (target,), (zero,), None)
        store[target] = choose(old, tape._fit_array(grad, old.shape, old.dtype))

    return pass_on


def seen_later(t, result, alias, name):
    """A write in place that reaches what the tape has saved."""
    WRITE(t, result, alias, name)
    alias.array = t.array


UNBROADCAST, PASS_ON, WRITE = tape.unbroadcast, tape._Gradients.pass_on, in_place.write
BROADCAST = of("add", "sub", "mul", "div", "where", "linear")
SHARED = of("add", "mul", "mm")
ENGINE = [
    ("missing broadcast sum: the first", tape, "unbroadcast", first_of, BROADCAST),
    ("missing broadcast sum: the mean", tape, "unbroadcast", mean_of, BROADCAST),
    ("missing broadcast sum: a bias", tape, "column_sums", lambda g: g.reshape(-1, g.shape[-1])[0], BROADCAST),
    ("missing broadcast sum: half of the rows", tape, "column_sums", lambda g: g.reshape(-1, g.shape[-1])[::2].sum(0), BROADCAST),
    ("diamond: the first alone", tape._Gradients, "pass_on", keeping(lambda old, new: old), SHARED),
    ("diamond: the last alone", tape._Gradients, "pass_on", keeping(lambda old, new: new), SHARED),
    ("diamond: one counted twice", tape._Gradients, "pass_on", keeping(lambda old, new: old + 2 * new), SHARED),
    ("diamond: added into what others hold", tape, "_is_fresh", lambda *_: True, SHARED),
    ("duplicates: the last alone", accumulation, "add_rows", lambda out, index, g: out.__setitem__(index, g), of("getitem", "embedding")),
    ("duplicates along an axis: the last alone", accumulation, "add_slices", lambda out, places, g, axis: out.__setitem__((*(slice(None),) * axis, places), g), of("index_select")),
    ("off by one: rows", accumulation, "add_rows", lambda out, index, g: np.add.at(out, (index + 1) % len(out), g), of("getitem", "embedding")),
    ("a saved value read after a change", in_place, "write", seen_later, [WRITTEN]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("room", "name", "wrong", "cases"),
    [fault[1:] for fault in ENGINE],
    ids=[fault[0] for fault in ENGINE],
)
def test_a_fault_of_the_engine_is_caught(room, name, wrong, cases, monkeypatch):
    assert not caught(cases)
    monkeypatch.setattr(room, name, wrong)
    assert caught(cases)


@pytest.mark.parametrize("kind", [np.float64, np.float16])
@pytest.mark.parametrize("name", ["exp", "mul", "sum", "mm", "softmax", "view"])
def test_a_gradient_of_the_wrong_dtype_is_caught(name, kind, monkeypatch):
    op = primitives()[name][0]
    cases = cases_by_primitive()[op][:30]
    assert not caught(cases, check_float32)
    monkeypatch.setattr(tape, "_fit_array", lambda g, shape, dtype: tape.unbroadcast(g, shape))
    argument = next(iter(op.rules))
    with planted(op, argument, changed(lambda g: g.astype(kind))(op.rules[argument])):
        assert caught(cases, check_float32)


def test_at_least_thirty_kinds_and_places_were_tried():
    assert len(WRONG) + len(ENGINE) >= 30
    assert {kind for kind, *_ in WRONG} == {
        "wrong axis", "wrong tie", "dropped term", "off by one", "duplicates",
        "wrong mask at the bound", "transposed matrix",
    }  # fmt: skip


def test_without_a_fault_every_case_passes():
    chosen = {case for op in cases_by_primitive() for case in cases_by_primitive()[op][:1]}
    assert not caught(chosen)
