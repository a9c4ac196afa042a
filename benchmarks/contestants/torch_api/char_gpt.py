"""The character-level GPT as Modules."""

from __future__ import annotations

from typing import Any

from ...workloads import CharGPT
from .. import Step
from .training import load, trainer


def network(torch: Any, problem: CharGPT) -> Any:
    """The network, with the framework's own starting weights."""
    nn = torch.nn
    F = nn.functional
    width = problem.width

    class Attention(nn.Module):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.qkv = nn.Linear(width, 3 * width)
            self.out = nn.Linear(width, width)

        def forward(self, x: Any) -> Any:
            batch, length, _ = x.shape
            q, k, v = (
                part.view(batch, length, problem.heads, -1).transpose(1, 2)
                for part in self.qkv(x).chunk(3, dim=-1)
            )
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            return self.out(mixed.transpose(1, 2).reshape(batch, length, width))

    class Block(nn.Module):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.norm1 = nn.LayerNorm(width)
            self.attention = Attention()
            self.norm2 = nn.LayerNorm(width)
            self.hidden = nn.Linear(width, 4 * width)
            self.back = nn.Linear(4 * width, width)

        def forward(self, x: Any) -> Any:
            x = x + self.attention(self.norm1(x))
            return x + self.back(F.gelu(self.hidden(self.norm2(x)), approximate="tanh"))

    class Network(nn.Module):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.token = nn.Embedding(problem.vocabulary, width)
            self.position = nn.Embedding(problem.block, width)
            self.blocks = nn.ModuleList([Block() for _ in range(problem.layers)])
            self.norm = nn.LayerNorm(width)
            self.head = nn.Linear(width, problem.vocabulary, bias=False)

        def forward(self, x: Any) -> Any:
            x = self.token(x) + self.position(torch.arange(x.shape[1]))
            for block in self.blocks:
                x = block(x)
            return self.head(self.norm(x))

    return Network()


def training_step(torch: Any, problem: CharGPT) -> Step:
    """One step of AdamW in a framework that goes by PyTorch's names."""
    model = network(torch, problem)
    load(torch, model, problem.weights())
    optimizer = torch.optim.AdamW(
        model.parameters(),
        lr=problem.lr,
        betas=problem.betas,
        eps=problem.eps,
        weight_decay=problem.weight_decay,
    )
    criterion = torch.nn.CrossEntropyLoss()

    def loss_of(x: Any, y: Any) -> Any:
        return criterion(model(x).view(-1, problem.vocabulary), y.view(-1))

    return trainer(torch, loss_of, optimizer, problem.batches())
