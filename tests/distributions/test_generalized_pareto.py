"""The generalized Pareto distribution, in float32: PyTorch's does not take float64."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg

PARAMETERS = ([-2.0, -1.0, 0.0, 0.5], [1.5, 1.0, 3.0, 2.0], [0.4, 0.2, -0.25, 0.0])
VALUES = [[0.5, 1.0, 4.0, 2.0], [-1.5, 3.0, 11.0, 0.6]]


def both(validate=None):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    if not hasattr(torch.distributions, "GeneralizedPareto"):
        pytest.skip("this PyTorch does not have it: nothing to compare with")
    for m in (sg, torch):
        parameters = [m.tensor(p, requires_grad=True) for p in PARAMETERS]
        d = m.distributions.GeneralizedPareto(*parameters, validate_args=validate)
        yield m, d, parameters


@pytest.mark.parametrize("name", ["log_prob", "cdf", "log_cdf", "log_survival_function", "icdf"])
def test_functions_of_values(name):
    found = []
    for m, d, parameters in both():
        x = m.tensor(VALUES) / (20 if name == "icdf" else 1)
        x = x.abs() if name == "icdf" else x
        out = getattr(d, name)(x)
        grads = m.autograd.grad(out.sum(), parameters)
        found.append([np.asarray(t.detach()) for t in (out, *grads)])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


def test_moments_entropy_and_draws():
    found = []
    for m, d, _ in both():
        m.manual_seed(3)
        parts = (d.mean, d.variance, d.mode, d.entropy(), d.rsample((5,)))
        parts += (d.expand((2, 4)).sample(), d.support.upper_bound)
        found.append([np.asarray(t.detach()) for t in parts])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_a_value_beyond_the_tail_is_refused():
    for _, d, _ in both(validate=True):
        with pytest.raises(ValueError, match="support"):
            d.log_prob(d.support.upper_bound + 1)
