"""LeNet with images laid out as (height, channels, width, batch).

In that layout the windows of a convolution need to be copied out along the width only: all rows
that a row of the result looks at lie one after the other, so that one strided view holds every
matrix of a batched product.
"""

from __future__ import annotations

from itertools import cycle

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ...workloads import LeNet
from .. import Step
from ..updates import SGD
from .classifier import Perceptron
from .layers import Parameters


def stacked_rows(x: np.ndarray, count: int) -> np.ndarray:
    """Every ``count`` neighbours of matrices (n, r, c), stacked: a view (n - count + 1, count r, c)."""
    n, r, c = x.shape
    return as_strided(x, (n - count + 1, count * r, c), x.strides)


class Convolution:
    """A square kernel that slides over images (height, channels, width, batch); no padding."""

    def __init__(self, parameters: Parameters, name: str, size: int, batch: int) -> None:
        self.weight = parameters.values[f"{name}.weight"]  # (out, kernel row, kernel column, in)
        self.weight_gradient = parameters.gradients[f"{name}.weight"]
        out, k, _, channels = self.weight.shape
        side = size - k + 1
        self.columns = np.empty((size, k, channels, side, batch), np.float32)
        self.windows = stacked_rows(self.columns.reshape(size, k * channels, side * batch), k)
        self.out = np.empty((side, out, side, batch), np.float32)
        self.row_products = np.empty((side, out, k * k * channels), np.float32)
        padded = np.zeros((side + 2 * (k - 1), out, side, batch), np.float32)
        self.g = padded[k - 1 : k - 1 + side]  # where the gradient of the result goes
        self.spread = stacked_rows(padded.reshape(len(padded), out, side * batch), k)
        self.column_gradient = np.empty_like(self.columns)
        self.input_gradient = np.empty((size, channels, size, batch), np.float32)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Images (size, in, size, batch) to (side, out, side, batch)."""
        side, out = self.out.shape[:2]
        for j in range(self.columns.shape[1]):
            self.columns[:, j] = x[:, :, j : j + side]
        np.matmul(self.weight.reshape(out, -1), self.windows, out=self.out.reshape(side, out, -1))
        return self.out

    def backward_to_weights(self) -> None:
        """The gradient of the kernel, from ``self.g``."""
        side, out = self.out.shape[:2]
        g = self.g.reshape(side, out, -1)
        np.matmul(g, self.windows.transpose(0, 2, 1), out=self.row_products)
        np.sum(self.row_products, axis=0, out=self.weight_gradient.reshape(out, -1))

    def backward(self) -> np.ndarray:
        """From ``self.g`` to the gradient of the images: the kernel's rows turned around."""
        self.backward_to_weights()
        size, k, channels, side, _ = self.columns.shape
        turned = self.weight[:, ::-1].transpose(2, 3, 1, 0).reshape(k * channels, -1)
        np.matmul(turned, self.spread, out=self.column_gradient.reshape(size, k * channels, -1))
        self.input_gradient.fill(0)
        for j in range(k):
            self.input_gradient[:, :, j : j + side] += self.column_gradient[:, j]
        return self.input_gradient


class PoolBiasReLU:
    """A 2x2 max pool, then bias and ReLU: in this order they see a quarter of the pixels.

    Neither a constant added to a channel nor ReLU changes which pixel is the largest.
    """

    def __init__(self, parameters: Parameters, name: str, shape: tuple[int, int, int, int]) -> None:
        height, channels, width, batch = shape
        self.bias = parameters.values[f"{name}.bias"]
        self.bias_gradient = parameters.gradients[f"{name}.bias"]
        across = (height, channels, width // 2, batch)
        self.right_wins = np.empty(across, bool)
        self.across = np.empty(across, np.float32)
        self.out = np.empty((height // 2, channels, width // 2, batch), np.float32)
        self.lower_wins = np.empty(self.out.shape, bool)
        self.positive = np.empty(self.out.shape, bool)
        self.ones = np.ones(width // 2 * batch, np.float32)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Pixels (height, channels, width, batch) to a quarter of them; a tie goes to the first."""
        left, right = x[:, :, 0::2], x[:, :, 1::2]
        np.greater(right, left, out=self.right_wins)
        np.maximum(left, right, out=self.across)
        upper, lower = self.across[0::2], self.across[1::2]
        np.greater(lower, upper, out=self.lower_wins)
        out = np.maximum(upper, lower, out=self.out)
        out += self.bias[:, None, None]
        return np.maximum(out, 0, out=out)

    def backward(self, g: np.ndarray, into: np.ndarray) -> None:
        """The gradient of the pixels, written to ``into``: what one loses, its neighbour gets."""
        g *= np.greater(self.out, 0, out=self.positive)
        sums = g.reshape(*g.shape[:2], -1) @ self.ones
        np.sum(sums, axis=0, out=self.bias_gradient)
        np.multiply(g, self.lower_wins, out=self.across[1::2])
        np.subtract(g, self.across[1::2], out=self.across[0::2])
        np.multiply(self.across, self.right_wins, out=into[:, :, 1::2])
        np.subtract(self.across, into[:, :, 1::2], out=into[:, :, 0::2])


def channels_last(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The weights, with kernels (out, in, rows, columns) laid out as (out, rows, columns, in)."""
    return {
        name: array.transpose(0, 2, 3, 1) if array.ndim == 4 else array
        for name, array in weights.items()
    }


class Network:
    """The whole network."""

    def __init__(self, parameters: Parameters, problem: LeNet) -> None:
        batch = problem.batch
        self.conv1 = Convolution(parameters, "conv1", problem.size, batch)
        self.pool1 = PoolBiasReLU(parameters, "conv1", self.conv1.out.shape)
        self.conv2 = Convolution(parameters, "conv2", len(self.pool1.out), batch)
        self.pool2 = PoolBiasReLU(parameters, "conv2", self.conv2.out.shape)
        widths = (*problem.hidden, problem.classes)
        self.head = Perceptron(parameters, ["fc1", "fc2", "fc3"], widths, batch)

    def forward(self, images: np.ndarray, targets: np.ndarray) -> float:
        """The mean loss of images (batch, 1, height, width)."""
        x = self.pool1.forward(self.conv1.forward(images.transpose(2, 1, 3, 0)))
        x = self.pool2.forward(self.conv2.forward(x))
        return self.head.forward(x.transpose(3, 1, 0, 2).reshape(len(images), -1), targets)

    def backward(self) -> None:
        """All gradients of the last forward."""
        g = self.head.linears[0].backward(self.head.backward())
        height, channels, width, batch = self.pool2.out.shape
        g = g.reshape(batch, channels, height, width).transpose(2, 1, 3, 0)
        self.pool2.backward(np.ascontiguousarray(g), into=self.conv2.g)
        self.pool1.backward(self.conv2.backward(), into=self.conv1.g)
        self.conv1.backward_to_weights()


def training_step(problem: LeNet) -> Step:
    """One step of SGD."""
    parameters = Parameters(channels_last(problem.weights()))
    network = Network(parameters, problem)
    update = SGD([parameters.flat], problem.lr, problem.momentum)
    pairs = cycle(problem.batches())

    def step() -> float:
        loss = network.forward(*next(pairs))
        network.backward()
        update.step([parameters.flat_gradient])
        return loss

    return step
