"""Schedules made of other schedules."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler, group_values, set_option
from .plateau import ReduceLROnPlateau


class _OfSchedules(LRScheduler):
    """What SequentialLR and ChainedScheduler share: schedules of one optimizer."""

    def _take(self, optimizer: Any, schedulers: Sequence[LRScheduler]) -> None:
        """Keep the schedules, after a check.

        Raises:
            ValueError: for no schedule, one of another optimizer, or one that needs a metric.
            TypeError: for something that is no schedule.
        """
        own = type(self).__name__
        if not schedulers:
            raise ValueError(f"{own} expects at least one scheduler, but got none")
        for i, scheduler in enumerate(schedulers):
            name = type(scheduler).__name__
            if not hasattr(scheduler, "optimizer"):
                raise TypeError(
                    f"{own} at index {i} should have `optimizer` as its attribute: {name} is no "
                    "scheduler"
                )
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(
                    f"{own} does not support ReduceLROnPlateau, whose step() needs a metric, but "
                    f"got one at index {i}"
                )
            if scheduler.optimizer is not optimizer:
                raise ValueError(
                    f"{own} expects all schedulers to belong to the same optimizer, but that of "
                    f"{name} at index {i} is another one"
                )
        self.optimizer = optimizer
        self._schedulers = schedulers

    def _undo_first_step(self) -> None:
        """Take back the step that each schedule made when it was constructed.

        Not the sequence's own: one inside another is, as in PyTorch, an epoch ahead of its
        schedules.
        """
        for scheduler in self._schedulers:
            if isinstance(scheduler, _OfSchedules):
                scheduler._undo_first_step()
            else:
                scheduler.last_epoch -= 1
                scheduler._step_count = 0

    def state_dict(self) -> dict[str, Any]:
        """As for every schedule, with the state of each of its schedules."""
        state = super().state_dict()
        state["_schedulers"] = [scheduler.state_dict() for scheduler in self._schedulers]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what ``state_dict`` returned."""
        rest = dict(state_dict)
        states = rest.pop("_schedulers")
        super().load_state_dict(rest)
        for scheduler, state in zip(self._schedulers, states, strict=True):
            scheduler.load_state_dict(state)


class SequentialLR(_OfSchedules):
    """One schedule after another, each from epoch 0 on when its turn comes.

    Args:
        optimizer: the optimizer, the same as that of the schedules.
        schedulers: the schedules, in their order.
        milestones: the epochs at which the next one takes over, one fewer than schedules.
        last_epoch: the epoch to go on from; -1 to begin.

    Raises:
        ValueError: for no schedule, one of another optimizer, one that needs a metric, or a wrong
            number of milestones.
        TypeError: for something that is no schedule.

    >>> import tinygrad_sm as sg
    >>> from tinygrad_sm.optim import SGD, lr_scheduler
    >>> optimizer = SGD([sg.zeros(1, requires_grad=True)], lr=1.0)
    >>> warm_up = lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=9)
    >>> decay = lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> schedule = lr_scheduler.SequentialLR(optimizer, [warm_up, decay], milestones=[2])
    >>> rates = []
    >>> for _ in range(5):
    ...     rates += schedule.get_last_lr()
    ...     optimizer.step()
    ...     schedule.step()
    >>> rates
    [0.5, 0.5, 1.0, 0.5, 0.25]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: list[LRScheduler],
        milestones: list[int],
        last_epoch: int = -1,
    ) -> None:
        self._take(optimizer, schedulers)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                "SequentialLR expects one milestone fewer than schedulers, but got "
                f"{len(milestones)} milestones and {len(schedulers)} schedulers"
            )
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        for group in optimizer.param_groups:
            set_option(group, "lr", group["initial_lr"])
        self._undo_first_step()
        first = schedulers[bisect_right(milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def step(self) -> None:  # type: ignore[override]
        """Step the schedule whose turn it is."""
        self.last_epoch += 1
        turn = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[turn]
        if turn and self._milestones[turn - 1] == self.last_epoch:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


class ChainedScheduler(_OfSchedules):
    """Several schedules at once: each step steps them all, so that their factors multiply.

    Args:
        schedulers: the schedules, stepped in this order.
        optimizer: the optimizer; by default that of the first schedule.

    Raises:
        ValueError: for no schedule, one of another optimizer, or one that needs a metric.
        TypeError: for something that is no schedule.

    >>> import tinygrad_sm as sg
    >>> from tinygrad_sm.optim import SGD, lr_scheduler
    >>> optimizer = SGD([sg.zeros(1, requires_grad=True)], lr=1.0)
    >>> halving = lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> warm_up = lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=2)
    >>> schedule = lr_scheduler.ChainedScheduler([halving, warm_up])
    >>> rates = []
    >>> for _ in range(4):
    ...     rates += schedule.get_last_lr()
    ...     optimizer.step()
    ...     schedule.step()
    >>> rates
    [0.5, 0.25, 0.25, 0.125]
    """

    def __init__(
        self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None
    ) -> None:
        if optimizer is None and schedulers:
            optimizer = getattr(schedulers[0], "optimizer", None)
        self._take(optimizer, schedulers)
        self._last_lr = group_values(self.optimizer, "lr")

    def step(self) -> None:  # type: ignore[override]
        """Step all schedules."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = group_values(self.optimizer, "lr")
