"""Every operation, drawn: values, shapes, dtypes, gradients and errors against PyTorch."""

from __future__ import annotations

import copy
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_sm as sg

from ..cases import DRAWN
from ..cases.drawing import SEEDS
from ..checks import as_array, central_differences, flat, leaf, outcome

UGLY = np.array([0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -2.0, 1e4, -1e4, 1e-7, np.inf, -np.inf, np.nan])


LACKING = ("not implemented for", "does not support bool", "not supported for relu")
LOOSE = {"float16": 4e-3, "float32": 4e-6}


def agree(a, b, rtol, atol, loose=0.0):
    """Equal shapes and dtypes, and values within what the dtype and the test allow."""
    assert a.shape == b.shape
    assert a.dtype == b.dtype
    loose = max(loose, LOOSE.get(a.dtype.name, 0))
    np.testing.assert_allclose(a, b, rtol=max(rtol, loose), atol=max(atol, rtol, loose))


def compare(drawn, inputs, options, atol=1e-11):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    ours = outcome(sg, drawn.call, [leaf(sg, x) for x in inputs], copy.deepcopy(options))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns where we do not
        theirs = outcome(
            torch, drawn.call, [leaf(torch, x) for x in inputs], copy.deepcopy(options)
        )
    loose = max((LOOSE.get(x.dtype.name, 0) for x in inputs), default=0)
    if theirs.error is not None:
        if not any(words in str(theirs.error) for words in LACKING):
            # PyTorch takes two types for bad indices, and another order of checks for empty tensors.
            empty = (RuntimeError,) * any(not x.size for x in inputs)
            assert isinstance(ours.error, (type(theirs.error), IndexError, *empty)), (
                f"{ours.error!r} {theirs.error!r}"
            )
        return
    if ours.error is not None:
        raise ours.error
    assert len(ours.results) == len(theirs.results)
    for a, b in zip(ours.results, theirs.results, strict=True):
        assert a.requires_grad == b.requires_grad
        agree(as_array(a), as_array(b), drawn.rtol, atol, loose)
    if theirs.backward is not None:
        assert ours.backward is not None or "inplace" not in str(theirs.backward)
        return
    if ours.backward is not None:
        raise ours.backward
    for a, b in zip(ours.grads, theirs.grads, strict=True):
        if b is None:
            assert a is None or not a.any()
        else:
            a = np.zeros(b.shape, b.dtype) if a is None else a
            if drawn.kinder:
                a = np.where(np.isnan(b), b, a)
            agree(a, b, drawn.rtol, atol, loose)


@pytest.mark.parametrize("op", DRAWN, ids=str)
@given(data=st.data())
def test_equals_pytorch(op, data):
    inputs, options = data.draw(op.strategy)
    compare(op, inputs, options)


@pytest.mark.parametrize("op", [d for d in DRAWN if d.ugly], ids=str)
@given(data=st.data(), seed=SEEDS)
def test_equals_pytorch_at_ugly_values(op, data, seed):
    inputs, options = data.draw(op.strategy)
    rng = np.random.default_rng(seed)
    pool = UGLY if rng.integers(2) else UGLY[:6]
    compare(op, [rng.choice(pool, x.shape) for x in inputs], options, atol=1e-9)


@pytest.mark.parametrize("op", [d for d in DRAWN if d.kinds], ids=str)
@given(data=st.data(), seed=SEEDS)
def test_equals_pytorch_in_any_dtype(op, data, seed):
    inputs, options = data.draw(op.strategy)
    rng = np.random.default_rng(seed)
    kinds = [data.draw(st.sampled_from(op.kinds)) for _ in inputs]
    if not op.mixed:
        kinds = kinds[:1] * len(inputs)
    arrays = [
        rng.integers(-3, 4, x.shape).astype(kind) for x, kind in zip(inputs, kinds, strict=True)
    ]
    compare(op, arrays, options, atol=1e-9)


@pytest.mark.parametrize("op", [d for d in DRAWN if d.smooth], ids=str)
@given(data=st.data())
def test_gradient_equals_central_differences(op, data):
    inputs, options = data.draw(op.strategy)
    if not inputs:
        return
    tensors = [leaf(sg, x) for x in inputs]
    found = outcome(sg, op.call, tensors, copy.deepcopy(options))
    if found.error is not None or found.backward is not None:
        return  # that the error is right is for PyTorch to say, above

    def total(m, *moved):
        results = flat(op.call(m, *moved, **copy.deepcopy(options)))
        rng = np.random.default_rng(3)
        weights = [rng.normal(size=tuple(r.shape)) for r in results]
        used = [
            (r * m.tensor(w)).sum()
            for r, w, tracked in zip(results, weights, found.results, strict=True)
            if tracked.requires_grad
        ]
        return sum(used, m.zeros((), dtype=m.float64))

    expected = central_differences(total, inputs, np.ones(()))
    for grad, wanted in zip(found.grads, expected, strict=True):
        grad = np.zeros(wanted.shape) if grad is None else grad
        np.testing.assert_allclose(grad, wanted, rtol=1e-5, atol=1e-6)
