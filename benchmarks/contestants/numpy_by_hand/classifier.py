"""Softmax regression and multilayer perceptrons."""

from __future__ import annotations

from itertools import cycle

import numpy as np

from ...workloads import Classifier
from .. import Step
from ..updates import SGD
from .layers import CrossEntropy, Linear, Parameters, ReLU


class Perceptron:
    """Linear layers with ReLU between, and the cross-entropy at the end."""

    def __init__(
        self, parameters: Parameters, names: list[str], widths: tuple[int, ...], rows: int
    ) -> None:
        self.linears = [Linear(parameters, name, rows) for name in names]
        self.relus = [ReLU(rows, width) for width in widths[:-1]]
        self.loss = CrossEntropy(rows, widths[-1])

    def forward(self, x: np.ndarray, targets: np.ndarray) -> float:
        """The mean loss of rows of features."""
        for linear, relu in zip(self.linears, self.relus, strict=False):
            x = relu.forward(linear.forward(x))
        return self.loss.forward(self.linears[-1].forward(x), targets)

    def backward(self) -> np.ndarray:
        """Gradients of all layers; returns that of the first layer's result."""
        g = self.loss.backward()
        for linear, relu in zip(self.linears[:0:-1], self.relus[::-1], strict=True):
            g = relu.backward(linear.backward(g))
        return g


def training_step(problem: Classifier) -> Step:
    """One step of SGD."""
    parameters = Parameters(problem.weights())
    names = [str(2 * i) for i in range(len(problem.sizes) - 1)]
    model = Perceptron(parameters, names, problem.sizes[1:], problem.batch)
    update = SGD([parameters.flat], problem.lr, problem.momentum)
    pairs = cycle(problem.batches())

    def step() -> float:
        x, y = next(pairs)
        loss = model.forward(x, y)
        model.linears[0].backward_to_weights(model.backward())
        update.step([parameters.flat_gradient])
        return loss

    return step
