"""An LSTM that reads a play letter by letter, and keeps in mind what it has read.

    python examples/char_lstm.py                 # some minutes
    python examples/char_lstm.py --epochs 12     # longer, and better

The play is cut into as many strips as a batch has rows, and read from left to right. What the LSTM
remembers of one stretch it takes into the next, but gradients stop between them: backpropagation
through time, truncated. It is written as one would for PyTorch: with ``tinygrad_sm`` replaced by
``torch`` in the imports, the same program runs there, from the same starting weights.

The architecture: S. Hochreiter and J. Schmidhuber, Long Short-Term Memory, 1997.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from tqdm import tqdm

import tinygrad_sm as torch
import tinygrad_sm.nn.functional as F
from tinygrad_sm import nn

PLAY = Path(__file__).parent / "data" / "as-you-like-it" / "play.txt"

State = tuple[torch.Tensor, torch.Tensor]


class CharLSTM(nn.Module):
    """From characters, and a memory of those before, to the scores of each one's successor."""

    def __init__(
        self, vocabulary: int, width: int = 192, layers: int = 2, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.vocabulary, self.width, self.layers = vocabulary, width, layers
        self.embedding = nn.Embedding(vocabulary, 32)
        self.lstm = nn.LSTM(32, width, num_layers=layers, dropout=dropout, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, vocabulary)

    def forward(self, tokens: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        """From (batch, length) to scores (batch, length, vocabulary), and the memory thereafter."""
        out, state = self.lstm(self.embedding(tokens), state)
        return self.head(self.dropout(out)), state

    def blank(self, batch: int) -> State:
        """The memory of one who has read nothing."""
        empty = torch.zeros(self.layers, batch, self.width)
        return empty, empty.clone()


def strips(text: torch.Tensor, rows: int) -> torch.Tensor:
    """The text cut into ``rows`` strips of one length: (rows, length); what is left over is lost."""
    length = len(text) // rows
    return text[: rows * length].view(rows, length)


def stretches(text: torch.Tensor, length: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """From left to right: what is read, and what comes one character later."""
    starts = range(0, text.shape[1] - 1, length)
    return [
        (text[:, i : i + length][:, : text.shape[1] - 1 - i], text[:, i + 1 : i + 1 + length])
        for i in starts
    ]


def train(
    model: CharLSTM, text: torch.Tensor, epochs: int, batch_size: int, length: int, lr: float
) -> list[float]:
    """Read the text ``epochs`` times, and learn from each stretch. Returns the loss of each."""
    passages = stretches(strips(text, batch_size), length)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=lr, total_steps=epochs * len(passages)
    )
    losses = []
    model.train()
    with tqdm(total=epochs * len(passages), unit=" steps", leave=False) as progress:
        for _ in range(epochs):
            state = model.blank(batch_size)
            for x, y in passages:
                state = tuple(part.detach() for part in state)
                scores, state = model(x, state)
                loss = F.cross_entropy(scores.reshape(-1, model.vocabulary), y.reshape(-1))
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                scheduler.step()
                losses.append(loss.item())
                progress.set_postfix_str(f"loss {losses[-1]:.3f}", refresh=False)
                progress.update()
    return losses


@torch.no_grad()
def validation_loss(model: CharLSTM, text: torch.Tensor, length: int = 64) -> float:
    """The mean cross-entropy, in nats a character, over a text that was not learned from."""
    model.eval()
    rows = strips(text, 16)
    state, total = model.blank(16), 0.0
    for x, y in stretches(rows, length):
        scores, state = model(x, state)
        total += F.cross_entropy(scores.flatten(0, 1), y.flatten(), reduction="sum").item()
    return total / (rows.shape[0] * (rows.shape[1] - 1))


@torch.no_grad()
def write(model: CharLSTM, start: torch.Tensor, count: int, temperature: float = 0.7) -> list[int]:
    """Read ``start`` (length,), then go on from it, drawing each character by its probability."""
    model.eval()
    scores, state = model(start[None], model.blank(1))
    written = []
    for _ in range(count):
        token = torch.multinomial(F.softmax(scores[:, -1] / temperature, dim=-1), 1)
        written.append(token.item())
        scores, state = model(token, state)
    return written


def main() -> None:
    """Train on nine tenths of the play, write a passage, and say how well the rest is foretold."""
    parser = argparse.ArgumentParser(description="A character-level LSTM on a play by Shakespeare.")
    parser.add_argument("--epochs", type=int, default=6, help="(default: %(default)s)")
    parser.add_argument("--batch-size", type=int, default=32, help="(default: %(default)s)")
    parser.add_argument("--length", type=int, default=64, help="of a stretch, in characters")
    parser.add_argument("--lr", type=float, default=5e-3, help="(default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    parser.add_argument("--write", type=int, default=400, help="characters (default: %(default)s)")
    parser.add_argument("--text", type=Path, default=PLAY, help="another text to learn from")
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    text = args.text.read_text(encoding="utf-8")
    characters = sorted(set(text))
    number = {character: index for index, character in enumerate(characters)}
    tokens = torch.tensor([number[character] for character in text])
    split = len(tokens) * 9 // 10
    learned, held_back = tokens[:split], tokens[split:]

    model = CharLSTM(len(characters))
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {split:,} characters")
    losses = train(model, learned, args.epochs, args.batch_size, args.length, args.lr)
    recent = losses[-50:]
    print(f"loss {losses[0]:.3f} -> {sum(recent) / len(recent):.3f} in {len(losses):,} steps\n")
    written = write(model, tokens[: args.length], args.write)
    print("".join(characters[index] for index in written), end="\n\n")
    loss = validation_loss(model, held_back)
    print(f"perplexity {math.exp(loss):.2f} a character")
    print(f"validation loss {loss:.4f}")


if __name__ == "__main__":
    main()
