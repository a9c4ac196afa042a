"""Derivatives of a perceptron by JAX's transforms, not compiled."""

from __future__ import annotations

from typing import Any

import jax
from jax import numpy as np

from ...workloads import Derivatives
from .. import Step


def training_step(problem: Derivatives) -> Step:
    """One derivative."""
    last = len(problem.sizes) - 2
    weights, vectors = (
        {name: np.asarray(array) for name, array in arrays.items()}
        for arrays in (problem.weights(), problem.vectors())
    )
    x, y = map(np.asarray, problem.samples())

    def layers(w: Any, x: Any) -> Any:
        for i in range(last):
            x = np.tanh(x @ w[f"{i}.weight"].T + w[f"{i}.bias"])
        return x @ w[f"{last}.weight"].T + w[f"{last}.bias"]

    def loss(w: Any, x: Any, y: Any) -> Any:
        log_p = jax.nn.log_softmax(layers(w, x), axis=-1)
        return -np.take_along_axis(log_p, y[..., None], axis=-1).mean()

    def hvp() -> float:
        slopes = jax.grad(lambda w: loss(w, x, y))
        found = jax.block_until_ready(jax.jvp(slopes, (weights,), (vectors,))[1])
        return float(found["0.bias"].sum())

    def jacobian_reverse() -> float:
        return float(np.square(jax.jacrev(lambda x: layers(weights, x))(x[0])).sum())

    def jacobian_forward() -> float:
        return float(np.square(jax.jacfwd(lambda x: layers(weights, x))(x[0])).sum())

    per_sample_gradients = jax.vmap(jax.grad(loss), in_axes=(None, 0, 0))

    def per_sample() -> float:
        found = jax.block_until_ready(per_sample_gradients(weights, x, y))
        return float(np.square(found["0.bias"]).sum())

    tasks = {
        "hvp": hvp,
        "jacobian_reverse": jacobian_reverse,
        "jacobian_forward": jacobian_forward,
        "per_sample": per_sample,
    }
    return tasks[problem.task]
