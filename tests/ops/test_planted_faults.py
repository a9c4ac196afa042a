"""The tester tested: wrong rules are planted one by one, and each must be caught."""

from __future__ import annotations

import numpy as np
import pytest

from ..cases import CASES
from ..checks import central_differences, value_and_gradients
from .test_cases import primitives

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


def caught(name: str) -> bool:
    """Whether some case of an operation disagrees with finite differences."""
    for case in CASES:
        if case.op == name and all(x.size for x in case.inputs):
            _, weights, grads = value_and_gradients(case.call, case.inputs)
            expected = central_differences(case.call, case.inputs, weights)
            for found, wanted in zip(grads, expected, strict=True):
                if not np.allclose(found, wanted, rtol=1e-5, atol=1e-6):
                    return True
            return False
    raise AssertionError(f"no case for {name}")


@pytest.mark.parametrize("name", TARGETS)
def test_planted_fault_is_caught(name, monkeypatch):
    op = primitives()[name]
    argument, rule = next(iter(op.rules.items()))
    assert not caught(name)
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
