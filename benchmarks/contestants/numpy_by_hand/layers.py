"""Layers that classifiers, LeNet and GPT share: rows in, rows out, with hand-written backward.

``forward`` keeps what ``backward`` needs; both return buffers that the layer owns and overwrites
in the next step. ``backward`` may write into the gradient that it is given.
"""

from __future__ import annotations

import numpy as np


class Parameters:
    """Named arrays in one flat array, and their gradients, laid out the same way, in another.

    Attributes:
        flat: all parameters, one after the other.
        flat_gradient: all gradients.
        values: by name, views of ``flat``.
        gradients: by name, views of ``flat_gradient``.
    """

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self.flat = np.concatenate([array.ravel() for array in weights.values()])
        self.flat_gradient = np.zeros_like(self.flat)
        self.values: dict[str, np.ndarray] = {}
        self.gradients: dict[str, np.ndarray] = {}
        start = 0
        for name, array in weights.items():
            place = slice(start, start + array.size)
            self.values[name] = self.flat[place].reshape(array.shape)
            self.gradients[name] = self.flat_gradient[place].reshape(array.shape)
            start = place.stop


class Linear:
    """``x weight^T + bias`` for rows of features."""

    def __init__(self, parameters: Parameters, name: str, rows: int, bias: bool = True) -> None:
        self.weight = parameters.values[f"{name}.weight"]
        self.weight_gradient = parameters.gradients[f"{name}.weight"]
        self.bias = parameters.values[f"{name}.bias"] if bias else None
        self.bias_gradient = parameters.gradients[f"{name}.bias"] if bias else None
        fan_out, fan_in = self.weight.shape
        self.out = np.empty((rows, fan_out), np.float32)
        self.input_gradient = np.empty((rows, fan_in), np.float32)
        self.ones = np.ones(rows, np.float32)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Rows of features (rows, in) to (rows, out)."""
        self.x = x
        np.matmul(x, self.weight.T, out=self.out)
        if self.bias is not None:
            self.out += self.bias
        return self.out

    def backward(self, g: np.ndarray) -> np.ndarray:
        """From the gradient of the result to that of the input."""
        self.backward_to_weights(g)
        return np.matmul(g, self.weight, out=self.input_gradient)

    def backward_to_weights(self, g: np.ndarray) -> None:
        """The gradients of weight and bias alone: the first layer's input needs none."""
        np.matmul(g.T, self.x, out=self.weight_gradient)
        if self.bias_gradient is not None:
            np.matmul(self.ones, g, out=self.bias_gradient)


class ReLU:
    """The positive part, written over its input."""

    def __init__(self, rows: int, width: int) -> None:
        self.positive = np.empty((rows, width), bool)
        self.zeros = np.zeros(width, np.float32)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """A maximum with a row of zeros, which NumPy runs faster than one with a single zero."""
        self.out = np.maximum(x, self.zeros, out=x)
        return self.out

    def backward(self, g: np.ndarray) -> np.ndarray:
        """The gradient where the result is positive."""
        g *= np.greater(self.out, 0, out=self.positive)
        return g


class CrossEntropy:
    """The mean of ``-log softmax(logits)`` at the targets."""

    def __init__(self, rows: int, classes: int) -> None:
        self.rows = np.arange(rows)
        self.ones = np.ones(classes, np.float32)

    def forward(self, logits: np.ndarray, targets: np.ndarray) -> float:
        """The loss; the logits (rows, classes) are overwritten."""
        logits -= logits.max(axis=1, keepdims=True)
        self.targets = targets
        picked = logits[self.rows, targets].sum()
        self.exps = np.exp(logits, out=logits)
        self.totals = self.exps @ self.ones
        return float((np.log(self.totals).sum() - picked) / len(targets))

    def backward(self) -> np.ndarray:
        """The gradient of the logits: probabilities minus one-hot targets, over the rows."""
        count = len(self.targets)
        self.totals *= count
        g = self.exps
        g /= self.totals[:, None]
        g[self.rows, self.targets] -= np.float32(1 / count)
        return g
