"""The contestants: one folder a library, in it one file a problem, named as the problem's own.

Each file's ``training_step`` makes a step: a function without arguments that runs one training
step on the next batch and returns the loss before the update, as a float.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from ..workloads import Problem

Step = Callable[[], float]


@dataclass(frozen=True)
class Contestant:
    """A column of the table.

    Attributes:
        title: how the table calls it.
        library: what it imports, and whose version is printed.
        folder: where its files are, in this package.
        pytorch_like: whether the library goes by PyTorch's names and is handed to
            ``training_step``.
    """

    title: str
    library: str
    folder: str
    pytorch_like: bool = False

    def training_step(self, problem: Problem) -> Step:
        """A step of the problem, from its starting weights.

        Raises:
            ImportError: if the library, or what it needs for this problem, is not installed.
        """
        room = import_module(f"{__name__}.{self.folder}.{problem.kind}")
        if not self.pytorch_like:
            return room.training_step(problem)
        for part in ("nn", "optim"):
            import_module(f"{self.library}.{part}")
        return room.training_step(import_module(self.library), problem)


CONTESTANTS: dict[str, Contestant] = {
    "tinygrad_sm": Contestant("tinygrad_sm", "tinygrad_sm", "torch_api", pytorch_like=True),
    "pytorch": Contestant("PyTorch", "torch", "torch_api", pytorch_like=True),
    "autograd": Contestant("autograd", "autograd", "hips_autograd"),
    "jax": Contestant("JAX without jit", "jax", "jax_functions"),
    "mygrad": Contestant("MyGrad", "mygrad", "mygrad_tensors"),
    "numpy": Contestant("NumPy by hand", "numpy", "numpy_by_hand"),
}
REFERENCE = "pytorch"
