"""The programs that the page is tried on: each returns its trace and its leaves by name."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_sm as sg
from tinygrad_sm import nn, optim
from tinygrad_sm.nn import functional as F


def softmax() -> tuple[Any, dict[str, Any]]:
    """The example of the README."""
    z = sg.tensor([5.0, 2.0, -1.0, 3.0], requires_grad=True)
    with sg.trace(title="softmax.py") as t:
        a = sg.softmax(z, dim=0)
        loss = -a[0].log()
        loss.backward()
    return t, {"z": z}


def mlp() -> tuple[Any, dict[str, Any]]:
    """One step of a small MLP."""
    sg.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.ReLU(), nn.Linear(4, 2)))
    with sg.trace(title="mlp.py") as t:
        loss = F.cross_entropy(model(sg.randn(5, 3)), sg.tensor([0, 1, 0, 1, 0]))
        loss.backward()
    return t, dict(model.named_parameters())


def example(name: str) -> Any:
    """A program of ``examples/``, imported."""
    path = Path(__file__).parents[2] / "examples" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"example_{name}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def training_step(name: str, model: nn.Module, x: Any, y: Any) -> tuple[Any, dict[str, Any]]:
    """Forward, backward, and the optimizer's step."""
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with sg.trace(title=name) as t:
        scores = model(x)
        loss = F.cross_entropy(scores.reshape(-1, scores.shape[-1]), y.reshape(-1))
        loss.backward()
        optimizer.step()
    return t, dict(model.named_parameters())


def mnist(kind: str) -> tuple[Any, dict[str, Any]]:
    """A training step of a network of the MNIST example."""
    sg.manual_seed(0)
    model = getattr(example("mnist"), kind)()
    return training_step("mnist.py", model, sg.rand(8, 1, 28, 28), sg.randint(0, 10, (8,)))


def gpt(blocks: int = 2) -> tuple[Any, dict[str, Any]]:
    """A training step of the GPT of the example, of small size."""
    sg.manual_seed(0)
    model = example("char_gpt").GPT(11, 8, 16, blocks, 2)
    tokens = sg.randint(0, 11, (2, 9))
    return training_step("char_gpt.py", model, tokens[:, :-1], tokens[:, 1:])


def wrong_rule() -> Any:
    """An operation whose rule forgets a factor."""
    square = sg.primitive(lambda x: x * x, name="square", x=lambda g, x: g * x)
    x = sg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    with sg.trace(title="wrong.py") as t:
        square(x).exp().sum().backward()
    return t


def broadcast() -> tuple[Any, dict[str, Any]]:
    """A bias that is used twice, broadcast."""
    x, b = sg.tensor([[1.0, 2.0], [3.0, 4.0]]), sg.tensor([0.5, -0.5], requires_grad=True)
    with sg.trace(title="broadcast.py") as t:
        ((x + b) * b).sum().backward()
    return t, {"b": b}


def not_finite() -> Any:
    """NaN in a branch that was not taken."""
    x = sg.tensor([1.0, 0.0, -2.0], requires_grad=True)
    with sg.trace(title="nan.py") as t, np.errstate(all="ignore"):
        sg.where(x > 0, x.log(), x).sum().backward()
    return t


def hostile() -> Any:
    """Text that would be markup if it were let."""
    evil = "</script><script>document.title='broken'</script><img src=x onerror=alert(1)>"
    kind = type(evil, (nn.Linear,), {})
    model = nn.Sequential()
    model.add_module("<b>bold</b>", kind(2, 2))
    t = sg.trace(title=evil)
    try:
        with t:
            model(sg.ones(1, 2)).sum().backward()
            raise ValueError(evil + "<!--")
    except ValueError:
        return t


def failing() -> Any:
    """An error half-way."""
    t = sg.trace(title="failing.py")
    try:
        with t:
            w = sg.ones(3, 4, requires_grad=True)
            (w * 2).tanh() @ sg.ones(3, 2)
    except RuntimeError:
        return t


def long() -> Any:
    """5,001 rows."""
    x = sg.linspace(-1.0, 1.0, 4).requires_grad_()
    with sg.trace(title="long.py", check=False) as t:
        y = x
        for _ in range(1250):
            y = (y * 0.999 + x * 0.001).tanh()
        y.sum().backward()
    return t
