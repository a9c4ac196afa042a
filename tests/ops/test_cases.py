"""Every case of the registry: against finite differences, PyTorch, float32, and once more."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg

from ..cases import CASES
from ..checks import central_differences, value_and_gradients


# At ties and kinks the one-sided differences disagree; there PyTorch is the reference.
@pytest.mark.parametrize("case", [c for c in CASES if c.smooth], ids=str)
def test_gradient_equals_finite_differences(case):
    _, weights, grads = value_and_gradients(case.call, case.inputs)
    for found, expected in zip(
        grads, central_differences(case.call, case.inputs, weights), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_dtype_float32_is_kept(case):
    tensors = [sg.tensor(x.astype(np.float32), requires_grad=True) for x in case.inputs]
    out = case.call(sg, *tensors)
    if case.op != "to":
        assert out.dtype == sg.float32
    out.sum().backward()
    for t in tensors:
        assert t.grad is None or t.grad.dtype == sg.float32


@pytest.mark.parametrize("case", CASES, ids=str)
def test_equals_pytorch(case):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    ours = [sg.tensor(x, requires_grad=True) for x in case.inputs]
    theirs = [torch.tensor(np.array(x, order="C"), requires_grad=True) for x in case.inputs]
    out, reference = case.call(sg, *ours), case.call(torch, *theirs)
    assert tuple(out.shape) == tuple(reference.shape)
    np.testing.assert_allclose(out.array, reference.detach().numpy(), rtol=1e-9, atol=1e-11)
    weights = np.random.default_rng(3).normal(size=out.shape)
    out.backward(sg.tensor(weights))
    reference.backward(torch.tensor(weights))
    for a, b in zip(ours, theirs, strict=True):
        expected = np.zeros(a.shape) if b.grad is None else b.grad.numpy()
        found = np.zeros(a.shape) if a.grad is None else a.grad.array
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10)


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
