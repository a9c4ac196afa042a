"""Every case of the registry under every transform, against the plain computation."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.func import grad, jacrev, jvp, vjp, vmap

from ..cases import CASES
from ..cases.in_place import _written_from_nothing

BATCH = 3
SMOOTH = [c for c in CASES if c.second and c.call is not _written_from_nothing]


def tensors(case):
    return [sg.tensor(x) for x in case.inputs]


def plain(case):
    """The case as a function of its tensors alone."""
    return lambda *xs: case.call(sg, *xs)


def batches(case):
    """Each input three times, moved a little; kept on one side of 0 where it was."""
    factors = np.array([1.0, 0.9, 1.1])
    return [sg.tensor(np.stack([x * f for f in factors])) for x in case.inputs]


def looped(function, args, dims):
    return [
        function(*(a[i].clone() if d == 0 else a for a, d in zip(args, dims, strict=True)))
        for i in range(BATCH)
    ]


def mixes(count):
    """Which inputs are batched: all, and each one alone."""
    yield (0,) * count
    if count > 1:
        for i in range(count):
            yield tuple(0 if j == i else None for j in range(count))


# These draw numbers, which vmap must be told how to do.
DRAWN = {"pca_lowrank", "svd_lowrank"}


def refuses(case):
    """Whether an operation picks by value, so that samples differ in shape."""
    return case.op == "getitem" and not case.second


def makes_and_fills(case):
    """Whether a case makes a tensor from nothing and writes results into it."""
    return case.call is _written_from_nothing


def writes_into_first(case):
    """Whether a case writes into a value that depends on its first input alone."""
    return case.op in ("copy_", "setitem")


def scalar(case):
    """The case as a function to one number, not linear in its result."""

    def function(*xs):
        out = case.call(sg, *xs)
        weights = np.random.default_rng(5).normal(size=out.shape)
        return (out * sg.tensor(weights) * out).sum()

    return function


def close(found, expected, rtol=1e-9, atol=1e-11):
    assert tuple(found.shape) == tuple(expected.shape)
    np.testing.assert_allclose(found.array, expected.array, rtol=rtol, atol=atol)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_vmap_equals_loop(case):
    args = batches(case)
    for dims in mixes(len(args)):
        mixed = [a if d == 0 else a[0] for a, d in zip(args, dims, strict=True)]
        function = plain(case)
        if refuses(case) or makes_and_fills(case) or (dims[0] is None and writes_into_first(case)):
            with pytest.raises(RuntimeError, match="vmap"):
                vmap(function, dims)(*mixed)
            continue
        try:
            found = vmap(function, dims)(*mixed)
        except RuntimeError as error:
            if case.op in DRAWN and "vmap" in str(error):
                continue
            raise
        close(found, sg.stack(looped(function, mixed, dims)))


@pytest.mark.parametrize("case", [c for c in CASES if c.call is not _written_from_nothing], ids=str)
def test_forward_mode_equals_reverse_mode(case):
    args = tensors(case)
    rng = np.random.default_rng(8)
    tangents = [sg.tensor(rng.normal(size=x.shape)) for x in case.inputs]
    function = plain(case)
    out, moved = jvp(function, tuple(args), tuple(tangents))
    close(out, function(*args))
    assert moved.dtype == out.dtype
    _, back = vjp(function, *args)
    cotangent = sg.tensor(rng.normal(size=out.shape))
    grads = back(cotangent)
    left = float((moved * cotangent).sum())
    right = sum(float((g * t).sum()) for g, t in zip(grads, tangents, strict=True))
    assert left == pytest.approx(right, rel=1e-9, abs=1e-10)


@pytest.mark.parametrize("case", SMOOTH, ids=str)
def test_hessian_vector_products_agree_in_all_modes(case):
    args = tensors(case)
    rng = np.random.default_rng(8)
    tangents = tuple(sg.tensor(rng.normal(size=x.shape)) for x in case.inputs)
    every = tuple(range(len(args)))
    slopes = grad(scalar(case), every)

    def along(*xs):
        return sum(
            ((g * t).sum() for g, t in zip(slopes(*xs), tangents, strict=True)), sg.zeros(())
        )

    reverse = grad(along, every)(*args)
    _, forward = jvp(slopes, tuple(args), tangents)

    def moved(*xs):
        return jvp(scalar(case), xs, tangents)[1]

    mixed = grad(moved, every)(*args)
    _, batched = jvp(jacrev(scalar(case), every), tuple(args), tangents)
    for a, b, c, d in zip(reverse, forward, mixed, batched, strict=True):
        close(b, a, 1e-8, 1e-9)
        close(c, a, 1e-8, 1e-9)
        close(d, a, 1e-8, 1e-9)


BATCHED = [c for c in SMOOTH if c.op not in DRAWN]


@pytest.mark.parametrize("case", BATCHED, ids=str)
def test_vmap_of_gradients_equals_loop(case):
    args = batches(case)
    every = tuple(range(len(args)))
    slopes = grad(scalar(case), every)
    for dims in mixes(len(args)):
        if dims[0] is None and writes_into_first(case):
            continue
        mixed = [a if d == 0 else a[0] for a, d in zip(args, dims, strict=True)]
        rows = looped(slopes, mixed, dims)
        found = vmap(slopes, dims)(*mixed)
        for i in every:
            close(found[i], sg.stack([r[i] for r in rows]), 1e-8, 1e-10)


@pytest.mark.parametrize("case", BATCHED, ids=str)
def test_gradient_of_vmap_and_vmap_of_hvp(case):
    args = batches(case)
    every = tuple(range(len(args)))
    total = grad(lambda *xs: vmap(scalar(case))(*xs).sum(), every)(*args)
    single = vmap(grad(scalar(case), every))(*args)
    for a, b in zip(total, single, strict=True):
        close(a, b, 1e-8, 1e-10)
    tangents = tuple(a[0] * 0.5 for a in args)

    def hvp(*xs):
        return jvp(grad(scalar(case), every), xs, tangents)[1]

    rows = looped(hvp, args, (0,) * len(args))
    found = vmap(hvp)(*args)
    for i in every:
        close(found[i], sg.stack([r[i] for r in rows]), 1e-8, 1e-9)
