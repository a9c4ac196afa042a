"""The character-level GPT: one row of features a character, (batch block, width), throughout."""

from __future__ import annotations

import math
from itertools import cycle

import numpy as np

from ...workloads import CharGPT
from .. import Step
from ..updates import AdamW
from .layers import CrossEntropy, Linear, Parameters

ROOT = math.sqrt(2 / math.pi)
CUBIC = 0.044715


class LayerNorm:
    """Rows to mean 0 and variance 1, then scaled and shifted (Ba, Kiros and Hinton, 2016)."""

    def __init__(self, parameters: Parameters, name: str, rows: int, width: int) -> None:
        self.weight = parameters.values[f"{name}.weight"]
        self.bias = parameters.values[f"{name}.bias"]
        self.weight_gradient = parameters.gradients[f"{name}.weight"]
        self.bias_gradient = parameters.gradients[f"{name}.bias"]
        self.hat, self.out, self.input_gradient = np.empty((3, rows, width), np.float32)
        self.average = np.full(width, 1 / width, np.float32)
        self.ones = np.ones(rows, np.float32)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Rows (rows, width)."""
        hat = np.subtract(x, (x @ self.average)[:, None], out=self.hat)
        variance = np.einsum("ij,ij->i", hat, hat) / x.shape[1]
        self.scale = (1 / np.sqrt(variance + 1e-5))[:, None]
        hat *= self.scale
        np.multiply(hat, self.weight, out=self.out)
        self.out += self.bias
        return self.out

    def backward(self, g: np.ndarray) -> np.ndarray:
        """``scale (h - mean(h) - hat mean(h hat))`` with ``h = g weight``."""
        np.matmul(self.ones, g, out=self.bias_gradient)
        np.einsum("ij,ij->j", g, self.hat, out=self.weight_gradient)
        h = np.multiply(g, self.weight, out=self.input_gradient)
        along = np.einsum("ij,ij->i", h, self.hat) / h.shape[1]
        h -= (h @ self.average)[:, None]
        self.hat *= along[:, None]
        h -= self.hat
        h *= self.scale
        return h


class GELU:
    """The tanh form, ``x (1 + tanh u) / 2`` with ``u = sqrt(2/pi) (x + 0.044715 x^3)``.

    A block of rows at a time, so that the passes over it stay in the cache; the forward pass
    leaves the derivative behind, so that the backward pass is one product.
    """

    def __init__(self, rows: int, width: int, block: int = 64) -> None:
        self.out, self.slope = np.empty((2, rows, width), np.float32)
        self.scratch = np.empty((2, block, width), np.float32)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Rows (rows, width)."""
        block = self.scratch.shape[1]
        for start in range(0, len(x), block):
            place = slice(start, start + block)
            self._forward(x[place], self.out[place], self.slope[place])
        return self.out

    def _forward(self, x: np.ndarray, out: np.ndarray, slope: np.ndarray) -> None:
        square, tanh = self.scratch[:, : len(x)]
        np.multiply(x, x, out=square)
        np.multiply(square, ROOT * CUBIC, out=tanh)
        tanh += ROOT
        tanh *= x
        np.tanh(tanh, out=tanh)
        square *= 3 * ROOT * CUBIC
        square += ROOT  # du/dx
        np.multiply(tanh, tanh, out=slope)
        np.subtract(1, slope, out=slope)
        slope *= square
        slope *= x
        tanh += 1
        slope += tanh
        slope *= 0.5
        np.multiply(x, tanh, out=out)
        out *= 0.5

    def backward(self, g: np.ndarray) -> np.ndarray:
        """The gradient times the slope."""
        g *= self.slope
        return g


class Attention:
    """Causal self-attention (Vaswani et al., 2017), all heads as one batch of matrices.

    Queries, keys and values are views of one product, which BLAS takes as they lie.
    """

    def __init__(self, parameters: Parameters, name: str, problem: CharGPT) -> None:
        rows, width = problem.batch * problem.block, problem.width
        self.qkv = Linear(parameters, f"{name}.qkv", rows)
        self.out = Linear(parameters, f"{name}.out", rows)
        self.shape = (problem.batch, problem.block, problem.heads, width // problem.heads)
        square = (problem.batch, problem.heads, problem.block, problem.block)
        self.weights, self.weights_gradient = np.empty((2, *square), np.float32)
        self.mixed = np.empty((rows, width), np.float32)
        self.qkv_gradient = np.empty((rows, 3 * width), np.float32)
        self.mask = np.triu(np.full(square[2:], -np.inf, np.float32), 1)
        self.ones = np.ones(problem.block, np.float32)
        self.scale = np.float32(self.shape[-1] ** -0.5)

    def _by_head(self, rows: np.ndarray) -> np.ndarray:
        """Rows (batch block, width) as a view (batch, heads, block, head width)."""
        return rows.reshape(self.shape).transpose(0, 2, 1, 3)

    def _parts(self, rows: np.ndarray) -> list[np.ndarray]:
        """The three thirds of rows of queries, keys and values, by head: views."""
        batch, block, heads, width = self.shape
        thirds = rows.reshape(batch, block, 3, heads, width)
        return list(thirds.transpose(2, 0, 3, 1, 4))

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Rows (batch block, width)."""
        self.q, self.k, self.v = self._parts(self.qkv.forward(x))
        self.q *= self.scale
        weights = np.matmul(self.q, self.k.swapaxes(-1, -2), out=self.weights)
        weights += self.mask
        weights -= weights.max(axis=-1, keepdims=True)
        np.exp(weights, out=weights)
        weights /= (weights @ self.ones)[..., None]
        np.matmul(weights, self.v, out=self._by_head(self.mixed))
        return self.out.forward(self.mixed)

    def backward(self, g: np.ndarray) -> np.ndarray:
        """Rows (batch block, width).

        The softmax's row sums of ``weights * d weights`` are sums of ``mixed * d mixed``, which
        are shorter.
        """
        g = self.out.backward(g)
        dq, dk, dv = self._parts(self.qkv_gradient)
        by_head = self._by_head(g)
        np.matmul(self.weights.swapaxes(-1, -2), by_head, out=dv)
        d = np.matmul(by_head, self.v.swapaxes(-1, -2), out=self.weights_gradient)
        d -= np.einsum("bhtd,bhtd->bht", by_head, self._by_head(self.mixed))[..., None]
        d *= self.weights
        np.matmul(d, self.k, out=dq)
        dq *= self.scale
        np.matmul(d.swapaxes(-1, -2), self.q, out=dk)
        return self.qkv.backward(self.qkv_gradient)


class Block:
    """Attention and a hidden layer, each added to what it was given."""

    def __init__(self, parameters: Parameters, name: str, problem: CharGPT) -> None:
        rows, width = problem.batch * problem.block, problem.width
        self.norm1 = LayerNorm(parameters, f"{name}.norm1", rows, width)
        self.attention = Attention(parameters, f"{name}.attention", problem)
        self.norm2 = LayerNorm(parameters, f"{name}.norm2", rows, width)
        self.hidden = Linear(parameters, f"{name}.hidden", rows)
        self.gelu = GELU(rows, 4 * width)
        self.back = Linear(parameters, f"{name}.back", rows)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Rows (rows, width), changed in place."""
        x += self.attention.forward(self.norm1.forward(x))
        x += self.back.forward(self.gelu.forward(self.hidden.forward(self.norm2.forward(x))))
        return x

    def backward(self, g: np.ndarray) -> np.ndarray:
        """The gradient of the rows, changed in place."""
        g += self.norm2.backward(self.hidden.backward(self.gelu.backward(self.back.backward(g))))
        g += self.norm1.backward(self.attention.backward(g))
        return g


class Embedding:
    """Rows of the two tables, by character and by place, added up."""

    def __init__(self, parameters: Parameters, problem: CharGPT) -> None:
        self.token = parameters.values["token.weight"]
        self.position = parameters.values["position.weight"]
        self.token_gradient = parameters.gradients["token.weight"]
        self.position_gradient = parameters.gradients["position.weight"]
        rows = problem.batch * problem.block
        self.out = np.empty((rows, problem.width), np.float32)
        self.one_hot = np.empty((rows, problem.vocabulary), np.float32)
        self.rows = np.arange(rows)

    def forward(self, characters: np.ndarray) -> np.ndarray:
        """Characters (batch, block) to rows (batch block, width)."""
        self.characters = characters
        np.take(self.token, characters.ravel(), axis=0, out=self.out, mode="clip")
        by_sequence = self.out.reshape(*characters.shape, -1)
        by_sequence += self.position
        return self.out

    def backward(self, g: np.ndarray) -> None:
        """A product with one-hot rows adds up what each character gets."""
        np.sum(g.reshape(*self.characters.shape, -1), axis=0, out=self.position_gradient)
        self.one_hot.fill(0)
        self.one_hot[self.rows, self.characters.ravel()] = 1
        np.matmul(self.one_hot.T, g, out=self.token_gradient)


class Network:
    """The whole network."""

    def __init__(self, parameters: Parameters, problem: CharGPT) -> None:
        rows = problem.batch * problem.block
        self.embedding = Embedding(parameters, problem)
        self.blocks = [Block(parameters, f"blocks.{i}", problem) for i in range(problem.layers)]
        self.norm = LayerNorm(parameters, "norm", rows, problem.width)
        self.head = Linear(parameters, "head", rows, bias=False)
        self.loss = CrossEntropy(rows, problem.vocabulary)

    def forward(self, characters: np.ndarray, targets: np.ndarray) -> float:
        """The mean loss of characters (batch, block) and those that follow them."""
        x = self.embedding.forward(characters)
        for block in self.blocks:
            x = block.forward(x)
        return self.loss.forward(self.head.forward(self.norm.forward(x)), targets.ravel())

    def backward(self) -> None:
        """All gradients of the last forward."""
        g = self.norm.backward(self.head.backward(self.loss.backward()))
        for block in reversed(self.blocks):
            g = block.backward(g)
        self.embedding.backward(g)


def training_step(problem: CharGPT) -> Step:
    """One step of AdamW."""
    parameters = Parameters(problem.weights())
    network = Network(parameters, problem)
    update = AdamW([parameters.flat], problem.lr, problem.betas, problem.eps, problem.weight_decay)
    pairs = cycle(problem.batches())

    def step() -> float:
        loss = network.forward(*next(pairs))
        network.backward()
        update.step([parameters.flat_gradient])
        return loss

    return step
