"""LeNet by autograd's own convolution, and pools by a reshape and a maximum."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
from autograd.scipy.signal import convolve

from ...workloads import LeNet
from .. import Step
from ..updates import SGD
from .training import Weights, cross_entropy, linear, relu, trainer


def conv2d(weights: Weights, name: str, x: Any) -> Any:
    """Images (batch, in, height, width) correlated with kernels: no padding.

    ``convolve`` turns its kernels around, so they are turned beforehand.
    """
    turned = weights[f"{name}.weight"][:, :, ::-1, ::-1]
    out = convolve(x, turned, axes=([2, 3], [2, 3]), dot_axes=([1], [1]), mode="valid")
    return out + weights[f"{name}.bias"][:, None, None]


def max_pool(x: Any) -> Any:
    """The largest of each 2x2 window.

    Ties are shared, not given to the first: after a ReLU they are all at zero, where its gradient
    is zero too, so that the loss is the same.
    """
    batch, channels, height, width = x.shape
    windows = np.reshape(x, (batch, channels, height // 2, 2, width // 2, 2))
    return np.max(windows, axis=(3, 5))


def training_step(problem: LeNet) -> Step:
    """One step of SGD."""

    def loss_of(weights: Weights, x: Any, y: Any) -> Any:
        x = max_pool(relu(conv2d(weights, "conv1", x)))
        x = max_pool(relu(conv2d(weights, "conv2", x)))
        x = np.reshape(x, (len(x), problem.features))
        x = relu(linear(weights, "fc1", x))
        x = relu(linear(weights, "fc2", x))
        return cross_entropy(linear(weights, "fc3", x), y)

    weights = problem.weights()
    update = SGD(list(weights.values()), problem.lr, problem.momentum)
    return trainer(loss_of, weights, update, problem.batches())
