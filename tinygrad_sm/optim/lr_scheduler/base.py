"""What all schedules share: how a rate is read from and written to the groups of an optimizer."""

from __future__ import annotations

import types
import warnings
from typing import Any

from ...tape import Value, no_grad
from ...tensor import Tensor
from ..optimizer import Optimizer

Rate = float | Tensor


def group_values(optimizer: Optimizer, name: str) -> list[Any]:
    """An option of each group; of a tensor, a copy."""
    return [copied(group[name]) for group in optimizer.param_groups]


def copied(value: Any) -> Any:
    """A value apart from the one given: of a tensor, a copy."""
    return value.detach().clone() if isinstance(value, Value) else value  # type: ignore[attr-defined]


def set_option(group: dict[str, Any], name: str, value: Any) -> None:
    """Set an option of a group; a tensor keeps its identity and takes the value."""
    if isinstance(group[name], Value):
        with no_grad():
            group[name].fill_(float(value))
    else:
        group[name] = value


def one_per_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """A value for each group: those of a list, or the one value again and again.

    Raises:
        ValueError: for a list of another length.
    """
    groups = len(optimizer.param_groups)
    if not isinstance(value, list | tuple):
        return [copied(value) for _ in range(groups)]
    if len(value) != groups:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups: it has {len(value)} "
            f"values, param_groups has {groups}"
        )
    return [copied(v) for v in value]


def state_of(function: Any) -> dict[str, Any] | None:
    """What is saved of a callable: nothing of a function, the attributes of an object."""
    if function is None or isinstance(function, types.FunctionType):
        return None
    return dict(getattr(function, "__dict__", {}))


def check_optimizer(scheduler: LRScheduler, optimizer: Any) -> None:
    """Refuse what is no optimizer.

    Raises:
        TypeError: naming the schedule.
    """
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"{type(scheduler).__name__}: {type(optimizer).__name__} is not an Optimizer"
        )


class LRScheduler:
    """Base of the schedules: sets every group's ``lr`` when made, and anew at each ``step()``.

    A subclass defines ``get_lr``, which returns one rate a group for ``self.last_epoch``.

    Args:
        optimizer: the optimizer whose groups it changes.
        last_epoch: the epoch to go on from; -1 to begin.

    Attributes:
        last_epoch: how many times it was stepped.
        base_lrs: the rate of each group at the beginning.

    Raises:
        TypeError: if the optimizer is none.
        KeyError: when resumed on an optimizer whose groups hold no ``initial_lr``.
    """

    _is_initial = False
    _get_lr_called_within_step = False  # for subclasses, whose get_lr may ask

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        check_optimizer(self, optimizer)
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", copied(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{i}] when resuming "
                    f"{type(self).__name__} with last_epoch {last_epoch}: load the optimizer's "
                    "state_dict first, or leave last_epoch at -1 to begin anew"
                )
        self.base_lrs: list[Rate] = group_values(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        self._initial_step()

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def state_dict(self) -> dict[str, Any]:
        """All that the schedule knows, save the optimizer."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what ``state_dict`` returned."""
        self.__dict__.update(state_dict)

    def get_last_lr(self) -> list[Rate]:
        """The rates that were set last, one a group."""
        return self._last_lr

    def get_lr(self) -> list[Rate]:
        """The rates of ``self.last_epoch``, one a group: what a schedule is."""
        raise NotImplementedError(f"{type(self).__name__} does not define get_lr")

    def step(self, epoch: int | None = None) -> None:
        """Go to the next epoch and set its rates.

        Call it after ``optimizer.step()``: the other way round, the first rate would never be used,
        and a warning says so.

        Args:
            epoch: go to this epoch, by the closed form where there is one. Deprecated.
        """
        if self._step_count == 1 and not self.optimizer._stepped:
            warnings.warn(
                "lr_scheduler.step() was called before optimizer.step(): the first value of the "
                "learning rate schedule is skipped. Call optimizer.step() first",
                UserWarning,
                stacklevel=2,
            )
        self._step_count += 1
        if epoch is not None:
            warn_of_epoch()
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        closed_form = getattr(self, "_get_closed_form_lr", None)
        self._get_lr_called_within_step = True
        try:
            rates = self.get_lr() if epoch is None or closed_form is None else closed_form()
        finally:
            self._get_lr_called_within_step = False
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            set_option(group, "lr", rate)
        self._last_lr: list[Rate] = group_values(self.optimizer, "lr")
        self.optimizer._lookout.rescheduled()

    def _present(self) -> list[Rate]:
        return group_values(self.optimizer, "lr")

    def _scaled(self, factor: float) -> list[Rate]:
        return [group["lr"] * factor for group in self.optimizer.param_groups]


_LRScheduler = LRScheduler  # the name that older programs derive from


def warn_of_epoch() -> None:
    """Warn the caller of a schedule's ``step(epoch)``."""
    warnings.warn(
        "the epoch argument of scheduler.step() is deprecated: it sets the closed form's rate "
        "instead of carrying on the present one. Call step() without it",
        UserWarning,
        stacklevel=3,
    )
