"""``gradcheck`` and ``gradgradcheck`` of every case, PyTorch's second derivatives, a third order."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.autograd import gradcheck, gradgradcheck
from tinygrad_sm.func import grad, jvp

from ..cases import CASES

SMOOTH = [c for c in CASES if c.second and c.smooth and all(x.size for x in c.inputs)]
FROM_NOTHING = "_written_from_nothing"  # refused by jvp and vmap, as everywhere


def plain(case):
    return lambda *xs: case.call(sg, *xs)


def leaves(case):
    return tuple(sg.tensor(np.array(x), requires_grad=True) for x in case.inputs)


@pytest.mark.parametrize("case", SMOOTH, ids=str)
def test_gradcheck_and_gradgradcheck(case):
    function, wrapped = plain(case), case.call.__name__ != FROM_NOTHING
    assert gradcheck(
        function,
        leaves(case),
        fast_mode=True,
        check_forward_ad=wrapped,
        check_batched_grad=True,
        check_grad_dtypes=True,
    )
    assert gradgradcheck(
        function,
        leaves(case),
        fast_mode=True,
        check_fwd_over_rev=wrapped,
        check_batched_grad=True,
        atol=1e-4,
    )


@pytest.mark.parametrize(
    "case",
    [c for c in CASES if c.second and c.op != "cdist"],  # PyTorch has no second derivative of it
    ids=str,
)
def test_second_derivative_equals_pytorchs(case):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")

    def second(m, make):
        xs = [make(np.array(x)) for x in case.inputs]
        out = case.call(m, *xs)
        weights = m.tensor(np.random.default_rng(5).normal(size=tuple(out.shape)))
        first = m.autograd.grad(
            (out * weights * out).sum(), xs, create_graph=True, allow_unused=True
        )
        total = sum(((g * (g * 0.1 + 1.0)).sum() for g in first if g is not None), m.zeros(()))
        if not total.requires_grad:
            return [np.zeros(x.shape) for x in case.inputs]
        found = m.autograd.grad(total, xs, allow_unused=True)
        return [
            np.zeros(x.shape) if g is None else np.asarray(g.detach())
            for g, x in zip(found, case.inputs, strict=True)
        ]

    ours = second(sg, lambda x: sg.tensor(x, requires_grad=True))
    theirs = second(torch, lambda x: torch.tensor(x, requires_grad=True))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("case", SMOOTH[::4], ids=str)
def test_third_derivatives_in_two_ways(case):
    """Reverse mode three times against forward over forward over reverse."""
    if case.call.__name__ == FROM_NOTHING:
        return
    x = sg.tensor(np.array(case.inputs[0]))
    rest = [sg.tensor(y) for y in case.inputs[1:]]
    v = sg.tensor(np.random.default_rng(1).normal(size=x.shape))

    def value(x):
        out = case.call(sg, x, *rest)
        weights = np.random.default_rng(5).normal(size=out.shape)
        return (out * sg.tensor(weights) * out * out).sum()

    def along(function):
        return lambda x: jvp(function, (x,), (v,))[1]

    slopes = grad(value)
    forward = along(along(slopes))(x)
    first = lambda x: (slopes(x) * v).sum()  # noqa: E731
    second = lambda x: (grad(first)(x) * v).sum()  # noqa: E731
    np.testing.assert_allclose(forward.array, grad(second)(x).array, rtol=1e-7, atol=1e-8)
