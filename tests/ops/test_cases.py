"""Every case of the registry: against finite differences, PyTorch, float32, and once more."""

from __future__ import annotations

import numpy as np
import pytest

from ..cases import CASES
from ..checks import (
    central_differences,
    check_differences,
    check_float32,
    check_pytorch,
    value_and_gradients,
)


# At ties and kinks the one-sided differences disagree; there PyTorch is the reference.
@pytest.mark.parametrize("case", [c for c in CASES if c.smooth], ids=str)
def test_gradient_equals_finite_differences(case):
    check_differences(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_dtype_float32_is_kept(case):
    check_float32(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_equals_pytorch(case):
    check_pytorch(case)


@pytest.mark.parametrize("case", [c for c in CASES if c.second], ids=str)
def test_second_derivative_equals_finite_differences(case):
    """The gradient of the gradient, along one random direction."""

    def slope(m, *tensors):
        for t in tensors:
            if not t.requires_grad:
                t.requires_grad_()
        with m.enable_grad():
            out = case.call(m, *tensors)
            weights = np.random.default_rng(5).normal(size=out.shape)
            grads = m.autograd.grad(
                (out * m.tensor(weights) * out).sum(), tensors, create_graph=True, allow_unused=True
            )
            return m.stack([(g * (g * 0.1 + 1.0)).sum() for g in grads if g is not None])

    _, weights, grads = value_and_gradients(slope, case.inputs)
    expected = central_differences(slope, case.inputs, weights, 1e-5)
    for found, wanted in zip(grads, expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=2e-4, atol=2e-4)
