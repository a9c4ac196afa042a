"""Softmax regression and multilayer perceptrons as functions of their weights."""

from __future__ import annotations

from typing import Any

from ...workloads import Classifier
from .. import Step
from ..updates import SGD
from .training import Weights, cross_entropy, linear, relu, trainer


def training_step(problem: Classifier) -> Step:
    """One step of SGD."""
    last = 2 * (len(problem.sizes) - 2)

    def loss_of(weights: Weights, x: Any, y: Any) -> Any:
        for layer in range(0, last, 2):
            x = relu(linear(weights, str(layer), x))
        return cross_entropy(linear(weights, str(last), x), y)

    weights = problem.weights()
    update = SGD(list(weights.values()), problem.lr, problem.momentum)
    return trainer(loss_of, weights, update, problem.batches())
