"""What splits a batch over GPUs in PyTorch; without GPUs it runs the model, there and here."""

from __future__ import annotations

from typing import Any

from ...devices import check_device
from ..modules.module import Module


class DataParallel(Module):
    """Run a model as ``module``; the names in its ``state_dict`` begin with that.

    Args:
        module: the model.
        device_ids: GPUs; there are none here.
        output_device: a GPU; there is none here.
        dim: ignored: a batch is not split.

    Raises:
        RuntimeError: if GPUs are asked for.
    """

    def __init__(
        self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0
    ) -> None:
        super().__init__()
        for device in (*(device_ids or ()), output_device):
            check_device(f"cuda:{device}" if isinstance(device, int) else device)
        self.module = module
        self.device_ids: list[int] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """What the model returns."""
        return self.module(*inputs, **kwargs)


def data_parallel(
    module: Module,
    inputs: Any,
    device_ids: Any = None,
    output_device: Any = None,
    dim: int = 0,
    module_kwargs: dict[str, Any] | None = None,
) -> Any:
    """Run a model on its inputs, one or a tuple; the other arguments as ``DataParallel`` has them."""
    wrapped = DataParallel(module, device_ids, output_device, dim)
    given = inputs if isinstance(inputs, tuple) else (inputs,)
    return wrapped(*given, **(module_kwargs or {}))
