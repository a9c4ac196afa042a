"""Learning to learn: weights from which one step of gradient descent goes far.

    python examples/maml.py

Each task is a sine curve of another height and phase, known at ten points. The loss of a task is
what is left *after* one step of gradient descent on those points, so its gradient goes through the
step: a derivative of a derivative (``grad`` of a function that calls ``grad``), over a batch of
tasks at once (``vmap``). Finn, Abbeel and Levine, 2017.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

import tinygrad_sm as sg
from tinygrad_sm import nn, optim
from tinygrad_sm.func import functional_call, grad, vmap

try:
    import matplotlib
except ModuleNotFoundError as error:
    sys.exit(f'maml.py: {error}: the examples need  pip install -e ".[examples]"')
matplotlib.use("Agg")
from matplotlib import pyplot as plt

POINTS, INNER_RATE = 10, 0.02

Weights = dict[str, sg.Tensor]


def tasks(count: int, rng: np.random.Generator) -> tuple[sg.Tensor, ...]:
    """Points to learn from and points to be judged by: each (count, POINTS, 1)."""
    height = rng.uniform(0.1, 5.0, (count, 1, 1))
    phase = rng.uniform(0, np.pi, (count, 1, 1))
    x = rng.uniform(-5, 5, (count, 2 * POINTS, 1))
    y = height * np.sin(x + phase)
    halves = (x[:, :POINTS], y[:, :POINTS], x[:, POINTS:], y[:, POINTS:])
    return tuple(sg.from_numpy(part.astype(np.float32)) for part in halves)


class Learner:
    """A network as a function of its weights, and what one step on a task makes of them."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network

    def loss(self, weights: Weights, x: sg.Tensor, y: sg.Tensor) -> sg.Tensor:
        """The mean square error."""
        out: sg.Tensor = functional_call(self.network, weights, (x,))
        return (out - y).square().mean()

    def adapted(self, weights: Weights, x: sg.Tensor, y: sg.Tensor) -> Weights:
        """The weights after one step on a task."""
        slopes = grad(self.loss)(weights, x, y)
        return {name: w - INNER_RATE * slopes[name] for name, w in weights.items()}

    def after_one_step(self, weights: Weights, *task: sg.Tensor) -> sg.Tensor:
        """The loss on a task's other points, after one step on the first."""
        x, y, x_judge, y_judge = task
        return self.loss(self.adapted(weights, x, y), x_judge, y_judge)

    def over_tasks(self, weights: Weights, batch: tuple[sg.Tensor, ...]) -> sg.Tensor:
        """The mean over a batch of tasks."""
        each = vmap(self.after_one_step, in_dims=(None, 0, 0, 0, 0))
        loss: sg.Tensor = each(weights, *batch).mean()
        return loss


def train(learner: Learner, steps: int, rng: np.random.Generator) -> list[float]:
    """Move the starting weights such that one step from them leaves little."""
    weights = dict(learner.network.named_parameters())
    optimizer = optim.Adam(weights.values(), lr=2e-3)
    losses = []
    for step in range(steps):
        loss = learner.over_tasks(weights, tasks(25, rng))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step % 200 == 0:
            print(f"step {step}: loss after one inner step {losses[-1]:.3f}")
    return losses


def draw(learner: Learner, weights: Weights, losses: list[float], path: Path) -> None:
    """A new task before and after one step, and the loss over meta-training."""
    x, y, new_x, new_y = (part[0] for part in tasks(1, np.random.default_rng(7)))
    line = sg.linspace(-5, 5, 200).unsqueeze(1)
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    for name, own in (("start", weights), ("after one step", learner.adapted(weights, x, y))):
        left.plot(line.numpy(), functional_call(learner.network, own, (line,)).numpy(), label=name)
    left.plot(x.numpy(), y.numpy(), "k.", label="known points")
    left.plot(new_x.numpy(), new_y.numpy(), "x", color="grey", label="points to predict")
    left.set(title="A new task", xlabel="x", ylabel="y", ylim=(-4, 6))
    left.legend(fontsize="small", loc="upper center")
    right.plot(losses, linewidth=0.7)
    right.set(title="Learning to learn", xlabel="step", ylabel="loss after one inner step", ylim=0)
    for axes in (left, right):
        axes.grid(alpha=0.3)
    figure.savefig(path)
    plt.close(figure)


def main() -> None:
    """Learn a start, and compare it with a random one on new tasks."""
    parser = argparse.ArgumentParser(description="Model-agnostic meta-learning of sine curves.")
    parser.add_argument("--steps", type=int, default=1000, help="of meta-training (default: 1000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--out", type=Path, default=Path("runs/maml"), help="folder for the picture"
    )
    args = parser.parse_args()
    sg.manual_seed(args.seed)
    network = nn.Sequential(
        nn.Linear(1, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 1)
    )
    learner = Learner(network)
    random = {name: p.detach().clone() for name, p in network.named_parameters()}
    losses = train(learner, args.steps, np.random.default_rng(args.seed))
    learned = {name: p.detach() for name, p in network.named_parameters()}
    args.out.mkdir(parents=True, exist_ok=True)
    draw(learner, learned, losses, args.out / "maml.png")
    new = tasks(200, np.random.default_rng(10_000))
    before, after = (learner.over_tasks(w, new).item() for w in (random, learned))
    print(
        f"loss on 200 new tasks after one step: {after:.3f} from the learned start, {before:.3f} "
        "from a random one"
    )


if __name__ == "__main__":
    main()
