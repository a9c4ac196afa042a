"""Gradients by finite differences: what every rule is held against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
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
