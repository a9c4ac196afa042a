"""The tester tested: wrong rules are planted one by one, and each must be caught."""

from __future__ import annotations

import functools

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.tape import Node

from ..cases import CASES
from ..checks import central_differences, value_and_gradients
from .test_registry import primitives

FAULTS = {
    "sign": lambda rule: lambda *a: -rule(*a),
    "factor": lambda rule: lambda *a: 1.01 * rule(*a),
    "dropped": lambda rule: lambda *a: 0.0 * rule(*a),
    "offset": lambda rule: lambda *a: rule(*a) + 0.01,
}
TARGETS = [
    "exp",
    "sin",
    "cos",
    "tanh",
    "sigmoid",
    "erf",
    "square",
    "relu",
    "log",
    "sqrt",
    "rsqrt",
    "reciprocal",
    "add",
    "mul",
    "div",
    "pow",
    "sum",
    "amax",
    "logsumexp",
    "prod",
    "softmax",
    "log_softmax",
    "cumsum",
    "view",
    "permute",
    "index",
    "mm",
    "convolution",
    "avg_pool2d",
    "native_layer_norm",
    "nll_loss",
    "gelu",
    "silu",
    "elu",
    "addmm",
    "expand",
]


def recorded(case) -> set[str]:
    """The names of the primitives on the tape of a case."""
    out = case.call(sg, *(sg.tensor(x, requires_grad=True) for x in case.inputs))
    names, nodes = set(), [out.grad_fn]
    while nodes:
        node = nodes.pop()
        if isinstance(node, Node):
            names.add(node.op.name)
            nodes += node.parents
    return names


@functools.cache
def cases_by_primitive() -> dict[str, list]:
    found = {}
    for case in CASES:
        if case.smooth and all(x.size for x in case.inputs):
            for name in recorded(case):
                found.setdefault(name, []).append(case)
    return found


def caught(name: str) -> bool:
    """Whether some case of an operation disagrees with finite differences."""
    for case in cases_by_primitive()[name]:
        _, weights, grads = value_and_gradients(case.call, case.inputs)
        expected = central_differences(case.call, case.inputs, weights)
        for found, wanted in zip(grads, expected, strict=True):
            if not np.allclose(found, wanted, rtol=1e-5, atol=1e-6):
                return True
    return False


@pytest.mark.parametrize("name", TARGETS)
def test_planted_fault_is_caught(name, monkeypatch):
    op = primitives()[name][0]
    argument, rule = next(iter(op.rules.items()))
    for fault in FAULTS.values():
        wrong = fault(rule)
        inputs_of = op.inputs_of
        with monkeypatch.context() as patch:
            patch.setitem(op.rules, argument, wrong)
            patch.setattr(
                op,
                "inputs_of",
                lambda r, n, wrong=wrong, known=inputs_of: known(rule if r is wrong else r, n),
                raising=False,
            )
            op._plans.clear()
            assert caught(name)
        op._plans.clear()
