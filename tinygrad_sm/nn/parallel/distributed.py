"""A model whose copies on several processes train as one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ...distributed.collectives import broadcast
from ...distributed.groups import Group, member_of
from ...distributed.objects import all_gather_object
from ...distributed.work import DistributedError
from ...tape import is_grad_enabled
from .data_parallel import DataParallel
from .reducer import MEGABYTE, Reducer


class DistributedDataParallel(DataParallel):
    """Run a model as ``module``, on each process with a share of the batch of its own.

    At the start, every rank gets the parameters and buffers of rank 0. In each backward pass the
    gradients are averaged over the ranks, in buckets that are sent while backward still runs, so
    that every rank takes the same step. If all shares are equally large, and the loss is a mean,
    the step is that of the whole batch in one process; batch normalization, though, sees the
    statistics of its own share, and its running statistics are those of rank 0.

    The names in ``state_dict`` begin with ``module.``; ``load_state_dict`` takes those of the bare
    model as well.

    Args:
        module: the model, of the same parameters on every rank.
        device_ids: GPUs; there are none here.
        output_device: a GPU; there is none here.
        dim: ignored.
        broadcast_buffers: give every rank the buffers of rank 0 before each forward pass in
            training.
        init_sync: give every rank the parameters and buffers of rank 0 at the start.
        process_group: who takes part; the world by default.
        bucket_cap_mb: megabytes that are sent together, 25 by default.
        find_unused_parameters: let parameters pass that the outputs do not depend on; without it
            the backward pass raises and names them.
        **options: PyTorch's other options, which have no effect here.

    Raises:
        RuntimeError: if GPUs are asked for, or no parameter requires grad.
        ValueError: before ``init_process_group``.
        DistributedError: if the models of two ranks differ in a parameter's name, shape or dtype.
    """

    def __init__(
        self,
        module: Any,
        device_ids: Any = None,
        output_device: Any = None,
        dim: int = 0,
        broadcast_buffers: bool = True,
        init_sync: bool = True,
        process_group: Group = None,
        bucket_cap_mb: float | None = None,
        find_unused_parameters: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(module, device_ids, output_device, dim)
        self.process_group = member_of(process_group)
        self.broadcast_buffers = broadcast_buffers
        named = {name: p for name, p in module.named_parameters() if p.requires_grad}
        if not named:
            raise RuntimeError(
                "DistributedDataParallel is not needed when a module doesn't have any parameters "
                "that require a gradient"
            )
        if init_sync:
            self._check_same_model(named)
            self._send([*module.parameters(), *module.buffers()])
        capacity = (25 if bucket_cap_mb is None else bucket_cap_mb) * MEGABYTE
        self.reducer = Reducer(named, self.process_group, capacity, find_unused_parameters)
        self.register_load_state_dict_pre_hook(_take_bare_names)

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """What the model returns, for this rank's inputs."""
        training = is_grad_enabled() and self.reducer.enabled
        if training and self.training and self.broadcast_buffers:
            self._send(self.module.buffers())
        outputs = self.module(*inputs, **kwargs)
        if training:
            self.reducer.expect(outputs)
        return outputs

    @contextmanager
    def no_sync(self) -> Iterator[None]:
        """Leave gradients as they are, to accumulate some before the pass that averages them."""
        before, self.reducer.enabled = self.reducer.enabled, False
        try:
            yield
        finally:
            self.reducer.enabled = before

    def _check_same_model(self, named: dict[str, Any]) -> None:
        mine = [(name, tuple(p.array.shape), str(p.array.dtype)) for name, p in named.items()]
        models: list[Any] = [None] * self.process_group.size()
        all_gather_object(models, mine, self.process_group)
        for rank, other in enumerate(models):
            if other != models[0]:
                here, there = _first_difference(models[0], other)
                raise DistributedError(
                    f"DistributedDataParallel: the model of rank 0 has the parameter {here}, that "
                    f"of rank {rank} has {there}: every rank must build the same model"
                )

    def _send(self, tensors: Any) -> None:
        for t in tensors:
            broadcast(t, group=self.process_group, group_src=0)


def _first_difference(a: list[Any], b: list[Any]) -> tuple[Any, Any]:
    length = max(len(a), len(b))
    pairs = zip(a + [None] * (length - len(a)), b + [None] * (length - len(b)), strict=True)
    return next((x, y) for x, y in pairs if x != y)


def _take_bare_names(module: Any, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
    if any(name.startswith(f"{prefix}module.") for name in state_dict):
        return
    for name in list(state_dict):
        if name.startswith(prefix):
            state_dict[f"{prefix}module.{name.removeprefix(prefix)}"] = state_dict.pop(name)
