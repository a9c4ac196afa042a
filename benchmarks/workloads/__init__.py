"""What is measured: one file a problem, and here the rows of the table.

A problem says what to compute and holds the numbers to start from; it knows no library. The same
seed gives every contestant the same batches and the same weights.
"""

from __future__ import annotations

from dataclasses import dataclass

from .char_gpt import CharGPT
from .classifier import Classifier
from .derivatives import Derivatives
from .lenet import LeNet
from .tiny_op import TinyOp

Problem = Classifier | LeNet | CharGPT | TinyOp | Derivatives


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        title: how the table calls it.
        problem: what one step computes.
        parts: a step's time is divided by this number: by the operations in it, for example.
        trains: whether it trains a model, so that its memory is of interest.
    """

    title: str
    problem: Problem
    parts: int = 1
    trains: bool = True


def mlp(batch: int) -> Row:
    """The row of the perceptron with two hidden layers, at a batch size."""
    problem = Classifier(sizes=(784, 256, 128, 10), batch=batch, lr=0.05, momentum=0.9)
    return Row(f"MLP 784-256-128-10, batch {batch}", problem)


ROWS: dict[str, Row] = {
    "softmax": Row(
        "softmax regression 784-10, batch 128",
        Classifier(sizes=(784, 10), batch=128, lr=0.1, momentum=0.0),
    ),
    "mlp-32": mlp(32),
    "mlp-128": mlp(128),
    "mlp-1024": mlp(1024),
    "lenet": Row("LeNet CNN, batch 64", LeNet()),
    "char-gpt": Row("char-GPT 4 x 128, batch 32", CharGPT()),
    "hvp": Row(
        "Hessian-vector product, MLP 784-256-128-10, batch 128", Derivatives("hvp"), trains=False
    ),
    "jacobian-reverse": Row(
        "Jacobian 10 x 784, reverse mode", Derivatives("jacobian_reverse"), trains=False
    ),
    "jacobian-forward": Row(
        "Jacobian 784 x 10, forward mode",
        Derivatives("jacobian_forward", sizes=(10, 128, 256, 784)),
        trains=False,
    ),
    "per-sample": Row(
        "gradients of 256 samples, MLP 784-256-128-10",
        Derivatives("per_sample", batch=256),
        trains=False,
    ),
    "tiny-op": Row("one tiny op, forward and backward", TinyOp(), TinyOp().operations, False),
}
