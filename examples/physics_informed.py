"""A network that solves a differential equation it is only told about.

    python examples/physics_informed.py

The damped oscillator ``u'' + 2 d u' + k u = 0`` with ``u(0) = 1`` and ``u'(0) = 0``. The network
never sees its solution: its loss is how far the equation is from holding, which takes the second
derivative of the network by its input (``jvp`` twice), and then the gradient of that by the weights.
Raissi, Perdikaris and Karniadakis, 2019.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

import tinygrad_sm as sg
from tinygrad_sm import nn, optim
from tinygrad_sm.func import jvp

try:
    import matplotlib
except ModuleNotFoundError as error:
    sys.exit(f'physics_informed.py: {error}: the examples need  pip install -e ".[examples]"')
matplotlib.use("Agg")
from matplotlib import pyplot as plt

DAMPING, STIFFNESS, END = 0.25, 4.0, 4.0

Curve = Callable[[sg.Tensor], sg.Tensor]


def solution(t: np.ndarray) -> np.ndarray:
    """What a textbook says."""
    speed = math.sqrt(STIFFNESS - DAMPING**2)
    turns = np.cos(speed * t) + DAMPING / speed * np.sin(speed * t)
    return np.exp(-DAMPING * t) * turns


def curve(network: nn.Module) -> Curve:
    """``1 + t^2 network(t)``, scaled: it starts at 1 with slope 0, whatever the network says."""
    return lambda t: 1 + t * t / END * network(2 * t / END - 1)


def residual(u: Curve, t: sg.Tensor) -> sg.Tensor:
    """How far the equation is from holding, at each time."""
    ones = sg.ones_like(t)

    def slope(t: sg.Tensor) -> sg.Tensor:
        return jvp(u, (t,), (ones,))[1]

    first, second = jvp(slope, (t,), (ones,))
    return second + 2 * DAMPING * first + STIFFNESS * u(t)


def train(network: nn.Module, steps: int) -> list[float]:
    """Lower the mean square of the residual at a row of times."""
    times = sg.linspace(0, END, 64, dtype=sg.float64).unsqueeze(1)
    optimizer = optim.Adam(network.parameters(), lr=0.02)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    losses = []
    for step in range(steps):
        loss = residual(curve(network), times).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if step % 500 == 0:
            print(f"step {step}: mean square of the residual {losses[-1]:.3e}")
    return losses


def draw(times: np.ndarray, found: np.ndarray, losses: list[float], path: Path) -> None:
    """The curve beside the textbook's, and the loss."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    left.plot(times, solution(times), linewidth=5, alpha=0.3, label="solution")
    left.plot(times, found, label="network")
    left.set(xlabel="t", ylabel="u(t)", title="A damped oscillator")
    left.legend()
    right.semilogy(losses, linewidth=0.7)
    right.set(xlabel="step", ylabel="mean square of the residual", title="The equation as a loss")
    for axes in (left, right):
        axes.grid(alpha=0.3)
    figure.savefig(path)
    plt.close(figure)


def main() -> None:
    """Train, compare with the solution, and draw."""
    parser = argparse.ArgumentParser(description="Solve a differential equation with a network.")
    parser.add_argument("--steps", type=int, default=3000, help="of Adam (default: 3000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--out", type=Path, default=Path("runs/physics"), help="folder for the picture"
    )
    args = parser.parse_args()
    sg.manual_seed(args.seed)
    network = nn.Sequential(
        nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1)
    ).double()
    losses = train(network, args.steps)
    times = np.linspace(0, END, 201)
    with sg.no_grad():
        found = curve(network)(sg.from_numpy(times).unsqueeze(1)).squeeze(1).numpy()
    args.out.mkdir(parents=True, exist_ok=True)
    draw(times, found, losses, args.out / "physics_informed.png")
    error = np.abs(found - solution(times)).max()
    print(f"largest error of u(t) for t in [0, {END:g}]: {error:.2e}")


if __name__ == "__main__":
    main()
