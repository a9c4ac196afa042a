"""Derivatives of a perceptron by ``func``: the same transforms in PyTorch and tinygrad_sm."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ...workloads import Derivatives
from .. import Step


def training_step(torch: Any, problem: Derivatives) -> Step:
    """One derivative in a framework that goes by PyTorch's names."""
    func = import_module(f"{torch.__name__}.func")
    functional = import_module(f"{torch.__name__}.nn.functional")
    last = len(problem.sizes) - 2
    weights, vectors = (
        {name: torch.from_numpy(array) for name, array in arrays.items()}
        for arrays in (problem.weights(), problem.vectors())
    )
    x, y = map(torch.from_numpy, problem.samples())

    def layers(w: Any, x: Any) -> Any:
        for i in range(last):
            x = torch.tanh(functional.linear(x, w[f"{i}.weight"], w[f"{i}.bias"]))
        return functional.linear(x, w[f"{last}.weight"], w[f"{last}.bias"])

    def loss(w: Any, x: Any, y: Any) -> Any:
        return functional.cross_entropy(layers(w, x), y)

    def of_one(w: Any, x: Any, y: Any) -> Any:
        return loss(w, x.unsqueeze(0), y.unsqueeze(0))

    def hvp() -> float:
        slopes = func.grad(lambda w: loss(w, x, y))
        return func.jvp(slopes, (weights,), (vectors,))[1]["0.bias"].sum().item()

    def jacobian_reverse() -> float:
        return func.jacrev(lambda x: layers(weights, x))(x[0]).square().sum().item()

    def jacobian_forward() -> float:
        return func.jacfwd(lambda x: layers(weights, x))(x[0]).square().sum().item()

    per_sample_gradients = func.vmap(func.grad(of_one), in_dims=(None, 0, 0))

    def per_sample() -> float:
        return per_sample_gradients(weights, x, y)["0.bias"].square().sum().item()

    tasks = {
        "hvp": hvp,
        "jacobian_reverse": jacobian_reverse,
        "jacobian_forward": jacobian_forward,
        "per_sample": per_sample,
    }
    return tasks[problem.task]
