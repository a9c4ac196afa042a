"""A tensor prints as PyTorch's does, character for character."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_sm as sg

torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")

KINDS = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]
SHAPES = [
    (), (0,), (0, 3), (2, 0, 4), (1,), (3,), (30,), (2, 3), (3, 25), (2, 3, 4), (1, 1, 5),
    (2, 2, 2, 2), (1000,), (1001,), (40, 30), (5, 300), (300, 5), (7, 7, 30), (12, 13, 14),
]  # fmt: skip
POOLS = [
    [0.0, 1.0, -1.0], [np.nan, np.inf, -np.inf, 0.0], [np.nan, 1.5, np.inf], [1e-5, 1.0, 100.0],
    [1e4, 1e-4, -0.0], [1e8, 1.0, 2e8], [1000.0, 1.0], [1001.0, 1.0], [0.99999, 99999.5], [1e-45, 1e38],
]  # fmt: skip


@st.composite
def arrays(draw):
    kind, shape = draw(st.sampled_from(KINDS)), draw(st.sampled_from(SHAPES))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if kind == "bool":
        return np.asarray(rng.integers(0, 2, shape)).astype(bool)
    if kind[0] != "f":
        info = np.iinfo(kind)
        high = min(info.max, 10 ** draw(st.integers(1, 18)))
        return np.asarray(rng.integers(max(info.min, -high), high, shape)).astype(kind)
    pool = draw(st.sampled_from([None, *POOLS]))
    with np.errstate(all="ignore"):
        if pool is None:
            scale = 10.0 ** draw(st.integers(-6, 9))
            return np.asarray(rng.normal(size=shape) * scale).astype(kind)
        return np.asarray(rng.choice(pool, shape)).astype(kind)


@pytest.fixture
def pytorchs_names():
    patch = pytest.MonkeyPatch()
    patch.setattr(sg.dtype, "__repr__", lambda self: f"torch.{self.name}")  # as wide as PyTorch's
    yield
    patch.undo()


@pytest.mark.usefixtures("pytorchs_names")
@pytest.mark.parametrize("place", ["off the tape", "leaf", "result"])
def test_repr(place):
    @given(arrays())
    def check(x):
        pair = [sg.tensor(x), torch.tensor(x)]
        if place != "off the tape" and x.dtype.kind == "f":
            pair = [t.requires_grad_() for t in pair]
            if place == "result":
                pair = [t * 1 for t in pair]
        ours, theirs = map(repr, pair)
        assert ours == theirs

    check()


@pytest.mark.parametrize("requires_grad", [False, True])
def test_a_single_number_is_formatted_as_one(torch, requires_grad):
    for library in (sg, torch):
        loss = library.tensor(2.5, requires_grad=requires_grad)
        assert f"{loss}" == "2.5"
        assert f"{loss:.3f}" == "2.500"
        assert f"{library.tensor(3):>4}" == "   3"
        assert f"{library.tensor([2.5])}" == "tensor([2.5000])"
        assert "Parameter containing" in f"{library.nn.Parameter(library.tensor(2.5))}"
        with pytest.raises(TypeError, match="format"):
            f"{library.tensor([2.5]):.3f}"


def test_a_node_prints_its_name_and_where_it_is():
    x = sg.ones(2, requires_grad=True)
    y = x.sum()
    assert re.fullmatch(r"<SumBackward0 object at 0x[0-9a-f]+>", repr(y.grad_fn))
    assert repr(y) == "tensor(2., grad_fn=<SumBackward0>)"
