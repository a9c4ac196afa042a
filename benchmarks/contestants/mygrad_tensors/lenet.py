"""LeNet by MyGrad's own convolution and pools."""

from __future__ import annotations

from typing import Any

from mygrad.nnet.activations import relu
from mygrad.nnet.layers import conv_nd, max_pool
from mygrad.nnet.losses import softmax_crossentropy

from ...workloads import LeNet
from .. import Step
from ..updates import SGD
from .training import Weights, linear, tensors, trainer


def conv2d(weights: Weights, name: str, x: Any) -> Any:
    """Images (batch, in, height, width) correlated with kernels: no padding."""
    return conv_nd(x, weights[f"{name}.weight"], stride=1) + weights[f"{name}.bias"].reshape(
        1, -1, 1, 1
    )


def training_step(problem: LeNet) -> Step:
    """One step of SGD."""

    def loss_of(weights: Weights, x: Any, y: Any) -> Any:
        x = max_pool(relu(conv2d(weights, "conv1", x)), (2, 2), 2)
        x = max_pool(relu(conv2d(weights, "conv2", x)), (2, 2), 2)
        x = x.reshape(len(x), problem.features)
        x = relu(linear(weights, "fc1", x))
        x = relu(linear(weights, "fc2", x))
        return softmax_crossentropy(linear(weights, "fc3", x), y)

    arrays = problem.weights()
    update = SGD(list(arrays.values()), problem.lr, problem.momentum)
    return trainer(loss_of, tensors(arrays), update, problem.batches())
