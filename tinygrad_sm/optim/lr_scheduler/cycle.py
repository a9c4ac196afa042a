"""Schedules that go up and down again, with momentum going the opposite way."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler, Rate, check_optimizer, one_per_group, set_option, state_of


class _CyclesMomentum(LRScheduler):
    """What the cycles share: momentum, or the first beta, that is set along with the rate."""

    def _prepare_momentum(self, base: Any, highest: Any, last_epoch: int) -> None:
        """Read the bounds, and begin at the highest.

        Raises:
            ValueError: for an optimizer without momentum, or not as many bounds as groups.
        """
        self.use_beta1 = "betas" in self.optimizer.defaults
        if not self.use_beta1 and "momentum" not in self.optimizer.defaults:
            raise ValueError(
                f"{type(self).__name__}: {type(self.optimizer).__name__} must support momentum or "
                "beta1 with `cycle_momentum` option enabled: pass cycle_momentum=False"
            )
        tops = one_per_group("max_momentum", self.optimizer, highest)
        bottoms = one_per_group("base_momentum", self.optimizer, base)
        if last_epoch == -1:
            for group, top, bottom in zip(self.optimizer.param_groups, tops, bottoms, strict=True):
                self._set_momentum(group, top)
                group["max_momentum"] = top
                group["base_momentum"] = bottom

    def _set_momentum(self, group: dict[str, Any], value: float) -> None:
        if self.use_beta1:
            group["betas"] = (value, *group["betas"][1:])
        else:
            group["momentum"] = value


class OneCycleLR(_CyclesMomentum):
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
        check_optimizer(self, optimizer)
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
        peaks = one_per_group("max_lr", optimizer, max_lr)
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._prepare_momentum(base_momentum, max_momentum, last_epoch)
        if last_epoch == -1:
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["initial_lr"] = peak / div_factor
                group["max_lr"] = peak
                group["min_lr"] = group["initial_lr"] / final_div_factor
        super().__init__(optimizer, last_epoch)

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


class CyclicLR(_CyclesMomentum):
    """Up and down between two rates again and again, stepped after each batch.

    Smith, "Cyclical Learning Rates for Training Neural Networks", 2017. Momentum (or the first
    beta) goes the opposite way.

    Args:
        optimizer: the optimizer.
        base_lr: the lowest rate, or one a group.
        max_lr: the highest rate, or one a group.
        step_size_up: steps from the lowest to the highest.
        step_size_down: steps back; by default as many.
        mode: how high a cycle reaches: ``"triangular"`` all the way, ``"triangular2"`` half as
            high as the last one, ``"exp_range"`` ``gamma**step`` of the way.
        gamma: the factor of ``"exp_range"``.
        scale_fn: how high instead, as a function; then ``mode`` is not used.
        scale_mode: whether ``scale_fn`` is given the number of the ``"cycle"``, from 1, or that of
            the step (``"iterations"``).
        cycle_momentum: cycle momentum as well.
        base_momentum: the lowest momentum, or one a group.
        max_momentum: the highest momentum, or one a group.
        last_epoch: the step to go on from; -1 to begin.

    Raises:
        ValueError: for options out of their range, or an optimizer without momentum to cycle.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float = 0.8,
        max_momentum: float = 0.9,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(self, optimizer)
        self.optimizer = optimizer
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError(
                "mode is invalid and scale_fn is None: expected 'triangular', 'triangular2' or "
                f"'exp_range', not {mode!r}"
            )
        lowest = one_per_group("base_lr", optimizer, base_lr)
        self.max_lrs = one_per_group("max_lr", optimizer, max_lr)
        up = float(step_size_up)
        self.total_size = up + (up if step_size_down is None else float(step_size_down))
        self.step_ratio = up / self.total_size
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode
        if scale_fn is None:
            self.scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._prepare_momentum(base_momentum, max_momentum, last_epoch)
            self.base_momentums = one_per_group("base_momentum", optimizer, base_momentum)
            self.max_momentums = one_per_group("max_momentum", optimizer, max_momentum)
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, lowest, strict=True):
                set_option(group, "lr", rate)
        super().__init__(optimizer, last_epoch)
        self.base_lrs = lowest

    def scale_fn(self, x: float) -> float:
        """How high the cycle, or the step, of number ``x`` reaches: 1 is all the way."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular2":
            return 0.5 ** (x - 1)
        return self.gamma**x if self.mode == "exp_range" else 1.0

    def _share(self) -> float:
        """How far of the way between its bounds this step is."""
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        place = 1.0 + self.last_epoch / self.total_size - cycle
        if place <= self.step_ratio:
            share = place / self.step_ratio
        else:
            share = (place - 1) / (self.step_ratio - 1)
        return share * self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)

    def get_lr(self) -> list[Rate]:
        """The rates of this step; sets the momentum of this step on the way."""
        share = self._share()
        if self.cycle_momentum:
            bounds = zip(self.base_momentums, self.max_momentums, strict=True)
            for group, (low, high) in zip(self.optimizer.param_groups, bounds, strict=True):
                self._set_momentum(group, high - (high - low) * share)
        return [
            low + (high - low) * share
            for low, high in zip(self.base_lrs, self.max_lrs, strict=True)
        ]

    def state_dict(self) -> dict[str, Any]:
        """As for every schedule; of ``scale_fn`` nothing is kept, of a callable object its state."""
        return {**super().state_dict(), "_scale_fn_custom": state_of(self._scale_fn_custom)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what ``state_dict`` returned; ``scale_fn`` stays that of this object."""
        rest = dict(state_dict)
        kept = rest.pop("_scale_fn_custom")
        super().load_state_dict(rest)
        if kept is not None:
            self._scale_fn_custom.__dict__.update(kept)
