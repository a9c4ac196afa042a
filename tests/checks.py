"""Gradients by finite differences: what every rule is held against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import tinygrad_sm as sg


def value_and_gradients(
    call: Callable[..., Any], inputs: Sequence[np.ndarray], weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """The result, the weights it was summed with, and the gradient of that sum by each input."""
    tensors = [sg.tensor(x, requires_grad=True) for x in inputs]
    out = call(sg, *tensors)
    if weights is None:
        weights = np.random.default_rng(7).normal(size=out.shape)
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
