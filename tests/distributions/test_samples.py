"""Draws: PyTorch's own where its stream is simple, the right statistics everywhere."""

import math

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm import distributions

from .cases import CASES, DISCRETE
from .test_values import both, made

SAME_STREAM = [
    "Normal", "LogNormal", "Laplace", "Cauchy", "Gumbel", "HalfNormal", "HalfCauchy", "Uniform", "Exponential",
    "Geometric", "Bernoulli", "Bernoulli by logits", "Categorical", "Categorical by logits",
    "OneHotCategorical", "Multinomial", "MultivariateNormal", "Independent", "Transformed by tanh",
    "Transformed by two", "Logistic", "RelaxedBernoulli", "RelaxedOneHotCategorical",
]  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(), (1,), (5,), (4, 3)])
@pytest.mark.parametrize("name", SAME_STREAM)
def test_draws_are_pytorchs(torch, name, shape, dtype):
    found = []
    for library, module in both(torch):
        distribution, *_ = made(library, module, name, dtype)
        library.manual_seed(3)
        draws = [distribution.sample(shape), distribution.sample(shape)]
        found.append([d.numpy() for d in draws])
    for ours, theirs in zip(*found, strict=True):
        assert ours.dtype == theirs.dtype
        rtol = 1e-4 if dtype == "float32" else 1e-9
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol / 10)


@pytest.mark.parametrize("name", [n for n in CASES if "Cauchy" not in n])
def test_moments_of_the_draws_are_those_of_the_distribution(name):
    distribution, *_ = made(sg, distributions, name)
    try:
        mean, variance = distribution.mean.numpy(), distribution.variance.numpy()
    except NotImplementedError:
        return
    sg.manual_seed(0)
    n = 100_000
    draws = distribution.sample((n,)).double()
    known = np.isfinite(mean) & np.isfinite(variance)
    if name in ("StudentT", "LogNormal"):  # the tails of the others have no finite fourth moment
        known &= np.array([name == "LogNormal", name == "LogNormal", name == "StudentT"])
        known &= variance < 10
    away = (draws.numpy() - mean)[:, known]
    variance = variance[known]
    assert (np.abs(away.mean(0)) < 5 * np.sqrt(variance / n)).all()
    error = np.sqrt(((away**4).mean(0) - variance**2) / n) + 1e-12
    assert (np.abs((away**2).mean(0) - variance) < 5 * error).all()


@pytest.mark.parametrize(
    "name",
    [
        "Normal",
        "Laplace",
        "Cauchy",
        "Gumbel",
        "HalfCauchy",
        "Exponential",
        "Gamma",
        "Uniform",
        "LogNormal",
    ],
)
def test_draws_are_spread_as_the_distribution_function_says(name):
    """The largest distance of Kolmogorov and Smirnov, below its 1e-6 quantile."""
    distribution, *_ = made(sg, distributions, name)
    sg.manual_seed(1)
    n = 5_000
    draws = np.sort(distribution.sample((n,)).numpy(), 0)
    found = distribution.cdf(sg.tensor(draws)).numpy()
    ranks = np.arange(1, n + 1)[:, None] / n
    assert np.abs(found - ranks).max() < 2.7 / math.sqrt(n)


@pytest.mark.parametrize("name", sorted(DISCRETE - {"Multinomial", "Multinomial by logits"}))
def test_values_come_as_often_as_they_should(name):
    distribution, _, values = made(sg, distributions, name)
    sg.manual_seed(2)
    n = 50_000
    draws = distribution.sample((n,))
    for value in [values[0], values[1]] if values.ndim > 1 else [values]:
        hits = draws == value
        hits = hits.all(-1) if len(distribution.event_shape) else hits
        share = hits.double().mean(0).numpy()
        chance = distribution.log_prob(value).exp().numpy()
        assert (np.abs(share - chance) < 5 * np.sqrt(chance * (1 - chance) / n) + 1e-9).all()


@pytest.mark.parametrize("name", ["Gamma", "Beta", "Dirichlet", "Chi2", "StudentT"])
def test_gradients_through_draws_follow_the_mean(name):
    """The mean gradient of a smooth function is the gradient of its mean."""
    distribution, parameters, _ = made(sg, distributions, name, grad=True)
    sg.manual_seed(0)
    draws = distribution.rsample((4_000,))
    if name == "StudentT":
        draws.tanh().mean().backward()
        assert all(np.isfinite(p.grad.numpy()).all() for p in parameters)
        return
    weights = sg.tensor(np.arange(1.0, 1 + draws.shape[-1]))
    (draws * weights).mean(0).sum().backward(retain_graph=True)
    found = [p.grad.numpy().copy() for p in parameters]
    for p in parameters:
        p.grad = None
    (distribution.mean * weights).sum().backward()
    for p, grad in zip(parameters, found, strict=True):
        np.testing.assert_allclose(grad, p.grad.numpy(), rtol=0.1, atol=0.06)


def test_the_slope_of_a_gamma_draw_is_pytorchs(torch):
    from tinygrad_sm.distributions.gamma import _slope

    rng = np.random.default_rng(0)
    a = np.exp(rng.uniform(-3, 4, 2000))
    x = np.maximum(rng.gamma(a), 1e-30)
    theirs = torch._standard_gamma_grad(torch.tensor(a), torch.tensor(x)).numpy()
    np.testing.assert_allclose(_slope(x, a), theirs, rtol=5e-3, atol=1e-12)


def test_draws_depend_on_the_seed_alone():
    for name in ("Gamma", "Poisson", "Binomial", "Dirichlet", "StudentT", "NegativeBinomial"):
        distribution, *_ = made(sg, distributions, name)
        found = []
        for seed in (1, 1, 2):
            sg.manual_seed(seed)
            found.append(distribution.sample((5,)).tolist())
        assert found[0] == found[1] != found[2]


def test_draws_leave_no_graph():
    loc = sg.zeros(2, requires_grad=True)
    normal = distributions.Normal(loc, 1.0)
    assert not normal.sample().requires_grad
    normal.rsample((3,)).sum().backward()
    assert loc.grad.tolist() == [3.0, 3.0]
    policy = distributions.Categorical(logits=sg.zeros(3, requires_grad=True))
    policy.sample()
    assert policy.probs.requires_grad  # computed for the draw, and still on the tape


def test_straight_through_draws_pass_the_gradient_on():
    logits = sg.tensor([0.0, 1.0, 2.0], requires_grad=True)
    distribution = distributions.OneHotCategoricalStraightThrough(logits=logits)
    draw = distribution.rsample()
    assert draw.sum().item() == pytest.approx(1.0)
    (draw * sg.tensor([1.0, 2.0, 3.0])).sum().backward()
    probs = np.exp([0.0, 1.0, 2.0]) / np.exp([0.0, 1.0, 2.0]).sum()
    expected = probs * (np.array([1.0, 2.0, 3.0]) - (probs * [1.0, 2.0, 3.0]).sum())
    np.testing.assert_allclose(logits.grad.numpy(), expected, rtol=1e-5)
