"""Exponential families."""

from __future__ import annotations

from typing import Any

from ..autograd import grad
from ..tensor import Tensor
from .distribution import Distribution


class ExponentialFamily(Distribution):
    """Base of distributions ``h(x) exp(<T(x), eta> - A(eta))`` with natural parameters eta.

    A subclass defines ``_natural_params`` (eta, a tuple of tensors), ``_log_normalizer(*eta)`` (A)
    and ``_mean_carrier_measure`` (the mean of log h), and then has an entropy.
    """

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        raise NotImplementedError(f"{type(self).__name__} does not define _natural_params")

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} does not define _log_normalizer")

    @property
    def _mean_carrier_measure(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not define _mean_carrier_measure")

    def entropy(self) -> Tensor:
        """The entropy, in nats: ``A(eta) - <eta, dA/deta> - E log h``."""
        natural = [p.detach().requires_grad_() for p in self._natural_params]
        normalizer = self._log_normalizer(*natural)
        slopes = grad(normalizer.sum(), natural, create_graph=True)
        result = normalizer - self._mean_carrier_measure
        for parameter, slope in zip(natural, slopes, strict=True):
            inner = (parameter * slope).reshape(*self._batch_shape, -1).sum(-1)
            result = result - inner
        return result
