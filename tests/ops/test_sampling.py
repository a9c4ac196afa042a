"""Random numbers: PyTorch's own streams, and moments."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg

DRAWS = {
    "exponential_": lambda m: m.zeros(40).exponential_(2.0),
    "geometric_": lambda m: m.zeros(40).geometric_(0.2),
    "cauchy_": lambda m: m.zeros(40).cauchy_(1.0, 2.0),
    "log_normal_": lambda m: m.zeros(40).log_normal_(0.5, 0.3),
    "poisson": lambda m: m.poisson(m.arange(40.0)),
    "binomial": lambda m: m.binomial(m.full((40,), 8.0), m.full((40,), 0.7)),
    "normal": lambda m: m.normal(m.arange(40.0), m.full((40,), 0.5)),
    "normal of numbers": lambda m: m.normal(1.6, 0.3, (5, 8), dtype=m.float64),
    "randint_like": lambda m: m.randint_like(m.zeros(40), 3, 9),
}


@pytest.mark.parametrize("name", DRAWS)
def test_the_stream_is_pytorchs(name):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    torch.manual_seed(5)
    sg.manual_seed(5)
    theirs, ours = DRAWS[name](torch), DRAWS[name](sg)
    assert str(ours.dtype).partition(".")[2] == str(theirs.dtype).partition(".")[2]
    np.testing.assert_allclose(ours.array, theirs.numpy(), rtol=2e-5)


def test_binomial_has_its_moments():
    sg.manual_seed(0)
    x = sg.binomial(sg.full((4000,), 60.0), sg.full((4000,), 0.3)).array
    assert abs(x.mean() - 18) < 0.25
    assert abs(x.var() - 12.6) < 1.2


@pytest.mark.parametrize(
    "draw",
    [
        lambda: sg.zeros(2).exponential_(0),
        lambda: sg.zeros(2).geometric_(1.0),
        lambda: sg.zeros(2).cauchy_(sigma=-1),
        lambda: sg.zeros(2).log_normal_(std=0),
        lambda: sg.poisson(sg.tensor([-1.0])),
        lambda: sg.poisson(sg.tensor([1])),
        lambda: sg.binomial(sg.tensor([2.0]), sg.tensor([1.5])),
    ],
)
def test_bad_parameters_are_refused(draw):
    with pytest.raises(RuntimeError, match="expects"):
        draw()


def test_forked_stream_goes_on_where_it_was():
    sg.manual_seed(3)
    with sg.random.fork_rng():
        inside = sg.rand(4)
    assert sg.equal(inside, sg.rand(4))


def test_what_is_drawn_by_a_tracked_probability_is_tracked_with_gradients_of_0():
    p = sg.tensor([0.25, 0.5, 1.0], requires_grad=True)
    out = sg.bernoulli(p)
    assert out.requires_grad
    mean, std = sg.zeros(3, requires_grad=True), sg.ones(3, requires_grad=True)
    (out + sg.normal(mean, std)).sum().backward()
    for t in (p, mean, std):
        assert t.grad.tolist() == [0, 0, 0]
