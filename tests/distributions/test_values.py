"""Densities, entropies and moments are PyTorch's, in value and in gradient."""

import itertools
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_sm as sg
from tinygrad_sm import distributions

from .cases import CASES, DISCRETE

PROPERTIES = ["mean", "mode", "variance", "stddev"]
OPTIONAL = (NotImplementedError, AttributeError)


def both(torch):
    return (sg, distributions), (torch, torch.distributions)


def made(library, module, name, dtype="float64", grad=False, **options):
    """The distribution of a case, its parameters and its values."""
    case = CASES[name]
    parameters = [library.tensor(p.astype(dtype), requires_grad=grad) for p in case.parameters]
    return case.build(module, *parameters), parameters, library.tensor(case.values.astype(dtype))


def arrays_close(ours, theirs, dtype="float64", rtol=None):
    ours, theirs = (np.asarray(t.detach().numpy()) for t in (ours, theirs))
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    rtol = rtol or (1e-9 if dtype == "float64" else 3e-5)
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol / 10)


def asked(get):
    """What is computed, or ``None`` where it is said not to exist."""
    try:
        return get()
    except OPTIONAL:
        return None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CASES)
def test_log_prob_is_pytorchs_in_value_and_gradient(torch, name, dtype):
    found = []
    for library, module in both(torch):
        distribution, parameters, values = made(library, module, name, dtype, grad=True)
        if name not in DISCRETE:
            values.requires_grad_()
        log_prob = distribution.log_prob(values)
        weights = library.tensor(np.cos(np.arange(log_prob.numel())).astype(dtype))
        (log_prob * weights.reshape(log_prob.shape)).sum().backward()
        inputs = parameters if name in DISCRETE else [*parameters, values]
        found.append([log_prob, *(t.grad for t in inputs)])
    for ours, theirs in zip(*found, strict=True):
        if ours is None or theirs is None:  # PyTorch gives zeros where nothing depends
            assert ours is None or not ours.any()
            assert theirs is None or not theirs.any()
        else:
            arrays_close(ours, theirs, dtype)


# PyTorch rounds a part of the multinomial's to float32
@pytest.mark.parametrize("name", [n for n in CASES if not n.startswith("Multinomial")])
def test_entropy_is_pytorchs_in_value_and_gradient(torch, name):
    found = []
    for library, module in both(torch):
        distribution, parameters, _ = made(library, module, name, grad=True)
        entropy = asked(distribution.entropy)
        if entropy is not None:
            entropy.sum().backward()
            entropy = [entropy, *(p.grad for p in parameters if p.grad is not None)]
        found.append(entropy)
    assert (found[0] is None) == (found[1] is None)
    for i, (ours, theirs) in enumerate(zip(found[0] or [], found[1] or [], strict=True)):
        # the gradients of some hold the trigamma function, PyTorch's of which is good to 1e-8
        arrays_close(ours, theirs, rtol=3e-8 if i and name in ("Beta", "Dirichlet") else None)


def test_the_entropy_of_a_multinomial_is_the_sum_over_all_counts():
    probs = sg.tensor([0.2, 0.3, 0.5], dtype=sg.float64, requires_grad=True)
    counts = [c for c in itertools.product(range(5), repeat=3) if sum(c) == 4]
    multinomial = distributions.Multinomial(4, probs)
    log_prob = multinomial.log_prob(sg.tensor(counts, dtype=sg.float64))
    assert log_prob.exp().sum().item() == pytest.approx(1.0)
    expected = -(log_prob.exp() * log_prob).sum()
    assert multinomial.entropy().item() == pytest.approx(expected.item(), rel=1e-12)
    expected.backward(retain_graph=True)
    grad, probs.grad = probs.grad, None
    multinomial.entropy().backward()
    np.testing.assert_allclose(probs.grad.numpy(), grad.numpy(), rtol=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_moments_shapes_and_text_are_pytorchs(torch, name):
    (ours, *_), (theirs, *_) = (made(library, module, name) for library, module in both(torch))
    assert (ours.batch_shape, ours.event_shape) == (theirs.batch_shape, theirs.event_shape)
    assert ours.has_rsample == theirs.has_rsample
    assert ours.has_enumerate_support == theirs.has_enumerate_support
    for attribute in PROPERTIES:
        expected = asked(lambda a=attribute: getattr(theirs, a))
        if (name, attribute) == ("Kumaraswamy", "mode"):
            continue  # PyTorch takes logarithms of negative numbers
        if expected is not None:
            arrays_close(getattr(ours, attribute), expected)
    if not hasattr(theirs, "transforms") and "Half" not in name:
        assert repr(ours).replace("tinygrad_sm.", "torch.") == repr(theirs)


@pytest.mark.parametrize("name", CASES)
def test_cdf_and_icdf_are_pytorchs(torch, name):
    found = []
    for library, module in both(torch):
        distribution, _, values = made(library, module, name)
        cdf = asked(lambda d=distribution, v=values: d.cdf(v))
        shares = (
            library.tensor(np.broadcast_to([0.1, 0.5, 0.9], CASES[name].values.shape[-1:]).copy())
            if CASES[name].values.shape[-1] == 3
            else None
        )
        icdf = None if shares is None else asked(lambda d=distribution, s=shares: d.icdf(s))
        found.append((cdf, icdf))
    for ours, theirs in zip(*found, strict=True):
        if theirs is not None:
            arrays_close(ours, theirs)


@pytest.mark.parametrize("name", CASES)
def test_a_larger_batch_is_pytorchs(torch, name):
    found = []
    for library, module in both(torch):
        distribution, _, values = made(library, module, name)
        larger = distribution.expand((4, *distribution.log_prob(values).shape))
        found.append([larger.batch_shape, larger.event_shape, larger.log_prob(values), larger])
    assert tuple(found[0][0]) == tuple(found[1][0])
    assert tuple(found[0][1]) == tuple(found[1][1])
    arrays_close(found[0][2], found[1][2])
    assert type(found[0][3]).__name__ == type(found[1][3]).__name__
    sample = found[0][3].sample((3,))
    assert tuple(sample.shape) == (3, *found[0][0], *found[0][1])


@pytest.mark.parametrize(
    "name",
    [
        n
        for n in CASES
        if CASES[n].build(distributions, *map(sg.tensor, CASES[n].parameters)).has_enumerate_support
    ],
)
@pytest.mark.parametrize("expand", [True, False])
def test_all_values_are_listed_as_in_pytorch(torch, name, expand):
    ours, theirs = (
        made(library, module, name)[0].enumerate_support(expand) for library, module in both(torch)
    )
    arrays_close(ours, theirs)
    distribution = made(sg, distributions, name)[0]
    total = distribution.log_prob(distribution.enumerate_support()).exp().sum(0)
    np.testing.assert_allclose(total.numpy(), 1.0)


@pytest.mark.parametrize("name", CASES)
def test_what_is_drawn_is_in_the_support_and_of_the_right_shape(name):
    for dtype in ("float32", "float64"):
        distribution, parameters, values = made(sg, distributions, name, dtype, grad=True)
        sample = distribution.sample((50,))
        assert tuple(sample.shape) == (50, *distribution.batch_shape, *distribution.event_shape)
        assert not sample.requires_grad
        assert distribution.support.check(sample).all()
        assert sample.dtype == (sg.int64 if name.startswith("Categorical") else values.dtype)
        distribution.log_prob(sample)
        if distribution.has_rsample:
            drawn = distribution.rsample((2,))
            assert drawn.requires_grad
            drawn.sum().backward()
            assert any(p.grad is not None and p.grad.isfinite().all() for p in parameters)


@pytest.mark.parametrize("name", CASES)
def test_distributions_are_pickled(name):
    if "Transformed" in name:
        return
    distribution, _, values = made(sg, distributions, name)
    again = pickle.loads(pickle.dumps(distribution))
    assert again.log_prob(values).tolist() == distribution.log_prob(values).tolist()


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("Normal", (0, 1)),
        ("Normal", (0.5, 2.0)),
        ("Uniform", (0, 1)),
        ("Bernoulli", (0.3,)),
        ("Beta", (0.5, 2)),
        ("Gamma", (1, 2.0)),
        ("StudentT", (3,)),
        ("Poisson", (4,)),
        ("Gumbel", (0.0, 1.0)),
        ("HalfNormal", (2,)),
        ("Chi2", (3,)),
        ("Geometric", (0.25,)),
    ],
)
def test_numbers_make_a_single_distribution(torch, name, arguments):
    ours, theirs = (getattr(m, name)(*arguments) for _, m in both(torch))
    assert ours.batch_shape == theirs.batch_shape == ()
    arrays_close(ours.mean, theirs.mean, "float32")
    assert ours.sample().shape == ()
    assert ours.sample().dtype == sg.float32


@given(
    loc=st.floats(-5, 5), scale=st.floats(0.1, 5), x=st.floats(-20, 20), share=st.floats(0.01, 0.99)
)
def test_icdf_undoes_cdf(loc, scale, x, share):
    for kind in (
        distributions.Normal,
        distributions.Laplace,
        distributions.Cauchy,
        distributions.Gumbel,
    ):
        distribution = kind(sg.tensor(loc, dtype=sg.float64), sg.tensor(scale, dtype=sg.float64))
        q = sg.tensor(share, dtype=sg.float64)
        assert distribution.cdf(distribution.icdf(q)).item() == pytest.approx(share, rel=1e-6)


@pytest.mark.parametrize(
    "name",
    ["Normal", "Laplace", "Gumbel", "Cauchy", "StudentT", "LogNormal", "Gamma", "Exponential"],
)
def test_the_density_has_the_volume_1(name):
    distribution = made(sg, distributions, name)[0]
    low = -400.0 if distribution.support.check(sg.tensor(-1.0, dtype=sg.float64)).all() else 1e-9
    if low < 0:  # points dense near 0, out to far away
        t = np.linspace(-9, 9, 60001)
        points, steps = np.sinh(t), np.cosh(t) * (t[1] - t[0])
    else:
        t = np.linspace(-60, 12, 60001)
        points, steps = np.exp(t), np.exp(t) * (t[1] - t[0])
    density = distribution.log_prob(sg.tensor(points)[:, None]).exp().numpy()
    np.testing.assert_allclose(
        (density * steps[:, None]).sum(0), 1.0, atol=2e-2 if name == "StudentT" else 2e-3
    )


# --- checks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda d, t: d.Normal(t([0.0]), t([-1.0])), "parameter scale .* GreaterThan"),
        (lambda d, t: d.Normal(t([math.nan]), t([1.0])), "parameter loc .*Real"),
        (lambda d, t: d.Uniform(t([1.0]), t([1.0])), "low>= high"),
        (lambda d, t: d.Bernoulli(t([1.5])), "parameter probs .*Interval"),
        (lambda d, t: d.Categorical(t([[0.5, -0.1]])), "parameter probs .*Simplex"),
        (lambda d, t: d.Gamma(t([0.0]), t([1.0])), "parameter concentration"),
        (lambda d, t: d.Dirichlet(t([1.0, 0.0])), "parameter concentration"),
        (lambda d, t: d.Dirichlet(t(1.0)), "at least one-dimensional"),
        (lambda d, t: d.Categorical(t(1.0)), "at least one-dimensional"),
        (lambda d, t: d.Poisson(t([-1.0])), "parameter rate"),
        (lambda d, t: d.Geometric(t([0.0])), "probs"),
        (lambda d, t: d.Binomial(-1, t([0.5])), "parameter total_count"),
        (lambda d, t: d.Bernoulli(), "Either `probs` or `logits`"),
        (lambda d, t: d.Categorical(t([1.0]), t([1.0])), "Either `probs` or `logits`"),
        (lambda d, t: d.Independent(d.Normal(0.0, 1.0), 1), "reinterpreted_batch_ndims"),
        (lambda d, t: d.MultivariateNormal(t([0.0])), "Exactly one of"),
        (lambda d, t: d.MultivariateNormal(t(0.0), t([[1.0]])), "at least one-dimensional"),
        (
            lambda d, t: d.MultivariateNormal(t([0.0, 0.0]), t([[1.0, 2.0], [2.0, 1.0]])),
            "covariance",
        ),
        (lambda d, t: d.MultivariateNormal(t([0.0]), scale_tril=t([[-1.0]])), "scale_tril"),
        (lambda d, t: d.Normal("a", 1.0), "Number"),
        (lambda d, t: d.TransformedDistribution(d.Normal(0.0, 1.0), 3), "transforms must be"),
        (lambda d, t: d.MixtureSameFamily(3, d.Normal(t([0.0]), t([1.0]))), "Mixture distribution"),
        (lambda d, t: d.Normal(0.0, 1.0).log_prob(3.0), "must be a Tensor"),
        (
            lambda d, t: d.Normal(t([0.0, 1.0]), 1.0).log_prob(t([1.0, 2.0, 3.0])),
            "not broadcastable",
        ),
        (lambda d, t: d.Dirichlet(t([1.0, 1.0])).log_prob(t([1.0, 0.0, 0.0])), "right-most size"),
        (lambda d, t: d.Exponential(1.0).log_prob(t([-1.0])), "within the support"),
        (lambda d, t: d.Bernoulli(0.5).log_prob(t([0.5])), "within the support"),
        (lambda d, t: d.Categorical(t([0.5, 0.5])).log_prob(t([2.0])), "within the support"),
        (lambda d, t: d.Uniform(0.0, 1.0).log_prob(t([2.0])), "within the support"),
        (lambda d, t: d.Poisson(1.0).log_prob(t([0.5])), "within the support"),
    ],
)
def test_what_cannot_be_is_refused_as_in_pytorch(torch, build, said):
    with pytest.raises(ValueError, match=said):
        build(distributions, sg.tensor)
    with pytest.raises(ValueError):  # noqa: PT011
        build(torch.distributions, torch.tensor)


def test_checks_can_be_switched_off():
    odd = distributions.Normal(0.0, -1.0, validate_args=False)
    assert odd.loc.item() == 0.0
    assert (
        distributions.Uniform(0.0, 1.0, validate_args=False).log_prob(sg.tensor(2.0)).item()
        == -math.inf
    )
    distributions.Distribution.set_default_validate_args(False)
    try:
        distributions.Normal(0.0, -1.0)
    finally:
        distributions.Distribution.set_default_validate_args(True)
    with pytest.raises(ValueError, match="True or False"):
        distributions.Distribution.set_default_validate_args("yes")


def test_a_distribution_of_ones_own():
    class Point(distributions.Distribution):
        arg_constraints = {}  # noqa: RUF012

        def __init__(self, x):
            self.x = x
            super().__init__(x.shape)

        def rsample(self, sample_shape=()):
            return self.x.expand(self._extended_shape(sample_shape))

    point = Point(sg.tensor([1.0, 2.0]))
    assert point.sample((3,)).shape == (3, 2)
    for method in ("log_prob", "cdf", "icdf"):
        with pytest.raises(NotImplementedError, match=f"Point does not implement {method}"):
            getattr(point, method)(point.x)
    with pytest.raises(NotImplementedError, match="entropy"):
        point.entropy()
    with pytest.warns(FutureWarning, match="sample_n"):
        point.sample_n(2)


def test_discrete_draws_say_that_they_are_not_differentiable():
    with pytest.raises(NotImplementedError, match=r"do not change smoothly.* Use sample"):
        distributions.Categorical(sg.ones(3)).rsample()


def test_policy_gradient_as_programs_write_it():
    sg.manual_seed(0)
    logits = sg.zeros(4, requires_grad=True)
    policy = distributions.Categorical(logits=logits)
    action = policy.sample()
    loss = -policy.log_prob(action) * 2.0 - 0.01 * policy.entropy()
    loss.backward()
    expected = -2.0 * (np.eye(4)[action.item()] - 0.25)
    np.testing.assert_allclose(logits.grad.numpy(), expected, atol=1e-6)
