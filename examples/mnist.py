"""Teach a network to read handwritten digits, and look at what it learned.

    python examples/mnist.py                    # a multi-layer perceptron, the default
    python examples/mnist.py --model softmax    # softmax regression: a single linear layer
    python examples/mnist.py --model cnn        # a small convolutional network

The program reads from top to bottom: the models, the training, the pictures, the command line.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import matplotlib
import numpy as np
from tqdm import tqdm

import tinygrad_sm as sg
from tinygrad_sm import nn, optim
from tinygrad_sm.datasets import DatasetError, Digits, load_mnist
from tinygrad_sm.nn import functional as F
from tinygrad_sm.utils.data import DataLoader, TensorDataset

matplotlib.use("Agg")  # pictures go into files, so no screen is needed
from matplotlib import pyplot as plt  # noqa: E402

BUNDLED = Path(__file__).parent / "data" / "mnist-5000"


# --- The models: from an image of shape (1, 28, 28) to ten scores, one a digit -------------------


def softmax_regression() -> nn.Module:
    """One linear layer. The softmax is in the loss, which takes scores."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


def mlp() -> nn.Module:
    """Two hidden layers."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 256),
        nn.ReLU(),
        nn.Linear(256, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )


def cnn() -> nn.Module:
    """Two convolutions that look for small strokes, then for what strokes form; then an MLP."""
    return nn.Sequential(
        nn.Conv2d(1, 16, kernel_size=5),  # (16, 24, 24)
        nn.ReLU(),
        nn.MaxPool2d(2),  # (16, 12, 12)
        nn.Conv2d(16, 32, kernel_size=5),  # (32, 8, 8)
        nn.ReLU(),
        nn.MaxPool2d(2),  # (32, 4, 4)
        nn.Flatten(),
        nn.Linear(512, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )


@dataclass(frozen=True)
class Recipe:
    """A model, and settings that suit it: chosen on 10,000 training digits that were held back."""

    build: Callable[[], nn.Module]
    epochs: int
    batch_size: int
    lr: float


RECIPES = {
    "softmax": Recipe(softmax_regression, epochs=5, batch_size=128, lr=0.01),
    "mlp": Recipe(mlp, epochs=10, batch_size=128, lr=0.003),
    "cnn": Recipe(cnn, epochs=4, batch_size=64, lr=0.002),
}


# --- The training --------------------------------------------------------------------------------


@dataclass
class History:
    """What there is to plot: the loss of every batch, and the rest once an epoch."""

    batch_losses: list[float] = field(default_factory=list)
    train_losses: list[float] = field(default_factory=list)
    train_accuracies: list[float] = field(default_factory=list)
    test_losses: list[float] = field(default_factory=list)
    test_accuracies: list[float] = field(default_factory=list)


def train(
    model: nn.Module,
    training: TensorDataset,
    test: TensorDataset,
    epochs: int,
    batch_size: int,
    lr: float,
) -> History:
    """Train for some epochs, testing after each."""
    loader = DataLoader(training, batch_size=batch_size, shuffle=True)
    optimizer = optim.Adam(model.parameters(), lr=lr)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs * len(loader))
    history = History()
    for epoch in range(1, epochs + 1):
        title = f"epoch {epoch}/{epochs}"
        with tqdm(total=len(training), desc=title, unit=" digits", leave=False) as progress:
            train_one_epoch(model, loader, optimizer, schedule, history, progress)
        labels = test.tensors[1]
        scores = predict(model, test)
        history.test_losses.append(F.cross_entropy(scores, labels).item())
        history.test_accuracies.append(accuracy(scores, labels))
        print(
            f"{title}: loss {history.train_losses[-1]:.4f}, "
            f"training accuracy {history.train_accuracies[-1]:.2%}, "
            f"test accuracy {history.test_accuracies[-1]:.2%}",
            flush=True,
        )
    return history


def train_one_epoch(
    model: nn.Module,
    loader: DataLoader,
    optimizer: optim.Optimizer,
    schedule: optim.lr_scheduler.LRScheduler,
    history: History,
    progress: tqdm,
) -> None:
    """Show every training digit to the model once, a batch at a time."""
    model.train()
    total_loss = correct = seen = 0.0
    for images, labels in loader:
        scores = model(images)
        loss = F.cross_entropy(scores, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()

        history.batch_losses.append(loss.item())
        total_loss += loss.item() * len(labels)
        correct += accuracy(scores, labels) * len(labels)
        seen += len(labels)
        progress.set_postfix_str(f"loss {loss.item():.4f}", refresh=False)
        progress.update(len(labels))
    history.train_losses.append(total_loss / seen)
    history.train_accuracies.append(correct / seen)


@sg.no_grad()
def predict(model: nn.Module, dataset: TensorDataset) -> sg.Tensor:
    """The scores of every image, of shape (N, 10)."""
    model.eval()
    return sg.cat([model(images) for images, _ in DataLoader(dataset, batch_size=500)])


def accuracy(scores: sg.Tensor, labels: sg.Tensor) -> float:
    """The share of images whose highest score is that of the right digit."""
    return (scores.argmax(dim=1) == labels).float().mean().item()
