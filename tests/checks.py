"""Gradients by finite differences: what every rule is held against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import tinygrad_sm as sg


def value_and_gradients(
    call: Callable[..., Any], inputs: Sequence[np.ndarray], weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """The result, the weights it was summed with, and the gradient of that sum by each input.

    No weight is near 0: a wrong rule must not hide behind one.
    """
    tensors = [sg.tensor(x, requires_grad=True) for x in inputs]
    out = call(sg, *tensors)
    if weights is None:
        rng = np.random.default_rng(7)
        weights = rng.choice([-1.0, 1.0], out.shape) * rng.uniform(0.5, 1.5, out.shape)
    out.backward(sg.tensor(weights, dtype=out.dtype), inputs=None)
    grads = [
        np.zeros_like(x) if t.grad is None else t.grad.array
        for x, t in zip(inputs, tensors, strict=True)
    ]
    return out.array, weights, grads


def central_differences(
    call: Callable[..., Any], inputs: Sequence[np.ndarray], weights: np.ndarray, step: float = 1e-6
) -> list[np.ndarray]:
    """The same gradients from values alone."""
    result = []
    for which, x in enumerate(inputs):
        grad = np.zeros(x.shape)
        for place in np.ndindex(*x.shape):
            sums = []
            for sign in (1, -1):
                moved = [np.array(y) for y in inputs]
                moved[which][place] += sign * step
                with sg.no_grad():
                    out = call(sg, *(sg.tensor(y) for y in moved))
                sums.append(float((out.array * weights).sum()))
            grad[place] = (sums[0] - sums[1]) / (2 * step)
        result.append(grad)
    return result


# --- what every case of the registry must pass ---------------------------------------------------


def check_differences(case: Any, expected: list[np.ndarray] | None = None) -> None:
    """The gradients of a case are those ``expected``: central differences of its values."""
    _, weights, grads = value_and_gradients(case.call, case.inputs)
    if expected is None:
        expected = central_differences(case.call, case.inputs, weights)
    for found, wanted in zip(grads, expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def check_float32(case: Any) -> None:
    """From float32 come float32 values and gradients."""
    tensors = [sg.tensor(x.astype(np.float32), requires_grad=True) for x in case.inputs]
    out = case.call(sg, *tensors)
    if case.op != "to":
        assert out.dtype == sg.float32
    out.sum().backward()
    for t in tensors:
        assert t.grad is None or t.grad.array.dtype == np.float32


def check_pytorch(case: Any) -> None:
    """Values and gradients of a case are PyTorch's, ties and kinks included."""
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


@dataclass
class Outcome:
    """What a call gave: results, and the gradients of a weighted sum of them, or an error.

    ``backward`` is the error that the way back raised, in place of gradients.
    """

    results: list[Any]
    grads: list[np.ndarray | None]
    error: Exception | None = None
    backward: Exception | None = None


def outcome(
    m: Any, call: Callable[..., Any], tensors: Sequence[Any], options: dict[str, Any]
) -> Outcome:
    """Call forward and backward in one module, with the same weights in every module."""
    try:
        results = flat(call(m, *tensors, **options))
    except (RuntimeError, TypeError, ValueError, IndexError, AssertionError) as error:
        return Outcome([], [], error)
    rng = np.random.default_rng(3)
    total = None
    for result in results:
        weights = rng.normal(size=tuple(result.shape))
        if result.requires_grad:
            part = (result * m.tensor(weights).to(result.dtype)).sum().to(m.float64)
            total = part if total is None else total + part
    try:
        if total is not None:
            total.backward()
    except RuntimeError as error:
        return Outcome(results, [], backward=error)
    grads = [None if t.grad is None else as_array(t.grad) for t in tensors]
    return Outcome(results, grads)


def flat(result: Any) -> list[Any]:
    """All tensors of a result that may be nested tuples of them."""
    if isinstance(result, tuple | list):
        return [x for part in result for x in flat(part)]
    return [result]


def as_array(t: Any) -> np.ndarray:
    """The values of a tensor of either kind."""
    return np.asarray(t.detach().numpy())


def leaf(m: Any, x: np.ndarray) -> Any:
    """A tensor of an array that asks for its gradient if it can; ours keep the array's layout."""
    x = np.asarray(x)
    t = sg.from_numpy(x) if m is sg else m.tensor(np.array(x, order="C"))
    return t.requires_grad_() if x.dtype.kind == "f" else t
