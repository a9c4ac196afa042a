"""The gamma distribution."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..dtypes import finfo
from ..ops.gamma_functions import digamma, gammainc, gammaincc, lgamma
from ..ops.logarithms import xlogy
from ..ops.random import sample_for
from ..ops.sampling import gamma_values
from ..primitive import primitive
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution
from .utils import broadcast_all


def _slope(draw: np.ndarray, concentration: np.ndarray) -> np.ndarray:
    """How a draw x of the gamma distribution changes with its concentration a.

    Where a draw keeps its place in the distribution, F(x; a) = const, so that
    dx/da = -(dF/da) / (dF/dx): implicit reparameterization (Figurnov et al., 2018). The derivative
    by a is a central difference in float64, of F or of 1 - F, whichever is smaller.
    """
    a, x = concentration.astype(np.float64), draw.astype(np.float64)
    h = 1e-4 * a
    rise = gammainc(a + h, x) - gammainc(a - h, x)
    fall = gammaincc(a - h, x) - gammaincc(a + h, x)
    with np.errstate(all="ignore"):
        density = np.exp((a - 1) * np.log(x) - x - lgamma(a))
        slope = -np.where(x < a, rise, fall) / (2 * h) / density
    # where F underflows, x = (u a Gamma(a))^(1/a) to first order in x
    small = x / a * (1 / a - np.log(x) + digamma(a)) if np.any(x < 1e-8) else slope
    return np.where(x < 1e-8, small, slope).astype(draw.dtype)


def _refuse(g: Any) -> Any:
    raise NotImplementedError(
        "standard_gamma: the derivative of a gamma draw by its concentration cannot itself be "
        "differentiated"
    )


_slope_at = primitive(
    _slope, name="standard_gamma_grad", family="elementwise", draw=_refuse, concentration=_refuse
)

_at_draw = primitive(
    lambda concentration, draw: draw.copy(),
    "A draw of the gamma distribution of rate 1 for each concentration.",
    name="standard_gamma",
    family="elementwise",
    concentration=lambda g, out, concentration: g * _slope_at(out, concentration),
)


def _drawn(concentration: np.ndarray) -> np.ndarray:
    kind = concentration.dtype
    return np.maximum(gamma_values(concentration).astype(kind), np.finfo(kind).tiny)


def standard_gamma(concentration: Tensor) -> Tensor:
    """Draws of the gamma distribution of rate 1, differentiable by the concentration."""
    found: Tensor = _at_draw(concentration, sample_for(_drawn, concentration))
    return found


class Gamma(Distribution):
    """The gamma distribution: the wait for the ``concentration``-th event that happens at a rate.

    Args:
        concentration: the shape, often called alpha.
        rate: the inverse of the scale, often called beta.
        validate_args: whether arguments are checked.
    """

    arg_constraints: ClassVar = {
        "concentration": constraints.positive,
        "rate": constraints.positive,
    }
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        self.concentration, self.rate = broadcast_all(concentration, rate)
        super().__init__(self.concentration.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """``concentration / rate``."""
        return self.concentration / self.rate

    @property
    def mode(self) -> Tensor:
        """``(concentration - 1) / rate``, at least 0."""
        return ((self.concentration - 1) / self.rate).clamp(min=0)

    @property
    def variance(self) -> Tensor:
        """``concentration / rate ** 2``."""
        return self.concentration / self.rate**2

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """A draw of rate 1, divided by the rate."""
        shape = self._extended_shape(sample_shape)
        value = standard_gamma(self.concentration.expand(shape)) / self.rate
        return value.clamp(min=finfo(value.dtype).tiny)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        if self._validate_args:
            self._validate_sample(value)
        a, b = self.concentration, self.rate
        return xlogy(a, b) + xlogy(a - 1, value) - b * value - lgamma(a)

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        a = self.concentration
        return a - self.rate.log() + lgamma(a) + (1.0 - a) * digamma(a)

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of a draw that is at most ``value``."""
        if self._validate_args:
            self._validate_sample(value)
        return gammainc(self.concentration, self.rate * value)
