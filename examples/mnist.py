"""Teach a network to read handwritten digits, and look at what it learned.

    python examples/mnist.py                    # a multi-layer perceptron, the default
    python examples/mnist.py --model softmax    # softmax regression: a single linear layer
    python examples/mnist.py --model cnn        # a small convolutional network
    mpiexec -n 2 python examples/mnist.py --distributed    # two processes that train as one

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

import numpy as np

import tinygrad_sm as sg
from tinygrad_sm import distributed as dist
from tinygrad_sm import nn, optim
from tinygrad_sm.datasets import DatasetError, Digits, load_mnist
from tinygrad_sm.nn import functional as F
from tinygrad_sm.nn.parallel import DistributedDataParallel
from tinygrad_sm.utils.data import DataLoader, DistributedSampler, TensorDataset

try:
    import matplotlib
    from tqdm import tqdm
except ModuleNotFoundError as error:
    sys.exit(f'mnist.py: {error}: the examples need  pip install -e ".[examples]"')
matplotlib.use("Agg")  # pictures go into files, so no screen is needed
from matplotlib import pyplot as plt
from matplotlib.colors import LinearSegmentedColormap

BUNDLED = Path(__file__).parent / "data" / "mnist-5000"


class TrainingError(RuntimeError):
    """A training that cannot go on."""


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
    seed: int = 0,
    file: Path | None = None,
    resume: bool = False,
) -> History:
    """Train for some epochs, and after each test, and write a checkpoint to go on from."""
    loader = load_in_batches(training, batch_size, seed)
    optimizer = optim.Adam(model.parameters(), lr=lr)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs * len(loader))
    settings = {"epochs": epochs, "batch size": batch_size, "learning rate": lr, "seed": seed}
    checkpoint = Checkpoint(file, settings, model, optimizer, schedule)
    history = checkpoint.load() if resume else History()
    parallel = DistributedDataParallel(model) if dist.is_initialized() else model
    for epoch in range(len(history.test_losses) + 1, epochs + 1):
        title = f"epoch {epoch}/{epochs}"
        if dist.is_initialized():
            loader.sampler.set_epoch(epoch)
        losses, train_accuracy = train_one_epoch(parallel, loader, optimizer, schedule, title)
        if not is_first_rank():
            history.test_losses.append(math.nan)  # the first rank tests
            continue
        scores, labels = predict(model, test), test.tensors[1]
        history.batch_losses += losses
        history.train_losses.append(sum(losses) / len(losses))
        history.train_accuracies.append(train_accuracy)
        history.test_losses.append(F.cross_entropy(scores, labels).item())
        history.test_accuracies.append(accuracy(scores, labels))
        checkpoint.save(history)
        say(
            f"{title}: loss {history.train_losses[-1]:.4f}, "
            f"training accuracy {train_accuracy:.2%}, "
            f"test accuracy {history.test_accuracies[-1]:.2%}"
        )
    return history


def load_in_batches(training: TensorDataset, batch_size: int, seed: int) -> DataLoader:
    """Batches in random order; of several processes, each reads its share of every batch."""
    if not dist.is_initialized():
        return DataLoader(training, batch_size=batch_size, shuffle=True)
    share, rest = divmod(batch_size, dist.get_world_size())
    if rest:
        raise TrainingError(
            f"{dist.get_world_size()} processes cannot share batches of {batch_size} digits "
            "equally: choose another --batch-size"
        )
    sampler = DistributedSampler(training, seed=seed)
    return DataLoader(training, batch_size=share, sampler=sampler)


def is_first_rank() -> bool:
    """Whether this process is the one that shows and writes: the only one, or the first."""
    return not dist.is_initialized() or dist.get_rank() == 0


def say(text: str) -> None:
    """Print, once for all processes."""
    if is_first_rank():
        print(text, flush=True)


def mean_of_ranks(value: float) -> float:
    """The mean over all processes."""
    if not dist.is_initialized():
        return value
    mean = sg.tensor(value, dtype=sg.float64)
    dist.all_reduce(mean, dist.ReduceOp.AVG)
    return mean.item()


@dataclass(frozen=True)
class Checkpoint:
    """Where a training stands, in a file that is replaced whole or not at all."""

    path: Path | None
    settings: dict[str, float]
    model: nn.Module
    optimizer: optim.Optimizer
    schedule: optim.lr_scheduler.LRScheduler

    def save(self, history: History) -> None:
        """Write it; it does not say how many processes there are, so another number may go on."""
        if self.path is None:
            return
        state = {
            "settings": self.settings,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "history": vars(history),
            "random": sg.get_rng_state(),
        }
        sg.save(state, self.path)

    def load(self) -> History:
        """Go on from it, if it is there."""
        if self.path is None or not self.path.exists():
            say(f"there is no {self.path} to go on from: training begins")
            return History()
        state = sg.load(self.path)
        for name, value in self.settings.items():
            if state["settings"][name] != value:
                raise TrainingError(
                    f"{self.path} was written with the {name} {state['settings'][name]}, which is "
                    f"now {value}: give the same settings, or leave out --resume"
                )
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        sg.set_rng_state(state["random"])
        return History(**state["history"])


def train_one_epoch(
    model: nn.Module,
    loader: DataLoader,
    optimizer: optim.Optimizer,
    schedule: optim.lr_scheduler.LRScheduler,
    title: str,
) -> tuple[list[float], float]:
    """Show every digit to the model once, a batch at a time.

    Returns the loss of each batch, and the share of digits that were read right on the way, both
    over all processes.
    """
    model.train()
    losses, correct = [], 0.0
    with tqdm(
        total=len(loader.dataset),
        desc=title,
        unit=" digits",
        unit_scale=True,
        leave=False,
        disable=not is_first_rank(),
    ) as progress:
        for images, labels in loader:
            scores = model(images)
            loss = F.cross_entropy(scores, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()

            losses.append(mean_of_ranks(loss.item()))
            if not math.isfinite(losses[-1]):
                raise TrainingError(
                    f"in step {len(losses)} of {title}, the loss became {losses[-1]}: the steps "
                    "are too long; try a smaller --lr"
                )
            correct += accuracy(scores, labels) * len(labels)
            progress.set_postfix_str(f"loss {losses[-1]:.4f}", refresh=False)
            progress.update(len(labels) * len(loader.dataset) // len(loader.sampler))
    return losses, mean_of_ranks(correct / len(loader.sampler))


@sg.no_grad()
def predict(model: nn.Module, dataset: TensorDataset) -> sg.Tensor:
    """The scores of every image, of shape (N, 10)."""
    model.eval()
    return sg.cat([model(images) for images, _ in DataLoader(dataset, batch_size=500)])


def accuracy(scores: sg.Tensor, labels: sg.Tensor) -> float:
    """The share of images whose highest score is that of the right digit."""
    return (scores.argmax(dim=1) == labels).float().mean().item()


# --- The pictures --------------------------------------------------------------------------------

BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#767676"  # told apart by colour-blind eyes as well
SHADES = LinearSegmentedColormap.from_list("shades", ["white", "#ffa366"])
STYLE = {
    "font.size": 11,
    "figure.titlesize": 13,
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "savefig.dpi": 150,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 0.1,
}


def draw_curves(history: History) -> plt.Figure:
    """Loss and accuracy over the epochs, in training and in the test."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6))
    epochs = np.arange(1, len(history.test_losses) + 1)
    batches = np.linspace(0, len(epochs), len(history.batch_losses))
    left.plot(
        batches, history.batch_losses, color=BLUE, alpha=0.25, linewidth=0.7, label="each batch"
    )
    draw_both(left, epochs, history.train_losses, history.test_losses)
    left.set(title="Loss (cross-entropy)", yscale="log")
    left.yaxis.set_major_formatter("{x:g}")
    draw_both(right, epochs, history.train_accuracies, history.test_accuracies)
    right.set(title="Accuracy")
    right.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g}%")
    right.legend(*left.get_legend_handles_labels(), loc="lower right")
    headline(figure, f"{history.test_accuracies[-1]:.2%} of the test digits are read right")
    return figure


def headline(figure: plt.Figure, text: str) -> None:
    """Say what there is to see."""
    figure.suptitle(text, x=0.01, ha="left", fontweight="bold")


def draw_both(axes: plt.Axes, epochs: np.ndarray, train: list[float], test: list[float]) -> None:
    """Two curves: an epoch's mean in training belongs to its middle, a test to its end."""
    axes.plot(epochs - 0.5, train, "-o", color=BLUE, label="training, mean of the epoch")
    axes.plot(epochs, test, "--s", color=ORANGE, label="test, after the epoch")
    axes.set(xlabel="epochs", xlim=(0, len(epochs) + 0.1))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def draw_confusion(labels: np.ndarray, predicted: np.ndarray) -> plt.Figure:
    """How often each digit was taken for each other one."""
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (labels, predicted), 1)
    mistakes = counts * (1 - np.eye(10, dtype=int))
    figure, axes = plt.subplots(figsize=(6, 6))
    # the right readings would drown the mistakes, so colour is for these alone
    axes.imshow(mistakes, cmap=SHADES, vmin=0, vmax=max(1, mistakes.max()))
    for (row, column), count in np.ndenumerate(counts):
        if count:
            colour = GREY if row == column else "black"
            axes.text(column, row, f"{count:,}", ha="center", va="center", color=colour)
    axes.set(xticks=range(10), yticks=range(10), xlabel="read as", ylabel="digit")
    headline(figure, f"{mistakes.sum():,} of {len(labels):,} test digits are misread")
    axes.set_xticks(np.arange(9) + 0.5, minor=True)
    axes.set_yticks(np.arange(9) + 0.5, minor=True)
    axes.grid(which="minor", color="#dddddd", linewidth=0.6)
    axes.tick_params(which="both", length=0)
    return figure


def draw_mistakes(images: np.ndarray, labels: np.ndarray, probabilities: np.ndarray) -> plt.Figure:
    """The misread digits, those first of whose wrong reading the model was surest."""
    predicted, sureness = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    shown = wrong[np.argsort(-sureness[wrong], kind="stable")][:40]
    rows = max(1, math.ceil(len(shown) / 10))
    figure, grid = plt.subplots(rows, 10, figsize=(9, 1.0 * rows + 0.4), squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    for axes, index in zip(grid.flat, shown, strict=False):
        axes.imshow(images[index], cmap="gray_r")
        axes.set_title(f"{labels[index]} → {predicted[index]}", loc="center", fontsize=11, pad=1)
    which = f"The {len(shown)} surest of" if len(shown) < len(wrong) else "All"
    headline(figure, f"{which} the {len(wrong)} misread digits: digit → read as")
    return figure


# --- The command line ----------------------------------------------------------------------------


def main() -> None:
    """Load the digits, train a model, and write what came of it."""
    args = parse_arguments()
    if args.distributed:
        dist.init_process_group("mpi")
    digits = load_digits(args)
    training = as_dataset(digits.train_images[: args.limit], digits.train_labels[: args.limit])
    test = as_dataset(digits.test_images, digits.test_labels)
    args.out.mkdir(parents=True, exist_ok=True)

    sg.manual_seed(args.seed)
    model = RECIPES[args.model].build()
    say(
        f"{args.model}: {sum(p.numel() for p in model.parameters()):,} parameters, "
        f"{len(training):,} digits to train on, {len(test):,} to test with"
    )
    settings = args.epochs, args.batch_size, args.lr, args.seed
    history = train(model, training, test, *settings, args.out / "checkpoint.pt", args.resume)
    if not is_first_rank():
        return
    scores = predict(model, test)
    write_results(args.out, model, history, digits, scores)
    print(f"test accuracy {accuracy(scores, test.tensors[1]):.2%}")


def load_digits(args: argparse.Namespace) -> Digits:
    """The whole of MNIST if it can be had, or else the digits that come with the examples."""
    digits = load_mnist(args.data_dir, fallback=BUNDLED, say=say)
    if digits.why_subset:
        say(digits.why_subset)
        say(
            f"Using the {len(digits.train_images) + len(digits.test_images):,} digits of MNIST "
            "that come with the examples; for all 70,000, run this again with a network, or pass "
            "--data-dir DIR, a folder with MNIST's four files."
        )
    return digits


def as_dataset(images: np.ndarray, labels: np.ndarray) -> TensorDataset:
    """Bytes as tensors: images of shape (N, 1, 28, 28) from 0 to 1, and their digits."""
    pixels = sg.from_numpy(images).float().unsqueeze(1) / 255
    return TensorDataset(pixels, sg.from_numpy(labels).long())


def write_results(
    out: Path, model: nn.Module, history: History, digits: Digits, scores: sg.Tensor
) -> None:
    """Write three pictures and the weights."""
    probabilities = scores.softmax(dim=1).numpy()
    labels = digits.test_labels
    with plt.rc_context(STYLE):
        pictures = {
            "curves.png": draw_curves(history),
            "confusion.png": draw_confusion(labels, probabilities.argmax(axis=1)),
            "mistakes.png": draw_mistakes(digits.test_images, labels, probabilities),
        }
        for name, figure in pictures.items():
            with whole_file(out / name) as file:
                figure.savefig(file, format="png")
            plt.close(figure)
    with whole_file(out / "weights.npz") as file:
        np.savez(file, **{name: value.numpy() for name, value in model.state_dict().items()})
    print(f"wrote {', '.join(pictures)} and weights.npz to {out}")


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes its place only when it is complete, whatever interrupts the program."""
    part = path.with_name(path.name + ".part")
    try:
        with open(part, "wb") as file:
            yield file
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def parse_arguments() -> argparse.Namespace:
    """The settings; those that are not given are the model's own."""
    recipes = "; ".join(
        f"{name}: {recipe.epochs} epochs, batch size {recipe.batch_size}, lr {recipe.lr}"
        for name, recipe in RECIPES.items()
    )
    parser = argparse.ArgumentParser(
        description="Train a network on MNIST's handwritten digits.",
        epilog=f"Defaults by model: {recipes}.",
    )
    option = parser.add_argument
    option("--model", choices=RECIPES, default="mlp", help="what to train (default: mlp)")
    option("--epochs", type=count, metavar="N", help="times to show each digit")
    option("--batch-size", type=count, metavar="B", help="digits a step")
    option("--lr", type=rate, metavar="R", help="the learning rate to begin with")
    option("--seed", type=seed, metavar="S", default=0, help="of all randomness (default: 0)")
    option(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="folder with MNIST's four files (default: $TINYGRAD_SM_DATA, or else the cache, a "
        "download, or the 5,000 digits that come with the examples)",
    )
    option("--out", type=Path, metavar="DIR", help="folder to write to (default: runs/mnist-MODEL)")
    option("--limit", type=count, metavar="N", help="train on the first N digits only")
    option("--resume", action="store_true", help="go on from the checkpoint in --out, if any")
    option("--distributed", action="store_true", help="be one of the processes of mpiexec")
    args = parser.parse_args()
    recipe = RECIPES[args.model]
    args.epochs = args.epochs or recipe.epochs
    args.batch_size = args.batch_size or recipe.batch_size
    args.lr = args.lr or recipe.lr
    args.out = args.out or Path("runs") / f"mnist-{args.model}"
    if args.out.exists() and not args.out.is_dir():
        parser.error(f"argument --out: {args.out} is there and is not a folder")
    return args


def count(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, not {text!r}")
    return int(text)


def seed(text: str) -> int:
    """A whole number that fits the generator."""
    if not text.isdecimal() or int(text) >= 2**64:
        raise argparse.ArgumentTypeError(
            f"expected a whole number from 0 to 2**64 - 1, not {text!r}"
        )
    return int(text)


def rate(text: str) -> float:
    """A positive number."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"expected a positive number, not {text!r}")
    return number


if __name__ == "__main__":
    try:
        main()
    except (DatasetError, TrainingError, OSError) as error:
        sys.exit(f"mnist.py: {error}")
    except KeyboardInterrupt:
        print("stopped; no file was left half-written", file=sys.stderr)
        sys.exit(130)
