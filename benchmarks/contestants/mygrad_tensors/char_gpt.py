"""The character-level GPT."""

from __future__ import annotations

import math
from typing import Any

import mygrad as mg
import numpy as np
from mygrad.nnet.activations import softmax
from mygrad.nnet.losses import softmax_crossentropy

from ...workloads import CharGPT
from .. import Step
from ..updates import AdamW
from .training import Weights, linear, tensors, trainer


def single(number: float) -> Any:
    """A float32: MyGrad takes a Python number for a float64, and then all that follows is one."""
    return np.float32(number)


EPS, HALF, ONE, CUBIC = single(1e-5), single(0.5), single(1), single(0.044715)
ROOT = single(math.sqrt(2 / math.pi))


def layer_norm(weights: Weights, name: str, x: Any) -> Any:
    """Rows to mean 0 and variance 1, then scaled and shifted."""
    centred = x - mg.mean(x, axis=-1, keepdims=True)
    variance = mg.mean(centred * centred, axis=-1, keepdims=True)
    return centred / mg.sqrt(variance + EPS) * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def gelu(x: Any) -> Any:
    """GELU in its tanh form."""
    return HALF * x * (ONE + mg.tanh(ROOT * (x + CUBIC * x * x * x)))


def attention(weights: Weights, name: str, x: Any, heads: int, mask: np.ndarray) -> Any:
    """Each character looks at itself and those before it; x is (batch, block, width)."""
    batch, block, width = x.shape
    split = (batch, block, 3, heads, width // heads)
    qkv = linear(weights, f"{name}.qkv", x).reshape(split).transpose(2, 0, 3, 1, 4)
    q, k, v = qkv[0], qkv[1], qkv[2]
    scores = mg.matmul(q, k.transpose(0, 1, 3, 2)) * single((width // heads) ** -0.5)
    mixed = mg.matmul(softmax(scores + mask, axis=-1), v)
    merged = mixed.transpose(0, 2, 1, 3).reshape(batch, block, width)
    return linear(weights, f"{name}.out", merged)


def training_step(problem: CharGPT) -> Step:
    """One step of AdamW."""
    mask = np.triu(np.full((problem.block, problem.block), -np.inf, np.float32), 1)

    def loss_of(weights: Weights, x: Any, y: Any) -> Any:
        h = weights["token.weight"][x] + weights["position.weight"]
        for i in range(problem.layers):
            name = f"blocks.{i}"
            normed = layer_norm(weights, f"{name}.norm1", h)
            h = h + attention(weights, f"{name}.attention", normed, problem.heads, mask)
            normed = layer_norm(weights, f"{name}.norm2", h)
            hidden = gelu(linear(weights, f"{name}.hidden", normed))
            h = h + linear(weights, f"{name}.back", hidden)
        logits = mg.matmul(layer_norm(weights, "norm", h), weights["head.weight"].T)
        return softmax_crossentropy(logits.reshape(-1, problem.vocabulary), y.reshape(-1))

    arrays = problem.weights()
    update = AdamW(
        list(arrays.values()), problem.lr, problem.betas, problem.eps, problem.weight_decay
    )
    return trainer(loss_of, tensors(arrays), update, problem.batches())
