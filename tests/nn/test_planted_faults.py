"""The tester tested: wrong rules and wrong layers are planted, and each must be caught."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.nn import functional as F
from tinygrad_sm.ops import activation, convolution, embedding, entropy, fused, padding, recurrent

from .agreement import check_function, check_layer, draw, pytorch

FAULTS = {
    "sign": lambda rule: lambda *a: -rule(*a),
    "factor": lambda rule: lambda *a: 1.001 * rule(*a),
    "dropped": lambda rule: lambda *a: 0.0 * rule(*a),
}
X = draw(3, 4)


def recurrent_layer(kind):
    return lambda: check_layer(lambda m: getattr(m.nn, kind)(4, 2), draw(3, 2, 4), second=False)


def function(call, *inputs):
    return lambda: check_function(call, *inputs, second=False)


CHECKS = [
    (recurrent.gates, recurrent_layer("LSTM")),
    (recurrent.lstm_cell, recurrent_layer("LSTM")),
    (recurrent.gru_cell, recurrent_layer("GRU")),
    (padding.constant_pad, function(lambda m, x: m.nn.functional.pad(x, (1, 2)), X)),
    (embedding.embedding, function(
        lambda m, w: m.nn.functional.embedding(m.tensor([[0, 2], [2, 1]]), w), X)),
    (entropy.binary_entropy, function(
        lambda m, x, y: m.nn.functional.binary_cross_entropy(x.sigmoid(), y.sigmoid()), X, X[::-1])),
    (activation.hardtanh, function(lambda m, x: m.nn.functional.hardtanh(x), X)),
    (activation.elu, function(lambda m, x: m.nn.functional.elu(x), X)),
    (activation.leaky_relu, function(lambda m, x: m.nn.functional.leaky_relu(x), X)),
    (activation.softplus, function(lambda m, x: m.nn.functional.softplus(x), X)),
    (activation.silu, function(lambda m, x: m.nn.functional.silu(x), X)),
    (activation.gelu, function(lambda m, x: m.nn.functional.gelu(x), X)),
    (fused.layer_norm, function(
        lambda m, x, w, b: m.nn.functional.layer_norm(x, (4,), w, b), X, draw(4), draw(4, seed=1))),
    (fused.linear, function(
        lambda m, x, w, b: m.nn.functional.linear(x, w, b), X, draw(2, 4), draw(2))),
    (fused.cross_entropy, function(
        lambda m, x: m.nn.functional.cross_entropy(x, m.tensor([1, 0, 3])), X)),
    (convolution.conv2d, function(
        lambda m, x, w: m.nn.functional.conv2d(x, w, padding=1), draw(1, 2, 4, 4), draw(2, 2, 3, 3))),
    (convolution.max_pool, function(lambda m, x: m.nn.functional.max_pool2d(x, 2), draw(1, 2, 4, 4))),
    (convolution.sum_pool, function(lambda m, x: m.nn.functional.avg_pool2d(x, 2), draw(1, 2, 4, 4))),
]  # fmt: skip
PLANTED = [
    (operation.primitive, argument, fault, check)
    for operation, check in CHECKS
    for argument in operation.primitive.rules
    for fault in FAULTS
]


@pytest.mark.parametrize(
    ("op", "argument", "fault", "check"),
    PLANTED,
    ids=[f"{op.name}-{argument}-{fault}" for op, argument, fault, _ in PLANTED],
)
def test_a_wrong_rule_is_caught(op, argument, fault, check, monkeypatch):
    pytorch()
    rule = op.rules[argument]
    wrong = FAULTS[fault](rule)
    known = type(op).inputs_of
    monkeypatch.setitem(op.rules, argument, wrong)
    monkeypatch.setattr(
        type(op),
        "inputs_of",
        lambda self, r, count: known(self, rule if r is wrong else r, count),
    )
    op._plans.clear()
    try:
        with pytest.raises(AssertionError):
            check()
    finally:
        op._plans.clear()


def test_a_wrong_start_is_caught(monkeypatch):
    pytorch()
    monkeypatch.setattr(
        sg.nn.Linear, "reset_parameters", lambda self: sg.nn.init.zeros_(self.weight)
    )
    with pytest.raises(AssertionError):
        check_layer(lambda m: m.nn.Linear(4, 2), X)


def test_a_wrong_text_is_caught(monkeypatch):
    pytorch()
    monkeypatch.setattr(sg.nn.Linear, "extra_repr", lambda self: "4, 2")
    with pytest.raises(AssertionError):
        check_layer(lambda m: m.nn.Linear(4, 2), X)


def test_a_wrong_value_is_caught(monkeypatch):
    pytorch()
    relu = F.relu
    monkeypatch.setattr(F, "relu", lambda x, inplace=False: relu(x) + 1e-8)
    with pytest.raises(AssertionError):
        check_layer(lambda m: m.nn.ReLU(), np.abs(X) + 0.1)
