"""Adding at an index, repeats adding up: as ``np.add.at`` does it."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.ops.accumulation import add_at

RNG = np.random.default_rng(0)


def _places(shape, n):
    return RNG.integers(-n, n, shape)


INDICES = {
    "rows": ((7, 5), lambda: _places(30, 7)),
    "rows of rows": ((7, 5), lambda: _places((4, 6), 7)),
    "one often": ((7, 5), lambda: np.r_[np.full(80, 3), _places(9, 7)]),
    "in a tuple": ((7, 5), lambda: (_places(30, 7),)),
    "narrow rows": ((7, 2), lambda: _places(30, 7)),
    "numbers": ((7,), lambda: _places(30, 7)),
    "slices": ((3, 7, 2), lambda: (slice(None), _places(30, 7))),
    "slices, few": ((3, 7, 2), lambda: (slice(None), slice(None), _places(2, 2))),
    "single numbers": ((4, 5), lambda: (_places((6, 3), 4), _places(3, 5))),
    "few single numbers": ((40, 50), lambda: (_places(3, 40), _places(3, 50))),
    "part of it": ((4, 5, 2), lambda: (_places(9, 4), _places(9, 5))),
    "mask": ((4, 5), lambda: RNG.random((4, 5)) > 0.5),
    "nothing": ((4, 5), lambda: np.zeros(0, np.int64)),
}


@pytest.mark.parametrize("kind", ["float64", "float32", "int64", "float16"])
@pytest.mark.parametrize(("shape", "index"), INDICES.values(), ids=INDICES)
def test_add_at(shape, index, kind):
    index = index()
    base = RNG.integers(-9, 9, shape).astype(kind)
    values = RNG.integers(-9, 9, base[index].shape).astype(kind)
    for given in (values, values[..., :1] if values.ndim else values):
        found, expected = base.copy(), base.copy()
        add_at(found, index, given)
        np.add.at(expected, index, given)
        assert found.dtype == base.dtype
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("index", [[7], [-8], [0, 9]])
def test_an_index_out_of_range(index):
    for at, shape in ((np.array(index), (7, 5)), ((np.array(index),) * 2, (7, 7)),
                      ((slice(None), np.array(index)), (2, 7))):  # fmt: skip
        out = np.zeros(shape, np.float32)
        with pytest.raises(IndexError):
            add_at(out, at, np.ones(1, np.float32))
        assert not out.any()


@pytest.mark.parametrize("rows", [3, 40])
@pytest.mark.parametrize("mode", [None, "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist"])
def test_distances_of_rows(rows, mode):
    """By a product or by differences: values, gradients and their gradients as PyTorch's."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    x = RNG.normal(size=(2, rows, 4))
    y = np.concatenate([RNG.normal(size=(2, 5, 4)), x[:, :1]], 1)
    seeds = RNG.normal(size=(2, rows, 6))
    found = []
    for m in (sg, torch):
        a, b = m.tensor(x, requires_grad=True), m.tensor(y, requires_grad=True)
        out = m.cdist(a, b, compute_mode=mode or "use_mm_for_euclid_dist_if_necessary")
        keep = m.ones(2, rows, 6, dtype=m.float64)
        keep[:, 0, 5] = 0  # the distance of a row to itself, of which rounding decides
        grads = m.autograd.grad((out * m.tensor(seeds) * keep).sum(), (a, b), create_graph=True)
        found.append([np.asarray(t.detach()) for t in ((out * keep), *grads)])
        if (mode is None and rows == 3) or mode == "donot_use_mm_for_euclid_dist":
            continue  # PyTorch has no second derivative
        second = m.autograd.grad((grads[0][:, 1:] ** 2).sum(), a)
        found[-1].append(np.asarray(second[0].detach())[:, 1:])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-8)


def test_the_distance_of_equal_rows_has_the_gradient_0():
    x = sg.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    sg.cdist(x, x.detach()[:1]).sum().backward()
    assert x.grad[0].tolist() == [0, 0]
    assert not x.grad.isnan().any()
