"""Convolution of lines, images and volumes, and its transpose."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import tinygrad_sm as sg

from ..agreement import check_error, check_function, draw, made, pytorch

SIZES = {1: (9,), 2: (7, 6), 3: (5, 6, 4)}
KERNELS = {1: (3,), 2: (3, 2), 3: (2, 3, 2)}
OPTIONS = [
    {},
    {"stride": 2},
    {"padding": 1},
    {"dilation": 2},
    {"groups": 2},
    {"stride": 3, "padding": 1, "groups": 2},
    {"stride": 2, "padding": 2, "dilation": 2},
]


def arrays(dimensions, groups=1, transposed=False):
    weight = (4, 6 // groups) if transposed else (6, 4 // groups)
    return draw(2, 4, *SIZES[dimensions]), draw(*weight, *KERNELS[dimensions]), draw(6)


@pytest.mark.parametrize(
    "options",
    [*OPTIONS, {"padding": "same"}, {"padding": "valid"}, {"padding": "same", "dilation": 2}],
    ids=str,
)
@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_convolution(dimensions, options):
    if dimensions == 3 and options.get("dilation") == 2 and "stride" in options:
        options = {**options, "padding": 1}
    check_function(
        lambda m, x, w, b: getattr(m.nn.functional, f"conv{dimensions}d")(x, w, b, **options),
        *arrays(dimensions, options.get("groups", 1)),
        warns=True,
    )


@pytest.mark.parametrize(
    "options",
    [
        *OPTIONS,
        {"stride": 2, "output_padding": 1},
        {"stride": 3, "padding": 1, "output_padding": 2},
        {"dilation": 3, "output_padding": 2},
    ],
    ids=str,
)
@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_transposed(dimensions, options):
    check_function(
        lambda m, x, w, b: getattr(m.nn.functional, f"conv_transpose{dimensions}d")(
            x, w, b, **options
        ),
        *arrays(dimensions, options.get("groups", 1), transposed=True),
    )


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_a_single_sample_and_no_bias(dimensions):
    x, w, _ = arrays(dimensions)
    check_function(lambda m, x, w: getattr(m.nn.functional, f"conv{dimensions}d")(x, w), x[0], w)
    x, w, _ = arrays(dimensions, transposed=True)
    check_function(
        lambda m, x, w: getattr(m.nn.functional, f"conv_transpose{dimensions}d")(x, w), x[0], w
    )


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_no_samples(dimensions):
    x, w, b = arrays(dimensions)
    check_function(
        lambda m, x, w, b: getattr(m.nn.functional, f"conv{dimensions}d")(x, w, b),
        x[:0],
        w,
        b,
        second=False,
    )


def test_pairs_of_options_and_strides_that_do_not_divide():
    x, w, b = arrays(2)
    check_function(
        lambda m, x, w, b: m.nn.functional.conv2d(x, w, b, (2, 3), (2, 1), (1, 2)), x, w, b
    )
    x, w, b = arrays(2, transposed=True)
    check_function(
        lambda m, x, w, b: m.nn.functional.conv_transpose2d(x, w, b, (2, 3), (2, 1), (1, 2), 1, (1, 2)),
        x, w, b,
    )  # fmt: skip


def test_non_contiguous_arrays():
    x, w, b = arrays(2)
    check_function(
        lambda m, x, w, b: m.nn.functional.conv2d(x.transpose(2, 3), w.flip(2), b), x, w, b
    )


@settings(max_examples=40)
@given(
    size=st.integers(1, 9),
    kernel=st.integers(1, 4),
    stride=st.integers(1, 4),
    padding=st.integers(0, 3),
    dilation=st.integers(1, 3),
    groups=st.sampled_from([1, 2]),
    extra=st.integers(0, 2),
)
def test_drawn_options(size, kernel, stride, padding, dilation, groups, extra):
    torch = pytorch()
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    cases = [("conv1d", options)]
    if extra < max(stride, dilation):
        cases.append(("conv_transpose1d", {**options, "output_padding": extra}))
    for name, given_options in cases:
        x, w = draw(2, 2, size), draw(2, 2 // groups, kernel)
        results = []
        for m in (sg, torch):
            tensors = made(m, x), made(m, w)
            try:
                out = getattr(m.nn.functional, name)(*tensors, **given_options)
            except RuntimeError:
                results.append(None)
                continue
            grads = m.autograd.grad((out * out).sum(), tensors)
            results.append([np.asarray(t.detach()) for t in (out, *grads)])
        assert (results[0] is None) == (results[1] is None)
        assume(results[0] is not None)
        for a, b in zip(*results, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10)


def test_a_convolution_and_its_transpose_are_adjoint():
    x, w = sg.tensor(draw(1, 3, 8, 8)), sg.tensor(draw(5, 3, 3, 3))
    y = sg.nn.functional.conv2d(x, w, stride=2, padding=1)
    g = sg.tensor(draw(*y.shape, seed=1))
    back = sg.nn.functional.conv_transpose2d(g, w, stride=2, padding=1, output_padding=1)
    np.testing.assert_allclose((y * g).sum().item(), (x * back).sum().item(), rtol=1e-10)


X, W, B = arrays(2)


@pytest.mark.parametrize(
    ("call", "inputs"),
    [
        (lambda m, x, w: m.nn.functional.conv2d(x, w), (X[:, :3], W)),
        (lambda m, x, w: m.nn.functional.conv2d(x, w), (X[0, 0], W)),
        (lambda m, x, w: m.nn.functional.conv2d(x, w), (X, W[0])),
        (lambda m, x, w: m.nn.functional.conv2d(x[..., :1], w), (X, W)),
        (lambda m, x, w: m.nn.functional.conv2d(x, w, groups=3), (X, W)),
        (lambda m, x, w: m.nn.functional.conv2d(x, w, stride=0), (X, W)),
        (lambda m, x, w: m.nn.functional.conv2d(x, w, padding=-1), (X, W)),
        (lambda m, x, w: m.nn.functional.conv2d(x, w, padding="same", stride=2), (X, W)),
        (lambda m, x, w: m.nn.functional.conv2d(x, w, padding="some"), (X, W)),
        (lambda m, x, w: m.nn.functional.conv2d(x, w.float()), (X, W)),
        (lambda m, x, w, b: m.nn.functional.conv2d(x, w, b[:5]), (X, W, B)),
        (lambda m, x, w: m.nn.functional.conv2d(x, w, stride=(1, 2, 3)), (X, W)),
        (lambda m, x, w: m.nn.functional.conv_transpose2d(x, w), (X, W)),
        (lambda m, x, w: m.nn.functional.conv_transpose2d(x, w, output_padding=1), (X, W[:4])),
        (lambda m, x, w: m.nn.functional.conv1d(x, w), (X, W)),
    ],
)
def test_refusals(call, inputs):
    check_error(call, *inputs)
