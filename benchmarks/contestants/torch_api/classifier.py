"""Softmax regression and multilayer perceptrons as a Sequential."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from ...workloads import Classifier
from .. import Step
from .training import load, trainer


def network(torch: Any, problem: Classifier) -> Any:
    """The network, with the framework's own starting weights."""
    nn = torch.nn
    layers = []
    for fan_in, fan_out in pairwise(problem.sizes):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def training_step(torch: Any, problem: Classifier) -> Step:
    """One step of SGD in a framework that goes by PyTorch's names."""
    model = network(torch, problem)
    load(torch, model, problem.weights())
    optimizer = torch.optim.SGD(model.parameters(), lr=problem.lr, momentum=problem.momentum)
    criterion = torch.nn.CrossEntropyLoss()
    return trainer(torch, lambda x, y: criterion(model(x), y), optimizer, problem.batches())
