"""Averages of a model's weights over its training (SWA and EMA), and the schedule that goes with them.

Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", 2018.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from itertools import chain
from typing import Any

from ..nn.modules.batchnorm import _BatchNorm
from ..nn.modules.module import Module
from ..ops.creation import tensor
from ..tape import no_grad
from ..tensor import Tensor
from .lr_scheduler.base import LRScheduler, Rate, check_optimizer, one_per_group
from .optimizer import Optimizer

__all__ = [
    "SWALR",
    "AveragedModel",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]

Average = Callable[[Tensor, Tensor, Any], Tensor]
MultiAverage = Callable[[Sequence[Tensor], Sequence[Tensor], Any], None]


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """An exponential moving average: ``decay * averaged + (1 - decay) * current``.

    Args:
        decay: how much of the average is kept, in [0, 1].

    Returns:
        A function of the average, the current value and the number of values so far.

    Raises:
        ValueError: for a decay outside [0, 1].
    """
    if not 0.0 <= decay <= 1.0:
        raise ValueError(f"Invalid decay value {decay} provided: expected one in [0,1]")

    @no_grad()
    def average(averaged: Tensor, current: Tensor, num_averaged: Any) -> Tensor:
        return decay * averaged + (1 - decay) * current

    return average


def get_swa_avg_fn() -> Average:
    """The equal average of all values: ``averaged + (current - averaged) / (n + 1)``."""

    @no_grad()
    def average(averaged: Tensor, current: Tensor, num_averaged: Any) -> Tensor:
        return averaged + (current - averaged) / (num_averaged + 1)

    return average


def get_ema_multi_avg_fn(decay: float = 0.999) -> MultiAverage:
    """As ``get_ema_avg_fn``, for lists of tensors, in place.

    Raises:
        ValueError: for a decay outside [0, 1].
    """
    return _in_place(get_ema_avg_fn(decay))


def get_swa_multi_avg_fn() -> MultiAverage:
    """As ``get_swa_avg_fn``, for lists of tensors, in place."""
    return _in_place(get_swa_avg_fn())


def _in_place(average: Average) -> MultiAverage:
    @no_grad()
    def update(averaged: Sequence[Tensor], current: Sequence[Tensor], num_averaged: Any) -> None:
        for old, new in zip(averaged, current, strict=True):
            old.copy_(average(old, new, num_averaged))

    return update


class AveragedModel(Module):
    """A copy of a model whose parameters are averages of those that the model has had.

    Args:
        model: the model.
        device: the copy's device.
        avg_fn: the average: a function of the average, the current value and the number of values
            so far; by default the equal average of all.
        multi_avg_fn: the same for lists of tensors, which it changes in place.
        use_buffers: average buffers too; otherwise those of the model are copied.

    Attributes:
        module: the copy.
        n_averaged: how many values went into the average, a 0-d int64 tensor.

    Raises:
        AssertionError: if two averages are given.

    >>> import tinygrad_sm as sg
    >>> from tinygrad_sm.optim.swa_utils import AveragedModel
    >>> model = sg.nn.Linear(1, 1)
    >>> averaged = AveragedModel(model)
    >>> for value in (1.0, 2.0, 6.0):
    ...     _ = sg.nn.init.constant_(model.bias, value)
    ...     averaged.update_parameters(model)
    >>> averaged.module.bias.item()
    3.0
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Average | None = None,
        multi_avg_fn: MultiAverage | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", tensor(0))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the averaged model gives."""
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the model's present values into the average."""
        averaged, current = self._values(self.module), self._values(model)
        with no_grad():
            if not self.n_averaged.item():
                _copy(averaged, current)
            else:
                average = get_swa_avg_fn() if self.avg_fn is None else self.avg_fn
                update = self.multi_avg_fn or _in_place(average)
                update(averaged, current, self.n_averaged)
            if not self.use_buffers:
                _copy(self.module.buffers(), model.buffers())
            self.n_averaged += 1

    def _values(self, model: Module) -> list[Tensor]:
        """What is averaged, off the tape; the memory is the model's."""
        values = chain(model.parameters(), model.buffers() if self.use_buffers else ())
        return [value.detach() for value in values]


def _copy(targets: Iterable[Tensor], sources: Iterable[Tensor]) -> None:
    for target, source in zip(targets, sources, strict=True):
        target.copy_(source)


@no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the running statistics of a model's BatchNorm layers anew, in one pass over data.

    Averaged weights make activations that none of the averaged models had, so that neither do
    their statistics fit.

    Args:
        loader: batches: the model's input, or a list or tuple that begins with it.
        model: the model, whose mode is the same afterwards.
        device: where to put the input first.
    """
    layers = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    if not layers:
        return
    momenta = [layer.momentum for layer in layers]
    training = model.training
    model.train()
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # the equal average of all batches
    for batch in loader:
        batch = batch[0] if isinstance(batch, list | tuple) else batch
        model(batch if device is None else batch.to(device))
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
    model.train(training)


class SWALR(LRScheduler):
    """From the present rate to a fixed one, at which weights are averaged.

    Args:
        optimizer: the optimizer.
        swa_lr: the fixed rate, or one a group.
        anneal_epochs: epochs on the way to it.
        anneal_strategy: the way: ``"cos"`` or ``"linear"``.
        last_epoch: the epoch to go on from; -1 to begin.

    Raises:
        ValueError: for options out of their range.
        TypeError: if the optimizer is none.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float,
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(self, optimizer)
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        rates = one_per_group("swa_lr", optimizer, swa_lr)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["swa_lr"] = rate
        self._anneal_strategy = anneal_strategy
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _share(self, step: int) -> float:
        """How much of the way is behind after so many steps."""
        passed = max(0.0, min(1.0, step / max(1, self.anneal_epochs)))
        return passed if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * passed)) / 2

    def get_lr(self) -> list[Rate]:
        """The mix of the rate at the beginning, found from the present one, and the fixed one."""
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._share(step - 1), self._share(step)
        rates = []
        for group in self.optimizer.param_groups:
            fixed = group["swa_lr"]
            start = fixed if before == 1 else (group["lr"] - before * fixed) / (1 - before)
            rates.append(fixed * now + start * (1 - now))
        return rates
