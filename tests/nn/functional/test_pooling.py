"""Pooling of lines, images and volumes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_sm as sg

from ..agreement import check_error, check_function, draw, pytorch

SIZES = {1: (9,), 2: (7, 8), 3: (5, 6, 7)}
DIMENSIONS = [1, 2, 3]
MAX = [
    {"kernel_size": 2},
    {"kernel_size": 3, "stride": 2, "padding": 1},
    {"kernel_size": 2, "stride": 2, "ceil_mode": True},
    {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
    {"kernel_size": 2, "dilation": 2, "padding": 1},
    {"kernel_size": 3, "stride": 1, "padding": 1},
]


@pytest.mark.parametrize("options", MAX, ids=str)
@pytest.mark.parametrize("dimensions", DIMENSIONS)
@pytest.mark.parametrize("ties", [False, True])
def test_max_pool(dimensions, options, ties):
    x = draw(2, 3, *SIZES[dimensions])
    x = np.round(x) if ties else x
    check_function(
        lambda m, x: getattr(m.nn.functional, f"max_pool{dimensions}d")(
            x, **options, return_indices=True
        ),
        x,
    )
    check_function(
        lambda m, x: getattr(m.nn.functional, f"max_pool{dimensions}d")(x, **options), x[0]
    )


@pytest.mark.parametrize("options", [
    {"kernel_size": 2},
    {"kernel_size": 3, "stride": 2, "padding": 1},
    {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False},
    {"kernel_size": 3, "stride": 2, "ceil_mode": True},
    {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
    {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False},
    {"kernel_size": 2, "divisor_override": 3},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("dimensions", DIMENSIONS)
def test_avg_pool(dimensions, options):
    if dimensions == 1 and "divisor_override" in options:
        pytest.skip("avg_pool1d has no such option")
    for x in (draw(2, 3, *SIZES[dimensions]), draw(3, *SIZES[dimensions])):
        check_function(
            lambda m, x: getattr(m.nn.functional, f"avg_pool{dimensions}d")(x, **options), x
        )


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("dimensions", DIMENSIONS)
def test_lp_pool(dimensions, p):
    x = np.abs(draw(2, 3, *SIZES[dimensions])) + 0.1
    for options in ({}, {"stride": 1}, {"ceil_mode": True}):
        check_function(
            lambda m, x, o=options: getattr(m.nn.functional, f"lp_pool{dimensions}d")(x, p, 2, **o),
            x,
        )


@pytest.mark.parametrize("size", [1, 3, None, "odd"])
@pytest.mark.parametrize("dimensions", DIMENSIONS)
def test_adaptive(dimensions, size):
    goal = (4, 5, 3)[:dimensions] if size == "odd" else size
    if goal is None:
        goal = (None, 2, None)[:dimensions] if dimensions > 1 else 4
    for x in (draw(2, 3, *SIZES[dimensions]), np.round(draw(3, *SIZES[dimensions]))):
        check_function(
            lambda m, x: getattr(m.nn.functional, f"adaptive_avg_pool{dimensions}d")(x, goal), x
        )
        check_function(
            lambda m, x: getattr(m.nn.functional, f"adaptive_max_pool{dimensions}d")(x, goal, True),
            x,
        )


@settings(max_examples=30)
@given(st.integers(1, 12), st.integers(1, 14), st.integers(1, 6), st.integers(1, 6))
def test_adaptive_of_any_sizes(height, rows, width, columns):
    torch = pytorch()
    x = draw(1, 2, height, width)
    for name in ("adaptive_avg_pool2d", "adaptive_max_pool2d"):
        ours = getattr(sg.nn.functional, name)(sg.tensor(x), (rows, columns))
        theirs = getattr(torch.nn.functional, name)(torch.tensor(x), (rows, columns))
        np.testing.assert_allclose(ours.array, theirs.numpy(), rtol=1e-12)


@settings(max_examples=60)
@given(
    size=st.integers(1, 9), kernel=st.integers(1, 4), stride=st.integers(1, 4),
    padding=st.integers(0, 2), dilation=st.integers(1, 3), ceil=st.booleans(),
    include=st.booleans(),
)  # fmt: skip
def test_drawn_options(size, kernel, stride, padding, dilation, ceil, include):
    torch = pytorch()
    x = draw(1, 2, size)
    calls = [
        lambda m, x: m.nn.functional.max_pool1d(x, kernel, stride, padding, dilation, ceil, True),
        lambda m, x: m.nn.functional.avg_pool1d(x, kernel, stride, padding, ceil, include),
    ]
    for call in calls:
        found = []
        for m in (sg, torch):
            try:
                out = call(m, m.tensor(x))
            except RuntimeError:
                found.append(None)
            else:
                found.append([np.asarray(t) for t in (out if isinstance(out, tuple) else (out,))])
        assert (found[0] is None) == (found[1] is None)
        for a, b in zip(*found, strict=True) if found[0] is not None else ():
            met = np.isfinite(found[1][0])  # windows that meet the padding alone have no place
            np.testing.assert_allclose(a[met], b[met], rtol=1e-12)


@pytest.mark.parametrize("options", [
    {"kernel_size": 2}, {"kernel_size": 3, "stride": 2}, {"kernel_size": 2, "stride": 3},
    {"kernel_size": 2, "padding": 1},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("dimensions", DIMENSIONS)
def test_unpool(dimensions, options):
    size = 7

    def call(m, x):
        F = m.nn.functional
        y, places = getattr(F, f"max_pool{dimensions}d")(x, **options, return_indices=True)
        unpool = getattr(F, f"max_unpool{dimensions}d")
        return unpool(y, places, **options, output_size=x.shape)

    check_function(call, draw(2, 3, *(size,) * dimensions), second=False)


def test_names_with_indices():
    check_function(lambda m, x: m.nn.functional.max_pool2d_with_indices(x, 2), draw(1, 2, 4, 4))
    check_function(
        lambda m, x: m.nn.functional.adaptive_max_pool2d_with_indices(x, 3), draw(1, 2, 4, 4)
    )


def test_infinities_and_nan():
    x = np.array([[[[-np.inf, -np.inf, 1.0], [-np.inf, -np.inf, np.inf], [np.nan, 0.0, 2.0]]]])
    torch = pytorch()
    for kernel, stride, padding in ((2, 1, 0), (3, 2, 1), (2, 2, 1)):
        ours = sg.nn.functional.max_pool2d(sg.tensor(x), kernel, stride, padding)
        theirs = torch.nn.functional.max_pool2d(torch.tensor(x), kernel, stride, padding)
        np.testing.assert_array_equal(ours.array, theirs.numpy())


X = draw(1, 2, 6, 6)


@pytest.mark.parametrize(
    "call",
    [
        lambda m, x: m.nn.functional.max_pool2d(x, 7),
        lambda m, x: m.nn.functional.max_pool2d(x, 2, padding=2),
        lambda m, x: m.nn.functional.max_pool2d(x, 0),
        lambda m, x: m.nn.functional.max_pool2d(x, 2, stride=0),
        lambda m, x: m.nn.functional.max_pool2d(x[0, 0], 2),
        lambda m, x: m.nn.functional.max_pool2d(x, (2, 2, 2)),
        lambda m, x: m.nn.functional.avg_pool2d(x, 7),
        lambda m, x: m.nn.functional.avg_pool2d(x, 2, padding=2),
        lambda m, x: m.nn.functional.avg_pool2d(x, 2, divisor_override=0),
        lambda m, x: m.nn.functional.adaptive_avg_pool2d(x, -1),
        lambda m, x: m.nn.functional.adaptive_avg_pool2d(x[0, 0], 2),
        lambda m, x: m.nn.functional.max_unpool2d(x, m.zeros(1, 2, 5, 6, dtype=m.int64), 2),
        lambda m, x: m.nn.functional.max_unpool2d(x, m.full((1, 2, 6, 6), 999), 2),
        lambda m, x: m.nn.functional.max_unpool2d(
            x, m.zeros(1, 2, 6, 6, dtype=m.int64), 2, output_size=(99, 99)
        ),
    ],
)
def test_refusals(call):
    check_error(call, X)
