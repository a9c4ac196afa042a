"""Which digits does a network still want to learn from? The gradient of each one tells.

    python examples/per_sample_gradients.py

``vmap(grad(loss))`` gives the gradient of every digit's own loss at once. Digits with a large one
pull hardest at the weights: they are the odd ones.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from time import perf_counter

import numpy as np

import tinygrad_sm as sg
from tinygrad_sm import nn, optim
from tinygrad_sm.datasets import load_mnist
from tinygrad_sm.func import functional_call, grad, vmap
from tinygrad_sm.nn import functional as F

try:
    import matplotlib
except ModuleNotFoundError as error:
    sys.exit(f'per_sample_gradients.py: {error}: the examples need  pip install -e ".[examples]"')
matplotlib.use("Agg")
from matplotlib import pyplot as plt

BUNDLED = Path(__file__).parent / "data" / "mnist-5000"


def tensors(images: np.ndarray, labels: np.ndarray) -> tuple[sg.Tensor, sg.Tensor]:
    """Images as rows of 784 numbers from 0 to 1, and their digits."""
    return sg.from_numpy(images).float().reshape(-1, 784) / 255, sg.from_numpy(labels).long()


def train(model: nn.Module, x: sg.Tensor, y: sg.Tensor, epochs: int) -> None:
    """A few epochs of Adam."""
    optimizer = optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(epochs):
        for rows in sg.randperm(len(x)).split(64):
            loss = F.cross_entropy(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def gradients(model: nn.Module, x: sg.Tensor, y: sg.Tensor) -> dict[str, sg.Tensor]:
    """The gradient of each digit's loss, by parameter: (digits, *shape)."""
    parameters = {name: p.detach() for name, p in model.named_parameters()}

    def loss(parameters: dict[str, sg.Tensor], x: sg.Tensor, y: sg.Tensor) -> sg.Tensor:
        scores = functional_call(model, parameters, (x.unsqueeze(0),))
        return F.cross_entropy(scores, y.unsqueeze(0))

    found: dict[str, sg.Tensor] = vmap(grad(loss), in_dims=(None, 0, 0))(parameters, x, y)
    return found


def batch_difference(model: nn.Module, x: sg.Tensor, y: sg.Tensor, rows: dict) -> float:
    """By how much the mean of the digits' gradients differs from the gradient of the mean loss."""
    model.zero_grad()
    F.cross_entropy(model(x), y).backward()
    return max(
        (rows[name].mean(0) - p.grad).abs().max().item() for name, p in model.named_parameters()
    )


def draw(
    images: np.ndarray, labels: np.ndarray, read: np.ndarray, norms: np.ndarray, path: Path
) -> None:
    """The digits with the largest gradients, those with the smallest, and all norms."""
    order = np.argsort(-norms)
    figure = plt.figure(figsize=(11, 6.5), layout="constrained")
    grid = figure.add_gridspec(3, 10, height_ratios=(1, 1, 1.6))
    for row, chosen in enumerate((order[:10], order[::-1][:10])):
        for column, i in enumerate(chosen):
            axes = figure.add_subplot(grid[row, column])
            axes.imshow(images[i], cmap="gray_r")
            axes.set_title(f"{labels[i]} read as {read[i]}\n{norms[i]:.2g}", fontsize=8)
            axes.axis("off")
    axes = figure.add_subplot(grid[2, :])
    axes.hist(np.log10(np.maximum(norms, 1e-8)), bins=60)
    axes.set(xlabel="log10 of the gradient's norm", ylabel="digits")
    figure.suptitle("The hardest digits (above) and the easiest, by the norm of their gradient")
    figure.savefig(path)
    plt.close(figure)


def main() -> None:
    """Train, take every digit's gradient, and show the extremes."""
    parser = argparse.ArgumentParser(description="The gradient of each digit.")
    parser.add_argument("--epochs", type=int, default=3, help="of training (default: 3)")
    parser.add_argument("--count", type=int, default=1000, help="test digits (default: 1000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data-dir", type=Path, help="folder with MNIST's files")
    parser.add_argument(
        "--out", type=Path, default=Path("runs/per-sample"), help="folder for the picture"
    )
    args = parser.parse_args()
    sg.manual_seed(args.seed)
    digits = load_mnist(args.data_dir, fallback=BUNDLED, say=print)
    model = nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 10))
    shown = slice(0, 10_000)
    train(model, *tensors(digits.train_images[shown], digits.train_labels[shown]), args.epochs)

    images, labels = digits.test_images[: args.count], digits.test_labels[: args.count]
    x, y = tensors(images, labels)
    start = perf_counter()
    rows = gradients(model, x, y)
    print(f"the gradients of {len(x)} digits took {perf_counter() - start:.3f} s")
    norms = sum((g.reshape(len(x), -1).square().sum(1) for g in rows.values()), sg.zeros(len(x)))
    sizes = norms.sqrt().numpy()
    with sg.no_grad():
        read = model(x).argmax(1).numpy()
    args.out.mkdir(parents=True, exist_ok=True)
    draw(images, labels, read, sizes, args.out / "per_sample_gradients.png")
    hardest = int(sizes.argmax())
    print(
        f"hardest: test digit {hardest}, a {labels[hardest]} read as {read[hardest]}, gradient "
        f"{sizes[hardest]:.3f} (median {np.median(sizes):.5f}); their mean is the batch's gradient "
        f"to {batch_difference(model, x, y, rows):.1e}"
    )


if __name__ == "__main__":
    main()
