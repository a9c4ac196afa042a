"""A character-level language model in the shape of GPT-2 (Radford et al., 2019), small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .drawing import labels


@dataclass(frozen=True)
class CharGPT:
    """A transformer that predicts the next character, trained by AdamW.

    Normalization comes before attention and before the hidden layer, whose activation is the
    tanh form of GELU; the head has no bias and is not tied to the embedding; there is no dropout.

    Attributes:
        vocabulary: how many characters there are.
        block: characters in a sequence.
        batch: sequences in a step.
        width: features per character.
        heads: of the attention.
        layers: blocks of attention and hidden layer.
        lr: learning rate of AdamW.
        betas: decay of AdamW's two averages.
        eps: of AdamW.
        weight_decay: of AdamW, on every parameter.
        seed: of the data and the weights.
        distinct: batches that training walks through, over and over.
    """

    kind: ClassVar[str] = "char_gpt"

    vocabulary: int = 65
    block: int = 64
    batch: int = 32
    width: int = 128
    heads: int = 4
    layers: int = 4
    lr: float = 3e-4
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.01
    seed: int = 0
    distinct: int = 4

    def weights(self) -> dict[str, np.ndarray]:
        """Every parameter by name, matrices (out, in), float32, drawn as GPT-2 draws them."""
        rng = np.random.default_rng(self.seed)

        def normal(*shape: int) -> np.ndarray:
            return np.float32(0.02) * rng.standard_normal(shape, np.float32)

        named = {
            "token.weight": normal(self.vocabulary, self.width),
            "position.weight": normal(self.block, self.width),
        }
        for i in range(self.layers):
            named |= self._norm(f"blocks.{i}.norm1")
            for part, fan_in, fan_out in (
                ("attention.qkv", self.width, 3 * self.width),
                ("attention.out", self.width, self.width),
                ("hidden", self.width, 4 * self.width),
                ("back", 4 * self.width, self.width),
            ):
                named[f"blocks.{i}.{part}.weight"] = normal(fan_out, fan_in)
                named[f"blocks.{i}.{part}.bias"] = np.zeros(fan_out, np.float32)
            named |= self._norm(f"blocks.{i}.norm2")
        named |= self._norm("norm")
        named["head.weight"] = normal(self.vocabulary, self.width)
        return named

    def _norm(self, name: str) -> dict[str, np.ndarray]:
        return {
            f"{name}.weight": np.ones(self.width, np.float32),
            f"{name}.bias": np.zeros(self.width, np.float32),
        }

    def batches(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Pairs of characters and the characters that follow them, (batch, block), int64."""
        rng = np.random.default_rng(self.seed + 1)
        pairs = []
        for _ in range(self.distinct):
            text = labels(rng, self.batch * (self.block + 1), self.vocabulary)
            rows = text.reshape(self.batch, self.block + 1)
            pairs.append((np.ascontiguousarray(rows[:, :-1]), np.ascontiguousarray(rows[:, 1:])))
        return pairs
