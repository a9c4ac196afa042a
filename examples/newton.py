"""Newton's method on softmax regression, beside gradient descent.

    python examples/newton.py

The loss of softmax regression is convex, and its second derivatives say where the bottom is. The
Hessian of 7,850 weights is never formed: conjugate gradients solve ``H d = -g`` with products
``H v`` alone, each of which is one pass forward over the gradient (``jvp`` of ``grad``).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import tinygrad_sm as sg
from tinygrad_sm.datasets import load_mnist
from tinygrad_sm.func import grad, grad_and_value, jvp
from tinygrad_sm.nn import functional as F

try:
    import matplotlib
except ModuleNotFoundError as error:
    sys.exit(f'newton.py: {error}: the examples need  pip install -e ".[examples]"')
matplotlib.use("Agg")
from matplotlib import pyplot as plt

BUNDLED = Path(__file__).parent / "data" / "mnist-5000"
DECAY = 1e-3  # a little weight decay makes the minimum unique

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
    """``x`` with ``product(x) = b``, for a symmetric positive product (Hestenes and Stiefel, 1952)."""
    x, residual = sg.zeros_like(b), b
    direction, size = residual, (residual * residual).sum()
    goal = size * 1e-4
    for _ in range(steps):
        along = product(direction)
        length = size / (direction * along).sum()
        x, residual = x + length * direction, residual - length * along
        before, size = size, (residual * residual).sum()
        if size < goal:
            break
        direction = residual + size / before * direction
    return x


def hessian_at(slopes: Loss, w: sg.Tensor) -> Loss:
    """``v`` to ``H v``: how the gradient changes along ``v``."""
    return lambda v: jvp(slopes, (w,), (v,))[1]


def newton(loss: Loss, w: sg.Tensor, steps: int) -> tuple[sg.Tensor, list[float]]:
    """Newton's steps, halved while they do not lower the loss."""
    slopes = grad(loss)
    losses = [loss(w).item()]
    for _ in range(steps):
        step = conjugate_gradients(hessian_at(slopes, w), -slopes(w), 250)
        scale = 1.0
        while loss(w + scale * step).item() > losses[-1] and scale > 1e-4:
            scale /= 2
        w = w + scale * step
        losses.append(loss(w).item())
    return w, losses


def descend(loss: Loss, w: sg.Tensor, steps: int, lr: float) -> tuple[sg.Tensor, list[float]]:
    """Gradient descent."""
    both = grad_and_value(loss)
    losses = []
    for _ in range(steps):
        g, value = both(w)
        losses.append(value.item())
        w = w - lr * g
    return w, [*losses, loss(w).item()]


def draw(newton_losses: list[float], descent_losses: list[float], path: Path) -> None:
    """How far each is from the minimum, step by step."""
    bottom = min(newton_losses)
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for name, losses in (("gradient descent", descent_losses), ("Newton", newton_losses)):
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
        return F.cross_entropy(x @ w.T, y) + DECAY / 2 * (w * w).sum()

    start = sg.zeros(10, 785, dtype=sg.float64)
    w, losses = newton(loss, start, args.steps)
    for step, value in enumerate(losses):
        print(f"Newton step {step}: loss {value:.12f}")
    _, slow = descend(loss, start, 50 * args.steps, lr=0.1)
    args.out.mkdir(parents=True, exist_ok=True)
    draw(losses, slow, args.out / "newton.png")
    size = grad(loss)(w).norm().item()
    print(
        f"after {args.steps} Newton steps: loss {losses[-1]:.6f}, gradient {size:.1e}; "
        f"after {len(slow) - 1} steps of gradient descent: loss {slow[-1]:.6f}"
    )


if __name__ == "__main__":
    main()
