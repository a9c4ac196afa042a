"""Schedules: how the step size changes as training goes on.

Each schedule says ``_next(i)``: the rate of group i at ``last_epoch``, given the rate that the
group has now. Building on the present rate lets schedules be stacked.
"""

from __future__ import annotations

import bisect
import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from .optimizer import Optimizer


class LRScheduler:
    """The base of schedules.

    Args:
        optimizer: whose groups' ``lr`` is set.
        last_epoch: the step to go on from; -1 to begin.
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
        self.optimizer = optimizer
        for group in optimizer.param_groups:
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError("'initial_lr' is not in a group: it is needed to resume a schedule")
        self.base_lrs = [g["initial_lr"] for g in optimizer.param_groups]
        self.last_epoch = last_epoch
        self.step()

    def _next(self, i: int) -> float:
        raise NotImplementedError

    def _lr(self, i: int) -> float:
        return self.optimizer.param_groups[i]["lr"]

    def step(self, epoch: int | None = None) -> None:
        """Go one step on, and set the rates."""
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        for i, group in enumerate(self.optimizer.param_groups):
            group["lr"] = self._next(i)
        self._last_lr = [g["lr"] for g in self.optimizer.param_groups]

    def get_last_lr(self) -> list[float]:
        """The rates set last, one a group."""
        return self._last_lr

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer and functions."""
        return {k: v for k, v in vars(self).items() if k != "optimizer" and k != "lr_lambdas"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what ``state_dict`` returned."""
        vars(self).update(state_dict)


class LambdaLR(LRScheduler):
    """The first rate times a function of the step."""

    def __init__(self, optimizer: Optimizer, lr_lambda: Any, last_epoch: int = -1) -> None:
        groups = len(optimizer.param_groups)
        listed = list(lr_lambda) if isinstance(lr_lambda, Sequence) else [lr_lambda] * groups
        if len(listed) != groups:
            raise ValueError(f"Expected {groups} lr_lambdas, but got {len(listed)}")
        self.lr_lambdas: list[Callable[[int], float]] = listed
        super().__init__(optimizer, last_epoch)

    def _next(self, i: int) -> float:
        return self.base_lrs[i] * self.lr_lambdas[i](self.last_epoch)


class StepLR(LRScheduler):
    """Times ``gamma`` every ``step_size`` steps."""

    def __init__(
        self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def _next(self, i: int) -> float:
        due = self.last_epoch > 0 and self.last_epoch % self.step_size == 0
        return self._lr(i) * self.gamma if due else self._lr(i)


class MultiStepLR(LRScheduler):
    """Times ``gamma`` at each milestone."""

    def __init__(
        self,
        optimizer: Optimizer,
        milestones: Sequence[int],
        gamma: float = 0.1,
        last_epoch: int = -1,
    ) -> None:
        self.milestones, self.gamma = Counter(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def _next(self, i: int) -> float:
        return self._lr(i) * self.gamma ** self.milestones[self.last_epoch]


class ExponentialLR(LRScheduler):
    """Times ``gamma`` at every step."""

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _next(self, i: int) -> float:
        return self._lr(i) * self.gamma if self.last_epoch > 0 else self._lr(i)


class LinearLR(LRScheduler):
    """A factor that goes evenly from ``start_factor`` to ``end_factor`` in ``total_iters`` steps."""

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1 or not 0 <= end_factor <= 1:
            raise ValueError("LinearLR: expected 0 < start_factor <= 1 and 0 <= end_factor <= 1")
        self.start_factor, self.end_factor = start_factor, end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _factor(self, step: int) -> float:
        share = min(step, self.total_iters) / self.total_iters
        return self.start_factor + (self.end_factor - self.start_factor) * share

    def _next(self, i: int) -> float:
        if self.last_epoch == 0:
            return self._lr(i) * self.start_factor
        if self.last_epoch > self.total_iters:
            return self._lr(i)
        return self._lr(i) * self._factor(self.last_epoch) / self._factor(self.last_epoch - 1)


class CosineAnnealingLR(LRScheduler):
    """Half a cosine from the first rate to ``eta_min`` in ``T_max`` steps.

    Loshchilov and Hutter, 2016, without restarts.
    """

    def __init__(
        self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def _next(self, i: int) -> float:
        step, now = self.last_epoch, self._lr(i)
        if step == 0:
            return now
        if (step - 1 - self.T_max) % (2 * self.T_max) == 0:
            rise = (self.base_lrs[i] - self.eta_min) * (1 - math.cos(math.pi / self.T_max)) / 2
            return now + rise
        wave = 1 + math.cos(math.pi * step / self.T_max)
        before = 1 + math.cos(math.pi * (step - 1) / self.T_max)
        return wave / before * (now - self.eta_min) + self.eta_min


class OneCycleLR(LRScheduler):
    """Up to ``max_lr`` and down again, momentum the other way (Smith and Topin, 2017).

    Args:
        optimizer: whose rates are set.
        max_lr: the top, one number or one a group.
        total_steps: the length; or give ``epochs`` and ``steps_per_epoch``.
        epochs: see ``total_steps``.
        steps_per_epoch: see ``total_steps``.
        pct_start: share of steps that go up.
        anneal_strategy: ``"cos"`` or ``"linear"``.
        cycle_momentum: whether momentum (or the first beta) moves against the rate.
        base_momentum: its lowest value.
        max_momentum: its highest value.
        div_factor: the first rate is ``max_lr / div_factor``.
        final_div_factor: the last rate is the first one over this.
        three_phase: up, down, then to the last rate, instead of up and down.
        last_epoch: the step to go on from.

    Raises:
        ValueError: for a length that is missing or not positive, steps beyond it, or bad settings.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: Any,
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float = 0.85,
        max_momentum: float = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        total = total_steps or (epochs or 0) * (steps_per_epoch or 0)
        if total <= 0:
            raise ValueError("OneCycleLR: give total_steps, or both epochs and steps_per_epoch")
        if not 0 <= pct_start <= 1 or anneal_strategy not in ("cos", "linear"):
            raise ValueError("OneCycleLR: pct_start lies in [0, 1]; anneal_strategy: cos or linear")
        self.total_steps, self.anneal_strategy = total, anneal_strategy
        self.cycle_momentum = cycle_momentum
        top = float(pct_start * total) - 1
        if three_phase:
            self.phases = [(top, "initial", "max"), (2 * top, "max", "initial")]
            self.phases.append((total - 1, "initial", "min"))
        else:
            self.phases = [(top, "initial", "max"), (total - 1, "max", "min")]
        tops = (
            max_lr if isinstance(max_lr, list | tuple) else [max_lr] * len(optimizer.param_groups)
        )
        for group, high in zip(optimizer.param_groups, tops, strict=True):
            if last_epoch == -1:
                group["max_lr"], group["initial_lr"] = high, high / div_factor
                group["min_lr"] = group["initial_lr"] / final_div_factor
                group["lr"] = group["initial_lr"]
                group["max_momentum"], group["base_momentum"] = max_momentum, base_momentum
        super().__init__(optimizer, last_epoch)

    def _between(self, start: float, end: float, share: float) -> float:
        if self.anneal_strategy == "linear":
            return (end - start) * share + start
        return end + (start - end) / 2.0 * (1 + math.cos(math.pi * share))

    def _next(self, i: int) -> float:
        if self.last_epoch > self.total_steps:
            raise ValueError(
                f"OneCycleLR: step {self.last_epoch} of a cycle of {self.total_steps} steps"
            )
        group = self.optimizer.param_groups[i]
        start = 0.0
        index = 0
        while self.last_epoch > self.phases[index][0] and index + 1 < len(self.phases):
            start = self.phases[index][0]
            index += 1
        end, low, high = self.phases[index]
        share = (self.last_epoch - start) / (end - start)
        if self.cycle_momentum:
            momenta = {"max": group["base_momentum"]}
            bound = (
                momenta.get(low, group["max_momentum"]),
                momenta.get(high, group["max_momentum"]),
            )
            momentum = self._between(*bound, share)
            if "betas" in group:
                group["betas"] = (momentum, *group["betas"][1:])
            else:
                group["momentum"] = momentum
        return self._between(group[f"{low}_lr"], group[f"{high}_lr"], share)


class SequentialLR(LRScheduler):
    """One schedule after the other, changing at the milestones."""

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: list[LRScheduler],
        milestones: list[int],
        last_epoch: int = -1,
    ) -> None:
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"SequentialLR: {len(schedulers)} schedulers need {len(schedulers) - 1} "
                f"milestones, got {len(milestones)}"
            )
        self.optimizer, self._schedulers, self._milestones = optimizer, schedulers, milestones
        self.last_epoch = last_epoch + 1
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        for scheduler in schedulers:
            scheduler.last_epoch -= 1
        schedulers[0].step()
        self._last_lr = schedulers[0].get_last_lr()

    def step(self, epoch: int | None = None) -> None:
        """Go one step on with the schedule whose turn it is."""
        self.last_epoch += 1
        turn = bisect.bisect_right(self._milestones, self.last_epoch)
        begins = turn > 0 and self._milestones[turn - 1] == self.last_epoch
        self._schedulers[turn].step(0 if begins else None)
        self._last_lr = self._schedulers[turn].get_last_lr()

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer, with the schedules' states."""
        state = {k: v for k, v in vars(self).items() if k not in ("optimizer", "_schedulers")}
        return {**state, "_schedulers": [s.state_dict() for s in self._schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what ``state_dict`` returned."""
        state = dict(state_dict)
        for scheduler, own in zip(self._schedulers, state.pop("_schedulers"), strict=True):
            scheduler.load_state_dict(own)
        vars(self).update(state)


class ReduceLROnPlateau:
    """Times ``factor`` when a metric has not improved for ``patience`` steps.

    Args:
        optimizer: whose rates are set.
        mode: ``"min"`` or ``"max"``: which way is better.
        factor: below 1.
        patience: steps without improvement that are borne.
        threshold: what counts as improvement.
        threshold_mode: ``"rel"`` (a share of the best) or ``"abs"``.
        cooldown: steps to wait after a reduction.
        min_lr: rates do not fall below.
        eps: smaller changes are left out.

    Raises:
        ValueError: for a factor of 1 or more, or an unknown mode.
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
        min_lr: float = 0,
        eps: float = 1e-8,
    ) -> None:
        if factor >= 1.0:
            raise ValueError("Factor should be < 1.0.")
        if mode not in ("min", "max") or threshold_mode not in ("rel", "abs"):
            raise ValueError(f"unknown mode {mode!r} or threshold_mode {threshold_mode!r}")
        self.optimizer, self.mode, self.factor, self.patience = optimizer, mode, factor, patience
        self.threshold, self.threshold_mode = threshold, threshold_mode
        self.cooldown, self.min_lr, self.eps = cooldown, min_lr, eps
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = self.cooldown_counter = self.last_epoch = 0
        self._last_lr = [g["lr"] for g in optimizer.param_groups]

    def _is_better(self, value: float) -> bool:
        sign = 1 if self.mode == "min" else -1
        margin = self.threshold
        if self.threshold_mode == "rel":
            bound = self.best * (1 - sign * margin)
        else:
            bound = self.best - sign * margin
        return sign * value < sign * bound

    def step(self, metrics: Any, epoch: int | None = None) -> None:
        """Look at the metric, and reduce the rates if it stagnates."""
        value = float(metrics)
        self.last_epoch += 1
        if self._is_better(value):
            self.best, self.num_bad_epochs = value, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = [g["lr"] for g in self.optimizer.param_groups]

    def _reduce(self) -> None:
        for group in self.optimizer.param_groups:
            new = max(group["lr"] * self.factor, self.min_lr)
            if group["lr"] - new > self.eps:
                group["lr"] = new

    def get_last_lr(self) -> list[float]:
        """The rates set last, one a group."""
        return self._last_lr

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer."""
        return {k: v for k, v in vars(self).items() if k != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what ``state_dict`` returned."""
        vars(self).update(state_dict)
