"""Images of another size, read elsewhere, and rearranged."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_sm as sg

from ..agreement import check_error, check_function, draw, pytorch

SHAPES = {1: (2, 3, 5), 2: (2, 3, 4, 5), 3: (1, 2, 3, 4, 5)}
SMOOTH = {1: ["linear"], 2: ["bilinear", "bicubic"], 3: ["trilinear"]}


@pytest.mark.parametrize("dimensions", [1, 2, 3])
@pytest.mark.parametrize("to", [{"size": 3}, {"size": 9}, {"scale_factor": 2}, {"scale_factor": 0.6},
                                {"scale_factor": 1.7}], ids=str)  # fmt: skip
def test_interpolate(dimensions, to):
    for mode in ("nearest", "nearest-exact", "area", *SMOOTH[dimensions]):
        for align in (None, False, True) if mode in SMOOTH[dimensions] else (None,):
            check_function(
                lambda m, x, mode=mode, align=align: m.nn.functional.interpolate(
                    x, **to, mode=mode, align_corners=align
                ),
                draw(*SHAPES[dimensions]),
            )


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("to", [{"size": (3, 20)}, {"size": 1}, {"scale_factor": 0.4}], ids=str)
@pytest.mark.parametrize("align", [None, False, True])
def test_interpolate_antialiased(mode, to, align):
    check_function(
        lambda m, x: m.nn.functional.interpolate(
            x, **to, mode=mode, align_corners=align, antialias=True
        ),
        draw(2, 2, 11, 9),
    )


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("shape", [(2, 3, 27, 27), (1, 1, 4, 4)], ids=str)
@pytest.mark.parametrize("options", [{"size": (13, 9)}, {"scale_factor": 1.7}, {"size": (5, 13),
                         "align_corners": True}, {"size": 6, "antialias": True}], ids=str)  # fmt: skip
def test_pictures_of_bytes(mode, shape, options):
    """Bytes are rounded as PyTorch rounds them; now and then one falls to the other side."""
    torch = pytorch()
    x = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    ours, theirs = (
        np.asarray(m.nn.functional.interpolate(m.tensor(x), **options, mode=mode)).astype(int)
        for m in (sg, torch)
    )
    assert ours.shape == theirs.shape
    assert abs(ours - theirs).max() <= 1
    assert (ours != theirs).mean() < 0.02


@pytest.mark.parametrize("mode", ["linear", "trilinear", "bilinear", "area"])
def test_whole_numbers_are_not_mixed(mode):
    """They were, by weights cut down to 0."""
    x = sg.ones((1, 1, *(4,) * {"linear": 1, "trilinear": 3}.get(mode, 2)), dtype=sg.int64)
    with pytest.raises((NotImplementedError, RuntimeError)):
        sg.nn.functional.interpolate(x, 3, mode=mode)


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
def test_places_are_found_in_the_precision_that_pytorch_finds_them_in(mode):
    torch = pytorch()
    for kind in ("float32", "float64"):
        x = draw(1, 1, 345, 64).astype(kind)
        ours, theirs = (
            m.nn.functional.interpolate(m.tensor(x), (270, 150), mode=mode) for m in (sg, torch)
        )
        close = 1e-5 if kind == "float32" else 1e-12
        np.testing.assert_allclose(ours.array, theirs.numpy(), rtol=close, atol=close)


def test_recomputed_factors_and_older_names():
    check_function(
        lambda m, x: m.nn.functional.interpolate(
            x, scale_factor=1.7, mode="bilinear", recompute_scale_factor=True
        ),
        draw(1, 2, 5, 7),
    )
    for name in ("upsample", "upsample_nearest", "upsample_bilinear"):
        check_function(
            lambda m, x, name=name: getattr(m.nn.functional, name)(x, scale_factor=2),
            draw(1, 2, 3, 4),
            warns=True,
        )


@settings(max_examples=40)
@given(st.integers(1, 8), st.integers(1, 12), st.booleans())
def test_any_size(old, new, align):
    torch = pytorch()
    x = draw(1, 1, old, 2)
    for mode in ("nearest", "nearest-exact", "area", "bilinear", "bicubic"):
        options = {"align_corners": align} if mode.startswith("bi") else {}
        found = [
            m.nn.functional.interpolate(m.tensor(x), (new, 3), mode=mode, **options)
            for m in (sg, torch)
        ]
        np.testing.assert_allclose(found[0].array, found[1].numpy(), rtol=1e-9, atol=1e-12)


def test_infinities_stay_where_they_are():
    x = sg.tensor([[[1.0, 2.0, np.inf, 4.0, 5.0, 6.0]]])
    y = sg.nn.functional.interpolate(x, size=12, mode="linear").array[0, 0]
    assert np.isfinite(y[[0, 1, 2, 9, 10, 11]]).all()


@pytest.mark.parametrize("align", [False, True])
def test_affine_grid(align):
    for shape, size in (
        ((2, 2, 3), (2, 3, 4, 5)),
        ((1, 3, 4), (1, 2, 3, 4, 5)),
        ((1, 2, 3), (1, 1, 1, 4)),
    ):
        check_function(
            lambda m, t, size=size: m.nn.functional.affine_grid(t, size, align_corners=align),
            draw(*shape), rtol=1e-7, warns=True,
        )  # fmt: skip


@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
def test_grid_sample(mode, padding, align):
    grid = draw(2, 3, 4, 2, seed=1) * 0.9
    check_function(
        lambda m, x, g: m.nn.functional.grid_sample(x, g, mode, padding, align),
        draw(2, 3, 5, 6), grid, second=False,
    )  # fmt: skip
    if mode != "bicubic":
        check_function(
            lambda m, x, g: m.nn.functional.grid_sample(x, g, mode, padding, align),
            draw(2, 2, 3, 4, 5), draw(2, 2, 3, 2, 3, seed=1) * 0.9, second=False,
        )  # fmt: skip


def test_grid_sample_is_twice_differentiable():
    """PyTorch's is not: the mixed derivative against a difference of first ones."""
    x, g = draw(1, 1, 4, 4), draw(1, 2, 2, 2, seed=3) * 0.4

    def slope(g):
        images, grid = sg.tensor(x, requires_grad=True), sg.tensor(g, requires_grad=True)
        out = sg.nn.functional.grid_sample(images, grid, align_corners=True)
        (by_image,) = sg.autograd.grad((out * out).sum(), images, create_graph=True)
        return (by_image * by_image).sum(), grid

    total, grid = slope(g)
    (found,) = sg.autograd.grad(total, grid)
    step = np.zeros_like(g)
    step[0, 1, 0, 1] = 1e-6
    expected = (slope(g + step)[0].item() - slope(g - step)[0].item()) / 2e-6
    np.testing.assert_allclose(found.array[0, 1, 0, 1], expected, rtol=1e-6)


def test_defaults_warn():
    x, g = sg.zeros(1, 1, 2, 2), sg.zeros(1, 2, 2, 2)
    with pytest.warns(UserWarning, match="align_corners"):
        sg.nn.functional.grid_sample(x, g)
    with pytest.warns(UserWarning, match="align_corners"):
        sg.nn.functional.affine_grid(sg.zeros(1, 2, 3), (1, 1, 2, 2))


# --- rearranging ----------------------------------------------------------------------------------


@pytest.mark.parametrize("lead", [(), (2,), (2, 3)])
def test_pixel_shuffle(lead):
    check_function(lambda m, x: m.nn.functional.pixel_shuffle(x, 2), draw(*lead, 8, 3, 5))
    check_function(lambda m, x: m.nn.functional.pixel_unshuffle(x, 3), draw(*lead, 2, 3, 6))


def test_channel_shuffle():
    check_function(lambda m, x: m.nn.functional.channel_shuffle(x, 3), draw(2, 6, 3, 2))


UNFOLDS = [
    {"kernel_size": 2},
    {"kernel_size": (2, 3), "stride": 2},
    {"kernel_size": 3, "padding": 1, "stride": (1, 2)},
    {"kernel_size": 2, "dilation": 2, "padding": 1},
]


@pytest.mark.parametrize("options", UNFOLDS, ids=str)
def test_unfold_and_fold(options):
    for shape in ((2, 3, 5, 6), (3, 5, 6)):
        check_function(lambda m, x: m.nn.functional.unfold(x, **options), draw(*shape))
        check_function(
            lambda m, x: m.nn.functional.fold(
                m.nn.functional.unfold(x, **options) ** 2, (5, 6), **options
            ),
            draw(*shape),
        )


@pytest.mark.parametrize(
    ("call", "shape"),
    [
        (lambda m, x: m.nn.functional.interpolate(x), (1, 2, 3)),
        (lambda m, x: m.nn.functional.interpolate(x, 3, 2), (1, 2, 3)),
        (lambda m, x: m.nn.functional.interpolate(x, (3, 4)), (1, 2, 3)),
        (lambda m, x: m.nn.functional.interpolate(x, 0), (1, 2, 3)),
        (lambda m, x: m.nn.functional.interpolate(x, 3, mode="nearest", align_corners=True), (1, 2, 3)),
        (lambda m, x: m.nn.functional.interpolate(x, 3, mode="bilinear"), (1, 2, 3)),
        (lambda m, x: m.nn.functional.interpolate(x, 3, mode="cubic"), (1, 2, 3)),
        (lambda m, x: m.nn.functional.affine_grid(x, (2, 1, 2, 2), align_corners=True), (1, 2, 3)),
        (lambda m, x: m.nn.functional.grid_sample(x, x, "some", align_corners=True), (1, 2, 3, 2)),
        (lambda m, x: m.nn.functional.grid_sample(x, x, "bilinear", "some", True), (1, 2, 3, 2)),
        (lambda m, x: m.nn.functional.grid_sample(x, x[0], align_corners=True), (1, 2, 3, 2)),
        (lambda m, x: m.nn.functional.pixel_shuffle(x, 2), (6, 2, 2)),
        (lambda m, x: m.nn.functional.pixel_unshuffle(x, 2), (6, 3, 2)),
        (lambda m, x: m.nn.functional.pixel_shuffle(x, 2), (6, 2)),
        (lambda m, x: m.nn.functional.channel_shuffle(x, 4), (1, 6, 2)),
        (lambda m, x: m.nn.functional.unfold(x, 7), (1, 2, 5, 5)),
        (lambda m, x: m.nn.functional.fold(x, 4, 2), (1, 5, 9)),
        (lambda m, x: m.nn.functional.fold(x, 4, 2), (1, 8, 8)),
    ],
)  # fmt: skip
def test_refusals(call, shape):
    check_error(call, draw(*shape))
