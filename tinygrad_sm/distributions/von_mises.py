"""The von Mises distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from ..ops.bessel import i0e, i1e
from ..tape import wrap
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution
from .utils import broadcast_all, standard_uniform


class VonMises(Distribution):
    """The von Mises distribution: a bell on the circle, for angles in [-pi, pi).

    Args:
        loc: the mean angle.
        concentration: how narrow the bell is; 0 is uniform.
        validate_args: whether arguments are checked.
    """

    arg_constraints: ClassVar = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real
    has_rsample = False

    def __init__(self, loc: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.loc, self.concentration = broadcast_all(loc, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """``loc``."""
        return self.loc

    @property
    def mode(self) -> Tensor:
        """``loc``."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """The circular variance, ``1 - I1(concentration) / I0(concentration)``."""
        return 1 - i1e(self.concentration) / i0e(self.concentration)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        if self._validate_args:
            self._validate_sample(value)
        k = self.concentration
        return k * ((value - self.loc).cos() - 1) - math.log(2 * math.pi) - i0e(k).log()

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draw angles by rejection from a wrapped Cauchy distribution.

        Source: D. J. Best and N. I. Fisher, Efficient Simulation of the von Mises Distribution,
        1979.
        """
        shape = self._extended_shape(sample_shape)
        k = np.broadcast_to(self.concentration.array.astype(np.float64), shape)
        like = wrap(np.zeros(0))
        angles, wanted = np.zeros(shape), np.ones(shape, bool)
        with np.errstate(all="ignore"):
            r = _envelope(k)
            while wanted.any():
                turn, height, side = standard_uniform((3, *shape), like).array
                z = np.cos(np.pi * turn)
                f = (1 + r * z) / (r + z)
                c = k * (r - f)
                fits = (c * (2 - c) > height) | (np.log(c / height) + 1 - c >= 0)
                angles = np.where(fits, np.sign(side - 0.5) * np.arccos(f), angles)
                wanted &= ~fits
        turned = angles + np.pi + self.loc.array.astype(np.float64)
        return wrap((turned % (2 * np.pi) - np.pi).astype(self.loc.array.dtype))


def _envelope(k: np.ndarray) -> np.ndarray:
    """The parameter r of the wrapped Cauchy distribution that lies above; a series for small k."""
    tau = 1 + np.sqrt(1 + 4 * k**2)
    rho = (tau - np.sqrt(2 * tau)) / (2 * k)
    return np.where(k < 1e-5, 1 / k + k, (1 + rho**2) / (2 * rho))
