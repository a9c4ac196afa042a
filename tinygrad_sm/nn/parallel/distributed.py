"""What averages gradients over processes in PyTorch; here there is one process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .data_parallel import DataParallel


class DistributedDataParallel(DataParallel):
    """Run a model as ``module``, in the one process that there is: its gradients are the average.

    Args:
        module: the model.
        device_ids: GPUs; there are none here.
        output_device: a GPU; there is none here.
        dim: ignored.
        **options: PyTorch's other options, which have no effect on one process.

    Raises:
        RuntimeError: if GPUs are asked for.
    """

    def __init__(
        self,
        module: Any,
        device_ids: Any = None,
        output_device: Any = None,
        dim: int = 0,
        **options: Any,
    ) -> None:
        super().__init__(module, device_ids, output_device, dim)

    @contextmanager
    def no_sync(self) -> Iterator[None]:
        """Do nothing: gradients are not sent anywhere."""
        yield
