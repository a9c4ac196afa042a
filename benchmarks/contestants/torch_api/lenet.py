"""LeNet as a Module."""

from __future__ import annotations

from typing import Any

from ...workloads import LeNet
from .. import Step
from .training import load, trainer


def network(torch: Any, problem: LeNet) -> Any:
    """The network, with the framework's own starting weights."""
    nn = torch.nn
    F = nn.functional

    class Network(nn.Module):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            first, second = problem.channels
            wide, narrow = problem.hidden
            self.conv1 = nn.Conv2d(1, first, problem.kernel)
            self.conv2 = nn.Conv2d(first, second, problem.kernel)
            self.fc1 = nn.Linear(problem.features, wide)
            self.fc2 = nn.Linear(wide, narrow)
            self.fc3 = nn.Linear(narrow, problem.classes)

        def forward(self, x: Any) -> Any:
            x = F.max_pool2d(F.relu(self.conv1(x)), 2)
            x = F.max_pool2d(F.relu(self.conv2(x)), 2)
            x = x.flatten(1)
            x = F.relu(self.fc1(x))
            x = F.relu(self.fc2(x))
            return self.fc3(x)

    return Network()


def training_step(torch: Any, problem: LeNet) -> Step:
    """One step of SGD in a framework that goes by PyTorch's names."""
    model = network(torch, problem)
    load(torch, model, problem.weights())
    optimizer = torch.optim.SGD(model.parameters(), lr=problem.lr, momentum=problem.momentum)
    criterion = torch.nn.CrossEntropyLoss()
    return trainer(torch, lambda x, y: criterion(model(x), y), optimizer, problem.batches())
