"""Schedules of the learning rate, and of momentum where a schedule cycles it.

Most schedules compute the next rate from the present one, so that several of them on one optimizer
multiply, and a rate set by hand is carried on. A closed form, where there is one, gives the rate of
an epoch on its own.
"""

from __future__ import annotations

import math
import types
import warnings
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..tape import Value, no_grad
from ..tensor import Tensor
from .optimizer import Optimizer

Rate = float | Tensor


def _values(optimizer: Optimizer, name: str) -> list[Any]:
    """An option of each group; of a tensor, a copy."""
    return [_copied(group[name]) for group in optimizer.param_groups]


def _copied(value: Any) -> Any:
    return value.detach().clone() if isinstance(value, Value) else value  # type: ignore[attr-defined]


def _set(group: dict[str, Any], name: str, value: Any) -> None:
    """Set an option of a group; a tensor keeps its identity and takes the value."""
    if isinstance(group[name], Value):
        with no_grad():
            group[name].fill_(float(value))
    else:
        group[name] = value


def _one_per_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """A value for each group: those of a list, or the one value again and again.

    Raises:
        ValueError: for a list of another length.
    """
    groups = len(optimizer.param_groups)
    if not isinstance(value, list | tuple):
        return [_copied(value) for _ in range(groups)]
    if len(value) != groups:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups: it has {len(value)} "
            f"values, param_groups has {groups}"
        )
    return [_copied(v) for v in value]


def _check_optimizer(scheduler: LRScheduler, optimizer: Any) -> None:
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
        _check_optimizer(self, optimizer)
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", _copied(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{i}] when resuming "
                    f"{type(self).__name__} with last_epoch {last_epoch}: load the optimizer's "
                    "state_dict first, or leave last_epoch at -1 to begin anew"
                )
        self.base_lrs: list[Rate] = _values(optimizer, "initial_lr")
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
            _warn_of_epoch()
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
            _set(group, "lr", rate)
        self._last_lr: list[Rate] = _values(self.optimizer, "lr")

    def _present(self) -> list[Rate]:
        return _values(self.optimizer, "lr")

    def _scaled(self, factor: float) -> list[Rate]:
        return [group["lr"] * factor for group in self.optimizer.param_groups]


_LRScheduler = LRScheduler  # the name that older programs derive from


def _warn_of_epoch() -> None:
    warnings.warn(
        "the epoch argument of scheduler.step() is deprecated: it sets the closed form's rate "
        "instead of carrying on the present one. Call step() without it",
        UserWarning,
        stacklevel=3,
    )


class LambdaLR(LRScheduler):
    """The initial rate times a function of the epoch.

    Args:
        optimizer: the optimizer.
        lr_lambda: the function, or one a group.
        last_epoch: the epoch to go on from; -1 to begin.

    Raises:
        ValueError: for a list of functions that is not as long as the groups are many.

    >>> import tinygrad_sm as sg
    >>> from tinygrad_sm import optim
    >>> optimizer = optim.SGD([sg.zeros(1, requires_grad=True)], lr=0.5)
    >>> schedule = optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.5**epoch)
    >>> optimizer.step()
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.25]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        _check_optimizer(self, optimizer)
        groups = len(optimizer.param_groups)
        if not isinstance(lr_lambda, list | tuple):
            lr_lambda = [lr_lambda] * groups  # type: ignore[list-item]
        if len(lr_lambda) != groups:
            raise ValueError(f"Expected {groups} lr_lambdas, but got {len(lr_lambda)}")
        self.lr_lambdas = list(lr_lambda)
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """As for every schedule; of a function nothing is kept, of a callable object its state."""
        state = super().state_dict()
        state["lr_lambdas"] = [
            None if isinstance(f, types.FunctionType) else dict(getattr(f, "__dict__", {}))
            for f in self.lr_lambdas
        ]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what ``state_dict`` returned; the functions stay those of this object."""
        rest = dict(state_dict)
        kept = rest.pop("lr_lambdas")
        super().load_state_dict(rest)
        for function, state in zip(self.lr_lambdas, kept, strict=True):
            if state is not None:
                function.__dict__.update(state)

    def get_lr(self) -> list[Rate]:
        """``base_lr * lr_lambda(last_epoch)``."""
        return [
            base * function(self.last_epoch)
            for base, function in zip(self.base_lrs, self.lr_lambdas, strict=True)
        ]


class StepLR(LRScheduler):
    """Times ``gamma`` every ``step_size`` epochs.

    Args:
        optimizer: the optimizer.
        step_size: epochs between two changes.
        gamma: the factor.
        last_epoch: the epoch to go on from; -1 to begin.
    """

    def __init__(
        self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Rate]:
        """``gamma * lr`` where the epoch is a multiple of ``step_size``, else ``lr``."""
        if self.last_epoch == 0 or self.last_epoch % self.step_size:
            return self._present()
        return self._scaled(self.gamma)

    def _get_closed_form_lr(self) -> list[Rate]:
        factor = self.gamma ** (self.last_epoch // self.step_size)
        return [base * factor for base in self.base_lrs]


class MultiStepLR(LRScheduler):
    """Times ``gamma`` at each of the milestones.

    Args:
        optimizer: the optimizer.
        milestones: epochs; one named twice counts twice.
        gamma: the factor.
        last_epoch: the epoch to go on from; -1 to begin.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        milestones: Iterable[int],
        gamma: float = 0.1,
        last_epoch: int = -1,
    ) -> None:
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Rate]:
        """``gamma * lr`` at a milestone, else ``lr``."""
        if self.last_epoch not in self.milestones:
            return self._present()
        return self._scaled(self.gamma ** self.milestones[self.last_epoch])

    def _get_closed_form_lr(self) -> list[Rate]:
        passed = bisect_right(sorted(self.milestones.elements()), self.last_epoch)
        return [base * self.gamma**passed for base in self.base_lrs]


class ConstantLR(LRScheduler):
    """Times ``factor`` until epoch ``total_iters``, then as before.

    Args:
        optimizer: the optimizer.
        factor: the factor, in [0, 1].
        total_iters: the epoch from which on it is undone.
        last_epoch: the epoch to go on from; -1 to begin.

    Raises:
        ValueError: for a factor outside [0, 1].
    """

    def __init__(
        self,
        optimizer: Optimizer,
        factor: float = 1.0 / 3,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 <= factor <= 1:
            raise ValueError(
                f"Constant multiplicative factor expected to be between 0 and 1, not {factor}"
            )
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Rate]:
        """``factor * lr`` in the first epoch, ``lr / factor`` at ``total_iters``, else ``lr``."""
        if self.last_epoch == 0:
            return self._scaled(self.factor)
        if self.last_epoch == self.total_iters:
            return self._scaled(1.0 / self.factor)
        return self._present()

    def _get_closed_form_lr(self) -> list[Rate]:
        factor = 1.0 if self.last_epoch >= self.total_iters else self.factor
        return [base * factor for base in self.base_lrs]


class LinearLR(LRScheduler):
    """A factor that goes in a straight line from one value to another: a warm-up, say.

    Args:
        optimizer: the optimizer.
        start_factor: the factor at the beginning, in (0, 1].
        end_factor: the factor from epoch ``total_iters`` on, in [0, 1].
        total_iters: how many epochs the line takes.
        last_epoch: the epoch to go on from; -1 to begin.

    Raises:
        ValueError: for a factor out of its range.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1:
            raise ValueError(
                "Starting multiplicative factor expected to be greater than 0 and at most 1, not "
                f"{start_factor}"
            )
        if not 0 <= end_factor <= 1:
            raise ValueError(
                f"Ending multiplicative factor expected to be between 0 and 1, not {end_factor}"
            )
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Rate]:
        """``lr`` times the ratio of this epoch's factor to the last one's."""
        if self.last_epoch == 0:
            return self._scaled(self.start_factor)
        if self._is_initial or self.last_epoch > self.total_iters:
            return self._present()
        rise = self.end_factor - self.start_factor
        before = self.total_iters * self.start_factor + (self.last_epoch - 1) * rise
        return self._scaled(1.0 + rise / before)

    def _get_closed_form_lr(self) -> list[Rate]:
        rise = self.end_factor - self.start_factor
        share = min(self.total_iters, self.last_epoch) / self.total_iters
        return [base * (self.start_factor + rise * share) for base in self.base_lrs]


class ExponentialLR(LRScheduler):
    """Times ``gamma`` every epoch.

    Args:
        optimizer: the optimizer.
        gamma: the factor.
        last_epoch: the epoch to go on from; -1 to begin.
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Rate]:
        """``gamma * lr``."""
        return self._present() if self._is_initial else self._scaled(self.gamma)

    def _get_closed_form_lr(self) -> list[Rate]:
        return [base * self.gamma**self.last_epoch for base in self.base_lrs]


class CosineAnnealingLR(LRScheduler):
    """Half a cosine from the initial rate down to ``eta_min`` in ``T_max`` epochs, and up again.

    Without restarts; see Loshchilov and Hutter, "SGDR", 2017, equation 5.

    Args:
        optimizer: the optimizer.
        T_max: epochs from the top to the bottom.
        eta_min: the lowest rate.
        last_epoch: the epoch to go on from; -1 to begin.
    """

    def __init__(
        self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def _height(self, epoch: int) -> float:
        """Where the cosine stands at an epoch, from 2 at the top to 0."""
        return 1 + math.cos(math.pi * epoch / self.T_max)

    def get_lr(self) -> list[Rate]:
        """``lr`` carried on in the ratio of this epoch's cosine to the last one's."""
        if self._is_initial:
            return self._present()
        rates = self._present()
        if (self.last_epoch - 1 - self.T_max) % (2 * self.T_max) == 0:
            # the last epoch stood at the bottom, where a ratio would divide by 0
            rise = 1 - math.cos(math.pi / self.T_max)
            return [
                rate + (base - self.eta_min) * rise / 2
                for rate, base in zip(rates, self.base_lrs, strict=True)
            ]
        ratio = self._height(self.last_epoch) / self._height(self.last_epoch - 1)
        return [ratio * (rate - self.eta_min) + self.eta_min for rate in rates]

    def _get_closed_form_lr(self) -> list[Rate]:
        height = self._height(self.last_epoch)
        return [self.eta_min + (base - self.eta_min) * height / 2 for base in self.base_lrs]


class SequentialLR(LRScheduler):
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
        self._check(optimizer, schedulers, milestones)
        self.optimizer = optimizer
        self._schedulers = schedulers
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        for group in optimizer.param_groups:
            _set(group, "lr", group["initial_lr"])
        self._undo_first_step()
        first = schedulers[bisect_right(milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    @staticmethod
    def _check(optimizer: Any, schedulers: Sequence[Any], milestones: Sequence[int]) -> None:
        if not schedulers:
            raise ValueError("SequentialLR expects at least one scheduler, but got none")
        for i, scheduler in enumerate(schedulers):
            name = type(scheduler).__name__
            if not hasattr(scheduler, "optimizer"):
                raise TypeError(
                    f"SequentialLR at index {i} should have `optimizer` as its attribute: {name} "
                    "is no scheduler"
                )
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(
                    "SequentialLR does not support ReduceLROnPlateau, whose step() needs a metric, "
                    f"but got one at index {i}"
                )
            if scheduler.optimizer is not optimizer:
                raise ValueError(
                    "SequentialLR expects all schedulers to belong to the same optimizer, but that "
                    f"of {name} at index {i} is another one"
                )
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                "SequentialLR expects one milestone fewer than schedulers, but got "
                f"{len(milestones)} milestones and {len(schedulers)} schedulers"
            )

    def _undo_first_step(self) -> None:
        """Take back the step that each schedule made when it was constructed."""
        for scheduler in self._schedulers:
            if isinstance(scheduler, SequentialLR):
                scheduler._undo_first_step()
            else:
                scheduler.last_epoch -= 1

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


class OneCycleLR(LRScheduler):
    """Up to ``max_lr``, then down to almost nothing, stepped after each batch.

    Smith and Topin, "Super-Convergence", 2019. The rate starts at ``max_lr / div_factor`` and ends
    at ``initial_lr / final_div_factor``; momentum (or the first beta) goes the opposite way.

    Args:
        optimizer: the optimizer.
        max_lr: the highest rate, or one a group.
        total_steps: steps in the cycle; or give ``epochs`` and ``steps_per_epoch``.
        epochs: epochs in the cycle.
        steps_per_epoch: batches in an epoch.
        pct_start: the share of the cycle (0 to 1) in which the rate rises.
        anneal_strategy: the way between two values: ``"cos"`` or ``"linear"``.
        cycle_momentum: cycle momentum as well.
        base_momentum: the lowest momentum, or one a group.
        max_momentum: the highest momentum, or one a group.
        div_factor: how far below ``max_lr`` it starts.
        final_div_factor: how far below the start it ends.
        three_phase: go down to the start as slowly as up, and only then to the end.
        last_epoch: the step to go on from; -1 to begin.

    Raises:
        ValueError: for options out of their range, or an optimizer without momentum to cycle;
            later, for a step after the last.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        _check_optimizer(self, optimizer)
        self.optimizer = optimizer
        self.total_steps = _steps_in_cycle(total_steps, epochs, steps_per_epoch)
        if not isinstance(pct_start, float) or not 0 <= pct_start <= 1:
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"anneal_strategy must be 'cos' or 'linear', but got {anneal_strategy!r}"
            )
        self._schedule_phases = _phases(self.total_steps, pct_start, three_phase)
        self._anneal_func_type = anneal_strategy
        peaks = _one_per_group("max_lr", optimizer, max_lr)
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._prepare_momentum(base_momentum, max_momentum, begin=last_epoch == -1)
        if last_epoch == -1:
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["initial_lr"] = peak / div_factor
                group["max_lr"] = peak
                group["min_lr"] = group["initial_lr"] / final_div_factor
        super().__init__(optimizer, last_epoch)

    def _prepare_momentum(self, base: Any, highest: Any, begin: bool) -> None:
        self.use_beta1 = "betas" in self.optimizer.defaults
        if not self.use_beta1 and "momentum" not in self.optimizer.defaults:
            raise ValueError(
                f"OneCycleLR: {type(self.optimizer).__name__} must support momentum or beta1 with "
                "`cycle_momentum` option enabled: pass cycle_momentum=False"
            )
        tops = _one_per_group("max_momentum", self.optimizer, highest)
        bottoms = _one_per_group("base_momentum", self.optimizer, base)
        if begin:
            for group, top, bottom in zip(self.optimizer.param_groups, tops, bottoms, strict=True):
                self._set_momentum(group, top)
                group["max_momentum"] = top
                group["base_momentum"] = bottom

    def _set_momentum(self, group: dict[str, Any], value: float) -> None:
        if self.use_beta1:
            group["betas"] = (value, *group["betas"][1:])
        else:
            group["momentum"] = value

    def _between(self, start: Any, end: Any, share: float) -> Any:
        """The value at a share of the way from ``start`` to ``end``."""
        if self._anneal_func_type == "linear":
            return (end - start) * share + start
        return end + (start - end) / 2.0 * (math.cos(math.pi * share) + 1)

    def _place(self) -> tuple[dict[str, Any], float]:
        """The phase that this step is in, and the share of it that has passed."""
        start = 0.0
        *earlier, phase = self._schedule_phases
        for candidate in earlier:
            if self.last_epoch <= candidate["end_step"]:
                phase = candidate
                break
            start = candidate["end_step"]
        length = phase["end_step"] - start
        return phase, (self.last_epoch - start) / length if length else 1.0

    def get_lr(self) -> list[Rate]:
        """The rates of this step; sets the momentum of this step on the way."""
        if self.last_epoch > self.total_steps:
            raise ValueError(
                f"OneCycleLR: tried to step {self.last_epoch} times, but total_steps is "
                f"{self.total_steps}: it is stepped once a batch; make it for as many steps as the "
                "training takes"
            )
        phase, share = self._place()
        groups = self.optimizer.param_groups
        if self.cycle_momentum:
            for group in groups:
                ends = group[phase["start_momentum"]], group[phase["end_momentum"]]
                self._set_momentum(group, self._between(*ends, share))
        return [
            self._between(group[phase["start_lr"]], group[phase["end_lr"]], share)
            for group in groups
        ]


def _steps_in_cycle(total: Any, epochs: Any, steps_per_epoch: Any) -> int:
    """``total``, or ``epochs * steps_per_epoch``.

    Raises:
        ValueError: if neither is given in positive integers.
    """
    if total is None and (epochs is None or steps_per_epoch is None):
        raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    named = {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
    factors = named if total is None else {"total_steps": total}
    for name, value in factors.items():
        if not isinstance(value, int) or value <= 0:
            raise ValueError(f"Expected positive integer {name}, but got {value}")
    return math.prod(factors.values())


def _phases(total_steps: int, pct_start: float, three: bool) -> list[dict[str, Any]]:
    """The parts of the cycle: their last step, and which of a group's values they go between."""
    low, high, last = "initial_lr", "max_lr", "min_lr"
    slow, fast = "base_momentum", "max_momentum"
    up = pct_start * total_steps - 1.0
    down = 2 * pct_start * total_steps - 2.0
    two_parts = [(up, low, high, fast, slow), (total_steps - 1, high, last, slow, fast)]
    three_parts = [
        (up, low, high, fast, slow),
        (down, high, low, slow, fast),
        (total_steps - 1, low, last, fast, fast),
    ]
    names = ("end_step", "start_lr", "end_lr", "start_momentum", "end_momentum")
    return [dict(zip(names, p, strict=True)) for p in (three_parts if three else two_parts)]


class ReduceLROnPlateau(LRScheduler):
    """Times ``factor`` when a metric has stopped improving.

    Args:
        optimizer: the optimizer.
        mode: whether the metric shall become small (``"min"``) or large (``"max"``).
        factor: the factor, less than 1.
        patience: how many epochs without improvement are borne.
        threshold: what counts as an improvement.
        threshold_mode: whether ``threshold`` is a share of the best value (``"rel"``) or an amount
            (``"abs"``).
        cooldown: epochs after a change in which none is counted as bad.
        min_lr: the lowest rate, or one a group.
        eps: a change smaller than this is not made.

    Raises:
        ValueError: for options out of their range.
        TypeError: if the optimizer is none.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        if factor >= 1.0:
            raise ValueError(f"Factor should be < 1.0, not {factor}")
        _check_optimizer(self, optimizer)
        if mode not in ("min", "max"):
            raise ValueError(f"mode {mode!r} is unknown: expected 'min' or 'max'")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(
                f"threshold mode {threshold_mode!r} is unknown: expected 'rel' or 'abs'"
            )
        self.optimizer = optimizer
        self.default_min_lr = None if isinstance(min_lr, list | tuple) else min_lr
        self.min_lrs = _one_per_group("min_lr", optimizer, min_lr)
        self.mode = mode
        self.factor = factor
        self.patience = patience
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.cooldown = cooldown
        self.eps = eps
        self.last_epoch = 0
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self.best = self.mode_worse
        self.cooldown_counter = 0
        self.num_bad_epochs = 0
        self._last_lr = _values(optimizer, "lr")

    @property
    def in_cooldown(self) -> bool:
        """Whether the last change was so recent that bad epochs are not counted."""
        return self.cooldown_counter > 0

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # type: ignore[override]
        """Take in the metric of an epoch, and lower the rates if it is time.

        Args:
            metrics: the metric: a number or a tensor of one element.
            epoch: count from this epoch. Deprecated.
        """
        current = float(metrics)
        if epoch is not None:
            _warn_of_epoch()
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self._is_better(current, self.best):
            self.best = current
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce_lr()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = _values(self.optimizer, "lr")

    def _is_better(self, value: float, best: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        if self.threshold_mode == "abs":
            return sign * value > sign * best + self.threshold
        return sign * value > sign * best * (1.0 + sign * self.threshold)

    def _reduce_lr(self) -> None:
        groups = self.optimizer.param_groups
        if len(self.min_lrs) != len(groups):
            if self.default_min_lr is None:
                raise RuntimeError(
                    f"ReduceLROnPlateau: the optimizer has {len(groups)} parameter groups, but "
                    f"min_lr was given for {len(self.min_lrs)}: a group was added since. Set "
                    "min_lrs to a list of one rate a group"
                )
            self.min_lrs = [self.default_min_lr] * len(groups)
        for group, lowest in zip(groups, self.min_lrs, strict=True):
            old = float(group["lr"])
            new = max(old * self.factor, lowest)
            if old - new > self.eps:
                _set(group, "lr", new)
