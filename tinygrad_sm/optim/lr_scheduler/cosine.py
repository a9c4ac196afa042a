"""Schedules along a cosine."""

from __future__ import annotations

import math

from ..optimizer import Optimizer
from .base import LRScheduler, Rate


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


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half a cosine down to ``eta_min`` again and again, each time ``T_mult`` times as long.

    Loshchilov and Hutter, "SGDR", 2017. A step may also name a fraction of an epoch, such as
    ``step(epoch + batch / batches)``.

    Args:
        optimizer: the optimizer.
        T_0: epochs until the first restart.
        T_mult: how many times longer each cosine is than the last one.
        eta_min: the lowest rate.
        last_epoch: the epoch to go on from; -1 to begin.

    Raises:
        ValueError: for options out of their range.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,
        T_mult: int = 1,
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        if not isinstance(T_0, int) or T_0 <= 0:
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        if not isinstance(T_mult, int) or T_mult < 1:
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult}")
        if not isinstance(eta_min, float | int):
            raise ValueError(
                f"Expected float or int eta_min, but got {eta_min} of type {type(eta_min)}"
            )
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Rate]:
        """Where the present cosine stands ``T_cur`` epochs after its beginning."""
        height = 1 + math.cos(math.pi * self.T_cur / self.T_i)
        return [self.eta_min + (base - self.eta_min) * height / 2 for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Go to the next epoch, or to the given one, and set its rates.

        Args:
            epoch: where to go, fractions allowed.

        Raises:
            ValueError: for a negative epoch.
        """
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        else:
            self._go_to(epoch)
        self._update_lr(math.floor(epoch))

    def _go_to(self, epoch: float) -> None:
        """Find the cosine that an epoch is in: they begin at T_0 * (1 + T_mult + T_mult^2 ...)."""
        if epoch < 0:
            raise ValueError(f"Expected non-negative epoch, but got {epoch}")
        self.T_i, self.T_cur = self.T_0, epoch
        if self.T_mult == 1:
            self.T_cur = epoch % self.T_0
            return
        while self.T_cur >= self.T_i:
            self.T_cur -= self.T_i
            self.T_i *= self.T_mult
