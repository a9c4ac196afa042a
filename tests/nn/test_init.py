"""Starting weights: the same stream, the same numbers as PyTorch's."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.nn import init

from .agreement import array, check_error, pytorch

# equal to the last bit in float32
EXACT = {
    "uniform_": (lambda i, t: i.uniform_(t, -0.3, 0.8), (4, 5)),
    "xavier_uniform_": (lambda i, t: i.xavier_uniform_(t, gain=1.7), (4, 5, 3)),
    "kaiming_uniform_": (lambda i, t: i.kaiming_uniform_(t, a=math.sqrt(5)), (4, 5)),
    "kaiming_uniform_ out": (
        lambda i, t: i.kaiming_uniform_(t, mode="fan_out", nonlinearity="relu"), (4, 5, 3, 3),
    ),
    "ones_": (lambda i, t: i.ones_(t), (4,)),
    "zeros_": (lambda i, t: i.zeros_(t), (4,)),
    "constant_": (lambda i, t: i.constant_(t, 0.3), (4, 2)),
    "eye_": (lambda i, t: i.eye_(t), (4, 6)),
    "dirac_": (lambda i, t: i.dirac_(t), (4, 2, 3)),
    "dirac_ groups": (lambda i, t: i.dirac_(t, 2), (6, 3, 3, 3)),
    "dirac_ 3d": (lambda i, t: i.dirac_(t), (2, 5, 3, 2, 3)),
    "normal_": (lambda i, t: i.normal_(t, 1.0, 0.5), (4, 5)),
    "normal_ small": (lambda i, t: i.normal_(t), (3,)),
    "xavier_normal_": (lambda i, t: i.xavier_normal_(t), (4, 5)),
    "kaiming_normal_": (lambda i, t: i.kaiming_normal_(t, nonlinearity="relu"), (8, 5, 3, 3)),
}  # fmt: skip
COMPUTED = {
    "trunc_normal_": (lambda i, t: i.trunc_normal_(t, 0.0, 1.0, -1.0, 1.0), (20, 20)),
    "trunc_normal_ default": (lambda i, t: i.trunc_normal_(t, std=0.02), (10, 10)),
    "orthogonal_": (lambda i, t: i.orthogonal_(t, 2.0), (4, 6)),
    "orthogonal_ tall": (lambda i, t: i.orthogonal_(t), (6, 2, 2)),
    "sparse_": (lambda i, t: i.sparse_(t, 0.3), (10, 4)),
}


@pytest.mark.parametrize("name", [*EXACT, *COMPUTED])
@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_the_same_numbers(name, kind):
    torch = pytorch()
    call, shape = {**EXACT, **COMPUTED}[name]
    found = []
    for m in (sg, torch):
        m.manual_seed(3)
        t = m.zeros(*shape, dtype=getattr(m, kind))
        assert call(m.nn.init, t) is t
        found += [array(t), array(m.rand(2))]  # and the stream goes on from the same place
    exact = {"rtol": 0, "atol": 0} if name in EXACT and kind == "float32" else {}
    loose = {"rtol": 1e-5, "atol": 1e-6} if kind == "float32" else {"rtol": 1e-9, "atol": 1e-12}
    np.testing.assert_allclose(found[0], found[2], **(exact or loose))
    np.testing.assert_array_equal(found[1], found[3])


@pytest.mark.filterwarnings("ignore:trunc_normal_")
@pytest.mark.parametrize("bounds", [(3.0, 5.0), (-9.0, -4.0), (1.5, 1.6)])
def test_truncated_tails(bounds):
    sg.manual_seed(0)
    t = sg.empty(2000)
    init.trunc_normal_(t, 0.0, 1.0, *bounds)
    assert t.array.min() >= bounds[0]
    assert t.array.max() <= bounds[1]
    grid = np.linspace(*bounds, 4001)
    density = np.exp(-grid * grid / 2)
    expected = (grid * density).sum() / density.sum()
    assert abs(t.array.mean() - expected) < 0.05


def test_a_mean_far_off_warns():
    with pytest.warns(UserWarning, match="more than 2 std"):
        init.trunc_normal_(sg.empty(4), 5.0, 1.0)


@pytest.mark.parametrize("shape", [(4, 6), (6, 4), (5, 2, 3)])
def test_orthogonal_is_orthogonal(shape):
    sg.manual_seed(0)
    m = init.orthogonal_(sg.empty(*shape, dtype=sg.float64)).array.reshape(shape[0], -1)
    product = m @ m.T if m.shape[0] <= m.shape[1] else m.T @ m
    np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-12)


def test_a_generator_of_its_own():
    a, b = sg.Generator().manual_seed(4), sg.Generator().manual_seed(4)
    x, y = init.uniform_(sg.empty(5), generator=a), init.uniform_(sg.empty(5), generator=b)
    np.testing.assert_array_equal(x.array, y.array)


def test_nothing_is_recorded():
    p = sg.nn.Parameter(sg.empty(2, 2))
    for fill in (init.normal_, init.zeros_, init.xavier_uniform_, init.orthogonal_, init.eye_):
        assert fill(p) is p
        assert p.grad_fn is None


def test_gains():
    torch = pytorch()
    names = [
        "linear",
        "conv1d",
        "conv2d",
        "conv3d",
        "conv_transpose2d",
        "sigmoid",
        "tanh",
        "relu",
        "selu",
    ]
    for name in names:
        assert init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
    for slope in (None, 0.3, 2):
        ours = init.calculate_gain("leaky_relu", slope)
        assert ours == torch.nn.init.calculate_gain("leaky_relu", slope)


def test_older_names_warn():
    torch = pytorch()
    for name, rest in (
        ("uniform", ()), ("normal", ()), ("constant", (2.0,)), ("eye", ()), ("dirac", ()),
        ("xavier_uniform", ()), ("xavier_normal", ()), ("kaiming_uniform", ()),
        ("kaiming_normal", ()), ("orthogonal", ()), ("sparse", (0.5,)),
    ):  # fmt: skip
        shape = (3, 3, 3) if name == "dirac" else (5, 4)
        found = []
        for m in (sg, torch):
            m.manual_seed(0)
            with pytest.warns(FutureWarning, match="deprecated"):
                found.append(array(getattr(m.nn.init, name)(m.zeros(*shape), *rest)))
        np.testing.assert_allclose(*found, rtol=1e-5, atol=1e-6)


def test_no_elements_warn():
    with pytest.warns(UserWarning, match="no-op"):
        init.kaiming_normal_(sg.empty(0, 3))


@pytest.mark.parametrize(
    "call",
    [
        lambda m: m.nn.init.eye_(m.empty(3)),
        lambda m: m.nn.init.dirac_(m.empty(3, 3)),
        lambda m: m.nn.init.dirac_(m.empty(3, 3, 3), 2),
        lambda m: m.nn.init.xavier_uniform_(m.empty(3)),
        lambda m: m.nn.init.kaiming_normal_(m.empty(3)),
        lambda m: m.nn.init.kaiming_normal_(m.empty(3, 3), mode="fan"),
        lambda m: m.nn.init.kaiming_normal_(m.empty(3, 3), nonlinearity="swash"),
        lambda m: m.nn.init.calculate_gain("leaky_relu", "x"),
        lambda m: m.nn.init.orthogonal_(m.empty(3)),
        lambda m: m.nn.init.sparse_(m.empty(3), 0.1),
    ],
)
def test_refusals(call):
    check_error(call)
