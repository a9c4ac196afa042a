"""Normalizations and their statistics."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.nn import functional as F

from ..agreement import check_error, check_function, draw, pytorch

X = draw(4, 6, 5) * 3 + 1
W, B = draw(6, seed=1), draw(6, seed=2)


@pytest.mark.parametrize("tail", [(5,), (6, 5), (4, 6, 5)])
def test_layer_norm(tail):
    w, b = draw(*tail, seed=1), draw(*tail, seed=2)
    check_function(lambda m, x, w, b: m.nn.functional.layer_norm(x, tail, w, b, 1e-3), X, w, b)
    check_function(lambda m, x: m.nn.functional.layer_norm(x, tail), X)
    check_function(lambda m, x, b: m.nn.functional.layer_norm(x, tail, None, b), X, b, second=False)
    check_function(lambda m, x, w: m.nn.functional.rms_norm(x, tail, w), X, w, rtol=1e-6)
    check_function(lambda m, x: m.nn.functional.rms_norm(x, tail, eps=1e-4), X)


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_group_norm(groups):
    check_function(lambda m, x, w, b: m.nn.functional.group_norm(x, groups, w, b), X, W, B)
    check_function(lambda m, x: m.nn.functional.group_norm(x, groups, eps=0.1), draw(3, 6, 2, 3))


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 5), (2, 6, 3, 4), (2, 6, 2, 3, 2)])
@pytest.mark.parametrize("training", [False, True])
def test_batch_norm(shape, training):
    def call(m, x, w, b):
        mean, var = m.linspace(-1, 1, 6, dtype=x.dtype), m.linspace(0.5, 2, 6, dtype=x.dtype)
        out = m.nn.functional.batch_norm(x, mean, var, w, b, training, 0.3, 1e-3)
        return [out, mean, var]

    check_function(call, draw(*shape) * 2 + 1, W, B)


def test_batch_norm_without_weights():
    check_function(lambda m, x: m.nn.functional.batch_norm(x, None, None, training=True), X)


def test_running_statistics_hold_no_graph():
    x = sg.tensor(X, requires_grad=True)
    mean, var = sg.zeros(6, dtype=sg.float64), sg.ones(6, dtype=sg.float64)
    F.batch_norm(x * 2, mean, var, training=True)
    assert mean.grad_fn is None
    assert var.grad_fn is None
    assert mean._version == 1
    np.testing.assert_allclose(mean.array, 0.1 * 2 * X.mean((0, 2)))
    np.testing.assert_allclose(var.array, 0.9 + 0.1 * 4 * X.var((0, 2), ddof=1))


@pytest.mark.parametrize("shape", [(4, 6, 5), (2, 6, 3, 4), (2, 6, 2, 3, 2)])
@pytest.mark.parametrize("own", [False, True])
def test_instance_norm(shape, own):
    def call(m, x, w, b):
        mean, var = m.linspace(-1, 1, 6, dtype=x.dtype), m.linspace(0.5, 2, 6, dtype=x.dtype)
        out = m.nn.functional.instance_norm(x, mean, var, w, b, own, 0.3)
        return [out, mean, var]

    check_function(call, draw(*shape) * 2 + 1, W, B)
    check_function(lambda m, x: m.nn.functional.instance_norm(x), draw(*shape))


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_local_response_norm(size):
    for shape in ((2, 6, 3), (2, 6, 3, 4), (2, 6, 2, 3, 2)):
        check_function(
            lambda m, x: m.nn.functional.local_response_norm(x, size, 0.1, 0.6, 2.0), draw(*shape)
        )


def test_a_constant_row():
    torch = pytorch()
    x = np.full((2, 4), 3.0)
    for name, arguments in (("layer_norm", ((4,),)), ("rms_norm", ((4,),))):
        ours, theirs = sg.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
        a = getattr(F, name)(ours, *arguments)
        b = getattr(torch.nn.functional, name)(theirs, *arguments)
        a.sum().backward()
        b.sum().backward()
        np.testing.assert_allclose(a.array, b.detach().numpy(), atol=1e-9)
        np.testing.assert_allclose(ours.grad.array, theirs.grad.numpy(), atol=1e-8)


@pytest.mark.parametrize(
    "call",
    [
        lambda m, x: m.nn.functional.layer_norm(x, (6,)),
        lambda m, x: m.nn.functional.layer_norm(x, (5,), m.ones(4)),
        lambda m, x: m.nn.functional.rms_norm(x, (6,)),
        lambda m, x: m.nn.functional.group_norm(x, 4),
        lambda m, x: m.nn.functional.batch_norm(x, None, None),
        lambda m, x: m.nn.functional.batch_norm(x[:1, :, 0], None, None, training=True),
        lambda m, x: m.nn.functional.batch_norm(x, m.zeros(5), m.ones(5)),
        lambda m, x: m.nn.functional.instance_norm(x[:, :, :1]),
        lambda m, x: m.nn.functional.local_response_norm(x[0], 2),
    ],
)
def test_refusals(call):
    check_error(call, X)
