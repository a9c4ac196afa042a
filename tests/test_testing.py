"""``testing.assert_close``: what it lets pass, and what it says otherwise."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.testing import assert_allclose, assert_close

X = [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("actual", "expected", "options"),
    [
        (lambda m: m.tensor(X), lambda m: m.tensor(X) + 1e-6, {}),
        (lambda m: m.tensor(X), lambda m: m.tensor(X) + 1e-3, {}),
        (lambda m: m.tensor(X), lambda m: m.tensor(X) + 1e-3, {"rtol": 0, "atol": 1e-2}),
        (lambda m: m.tensor(X), lambda m: m.tensor(X[:2]), {}),
        (lambda m: m.tensor(X), lambda m: m.tensor([1, 2, 3]), {}),
        (lambda m: m.tensor(X), lambda m: m.tensor([1, 2, 3]), {"check_dtype": False}),
        (lambda m: m.tensor(X) * np.nan, lambda m: m.tensor(X) * np.nan, {}),
        (lambda m: m.tensor(X) * np.nan, lambda m: m.tensor(X) * np.nan, {"equal_nan": True}),
        (lambda m: {"a": m.tensor(X)}, lambda m: {"a": m.tensor(X)}, {}),
        (lambda m: {"a": m.tensor(X)}, lambda m: {"b": m.tensor(X)}, {}),
        (lambda m: [m.tensor(X), 1.0], lambda m: (m.tensor(X), 1.0 + 1e-9), {}),
        (lambda m: [m.tensor(X)], lambda m: [m.tensor(X), 2], {}),
        (lambda m: 1.0, lambda m: 1.1, {}),
    ],
)
def test_agrees_with_pytorch(actual, expected, options):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    outcomes = []
    for m, check in ((torch, torch.testing.assert_close), (sg, assert_close)):
        try:
            check(actual(m), expected(m), **options)
            outcomes.append("passes")
        except AssertionError:
            outcomes.append("fails")
    assert outcomes[0] == outcomes[1]


def test_the_message_says_how_many_and_where():
    with pytest.raises(AssertionError, match=r"2 / 3 \(66.7%\)[\s\S]*1.0 at index \(2,\)"):
        assert_close(sg.tensor(X), sg.tensor([1.0, 2.5, 4.0]))
    with pytest.raises(AssertionError, match="mine"):
        assert_close(sg.tensor(X), sg.tensor([1.0, 2.5, 4.0]), msg="mine")
    with pytest.raises(AssertionError, match=r"item \['a'\]"):
        assert_close({"a": sg.tensor(2.0)}, {"a": sg.tensor(3.0)})
    with pytest.raises(ValueError, match="both rtol and atol"):
        assert_close(1.0, 1.0, rtol=1.0)
    assert_allclose(sg.tensor([1.0]), sg.tensor([1]))


@pytest.mark.parametrize("kind", ["float32", "float64", "float16", "int64", "uint8", "bool"])
def test_tensors_to_test_with(kind):
    x = sg.testing.make_tensor((40, 5), dtype=getattr(sg, kind), device="cpu")
    assert (x.shape, x.dtype) == ((40, 5), getattr(sg, kind))
    assert float(x.max()) <= 9
    assert float(x.min()) >= (0 if kind in ("uint8", "bool") else -9)
    assert len(x.unique()) > 1
    gaps = sg.testing.make_tensor(
        4, 5, dtype=x.dtype, low=0, high=1, noncontiguous=True, exclude_zero=True
    )
    assert not gaps.is_contiguous()
    assert gaps.bool().all()
    if kind == "float32":
        made = sg.testing.make_tensor(2, dtype=x.dtype, low=2, high=3, requires_grad=True)
        assert made.requires_grad
        assert ((made >= 2) & (made < 3)).all()
    with pytest.raises(ValueError, match="low < high"):
        sg.testing.make_tensor(2, dtype=x.dtype, low=3, high=1)
