"""Distributions with parameters and values, built in this library or in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Case(NamedTuple):
    """How to build a distribution from parameters, and values that it can yield."""

    build: Callable[..., Any]  # (distributions module, *parameters)
    parameters: tuple[np.ndarray, ...]
    values: np.ndarray


def a(*rows: Any) -> np.ndarray:
    return np.array(rows if len(rows) > 1 else rows[0], np.float64)


LOC, SCALE = a(-1.0, 0.0, 2.5), a(0.5, 1.0, 3.0)
PROBS = a(0.2, 0.5, 0.9)
LOGITS = a(-2.0, 0.1, 3.0)
REAL = a([-2.0, 0.3, 4.0], [0.1, -1.0, 2.5])
POSITIVE = a([0.1, 1.0, 4.0], [2.5, 0.3, 7.0])
UNIT = a([0.1, 0.5, 0.8], [0.95, 0.01, 0.3])
COUNTS = a([0.0, 1.0, 3.0], [2.0, 0.0, 1.0])
VECTORS = a([0.2, 0.3, 0.5], [0.6, 0.1, 0.3])
ONE_HOT = a([0.0, 1.0, 0.0], [1.0, 0.0, 0.0])
COVARIANCE = a([2.0, 0.5, 0.1], [0.5, 1.0, -0.2], [0.1, -0.2, 0.7])
FACTOR = np.linalg.cholesky(COVARIANCE)

FACTOR_2 = a([0.5, 0.1], [-0.3, 0.8], [0.2, 0.4])
CORRELATION = np.linalg.cholesky(a([1.0, 0.3, -0.2], [0.3, 1.0, 0.4], [-0.2, 0.4, 1.0]))

CASES = {
    "Normal": Case(lambda d, m, s: d.Normal(m, s), (LOC, SCALE), REAL),
    "LogNormal": Case(lambda d, m, s: d.LogNormal(m, s), (LOC, SCALE), POSITIVE),
    "Laplace": Case(lambda d, m, s: d.Laplace(m, s), (LOC, SCALE), REAL),
    "Cauchy": Case(lambda d, m, s: d.Cauchy(m, s), (LOC, SCALE), REAL),
    "Gumbel": Case(lambda d, m, s: d.Gumbel(m, s), (LOC, SCALE), REAL),
    "HalfNormal": Case(lambda d, s: d.HalfNormal(s), (SCALE,), POSITIVE),
    "HalfCauchy": Case(lambda d, s: d.HalfCauchy(s), (SCALE,), POSITIVE),
    "StudentT": Case(lambda d, n, m, s: d.StudentT(n, m, s), (a(0.5, 2.0, 5.0), LOC, SCALE), REAL),
    "Uniform": Case(lambda d, m, s: d.Uniform(m, s), (a(-3, -1, 0), a(1, 4, 9)), UNIT),
    "Exponential": Case(lambda d, r: d.Exponential(r), (SCALE,), POSITIVE),
    "Gamma": Case(lambda d, k, r: d.Gamma(k, r), (a(0.3, 1.0, 4.0), SCALE), POSITIVE),
    "Chi2": Case(lambda d, n: d.Chi2(n), (a(0.5, 2.0, 7.0),), POSITIVE),
    "Beta": Case(lambda d, p, q: d.Beta(p, q), (a(0.5, 2.0, 5.0), a(0.7, 3.0, 1.5)), UNIT),
    "Dirichlet": Case(lambda d, k: d.Dirichlet(k), (a([0.5, 2.0, 4.0], [1.5, 3.0, 1.0]),), VECTORS),
    "Poisson": Case(lambda d, r: d.Poisson(r), (SCALE,), COUNTS),
    "Geometric": Case(lambda d, p: d.Geometric(p), (PROBS,), COUNTS),
    "Geometric by logits": Case(lambda d, x: d.Geometric(logits=x), (LOGITS,), COUNTS),
    "Bernoulli": Case(lambda d, p: d.Bernoulli(p), (PROBS,), ONE_HOT),
    "Bernoulli by logits": Case(lambda d, x: d.Bernoulli(logits=x), (LOGITS,), ONE_HOT),
    "Binomial": Case(lambda d, p: d.Binomial(4, p), (PROBS,), COUNTS),
    "Binomial by logits": Case(lambda d, x: d.Binomial(4, logits=x), (LOGITS,), COUNTS),
    "NegativeBinomial": Case(
        lambda d, n, p: d.NegativeBinomial(n, p), (a(1.0, 2.5, 4.0), PROBS), COUNTS
    ),
    "NegativeBinomial by logits": Case(
        lambda d, n, x: d.NegativeBinomial(n, logits=x), (a(1.0, 2.5, 4.0), LOGITS), COUNTS
    ),
    "Categorical": Case(lambda d, p: d.Categorical(p), (VECTORS * 3,), a(0, 2)),
    "Categorical by logits": Case(lambda d, x: d.Categorical(logits=x), (REAL,), a(1, 0)),
    "OneHotCategorical": Case(lambda d, p: d.OneHotCategorical(p), (VECTORS,), ONE_HOT),
    "Multinomial": Case(
        lambda d, p: d.Multinomial(4, p), (VECTORS,), a([1.0, 2.0, 1.0], [4.0, 0.0, 0.0])
    ),
    "Multinomial by logits": Case(
        lambda d, x: d.Multinomial(4, logits=x), (REAL,), a([1.0, 2.0, 1.0], [4.0, 0.0, 0.0])
    ),
    "MultivariateNormal": Case(lambda d, m, c: d.MultivariateNormal(m, c), (LOC, COVARIANCE), REAL),
    "MultivariateNormal by precision": Case(
        lambda d, m, c: d.MultivariateNormal(m, precision_matrix=c), (LOC, COVARIANCE), REAL
    ),
    "MultivariateNormal by factor": Case(
        lambda d, m, c: d.MultivariateNormal(m, scale_tril=c), (LOC, FACTOR), REAL
    ),
    "Independent": Case(lambda d, m, s: d.Independent(d.Normal(m, s), 1), (LOC, SCALE), REAL),
    "Independent of vectors": Case(
        lambda d, k: d.Independent(d.Dirichlet(k), 1), (VECTORS * 4,), VECTORS
    ),
    "Transformed by tanh": Case(
        lambda d, m, s: d.TransformedDistribution(d.Normal(m, s), d.transforms.TanhTransform()),
        (LOC, SCALE),
        UNIT,
    ),
    "Transformed by two": Case(
        lambda d, m, s: d.TransformedDistribution(
            d.Normal(m, s), [d.transforms.AffineTransform(1.0, -2.0), d.transforms.ExpTransform()]
        ),
        (LOC, SCALE),
        POSITIVE,
    ),
    "Transformed by a vector's": Case(
        lambda d, m, s: d.TransformedDistribution(
            d.Independent(d.Normal(m, s), 1), d.transforms.StickBreakingTransform()
        ),
        (LOC, SCALE),
        a([0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1]),
    ),
    "Logistic": Case(
        lambda d, m, s: d.TransformedDistribution(
            d.Uniform(m * 0, m * 0 + 1),
            [d.transforms.SigmoidTransform().inv, d.transforms.AffineTransform(m, s)],
        ),
        (LOC, SCALE),
        REAL,
    ),
    "RelaxedBernoulli": Case(lambda d, t, p: d.RelaxedBernoulli(t, p), (a(0.7), PROBS), UNIT),
    "RelaxedOneHotCategorical": Case(
        lambda d, t, p: d.RelaxedOneHotCategorical(t, p), (a(0.7), VECTORS), VECTORS
    ),
    "Mixture": Case(
        lambda d, p, m, s: d.MixtureSameFamily(d.Categorical(p), d.Normal(m, s)),
        (a(0.2, 0.3, 0.5), LOC, SCALE),
        a(0.3, -1.0, 2.0),
    ),
    "Mixture of vectors": Case(
        lambda d, p, m, s: d.MixtureSameFamily(d.Categorical(p), d.Independent(d.Normal(m, s), 1)),
        (a(0.4, 0.6), REAL, POSITIVE),
        REAL,
    ),
    "Pareto": Case(
        lambda d, s, k: d.Pareto(s, k), (a(0.05, 0.2, 0.25), a(0.5, 1.5, 4.0)), POSITIVE + 0.2
    ),
    "Weibull": Case(lambda d, s, k: d.Weibull(s, k), (SCALE, a(1.5, 1.0, 4.0)), POSITIVE),
    "InverseGamma": Case(lambda d, k, r: d.InverseGamma(k, r), (a(0.3, 1.5, 4.0), SCALE), POSITIVE),
    "Kumaraswamy": Case(
        lambda d, p, q: d.Kumaraswamy(p, q), (a(0.5, 2.0, 5.0), a(1.0, 3.0, 1.5)), UNIT
    ),
    "LogisticNormal": Case(lambda d, m, s: d.LogisticNormal(m, s), (LOC[:2], SCALE[:2]), VECTORS),
    "FisherSnedecor": Case(
        lambda d, n, m: d.FisherSnedecor(n, m), (a(1.5, 3.0, 6.0), a(1.5, 3.0, 6.0)), POSITIVE
    ),
    "ContinuousBernoulli": Case(
        lambda d, p: d.ContinuousBernoulli(p), (a(0.2, 0.4995, 0.9),), UNIT
    ),
    "ContinuousBernoulli by logits": Case(
        lambda d, x: d.ContinuousBernoulli(logits=x), (LOGITS,), UNIT
    ),
    "LowRankMultivariateNormal": Case(
        lambda d, m, w, s: d.LowRankMultivariateNormal(m, w, s), (LOC, FACTOR_2, SCALE), REAL
    ),
    "LKJCholesky": Case(
        lambda d, k: d.LKJCholesky(3, k), (a(0.5, 2.0),), np.stack([CORRELATION, np.eye(3)])
    ),
    "Wishart": Case(
        lambda d, n, s: d.Wishart(n, covariance_matrix=s),
        (a(3.5), COVARIANCE),
        a(COVARIANCE * 2, COVARIANCE.T),
    ),
    "Wishart by its factor": Case(
        lambda d, n, s: d.Wishart(n, scale_tril=s),
        (a(3.5), FACTOR),
        a(COVARIANCE * 2, COVARIANCE.T),
    ),
}
DISCRETE = {n for n in CASES if n.split()[0] in (
    "Poisson", "Geometric", "Bernoulli", "Binomial", "NegativeBinomial", "Categorical",
    "OneHotCategorical", "Multinomial",
)}  # fmt: skip
