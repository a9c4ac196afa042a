"""The Kullback-Leibler divergence: a formula for each pair of distributions, found by their types."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..linalg import solve_triangular
from ..nn import functional as F
from ..ops.creation import full_like
from ..ops.elementwise import where
from ..ops.gamma_functions import digamma, lgamma
from ..ops.logarithms import xlogy
from ..tensor import Tensor
from .bernoulli import Bernoulli
from .beta import Beta
from .binomial import Binomial
from .categorical import Categorical
from .cauchy import Cauchy
from .continuous_bernoulli import ContinuousBernoulli
from .dirichlet import Dirichlet
from .distribution import Distribution
from .exponential import Exponential
from .gamma import Gamma
from .geometric import Geometric
from .gumbel import Gumbel
from .half_normal import HalfNormal
from .independent import Independent
from .laplace import Laplace
from .lowrank_multivariate_normal import LowRankMultivariateNormal
from .multivariate_normal import MultivariateNormal
from .normal import Normal
from .one_hot_categorical import OneHotCategorical
from .pareto import Pareto
from .poisson import Poisson
from .transformed_distribution import TransformedDistribution
from .uniform import Uniform
from .utils import euler_constant, sum_rightmost

Formula = Callable[[Any, Any], Tensor]
_FORMULAS: dict[tuple[type, type], Formula] = {}


def register_kl(type_p: type, type_q: type) -> Callable[[Formula], Formula]:
    """Decorates the formula of the divergence for a pair of types, and their subclasses.

    Args:
        type_p: the type of the distribution that draws.
        type_q: the type of the distribution that is compared with it.

    Raises:
        TypeError: for something that is not a type of distributions.
    """
    for kind in (type_p, type_q):
        if not (isinstance(kind, type) and issubclass(kind, Distribution)):
            raise TypeError(f"Expected a subclass of Distribution, but got {kind}")

    def keep(formula: Formula) -> Formula:
        _FORMULAS[type_p, type_q] = formula
        return formula

    return keep


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """How many nats more it takes to tell draws of p in the code of q: E_p[log p - log q].

    Returns:
        A tensor of the batch's shape.

    Raises:
        NotImplementedError: if no formula is known for the pair.

    >>> import tinygrad_sm as sg
    >>> from tinygrad_sm.distributions import Normal, kl_divergence
    >>> kl_divergence(Normal(1.0, 1.0), Normal(0.0, 1.0))
    tensor(0.5000)
    """
    # the closest relatives first: those with the fewest steps up both families
    pairs = [
        (i + j, pair)
        for i, kind_p in enumerate(type(p).__mro__)
        for j, kind_q in enumerate(type(q).__mro__)
        if (pair := (kind_p, kind_q)) in _FORMULAS
    ]
    if not pairs:
        raise NotImplementedError(
            f"No KL(p || q) is implemented for p type {type(p).__name__} and q type "
            f"{type(q).__name__}: give one with register_kl, or estimate it from samples of p"
        )
    return _FORMULAS[min(pairs, key=lambda pair: pair[0])[1]](p, q)


def _limits(term: Tensor, never_p: Tensor, never_q: Tensor) -> Tensor:
    """Terms p log(p / q), with their limits: 0 where p is 0, else infinite where q is."""
    return where(never_p, 0.0, where(never_q, math.inf, term))


def _infinite(like: Tensor) -> Tensor:
    return full_like(like, math.inf)


# --- of one family --------------------------------------------------------------------------------


@register_kl(Bernoulli, Bernoulli)
def _bernoulli_bernoulli(p: Bernoulli, q: Bernoulli) -> Tensor:
    t1 = p.probs * (F.softplus(-q.logits) - F.softplus(-p.logits))
    t1 = _limits(t1, p.probs == 0, q.probs == 0)
    t2 = (1 - p.probs) * (F.softplus(q.logits) - F.softplus(p.logits))
    t2 = _limits(t2, p.probs == 1, q.probs == 1)
    return t1 + t2


@register_kl(Beta, Beta)
def _beta_beta(p: Beta, q: Beta) -> Tensor:
    a, b, c, d = p.concentration1, p.concentration0, q.concentration1, q.concentration0
    total = a + b
    norms = lgamma(c) + lgamma(d) + lgamma(total) - lgamma(c + d) - lgamma(a) - lgamma(b)
    moved = (a - c) * digamma(a) + (b - d) * digamma(b) + (c + d - total) * digamma(total)
    return norms + moved


@register_kl(Binomial, Binomial)
def _binomial_binomial(p: Binomial, q: Binomial) -> Tensor:
    if (p.total_count.array < q.total_count.array).any():
        raise NotImplementedError(
            "KL between Binomials where q.total_count > p.total_count is not implemented"
        )
    each = p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p()
    return p.total_count * each


@register_kl(Categorical, Categorical)
def _categorical_categorical(p: Categorical, q: Categorical) -> Tensor:
    terms = p.probs * (p.logits - q.logits)
    return _limits(terms, p.probs == 0, q.probs == 0).sum(-1)


@register_kl(OneHotCategorical, OneHotCategorical)
def _one_hot_one_hot(p: OneHotCategorical, q: OneHotCategorical) -> Tensor:
    return _categorical_categorical(p._categorical, q._categorical)


@register_kl(Cauchy, Cauchy)
def _cauchy_cauchy(p: Cauchy, q: Cauchy) -> Tensor:
    t = (p.scale + q.scale) ** 2 + (p.loc - q.loc) ** 2
    return t.log() - (4 * p.scale * q.scale).log()


@register_kl(Dirichlet, Dirichlet)
def _dirichlet_dirichlet(p: Dirichlet, q: Dirichlet) -> Tensor:
    a, b = p.concentration, q.concentration
    total = a.sum(-1)
    norms = lgamma(total) - lgamma(b.sum(-1)) - (lgamma(a) - lgamma(b)).sum(-1)
    return norms + ((a - b) * (digamma(a) - digamma(total)[..., None])).sum(-1)


@register_kl(Exponential, Exponential)
def _exponential_exponential(p: Exponential, q: Exponential) -> Tensor:
    ratio = q.rate / p.rate
    return -ratio.log() + ratio - 1


@register_kl(Gamma, Gamma)
def _gamma_gamma(p: Gamma, q: Gamma) -> Tensor:
    a, b = p.concentration, q.concentration
    norms = b * (p.rate / q.rate).log() + lgamma(b) - lgamma(a)
    return norms + (a - b) * digamma(a) + (q.rate - p.rate) * (a / p.rate)


@register_kl(Geometric, Geometric)
def _geometric_geometric(p: Geometric, q: Geometric) -> Tensor:
    return -p.entropy() - (-q.probs).log1p() / p.probs - q.logits


@register_kl(Gumbel, Gumbel)
def _gumbel_gumbel(p: Gumbel, q: Gumbel) -> Tensor:
    ratio, shift = p.scale / q.scale, (q.loc - p.loc) / q.scale
    return -p.entropy() + _mean_under_gumbel(p.mean, (shift + lgamma(1 + ratio)).exp(), q)


@register_kl(HalfNormal, HalfNormal)
def _half_normal_half_normal(p: HalfNormal, q: HalfNormal) -> Tensor:
    return _normal_normal(p._whole, q._whole)


@register_kl(Laplace, Laplace)
def _laplace_laplace(p: Laplace, q: Laplace) -> Tensor:
    ratio, distance = p.scale / q.scale, (p.loc - q.loc).abs()
    t = ratio * (-distance / p.scale).exp()
    return -ratio.log() + distance / q.scale + t - 1


@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
@register_kl(LowRankMultivariateNormal, MultivariateNormal)
@register_kl(MultivariateNormal, LowRankMultivariateNormal)
@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate_multivariate(p: Any, q: Any) -> Tensor:
    if p.event_shape != q.event_shape:
        raise ValueError(
            "KL-divergence between two Multivariate Normals with different event shapes cannot be "
            f"computed: {p.event_shape} and {q.event_shape}"
        )
    n = p.event_shape[0]
    shape = ((p.loc - q.loc)[..., 0]).shape
    ours, theirs = (d.scale_tril.expand(*shape, n, n) for d in (p, q))
    away = (q.loc - p.loc)[..., None]
    spread = (solve_triangular(theirs, ours, upper=False) ** 2).sum((-2, -1))
    distance = (solve_triangular(theirs, away, upper=False) ** 2).sum((-2, -1))
    return q._log_volume() - p._log_volume() + 0.5 * (spread + distance - n)


@register_kl(Normal, Normal)
def _normal_normal(p: Normal, q: Normal) -> Tensor:
    ratio = (p.scale / q.scale) ** 2
    distance = ((p.loc - q.loc) / q.scale) ** 2
    return 0.5 * (ratio + distance - 1 - ratio.log())


@register_kl(ContinuousBernoulli, ContinuousBernoulli)
def _continuous_bernoulli(p: ContinuousBernoulli, q: ContinuousBernoulli) -> Tensor:
    odds = p.mean * (p.logits - q.logits)
    return odds + p._log_norm() + (-p.probs).log1p() - q._log_norm() - (-q.probs).log1p()


@register_kl(Pareto, Pareto)
def _pareto_pareto(p: Pareto, q: Pareto) -> Tensor:
    ratio = p.scale / q.scale
    alpha = q.alpha / p.alpha
    value = q.alpha * ratio.log() - alpha.log() + alpha - 1
    return where(ratio < 1, math.inf, value)


@register_kl(Poisson, Poisson)
def _poisson_poisson(p: Poisson, q: Poisson) -> Tensor:
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(Uniform, Uniform)
def _uniform_uniform(p: Uniform, q: Uniform) -> Tensor:
    outside = (q.low > p.low) | (q.high < p.high)
    return where(outside, math.inf, ((q.high - q.low) / (p.high - p.low)).log())


# --- of distributions made from others ------------------------------------------------------------


@register_kl(Independent, Independent)
def _independent_independent(p: Independent, q: Independent) -> Tensor:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError("KL of Independents that take different numbers of dimensions")
    each = kl_divergence(p.base_dist, q.base_dist)
    return sum_rightmost(each, p.reinterpreted_batch_ndims)


@register_kl(TransformedDistribution, TransformedDistribution)
def _transformed_transformed(p: TransformedDistribution, q: TransformedDistribution) -> Tensor:
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotImplementedError("KL of distributions with different transforms or event shapes")
    return kl_divergence(p.base_dist, q.base_dist)


# --- of two families ------------------------------------------------------------------------------


@register_kl(Bernoulli, Poisson)
def _bernoulli_poisson(p: Bernoulli, q: Poisson) -> Tensor:
    return -p.entropy() - (p.probs * q.rate.log() - q.rate)


@register_kl(Beta, ContinuousBernoulli)
def _beta_continuous_bernoulli(p: Any, q: ContinuousBernoulli) -> Tensor:
    return -p.entropy() - p.mean * q.logits - (-q.probs).log1p() - q._log_norm()


@register_kl(ContinuousBernoulli, Exponential)
@register_kl(Beta, Exponential)
def _beta_exponential(p: Any, q: Exponential) -> Tensor:
    return -p.entropy() - q.rate.log() + q.rate * p.mean


@register_kl(Beta, Gamma)
def _beta_gamma(p: Beta, q: Gamma) -> Tensor:
    a, total = p.concentration1, p.concentration1 + p.concentration0
    norm = lgamma(q.concentration) - q.concentration * q.rate.log()
    log_mean = digamma(a) - digamma(total)
    return -p.entropy() + norm - (q.concentration - 1) * log_mean + q.rate * a / total


@register_kl(ContinuousBernoulli, Normal)
@register_kl(Beta, Normal)
def _beta_normal(p: Any, q: Normal) -> Tensor:
    return -p.entropy() + _mean_under_normal(p.mean, p.variance, q)


@register_kl(Beta, Uniform)
def _beta_uniform(p: Beta, q: Uniform) -> Tensor:
    inside = (q.low <= 0) & (q.high >= 1)
    return where(inside, (q.high - q.low).log() - p.entropy(), math.inf)


@register_kl(ContinuousBernoulli, Uniform)
def _continuous_bernoulli_uniform(p: ContinuousBernoulli, q: Uniform) -> Tensor:
    wider = (q.low < 0) & (q.high > 1)
    return where(wider, (q.high - q.low).log() - p.entropy(), math.inf)


@register_kl(Exponential, Gamma)
def _exponential_gamma(p: Exponential, q: Gamma) -> Tensor:
    ratio, a = q.rate / p.rate, q.concentration
    return -a * ratio.log() + ratio + lgamma(a) + a * euler_constant - (1 + euler_constant)


@register_kl(Exponential, Gumbel)
def _exponential_gumbel(p: Exponential, q: Gumbel) -> Tensor:
    rise = p.rate * q.scale
    waits = (q.loc / q.scale).exp() * rise / (rise + 1)
    return -p.entropy() + _mean_under_gumbel(p.mean, waits, q)


@register_kl(Exponential, Normal)
def _exponential_normal(p: Exponential, q: Normal) -> Tensor:
    return -p.entropy() + _mean_under_normal(p.mean, p.variance, q)


@register_kl(Gamma, Exponential)
def _gamma_exponential(p: Gamma, q: Exponential) -> Tensor:
    return -p.entropy() - q.rate.log() + q.rate * p.mean


@register_kl(Gamma, Normal)
def _gamma_normal(p: Gamma, q: Normal) -> Tensor:
    return -p.entropy() + _mean_under_normal(p.mean, p.variance, q)


@register_kl(Gumbel, Normal)
def _gumbel_normal(p: Gumbel, q: Normal) -> Tensor:
    return -p.entropy() + _mean_under_normal(p.mean, p.variance, q)


@register_kl(Laplace, Normal)
def _laplace_normal(p: Laplace, q: Normal) -> Tensor:
    return -p.entropy() + _mean_under_normal(p.mean, p.variance, q)


@register_kl(Uniform, Normal)
def _uniform_normal(p: Uniform, q: Normal) -> Tensor:
    return -p.entropy() + _mean_under_normal(p.mean, p.variance, q)


def _mean_under_normal(mean: Tensor, variance: Tensor, q: Normal) -> Tensor:
    """E[-log q] of numbers of a mean and a variance, whatever else they are."""
    square = (variance + (mean - q.loc) ** 2) / (2 * q.scale**2)
    return square + q.scale.log() + 0.5 * math.log(2 * math.pi)


@register_kl(Gamma, Gumbel)
def _gamma_gumbel(p: Gamma, q: Gumbel) -> Tensor:
    fall = p.concentration * (1 / (p.rate * q.scale)).log1p()
    return -p.entropy() + _mean_under_gumbel(p.mean, (q.loc / q.scale - fall).exp(), q)


@register_kl(Normal, Gumbel)
def _normal_gumbel(p: Normal, q: Gumbel) -> Tensor:
    shift, ratio = (q.loc - p.loc) / q.scale, p.scale / q.scale
    return -p.entropy() + _mean_under_gumbel(p.mean, (shift + 0.5 * ratio**2).exp(), q)


@register_kl(Uniform, Gumbel)
def _uniform_gumbel(p: Uniform, q: Gumbel) -> Tensor:
    ends = [((q.loc - end) / q.scale).exp() for end in (p.low, p.high)]
    waits = q.scale * (ends[0] - ends[1]) / (p.high - p.low)
    return -p.entropy() + _mean_under_gumbel(p.mean, waits, q)


def _mean_under_gumbel(mean: Tensor, waits: Tensor, q: Gumbel) -> Tensor:
    """E[-log q] of numbers of a mean, given E[exp((loc - x) / scale)] as well."""
    return (mean - q.loc) / q.scale + waits + q.scale.log()


@register_kl(Normal, Laplace)
def _normal_laplace(p: Normal, q: Laplace) -> Tensor:
    away = p.loc - q.loc
    z = away / p.scale
    distance = math.sqrt(2 / math.pi) * p.scale * (-0.5 * z**2).exp()
    distance = distance + away * (z / math.sqrt(2)).erf()
    return -p.entropy() + (2 * q.scale).log() + distance / q.scale


def _with_moments(count: int, formula: Formula) -> Formula:
    """The formula where a Pareto's first moments are finite; elsewhere the divergence is infinite."""

    def guarded(p: Pareto, q: Any) -> Tensor:
        finite = p.alpha > count
        tame = Pareto(p.scale, where(finite, p.alpha, count + 1.0))
        return where(finite, formula(tame, q), math.inf)

    return guarded


def _pareto_gamma(p: Pareto, q: Gamma) -> Tensor:
    norm = lgamma(q.concentration) - q.concentration * q.rate.log()
    log_mean = p.scale.log() + 1 / p.alpha
    return -p.entropy() + norm - (q.concentration - 1) * log_mean + q.rate * p.mean


register_kl(Pareto, Exponential)(_with_moments(1, _beta_exponential))
register_kl(Pareto, Gamma)(_with_moments(1, _pareto_gamma))
register_kl(Pareto, Normal)(_with_moments(2, _beta_normal))


@register_kl(Uniform, ContinuousBernoulli)
def _uniform_continuous_bernoulli(p: Uniform, q: ContinuousBernoulli) -> Tensor:
    return where((p.low > 0) & (p.high < 1), _beta_continuous_bernoulli(p, q), math.inf)


@register_kl(Uniform, Pareto)
def _uniform_pareto(p: Uniform, q: Pareto) -> Tensor:
    width = p.high - p.low
    log_mean = (xlogy(p.high, p.high) - xlogy(p.low, p.low) - width) / width
    norm = q.alpha.log() + q.alpha * q.scale.log()
    found = (q.alpha + 1) * log_mean - norm - width.log()
    return where(p.low >= q.scale, found, math.inf)


@register_kl(Uniform, Beta)
def _uniform_beta(p: Uniform, q: Beta) -> Tensor:
    a, b, width = q.concentration1, q.concentration0, p.high - p.low
    one = xlogy(p.high, p.high) - xlogy(p.low, p.low) - width
    other = xlogy(1 - p.high, 1 - p.high) - xlogy(1 - p.low, 1 - p.low) + width
    norm = lgamma(a) + lgamma(b) - lgamma(a + b)
    found = -width.log() - (a - 1) * one / width + (b - 1) * other / width + norm
    return where((p.high <= 1) & (p.low >= 0), found, math.inf)


@register_kl(Uniform, Exponential)
def _uniform_exponential(p: Uniform, q: Exponential) -> Tensor:
    found = q.rate * p.mean - ((p.high - p.low) * q.rate).log()
    return where(p.low >= 0, found, math.inf)


@register_kl(Uniform, Gamma)
def _uniform_gamma(p: Uniform, q: Gamma) -> Tensor:
    width, a = p.high - p.low, q.concentration
    log_mean = (xlogy(p.high, p.high) - xlogy(p.low, p.low) - width) / width
    norm = lgamma(a) - a * q.rate.log()
    found = -width.log() + norm - (a - 1) * log_mean + q.rate * p.mean
    return where(p.low >= 0, found, math.inf)


_BOUNDED = (Beta, ContinuousBernoulli, Pareto, Uniform)  # on one side at least


def _beyond(get: str) -> Formula:
    """For pairs of which p draws what q never can."""
    return lambda p, q: _infinite(getattr(p, get))


for _p, _get, _others in (
    (Beta, "concentration1", (Pareto,)),
    (ContinuousBernoulli, "probs", (Pareto,)),
    (Exponential, "rate", _BOUNDED),
    (Gamma, "concentration", _BOUNDED),
    (Gumbel, "loc", (*_BOUNDED, Exponential, Gamma)),
    (Laplace, "loc", (*_BOUNDED, Exponential, Gamma)),
    (Normal, "loc", (*_BOUNDED, Exponential, Gamma)),
    (Pareto, "scale", (Beta, ContinuousBernoulli, Uniform)),
    (Poisson, "rate", (Bernoulli, Binomial)),
):
    for _q in _others:
        register_kl(_p, _q)(_beyond(_get))
