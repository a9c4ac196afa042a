"""Gradients kept within bounds, and parameters as one vector."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.nn import utils

from ..agreement import array, check_error, check_function, draw, pytorch

GRADS = [draw(3, 4) * 2, draw(5, seed=1), draw(seed=2)]


def parameters(m, grads=GRADS, kind="float64"):
    found = []
    for g in grads:
        p = m.nn.Parameter(m.zeros(g.shape, dtype=getattr(m, kind)))
        p.grad = m.tensor(g, dtype=getattr(m, kind))
        found.append(p)
    return [*found, m.nn.Parameter(m.zeros(2))]


@pytest.mark.parametrize("bound", [0.5, 3.0, 1e6])
@pytest.mark.parametrize("order", [1.0, 2, 3.5, np.inf, "inf"])
@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_norm(bound, order, kind):
    results = []
    for m in (sg, pytorch()):
        ps = parameters(m, kind=kind)
        total = m.nn.utils.clip_grad_norm_(iter(ps), bound, order)
        assert ps[-1].grad is None
        results.append([array(total), *(array(p.grad) for p in ps[:-1])])
    for a, b in zip(*results, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-12 if kind == "float64" else 1e-5)


@pytest.mark.parametrize("bound", [0.5, 0.0, 1e6])
def test_value(bound):
    results = []
    for m in (sg, pytorch()):
        ps = parameters(m)
        m.nn.utils.clip_grad_value_(ps, bound)
        results.append([array(p.grad) for p in ps[:-1]])
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)


def test_one_parameter_and_none():
    p = parameters(sg)[0]
    norm = np.linalg.norm(GRADS[0])
    np.testing.assert_allclose(utils.clip_grad_norm_(p, 1.0).item(), norm)
    np.testing.assert_allclose(np.linalg.norm(p.grad.array), 1, rtol=1e-5)
    assert utils.clip_grad_norm_([], 1.0).item() == 0


def test_a_norm_that_is_not_finite():
    for value in (np.inf, np.nan):
        p = parameters(sg, [np.array([1.0, value])])[0]
        before = p.grad.array.copy()
        with pytest.raises(RuntimeError, match="non-finite"):
            utils.clip_grad_norm_(p, 1.0, error_if_nonfinite=True)
        np.testing.assert_array_equal(p.grad.array, before)


def test_the_parts_of_clipping():
    results = []
    for m in (sg, pytorch()):
        ps = parameters(m)
        total = m.nn.utils.get_total_norm([p.grad for p in ps[:-1]])
        m.nn.utils.clip_grads_with_norm_(ps, 1.0, total)
        results.append([array(total), *(array(p.grad) for p in ps[:-1])])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_vectors():
    check_function(lambda m, *xs: m.nn.utils.parameters_to_vector(xs) ** 2, *GRADS)
    ps = [sg.nn.Parameter(sg.zeros(g.shape, dtype=sg.float64)) for g in GRADS]
    vector = utils.parameters_to_vector(sg.tensor(g) for g in GRADS)
    utils.vector_to_parameters(vector, ps)
    for p, g in zip(ps, GRADS, strict=True):
        np.testing.assert_array_equal(p.array, g)
        assert p.is_leaf


def test_refusals():
    check_error(lambda m: m.nn.utils.vector_to_parameters(3, [m.zeros(1)]))
    with pytest.raises(RuntimeError, match="3 elements"):
        utils.vector_to_parameters(sg.zeros(2), [sg.zeros(3)])
    with pytest.raises(ValueError, match="clip_value >= 0"):
        utils.clip_grad_value_(parameters(sg), -1.0)
