"""Derivatives of a perceptron by autograd's operators; what it cannot batch is a loop."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
import numpy
from autograd import grad, jacobian, make_jvp

from ...workloads import Derivatives
from .. import Step
from .training import Weights, cross_entropy, linear


def training_step(problem: Derivatives) -> Step:
    """One derivative."""
    last = len(problem.sizes) - 2
    weights, vectors = problem.weights(), problem.vectors()
    x, y = problem.samples()

    def layers(w: Weights, x: Any) -> Any:
        for i in range(last):
            x = np.tanh(linear(w, str(i), x))
        return linear(w, str(last), x)

    def loss(w: Weights, x: Any, y: Any) -> Any:
        return cross_entropy(layers(w, x), y)

    def hvp() -> float:
        slopes = grad(loss)

        def along(w: Weights) -> Any:
            found = slopes(w, x, y)
            return sum(np.sum(found[name] * vectors[name]) for name in vectors)

        return float(grad(along)(weights)["0.bias"].sum())

    def jacobian_reverse() -> float:
        return float(numpy.square(jacobian(lambda x: layers(weights, x))(x[0])).sum())

    def jacobian_forward() -> float:
        along = make_jvp(lambda x: layers(weights, x))(x[0])
        columns = [along(column)[1] for column in numpy.eye(len(x[0]), dtype=x.dtype)]
        return float(numpy.square(numpy.stack(columns, -1)).sum())

    def per_sample() -> float:
        slopes = grad(loss)
        rows = [slopes(weights, x[i : i + 1], y[i : i + 1]) for i in range(len(x))]
        found = {name: numpy.stack([row[name] for row in rows]) for name in weights}
        return float(numpy.square(found["0.bias"]).sum())

    tasks = {
        "hvp": hvp,
        "jacobian_reverse": jacobian_reverse,
        "jacobian_forward": jacobian_forward,
        "per_sample": per_sample,
    }
    return tasks[problem.task]
