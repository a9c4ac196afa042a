"""A small residual network that reads handwritten digits.

    python examples/resnet_mnist.py

Each block computes what to add to its input, so that gradients reach the first layer through the
sums. The digits come from where ``mnist.py`` finds them. The network is written as one would for
PyTorch: with ``tinygrad_sm`` replaced by ``torch`` in its imports, it is PyTorch's.

The architecture: K. He et al., Deep Residual Learning for Image Recognition, 2016.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from mnist import accuracy, as_dataset, load_digits, predict
from tqdm import tqdm

import tinygrad_sm as torch
import tinygrad_sm.nn.functional as F
from tinygrad_sm import nn
from tinygrad_sm.utils.data import DataLoader


class Residual(nn.Module):
    """Two convolutions whose result is added to the input."""

    def __init__(self, channels_in: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or channels_in != channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From (batch, channels_in, height, width) to (batch, channels, height, width) / stride."""
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


class ResNet(nn.Module):
    """Three residual blocks, ever smaller and ever deeper images, and their mean."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, 16, 3, stride=2, padding=1, bias=False),  # (16, 14, 14)
            nn.BatchNorm2d(16),
            nn.ReLU(),
        )
        self.blocks = nn.Sequential(
            Residual(16, 16),  # (16, 14, 14)
            Residual(16, 32, stride=2),  # (32, 7, 7)
            Residual(32, 64, stride=2),  # (64, 4, 4)
        )
        self.head = nn.Linear(64, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From images (batch, 1, 28, 28) to scores (batch, classes)."""
        x = self.blocks(self.stem(x))
        return self.head(F.adaptive_avg_pool2d(x, 1).flatten(1))


def train(model: nn.Module, loader: DataLoader, epochs: int, lr: float) -> list[float]:
    """Train with SGD and one cycle of the learning rate. Returns the loss of every step."""
    optimizer = torch.optim.SGD(model.parameters(), lr, momentum=0.9, weight_decay=5e-4)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=epochs * len(loader))
    criterion = nn.CrossEntropyLoss()
    losses = []
    model.train()
    for epoch in range(1, epochs + 1):
        with tqdm(loader, desc=f"epoch {epoch}/{epochs}", unit=" steps", leave=False) as progress:
            for images, labels in progress:
                optimizer.zero_grad()
                loss = criterion(model(images), labels)
                loss.backward()
                optimizer.step()
                scheduler.step()
                losses.append(loss.item())
                progress.set_postfix_str(f"loss {losses[-1]:.4f}", refresh=False)
        recent = losses[-len(loader) :]
        print(f"epoch {epoch}/{epochs}: loss {sum(recent) / len(recent):.4f}", flush=True)
    return losses


def main() -> None:
    """Train, and say how many test digits are read right."""
    parser = argparse.ArgumentParser(description="A small ResNet on MNIST.")
    parser.add_argument("--epochs", type=int, default=2, help="(default: %(default)s)")
    parser.add_argument("--batch-size", type=int, default=128, help="(default: %(default)s)")
    parser.add_argument("--lr", type=float, default=0.1, help="(default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    parser.add_argument("--data-dir", type=Path, help="folder with MNIST's four files")
    parser.add_argument("--limit", type=int, help="train on the first so many digits only")
    args = parser.parse_args()

    digits = load_digits(args)
    training = as_dataset(digits.train_images[: args.limit], digits.train_labels[: args.limit])
    test = as_dataset(digits.test_images, digits.test_labels)
    torch.manual_seed(args.seed)
    model = ResNet()
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {len(training):,} digits")
    train(model, DataLoader(training, args.batch_size, shuffle=True), args.epochs, args.lr)
    print(f"test accuracy {accuracy(predict(model, test), test.tensors[1]):.2%}")


if __name__ == "__main__":
    main()
