"""Angles, whose reference is SciPy, and draws of matrices."""

import math

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm import distributions


def test_the_density_on_the_circle_is_pytorchs_and_has_the_volume_1(torch):
    found = []
    for library in (sg, torch):
        loc = library.tensor([-1.0, 0.0, 2.5], dtype=library.float64, requires_grad=True)
        k = library.tensor([0.5, 2.0, 30.0], dtype=library.float64, requires_grad=True)
        bell = library.distributions.VonMises(loc, k)
        values = library.tensor([[-2.0, 0.3, 3.0], [0.1, -1.0, 2.5]], dtype=library.float64)
        bell.log_prob(values).sum().backward()
        found.append([bell.log_prob(values), bell.variance, bell.mean, loc.grad, k.grad])
    for ours, theirs in zip(*found, strict=True):  # PyTorch's Bessel functions are good to 1e-7
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=3e-6)
    angles = sg.linspace(-math.pi, math.pi, 10_001, dtype=sg.float64)[:, None]
    bell = distributions.VonMises(sg.tensor([0.3, -2.0]).double(), sg.tensor([4.0, 0.1]).double())
    volume = bell.log_prob(angles).exp()[:-1].sum(0) * (2 * math.pi / 10_000)
    np.testing.assert_allclose(volume.numpy(), 1.0, rtol=1e-9)


def test_angles_are_pytorchs(torch):
    draws = []
    for library in (sg, torch):
        library.manual_seed(4)
        bell = library.distributions.VonMises(
            library.tensor([-1.0, 3.0]), library.tensor([0.5, 9.0])
        )
        draws.append(bell.sample((500,)).numpy())
    np.testing.assert_allclose(draws[0], draws[1], rtol=1e-5, atol=1e-6)
    assert draws[0].dtype == np.float32
    assert (np.abs(draws[0]) <= np.float32(math.pi)).all()


def test_correlations_are_correlations():
    sg.manual_seed(0)
    draws = distributions.LKJCholesky(4, sg.tensor([0.5, 3.0])).sample((4_000,))
    matrices = draws @ draws.mT
    np.testing.assert_allclose(matrices.diagonal(dim1=-2, dim2=-1).numpy(), 1.0, rtol=1e-5)
    # for concentration eta, each correlation is 2 x - 1 with x of Beta(eta + 1, eta + 1)
    expected = 1 / (2 * np.array([0.5, 3.0]) + 4 - 1)
    np.testing.assert_allclose(matrices[..., 1, 0].var(0).numpy(), expected, rtol=0.1)
    np.testing.assert_allclose(matrices[..., 3, 2].var(0).numpy(), expected, rtol=0.1)
    with pytest.raises(ValueError, match="greater than or equal to 2"):
        distributions.LKJCholesky(1)


def test_wishart_draws_have_its_mean():
    sg.manual_seed(0)
    covariance = sg.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=sg.float64)
    by_each = [
        distributions.Wishart(5.0, covariance_matrix=covariance),
        distributions.Wishart(sg.tensor(5.0), precision_matrix=sg.linalg.inv(covariance)),
        distributions.Wishart(5, scale_tril=sg.linalg.cholesky(covariance)),
    ]
    for wishart in by_each:
        np.testing.assert_allclose(wishart.mean.numpy(), 5 * covariance.numpy())
        draws = wishart.sample((20_000,))
        np.testing.assert_allclose(
            draws.mean(0).numpy(), wishart.mean.numpy(), rtol=0.05, atol=0.05
        )
        np.testing.assert_allclose(draws.var(0).numpy(), wishart.variance.numpy(), rtol=0.1)
    with pytest.raises(ValueError, match="ndim - 1"):
        distributions.Wishart(0.5, covariance)


@pytest.mark.parametrize(
    "name", ["positive", "real", "simplex", "unit_interval", "corr_cholesky", "lower_cholesky",
             "positive_definite", "real_vector", "nonnegative", "positive_semidefinite"],
)  # fmt: skip
@pytest.mark.parametrize("registry", ["biject_to", "transform_to"])
def test_transforms_lead_into_constraints_as_pytorchs(torch, registry, name):
    numbers = np.linspace(-1.0, 1.5, 9)
    numbers = numbers[:6] if name in ("corr_cholesky", "simplex") else numbers.reshape(3, 3)
    found = []
    for library in (sg, torch):
        room = library.distributions
        constraint = getattr(room.constraints, name)
        try:
            transform = getattr(room, registry)(constraint)
        except NotImplementedError:
            found.append(None)
            continue
        x = library.tensor(numbers, requires_grad=True)
        y = transform(x)
        assert constraint.check(y).all()
        y.sum().backward()
        stretch = []
        if registry == "biject_to":
            stretch = [transform.log_abs_det_jacobian(x, y), transform.inv(y)]
        found.append([y, x.grad, *stretch])
    ours, theirs = found
    assert (ours is None) == (theirs is None)
    for a, b in zip(ours or [], theirs or [], strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-6, atol=1e-9)


def test_bounds_lead_to_transforms(torch):
    for library in (sg, torch):
        room = library.distributions
        c, x = room.constraints, library.tensor([-1.0, 0.0, 2.0])
        for constraint in (c.greater_than(3.0), c.less_than(-1.0), c.interval(2.0, 5.0)):
            y = room.biject_to(constraint)(x)
            assert constraint.check(y).all()
            np.testing.assert_allclose(
                room.biject_to(constraint).inv(y).numpy(), x.numpy(), atol=1e-5
            )
        both = c.cat([c.positive, c.real], lengths=[1, 2])
        assert room.transform_to(both)(x).tolist() == pytest.approx([math.exp(-1), 0.0, 2.0])
        assert both.check(room.transform_to(both)(x)).tolist() == [True] * 3
        stacked = c.stack([c.positive, c.real, c.unit_interval])
        y = room.biject_to(stacked)(x)
        assert y.tolist() == pytest.approx([math.exp(-1), 0.0, 1 / (1 + math.exp(-2))])
        with pytest.raises(NotImplementedError, match="Cannot transform"):
            room.biject_to(c.boolean)
        with pytest.raises(TypeError, match="Constraint"):
            room.biject_to.register(int, lambda c: None)


def test_an_exponential_family_has_its_entropy(torch):
    found = []
    for library in (sg, torch):

        class Exponential(library.distributions.ExponentialFamily):
            arg_constraints = {}  # noqa: RUF012
            _mean_carrier_measure = 0

            def __init__(self, rate):
                self.rate = rate
                super().__init__(rate.shape, validate_args=False)

            @property
            def _natural_params(self):
                return (-self.rate,)

            def _log_normalizer(self, x):
                return -(-x).log()

        found.append(Exponential(library.tensor([0.5, 2.0])).entropy().detach().numpy())
    np.testing.assert_allclose(*found, rtol=1e-6)


def test_the_place_in_a_distribution_is_a_transform():
    normal = distributions.Normal(0.0, 1.0)
    transform = distributions.CumulativeDistributionTransform(normal)
    x = sg.tensor([-1.0, 0.5])
    y = transform(x)
    np.testing.assert_allclose(transform.inv(y).numpy(), x.numpy(), rtol=1e-5)
    np.testing.assert_allclose(transform.log_abs_det_jacobian(x, y), normal.log_prob(x))
