"""Losses of numbers, distributions and distances."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.nn import functional as F

from ..agreement import check_error, check_function, draw

X, Y = draw(5, 4) * 2, draw(5, 4, seed=1) * 2
POSITIVE = np.abs(Y) + 0.1
P = np.exp(Y) / np.exp(Y).sum(1, keepdims=True)
SIGNS = np.array([1, -1, 1, 1, -1])
REDUCTIONS = ("mean", "sum", "none")

LOSSES = {
    "mse": (lambda F, x, y, **o: F.mse_loss(x, y, **o), Y),
    "l1": (lambda F, x, y, **o: F.l1_loss(x, y, **o), Y),
    "smooth l1": (lambda F, x, y, **o: F.smooth_l1_loss(x, y, **o), Y),
    "smooth l1 beta": (lambda F, x, y, **o: F.smooth_l1_loss(x, y, beta=0.3, **o), Y),
    "smooth l1 beta 0": (lambda F, x, y, **o: F.smooth_l1_loss(x, y, beta=0.0, **o), Y),
    "huber": (lambda F, x, y, **o: F.huber_loss(x, y, **o), Y),
    "huber delta": (lambda F, x, y, **o: F.huber_loss(x, y, delta=0.6, **o), Y),
    "kl": (lambda F, x, y, **o: F.kl_div(x, y, **o), P),
    "kl of logs": (lambda F, x, y, **o: F.kl_div(x, y, log_target=True, **o), np.log(P)),
    "poisson": (lambda F, x, y, **o: F.poisson_nll_loss(x, y, **o), np.round(POSITIVE)),
    "poisson full": (
        lambda F, x, y, **o: F.poisson_nll_loss(x, y.detach(), full=True, **o), np.round(POSITIVE * 2),
    ),
    "gaussian": (lambda F, x, y, **o: F.gaussian_nll_loss(x, y * 2, y, **o), POSITIVE),
    "gaussian full": (lambda F, x, y, **o: F.gaussian_nll_loss(x, y * 2, y, full=True, **o), POSITIVE),
}  # fmt: skip


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", LOSSES)
def test_agrees(name, reduction):
    call, y = LOSSES[name]
    check_function(
        lambda m, x, y: call(m.nn.functional, x, y, reduction=reduction), X, y, warns=True
    )


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_weights(reduction):
    def call(m, x, y):
        F, w = m.nn.functional, y.detach().abs()
        return [
            F.mse_loss(x, y, weight=w, reduction=reduction),
            F.l1_loss(x, y, weight=w, reduction=reduction),
            F.huber_loss(x, y, weight=w, reduction=reduction),
        ]

    check_function(call, X, Y)


def test_at_the_kinks():
    d = np.array([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0])
    for call in (
        lambda m, x: m.nn.functional.smooth_l1_loss(x, x.detach() * 0, reduction="none"),
        lambda m, x: m.nn.functional.huber_loss(x, x.detach() * 0, reduction="none"),
        lambda m, x: m.nn.functional.l1_loss(x, x.detach() * 0, reduction="none"),
    ):
        check_function(call, d, second=False)


def test_an_infinite_difference_has_a_gradient():
    x = sg.tensor([np.inf, -np.inf], requires_grad=True)
    F.smooth_l1_loss(x, sg.zeros(2), reduction="sum").backward()
    assert x.grad.tolist() == [1.0, -1.0]


def test_kl_batchmean_and_zero_probabilities():
    target = P.copy()
    target[0] = [0.0, 1.0, 0.0, 0.0]
    for log in (False, True):
        check_function(
            lambda m, x, y, log=log: m.nn.functional.kl_div(
                x, y.detach(), reduction="batchmean", log_target=log
            ),
            X,
            np.log(P) if log else target,
        )


def test_kl_mean_warns():
    with pytest.warns(UserWarning, match="batchmean"):
        F.kl_div(sg.tensor(X), sg.tensor(P))


def test_poisson_of_rates():
    check_function(
        lambda m, x, y: m.nn.functional.poisson_nll_loss(x, y, log_input=False), POSITIVE, POSITIVE
    )


@pytest.mark.parametrize("shape", [(5,), (5, 1)])
def test_gaussian_with_one_variance_a_row(shape):
    check_function(
        lambda m, x, y, v: m.nn.functional.gaussian_nll_loss(x, y, v), X, Y, np.abs(draw(*shape))
    )


def test_gaussian_variance_has_a_floor_that_gradients_pass():
    v = np.array([[0.0, 1e-9, 2.0, 1e-6]])
    check_function(
        lambda m, v: m.nn.functional.gaussian_nll_loss(v * 0 + 1e-4, v * 0, v), v, second=False
    )


def test_a_target_of_another_size_warns():
    for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"):
        with pytest.warns(UserWarning, match="different to the input size"):
            getattr(F, name)(sg.tensor(X), sg.tensor(Y[:1]))
        check_function(
            lambda m, x, y, name=name: getattr(m.nn.functional, name)(x, y), X, Y[:1], warns=True
        )


# --- distances ----------------------------------------------------------------------------------


def test_cosine_similarity():
    check_function(lambda m, x, y: m.nn.functional.cosine_similarity(x, y), X, Y)
    check_function(lambda m, x, y: m.nn.functional.cosine_similarity(x, y, dim=0), X, Y)
    check_function(lambda m, x, y: m.nn.functional.cosine_similarity(x, y, dim=-1), X[:, None], Y)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0, np.inf])
def test_distances_and_normalize(p):
    def call(m, x, y):
        F = m.nn.functional
        return [
            F.pairwise_distance(x, y, p),
            F.pairwise_distance(x, y, p, keepdim=True),
            F.normalize(x, p, 1),
            F.normalize(y, p, 0),
        ]

    check_function(call, X, Y, second=False)
    check_function(lambda m, x: m.nn.functional.pdist(x, p), X, second=False)


def test_second_derivatives_of_distances():
    check_function(lambda m, x: m.nn.functional.normalize(x), X)
    check_function(lambda m, x, y: m.nn.functional.pairwise_distance(x, y), X, Y)


def test_normalize_of_zeros_is_zeros():
    x = sg.zeros(2, 3, requires_grad=True)
    y = F.normalize(x)
    y.sum().backward()
    assert not y.array.any()
    assert np.isfinite(x.grad.array).all()


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_pair_losses(reduction):
    def call(m, x, y, s):
        F = m.nn.functional
        s = s.to(x.dtype)
        return [
            F.cosine_embedding_loss(x, y, s, 0.1, reduction=reduction),
            F.hinge_embedding_loss(x[:, 0], s, 0.7, reduction=reduction),
            F.margin_ranking_loss(x[:, 0], y[:, 0], s, 0.2, reduction=reduction),
        ]

    check_function(call, X, Y, SIGNS, second=False)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("swap", [False, True])
def test_triplets(reduction, swap):
    def call(m, a, p, n):
        F = m.nn.functional
        options = {"swap": swap, "reduction": reduction}
        return [
            F.triplet_margin_loss(a, p, n, 1.5, **options),
            F.triplet_margin_loss(a, p, n, p=1.0, **options),
            F.triplet_margin_with_distance_loss(a, p, n, margin=2.0, **options),
            F.triplet_margin_with_distance_loss(
                a, p, n, distance_function=lambda x, y: (x - y).abs().sum(-1), **options
            ),
        ]

    check_function(call, X, Y, draw(5, 4, seed=2), second=False)


def test_shapes_that_do_not_broadcast():
    with pytest.raises(RuntimeError, match=r"\(5, 4\) and \(5, 3\)"):
        F.mse_loss(sg.tensor(X), sg.tensor(Y[:, :3]))


@pytest.mark.parametrize(
    ("call", "inputs"),
    [
        (lambda m, x, y: m.nn.functional.l1_loss(x, y, reduction="most"), (X, Y)),
        (lambda m, x, y: m.nn.functional.smooth_l1_loss(x, y, beta=-1.0), (X, Y)),
        (lambda m, x, y: m.nn.functional.huber_loss(x, y, delta=0.0), (X, Y)),
        (lambda m, x, y: m.nn.functional.gaussian_nll_loss(x, y, y), (X, -POSITIVE)),
        (lambda m, x, y: m.nn.functional.gaussian_nll_loss(x, y, y[:, :3]), (X, POSITIVE)),
        (lambda m, x, y: m.nn.functional.triplet_margin_loss(x, y, y, margin=-1.0), (X, Y)),
        (lambda m, x, y: m.nn.functional.cosine_embedding_loss(x, y, y), (X, Y)),
        (lambda m, x, y: m.nn.functional.margin_ranking_loss(x, y, y[0]), (X, Y)),
        (lambda m, x: m.nn.functional.pdist(x), (draw(2, 3, 4),)),
    ],
)
def test_refusals(call, inputs):
    check_error(call, *inputs)
