"""The lower names of layers, which PyTorch has in its top room alone."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg

from ..agreement import check_error, check_function, draw, pytorch


@pytest.mark.parametrize("shape", [(4,), (3, 4)])
def test_native_layer_norm(shape):
    check_function(
        lambda m, x, w, b: m.native_layer_norm(x, shape, w, b, 1e-5)[0],
        draw(2, 3, 4), draw(*shape), draw(*shape),
    )  # fmt: skip
    check_function(
        lambda m, x: m.native_layer_norm(x.detach(), shape, None, None, 0.1), draw(2, 3, 4)
    )


def test_native_group_norm():
    check_function(
        lambda m, x, w, b: m.native_group_norm(x, w, b, 2, 4, 6, 2, 1e-5)[0],
        draw(2, 4, 2, 3), draw(4), draw(4),
    )  # fmt: skip
    check_function(
        lambda m, x: m.native_group_norm(x.detach(), None, None, 2, 4, 6, 2, 1e-5), draw(2, 4, 2, 3)
    )
    assert sg.native_group_norm(sg.ones(0, 4), None, None, 0, 4, 1, 2, 1e-5)[1].shape == (0, 2)


@pytest.mark.parametrize("training", [True, False])
def test_native_batch_norm(training):
    def call(m, x, w, b):
        return m.native_batch_norm(
            x, w, b, w.detach() * 1, b.detach() ** 2, training, 0.3, 1e-5
        )  # fmt: skip

    check_function(lambda m, *t: call(m, *t)[0], draw(3, 2, 4), draw(2), draw(2))
    check_function(lambda m, *t: call(m, *(x.detach() for x in t)), draw(3, 2, 4), draw(2), draw(2))


@pytest.mark.parametrize("pad", [(1, 2), (0, 1, -1, 2), (1, 1, 0, 0, 2, -1), ()])
def test_constant_pad_nd(pad):
    check_function(lambda m, x: m.constant_pad_nd(x, pad, 0.5), draw(2, 3, 4))


@pytest.mark.parametrize("mode", [0, 1, 2])
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_grid_sampler(mode, padding):
    for name in ("grid_sampler", "grid_sampler_2d"):
        check_function(
            lambda m, x, g, name=name: getattr(m, name)(x, g / 2, mode, padding, True),
            draw(2, 2, 3, 4), draw(2, 3, 2, 2, seed=1),
        )  # fmt: skip
    if mode < 2:
        check_function(
            lambda m, x, g: m.grid_sampler_3d(x, g / 2, mode, padding, False),
            draw(1, 2, 3, 4, 2), draw(1, 2, 2, 3, 3, seed=1),
        )  # fmt: skip


def test_other_lower_names():
    check_function(lambda m, x: m.affine_grid_generator(x, (2, 1, 3, 4), False), draw(2, 2, 3))
    check_function(lambda m, x: m.native_channel_shuffle(x.detach(), 2), draw(1, 4, 3, 2))
    check_function(lambda m, x: m.max_pool1d_with_indices(x, 2, 2)[0], draw(1, 2, 6))


def test_native_dropout():
    x = sg.ones(1000, requires_grad=True)
    out, kept = sg.native_dropout(x, 0.25, True)
    out.sum().backward()
    np.testing.assert_allclose(out.array, kept.array / 0.75, rtol=1e-6)
    np.testing.assert_allclose(x.grad.array, out.array)
    assert 0.6 < kept.array.mean() < 0.9
    assert sg.native_dropout(x, 0.25, False)[1].all()


CALLS = {
    "labels": lambda m, x, w, b: m.nn.functional.linear_cross_entropy(x, w, m.tensor([0, 2, 1])),
    "bias": lambda m, x, w, b: m.nn.functional.linear_cross_entropy(
        x, w, m.tensor([0, 2, -100]), linear_bias=b, label_smoothing=0.1, reduction="sum"
    ),
    "ignored": lambda m, x, w, b: m.nn.functional.linear_cross_entropy(
        x, w, m.tensor([0, 2, 1]), linear_bias=b, weight=b.detach().abs(), ignore_index=2
    ),
    "single": lambda m, x, w, b: m.nn.functional.linear_cross_entropy(x[0], w, m.tensor(1)),
    "probabilities": lambda m, x, w, b: m.nn.functional.linear_cross_entropy(
        x, w, (x @ w.mT).softmax(-1).detach(), reduction="none"
    ),
    "places": lambda m, x, w, b: m.nn.functional.linear_cross_entropy(
        x, m.stack([w, w * 2], 1), m.tensor([[0, 1], [1, 2], [2, 0]])
    ),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_linear_cross_entropy(call):
    if not hasattr(pytorch().nn.functional, "linear_cross_entropy"):
        pytest.skip("this PyTorch does not have it: nothing to compare with")
    check_function(call, draw(3, 4), draw(3, 4, seed=1), draw(3))


@pytest.mark.parametrize(
    ("call", "shape"),
    [
        (lambda m, x: m.constant_pad_nd(x, (1,)), (2, 3)),
        (lambda m, x: m.constant_pad_nd(x, (1, 1, 1, 1)), (2,)),
        (lambda m, x: m.constant_pad_nd(x, (-2, -2)), (3,)),
        (lambda m, x: m.nn.functional.linear_cross_entropy(x, x[:, :1], x[:, 0].long()), (2, 3)),
        (lambda m, x: m.nn.functional.linear_cross_entropy(x[0], x[0], x[:, 0].long()), (2, 3)),
    ],
)
def test_refusals(call, shape):
    check_error(call, draw(*shape))


def test_pools_and_segments_of_less():
    """Of no samples; and segments that leave something over."""
    empty = sg.nn.functional.fractional_max_pool3d(
        sg.ones(0, 1, 4, 5, 4), (2, 2, 1), output_size=2, _random_samples=sg.ones(0, 1, 3)
    )
    assert empty.shape == (0, 1, 2, 2, 2)
    check_function(
        lambda m, x: m.segment_reduce(x.detach(), "mean", lengths=m.tensor([2, 1]), unsafe=True),
        draw(5, 2),
    )
    with pytest.raises(RuntimeError, match="fill dimension"):
        sg.segment_reduce(sg.ones(5), "sum", lengths=sg.tensor([2, 1]))
