"""Newton's method on softmax regression, beside stochastic gradient descent.

    python examples/newton.py

The loss of softmax regression is convex, and its second derivatives say where the bottom is. The
Hessian of 7,850 weights is never formed: conjugate gradients solve ``H d = -g`` with products
``H v`` alone, each of which is one pass forward over the gradient (``jvp`` of ``grad``). They are
solved the more exactly the smaller the gradient is, so that in the end each step doubles the number
of digits that are right.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import tinygrad_sm as sg
from tinygrad_sm import optim
from tinygrad_sm.datasets import load_mnist
from tinygrad_sm.func import grad, jvp
from tinygrad_sm.nn import functional as F

try:
    import matplotlib
except ModuleNotFoundError as error:
    sys.exit(f'newton.py: {error}: the examples need  pip install -e ".[examples]"')
matplotlib.use("Agg")
from matplotlib import pyplot as plt

BUNDLED = Path(__file__).parent / "data" / "mnist-5000"
DECAY = 1e-2  # a little weight decay makes the minimum unique

Loss = Callable[[sg.Tensor], sg.Tensor]


def digits(count: int, data_dir: Path | None) -> tuple[sg.Tensor, sg.Tensor]:
    """Images as rows of 784 numbers and a 1 for the bias, in float64; and their labels."""
    found = load_mnist(data_dir, fallback=BUNDLED, say=print)
    pixels = sg.from_numpy(found.train_images[:count]).double().reshape(-1, 784) / 255
    ones = sg.ones(len(pixels), 1, dtype=sg.float64)
    return sg.cat([pixels, ones], 1), sg.from_numpy(found.train_labels[:count]).long()


def conjugate_gradients(
    product: Callable[[sg.Tensor], sg.Tensor], b: sg.Tensor, steps: int
) -> sg.Tensor:
    """``x`` with ``product(x) = b``, for a symmetric positive product (Hestenes and Stiefel, 1952).

    What is left of ``b`` is at most ``min(|b|, 0.1)`` of it, which keeps Newton's convergence
    quadratic (Dembo, Eisenstat and Steihaug, 1982).
    """
    x, residual = sg.zeros_like(b), b
    direction, size = residual, (residual * residual).sum()
    goal = size * size.clamp(max=0.01)
    for _ in range(steps):
        along = product(direction)
        length = size / (direction * along).sum()
        x, residual = x + length * direction, residual - length * along
        before, size = size, (residual * residual).sum()
        if size <= goal:
            break
        direction = residual + size / before * direction
    return x


def hessian_at(slopes: Loss, w: sg.Tensor) -> Loss:
    """``v`` to ``H v``: how the gradient changes along ``v``."""
    return lambda v: jvp(slopes, (w,), (v,))[1]


def newton(loss: Loss, w: sg.Tensor, steps: int) -> tuple[sg.Tensor, list[float], list[float]]:
    """Newton's steps, halved until they lower the loss by a quarter of what the slope promises.

    Returns the weights, the losses, and the lengths of the gradient, before each step and at the end.
    """
    slopes = grad(loss)
    slope = slopes(w)
    losses, sizes = [loss(w).item()], [slope.norm().item()]
    for _ in range(steps):
        step = conjugate_gradients(hessian_at(slopes, w), -slope, 250)
        promised = (slope * step).sum().item()
        scale = 1.0
        while loss(w + scale * step).item() > losses[-1] + scale * promised / 4 and scale > 1e-4:
            scale /= 2
        w = w + scale * step
        slope = slopes(w)
        losses.append(loss(w).item())
        sizes.append(slope.norm().item())
    return w, losses, sizes


def descend(
    x: sg.Tensor, y: sg.Tensor, start: sg.Tensor, steps: int, lr: float, batch: int = 100
) -> list[float]:
    """The loss on all digits before each step of SGD, and at the end."""
    w = start.clone().requires_grad_()
    optimizer = optim.SGD([w], lr=lr)
    losses = []
    for step in range(steps):
        if step * batch % len(x) < batch:
            order = sg.randperm(len(x))
        chosen = order[step * batch % len(x) :][:batch]
        with sg.no_grad():
            losses.append(regularized(w, x, y).item())
        optimizer.zero_grad()
        regularized(w, x[chosen], y[chosen]).backward()
        optimizer.step()
    return [*losses, regularized(w, x, y).item()]


def regularized(w: sg.Tensor, x: sg.Tensor, y: sg.Tensor) -> sg.Tensor:
    """Cross-entropy, and a little weight decay."""
    return F.cross_entropy(x @ w.T, y) + DECAY / 2 * (w * w).sum()


def draw(newton_losses: list[float], descent_losses: list[float], path: Path) -> None:
    """How far each is from the minimum, step by step."""
    bottom = min(newton_losses)
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for name, losses in (("SGD, batches of 100", descent_losses), ("Newton", newton_losses)):
        axes.semilogy([max(x - bottom, 1e-16) for x in losses], marker=".", label=name)
    axes.set(xlabel="step", ylabel="loss above the minimum", xscale="symlog")
    axes.set_title("Softmax regression on handwritten digits")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path)
    plt.close(figure)


def main() -> None:
    """Run both from the same start and draw their curves."""
    parser = argparse.ArgumentParser(description="Newton's method on softmax regression.")
    parser.add_argument("--count", type=int, default=1000, help="digits (default: 1000)")
    parser.add_argument("--steps", type=int, default=8, help="Newton's steps (default: 8)")
    parser.add_argument("--data-dir", type=Path, help="folder with MNIST's files")
    parser.add_argument(
        "--out", type=Path, default=Path("runs/newton"), help="folder for the picture"
    )
    args = parser.parse_args()
    x, y = digits(args.count, args.data_dir)

    def loss(w: sg.Tensor) -> sg.Tensor:
        return regularized(w, x, y)

    start = sg.zeros(10, 785, dtype=sg.float64)
    _, losses, sizes = newton(loss, start, args.steps)
    for step, (value, size) in enumerate(zip(losses, sizes, strict=True)):
        print(f"Newton step {step}: loss {value:.12f}, gradient {size:.1e}")
    sg.manual_seed(0)
    slow = descend(x, y, start, 50 * args.steps, lr=0.1)
    args.out.mkdir(parents=True, exist_ok=True)
    draw(losses, slow, args.out / "newton.png")
    print(
        f"after {args.steps} Newton steps: loss {losses[-1]:.6f}, gradient {sizes[-1]:.1e}; "
        f"after {len(slow) - 1} steps of SGD: loss {slow[-1]:.6f}"
    )


if __name__ == "__main__":
    main()
