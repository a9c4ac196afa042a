"""A small GPT that learns to write like Shakespeare, one character after another.

    python examples/char_gpt.py                 # a few minutes
    python examples/char_gpt.py --steps 2000    # longer, and better
    mpiexec -n 2 python examples/char_gpt.py --distributed    # two processes that train as one

It is written as one would for PyTorch. With ``tinygrad_sm`` replaced by ``torch`` in the imports,
the same program runs there, from the same starting weights.

The architecture: A. Radford et al., Language Models are Unsupervised Multitask Learners, 2019.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from tqdm import tqdm

import tinygrad_sm as torch
import tinygrad_sm.distributed as dist
import tinygrad_sm.nn.functional as F
from tinygrad_sm import nn
from tinygrad_sm.nn.parallel import DistributedDataParallel

PLAY = Path(__file__).parent / "data" / "as-you-like-it" / "play.txt"


class Attention(nn.Module):
    """Each character asks those before it (q) what they are about (k), and takes what they say (v)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From (batch, length, width) to the same shape."""
        batch, length, width = x.shape
        q, k, v = (
            part.view(batch, length, self.heads, -1).transpose(1, 2)
            for part in self.qkv(x).chunk(3, dim=-1)
        )
        heard = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(heard.transpose(1, 2).reshape(batch, length, width))


class Block(nn.Module):
    """Listen to the others, then think for oneself; each adds to what was there."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From (batch, length, width) to the same shape."""
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class GPT(nn.Module):
    """From characters to the scores of each one's successor."""

    def __init__(
        self, vocabulary: int, context: int, width: int = 128, layers: int = 4, heads: int = 4
    ) -> None:
        super().__init__()
        self.context = context
        self.token = nn.Embedding(vocabulary, width)
        self.position = nn.Embedding(context, width)
        self.blocks = nn.Sequential(*[Block(width, heads) for _ in range(layers)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)
        self.apply(self.initialise)

    @staticmethod
    def initialise(module: nn.Module) -> None:
        """Small normal weights and no biases, as in GPT-2."""
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """From tokens (batch, length) to scores (batch, length, vocabulary)."""
        x = self.token(tokens) + self.position(torch.arange(tokens.shape[1]))
        return self.head(self.norm(self.blocks(x)))


def loss_of(model: GPT, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The mean cross-entropy, in nats a character."""
    return F.cross_entropy(model(x).flatten(0, 1), y.flatten())


def draw_batch(text: torch.Tensor, size: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Passages from anywhere in the text, and the same passages one character further on."""
    starts = torch.randint(len(text) - length, (size,)).tolist()
    passages = torch.stack([text[start : start + length + 1] for start in starts])
    return passages[:, :-1], passages[:, 1:]


@torch.no_grad()
def validation_loss(model: GPT, text: torch.Tensor) -> float:
    """The loss over the whole of a text that was not learned from, passage by passage."""
    length = model.context
    passages = (len(text) - 1) // length
    x = text[: passages * length].view(passages, length)
    y = text[1 : passages * length + 1].view(passages, length)
    losses = [
        loss_of(model, x_part, y_part).item() * len(x_part)
        for x_part, y_part in zip(x.split(32), y.split(32), strict=True)
    ]
    return sum(losses) / passages


@torch.no_grad()
def write(model: GPT, start: torch.Tensor, count: int, temperature: float = 0.8) -> torch.Tensor:
    """Go on from ``start`` (length,), drawing each character by its probability."""
    tokens = start.unsqueeze(0)
    for _ in range(count):
        scores = model(tokens[:, -model.context :])[:, -1]
        probabilities = F.softmax(scores / temperature, dim=-1)
        tokens = torch.cat([tokens, torch.multinomial(probabilities, 1)], dim=1)
    return tokens[0]


def place() -> tuple[int, int]:
    """Which of how many processes this is."""
    return (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)


def train(model: GPT, text: torch.Tensor, steps: int, batch_size: int, lr: float) -> list[float]:
    """Train with AdamW, warming up and cooling down. Returns the loss of every step."""

    def pace(step: int) -> float:
        warm = min(1.0, (step + 1) / 100)
        return warm * (0.55 + 0.45 * math.cos(math.pi * step / steps))

    rank, size = place()
    parallel = DistributedDataParallel(model) if size > 1 else model
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, betas=(0.9, 0.99), weight_decay=0.1)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, pace)
    losses = []
    with tqdm(range(steps), unit=" steps", leave=False, disable=rank > 0) as progress:
        for _ in progress:
            x, y = draw_batch(text, batch_size, model.context)  # the same for every process
            loss = loss_of(parallel, x[rank::size], y[rank::size])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            if size > 1:
                dist.all_reduce(loss.detach().div_(size))
            losses.append(loss.item())
            progress.set_postfix_str(f"loss {losses[-1]:.3f}", refresh=False)
    return losses


def main() -> None:
    """Train on nine tenths of the play, write a passage, and say how well the rest is foretold."""
    parser = argparse.ArgumentParser(description="A character-level GPT on a play by Shakespeare.")
    parser.add_argument("--steps", type=int, default=500, help="(default: %(default)s)")
    parser.add_argument("--batch-size", type=int, default=32, help="(default: %(default)s)")
    parser.add_argument("--context", type=int, default=64, help="characters that it looks back")
    parser.add_argument("--lr", type=float, default=2e-3, help="(default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    parser.add_argument("--write", type=int, default=400, help="characters (default: %(default)s)")
    parser.add_argument("--text", type=Path, default=PLAY, help="another text to learn from")
    parser.add_argument("--distributed", action="store_true", help="be a process of mpiexec")
    args = parser.parse_args()

    if args.distributed:
        dist.init_process_group("mpi")
    rank, size = place()
    if args.batch_size % size:
        parser.error(f"{size} processes cannot share a batch of {args.batch_size} equally")
    torch.manual_seed(args.seed)
    text = args.text.read_text(encoding="utf-8")
    characters = sorted(set(text))
    number = {character: index for index, character in enumerate(characters)}
    tokens = torch.tensor([number[character] for character in text])
    split = len(tokens) * 9 // 10
    learned, held_back = tokens[:split], tokens[split:]

    model = GPT(len(characters), args.context)
    if rank == 0:
        print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {split:,} characters")
    losses = train(model, learned, args.steps, args.batch_size, args.lr)
    if rank > 0:
        return
    recent = losses[-50:]
    print(f"loss {losses[0]:.3f} -> {sum(recent) / len(recent):.3f} in {len(losses):,} steps\n")
    written = write(model, tokens[: args.context], args.write)[args.context :]
    print("".join(characters[index] for index in written.tolist()), end="\n\n")
    loss = validation_loss(model, held_back)
    print(f"validation loss {loss:.4f}")


if __name__ == "__main__":
    main()
