"""An infinite gradient that a mask does not let pass is 0, not 0 times infinity."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.ops.masking import _FEW, masked

from ..cases.registry import Case
from ..checks import check_pytorch

ZERO = {
    "relu": lambda m, x: m.relu(x),
    "clamp": lambda m, x: x.clamp(min=0.0),
    "clamp_max": lambda m, x: -m.clamp_max(-x, 0.0),
    "maximum": lambda m, x: m.maximum(x, m.zeros((), dtype=x.dtype)),
    "minimum": lambda m, x: -m.minimum(-x, m.zeros((), dtype=x.dtype)),
    "fmax": lambda m, x: m.fmax(x, m.zeros((), dtype=x.dtype)),
    "fmin": lambda m, x: -m.fmin(-x, m.zeros((), dtype=x.dtype)),
    "relu6": lambda m, x: m.nn.functional.relu6(x),
    "softshrink": lambda m, x: m.nn.functional.softshrink(x.clamp(min=0.0)),
    "sign": lambda m, x: m.sign(x) + 1.0,
    "floor": lambda m, x: m.floor(x / 9.0) + 1.0,
}
FEW = np.array([[-2.0, 0.3], [1.5, -0.1]])
MANY = np.where(np.arange(2 * _FEW) % 3, 0.5, -0.5) + np.linspace(0.0, 0.4, 2 * _FEW)


@pytest.mark.parametrize("x", [FEW, MANY], ids=["few", "many"])
@pytest.mark.parametrize("name", ZERO)
def test_root_of_what_is_cut_off_at_zero_has_no_slope_there(name, x):
    check_pytorch(Case(name, lambda m, x: m.sqrt(ZERO[name](m, x)), (x,)))


def test_finite_part_of_a_logarithm_has_no_slope_at_zero():
    call = lambda m, x: m.nan_to_num(m.log(x), neginf=0.0)  # noqa: E731
    check_pytorch(Case("nan_to_num", call, (np.array([0.0, 2.0]),)))


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
@pytest.mark.parametrize("count", [3, 2 * _FEW])
def test_masked_is_where_in_any_dtype_and_layout(kind, count):
    rng = np.random.default_rng(count)
    g = rng.choice([1.5, -2.0, np.inf, -np.inf, np.nan], (count, 2)).astype(kind)[::-1]
    mask = rng.integers(0, 2, (2, count)).astype(bool).T
    found = masked(g, mask)
    assert found.dtype == g.dtype
    np.testing.assert_array_equal(found, np.where(mask, g, 0))
    assert not np.signbit(found[~mask]).any()


def test_masked_is_recorded():
    x = sg.tensor([-1.0, 2.0], requires_grad=True)
    (grad,) = sg.autograd.grad((sg.relu(x) ** 3).sum(), x, create_graph=True)
    grad.sum().backward()
    assert x.grad.tolist() == [0.0, 12.0]
