"""Softmax regression and multilayer perceptrons."""

from __future__ import annotations

from typing import Any

from mygrad.nnet.activations import relu
from mygrad.nnet.losses import softmax_crossentropy

from ...workloads import Classifier
from .. import Step
from ..updates import SGD
from .training import Weights, linear, tensors, trainer


def training_step(problem: Classifier) -> Step:
    """One step of SGD."""
    last = 2 * (len(problem.sizes) - 2)

    def loss_of(weights: Weights, x: Any, y: Any) -> Any:
        for layer in range(0, last, 2):
            x = relu(linear(weights, str(layer), x))
        return softmax_crossentropy(linear(weights, str(last), x), y)

    arrays = problem.weights()
    update = SGD(list(arrays.values()), problem.lr, problem.momentum)
    return trainer(loss_of, tensors(arrays), update, problem.batches())
