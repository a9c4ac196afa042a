"""The character-level GPT as a function of its weights."""

from __future__ import annotations

import math
from typing import Any

import autograd.numpy as np

from ...workloads import CharGPT
from .. import Step
from ..updates import AdamW
from .training import Weights, cross_entropy, linear, trainer


def layer_norm(weights: Weights, name: str, x: Any) -> Any:
    """Rows to mean 0 and variance 1, then scaled and shifted."""
    centred = x - np.mean(x, axis=-1, keepdims=True)
    variance = np.mean(centred * centred, axis=-1, keepdims=True)
    return centred / np.sqrt(variance + 1e-5) * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def gelu(x: Any) -> Any:
    """GELU in its tanh form."""
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


def softmax(x: Any) -> Any:
    """Along the last axis."""
    exps = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return exps / np.sum(exps, axis=-1, keepdims=True)


def attention(weights: Weights, name: str, x: Any, heads: int, mask: Any) -> Any:
    """Each character looks at itself and those before it; x is (batch, block, width)."""
    batch, block, width = x.shape
    split = (batch, block, 3, heads, width // heads)
    qkv = np.reshape(linear(weights, f"{name}.qkv", x), split)
    q, k, v = np.transpose(qkv, (2, 0, 3, 1, 4))
    scores = np.matmul(q, np.swapaxes(k, -1, -2)) * (width // heads) ** -0.5
    mixed = np.matmul(softmax(scores + mask), v)
    merged = np.reshape(np.transpose(mixed, (0, 2, 1, 3)), (batch, block, width))
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
        logits = np.dot(layer_norm(weights, "norm", h), weights["head.weight"].T)
        return cross_entropy(np.reshape(logits, (-1, problem.vocabulary)), np.reshape(y, -1))

    weights = problem.weights()
    update = AdamW(
        list(weights.values()), problem.lr, problem.betas, problem.eps, problem.weight_decay
    )
    return trainer(loss_of, weights, update, problem.batches())
