import itertools
import math

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm import distributions
from tinygrad_sm.distributions import kl_divergence, register_kl

from .cases import CASES
from .test_values import arrays_close

ONE_EACH = [
    "Bernoulli", "Beta", "Binomial", "Categorical", "Cauchy", "Chi2", "Dirichlet", "Exponential", "Gamma",
    "Geometric", "Gumbel", "HalfNormal", "Independent", "Laplace", "LogNormal", "MultivariateNormal",
    "Normal", "OneHotCategorical", "Poisson", "Uniform", "StudentT", "Multinomial", "ContinuousBernoulli", "Pareto",
    "LowRankMultivariateNormal",
]  # fmt: skip


def pair(library, module, p, q):
    """Two distributions: the second one's parameters are the first's of its case, changed."""
    first = [library.tensor(x, requires_grad=True) for x in CASES[p].parameters]
    second = [library.tensor(x, requires_grad=True) for x in changed(q, p == q)]
    return CASES[p].build(module, *first), CASES[q].build(module, *second), [*first, *second]


def changed(name, change):
    parameters = CASES[name].parameters
    if not change:
        return parameters
    if name == "Uniform":
        return parameters[0] - 1.5, parameters[1] + 0.5
    return tuple(
        x * 0.8 + 0.05 * np.eye(*x.shape[-2:])
        if x.ndim > 1 and x.shape[0] == x.shape[1]
        else x * 0.8 + 0.1
        for x in parameters
    )


def divergence(torch, p, q):
    found = []
    for library, module in ((sg, distributions), (torch, torch.distributions)):
        first, second, parameters = pair(library, module, p, q)
        try:
            value = module.kl_divergence(first, second)
        except NotImplementedError:
            found.append(None)
            continue
        if value.requires_grad:
            value.where(
                value.isfinite(), value.detach() * 0
            ).sum().backward() if library is torch else sg.where(
                value.isfinite(), value, 0.0
            ).sum().backward()
        found.append([value, *(x.grad for x in parameters)])
    return found


@pytest.mark.parametrize(("p", "q"), list(itertools.product(ONE_EACH, ONE_EACH)))
def test_the_divergence_is_pytorchs_in_value_and_gradient(torch, p, q):
    ours, theirs = divergence(torch, p, q)
    if theirs is None:
        return
    assert ours is not None, "no formula"
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if a is None or b is None:
            assert a is None or not a.any()
            assert b is None or not b.any()
        else:
            arrays_close(a, b, rtol=3e-8 if i else 1e-9)


@pytest.mark.parametrize("name", [n for n in ONE_EACH if n not in ("StudentT", "Multinomial")])
def test_nothing_diverges_from_itself(name):
    first, _, _ = pair(sg, distributions, name, name)
    value = kl_divergence(first, first)
    assert tuple(value.shape) == tuple(first.batch_shape)
    np.testing.assert_allclose(value.detach().numpy(), 0.0, atol=1e-12)


@pytest.mark.parametrize(
    ("p", "q"),
    [("Normal", "Normal"), ("Gamma", "Gamma"), ("Laplace", "Normal"), ("Beta", "Gamma"), ("Normal", "Gumbel"),
     ("Exponential", "Gumbel"), ("Normal", "Laplace"), ("Gumbel", "Gumbel"), ("Beta", "Beta")],
)  # fmt: skip
def test_the_divergence_is_the_mean_of_the_difference(p, q):
    sg.manual_seed(0)
    first, second, _ = pair(sg, distributions, p, q)
    draws = first.sample((200_000,))
    estimate = (first.log_prob(draws) - second.log_prob(draws)).mean(0)
    np.testing.assert_allclose(
        kl_divergence(first, second).detach().numpy(),
        estimate.detach().numpy(),
        rtol=0.05,
        atol=0.02,
    )


def test_what_p_draws_and_q_cannot_is_infinitely_far():
    assert (
        kl_divergence(distributions.Uniform(0.0, 2.0), distributions.Uniform(0.5, 3.0)).item()
        == math.inf
    )
    p = distributions.Categorical(sg.tensor([0.5, 0.5, 0.0]))
    q = distributions.Categorical(sg.tensor([0.5, 0.0, 0.5]))
    assert kl_divergence(p, q).item() == math.inf
    assert (
        kl_divergence(distributions.Normal(0.0, 1.0), distributions.Gamma(1.0, 1.0)).item()
        == math.inf
    )


def test_pairs_without_a_formula_say_so():
    with pytest.raises(
        NotImplementedError, match=r"p type StudentT and q type Normal.*register_kl"
    ):
        kl_divergence(distributions.StudentT(3.0), distributions.Normal(0.0, 1.0))
    wide = distributions.Binomial(3, sg.tensor(0.5)), distributions.Binomial(4, sg.tensor(0.5))
    with pytest.raises(NotImplementedError, match="total_count"):
        kl_divergence(*wide)


def test_a_formula_of_ones_own_is_used_for_the_closest_relatives():
    class Mine(distributions.Normal):
        pass

    class Yours(Mine):
        pass

    @register_kl(Mine, distributions.Normal)
    def formula(p, q):
        return p.loc * 0 + 7.0

    plain = distributions.Normal(0.0, 1.0)
    assert kl_divergence(Mine(0.0, 1.0), plain).item() == 7.0
    assert kl_divergence(Yours(0.0, 1.0), Mine(0.0, 1.0)).item() == 7.0
    assert kl_divergence(plain, Mine(0.0, 1.0)).item() == 0.0
    with pytest.raises(TypeError, match="Expected a subclass of Distribution"):
        register_kl(int, Mine)


def test_a_variational_loss_as_programs_write_it():
    mean = sg.tensor([0.5, -1.0], requires_grad=True)
    log_std = sg.zeros(2, requires_grad=True)
    q = distributions.Normal(mean, log_std.exp())
    loss = kl_divergence(q, distributions.Normal(sg.zeros(2), sg.ones(2))).sum()
    loss.backward()
    np.testing.assert_allclose(mean.grad.numpy(), [0.5, -1.0], rtol=1e-6)
    np.testing.assert_allclose(log_std.grad.numpy(), [0.0, 0.0], atol=1e-7)
