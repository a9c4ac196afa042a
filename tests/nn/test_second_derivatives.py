"""Second derivatives where PyTorch has none to compare with: against differences of first ones."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.nn import functional as F

from ..checks import central_differences, value_and_gradients
from .agreement import draw

X, Y = draw(3, 4), draw(3, 4, seed=1)
LINES, IMAGES = draw(2, 3, 6), draw(1, 2, 5, 4)
LABELS = np.array([1, 3, 0])
P = np.exp(X) / np.exp(X).sum(1, keepdims=True)
SIGNS = np.array([1.0, -1.0, 1.0])


def recurrent(kind, **options):
    sg.manual_seed(0)
    layer = getattr(sg.nn, kind)(3, 2, **options).double()

    def call(x, w):
        layer._parameters["weight_hh_l0"] = w  # the tensor itself, to differentiate by it
        return layer(x)[0]

    return call


def attention(q, k, v):
    mask = sg.tensor(np.array([[True, False, True], [False, False, False], [True, True, True]]))
    return F.scaled_dot_product_attention(q, k, v, mask)


CALLS = {
    "hardsigmoid": (lambda x: F.hardsigmoid(x) * x, X),
    "hardswish": (F.hardswish, X),
    "celu": (lambda x: F.celu(x, 1.5), X),
    "leaky_relu": (lambda x: F.leaky_relu(x, 0.2) * x, X),
    "prelu": (lambda x, w: F.prelu(x, w) * x, X, draw(4)),
    "rms_norm": (lambda x, w: F.rms_norm(x, (4,), w), X, draw(4)),
    "attention": (attention, draw(3, 2), draw(3, 2, seed=1), draw(3, 2, seed=2)),
    "embedding by frequency": (
        lambda w: F.embedding(sg.tensor([0, 1, 1, 2]), w) ** 3, draw(3, 2),
    ),
    "bag": (lambda w: F.embedding_bag(sg.tensor([[0, 1], [1, 2]]), w) ** 3, draw(3, 2)),
    "largest of bags": (
        lambda w: F.embedding_bag(sg.tensor([[0, 1], [1, 2]]), w, mode="max") ** 3, draw(3, 2),
    ),
    "unpool": (
        lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2) ** 3, IMAGES,
    ),
    "max_pool3d": (lambda x: F.max_pool3d(x, 2) ** 3, draw(1, 1, 4, 4, 2)),
    "adaptive_max_pool2d": (lambda x: F.adaptive_max_pool2d(x, 2) ** 3, IMAGES),
    "multi_margin": (lambda x: F.multi_margin_loss(x, sg.tensor(LABELS), p=2), X),
    "multilabel_margin": (
        lambda x: F.multilabel_margin_loss(x * x, sg.tensor([[1, 0, -1, 2]] * 3)), X,
    ),
    "bce": (lambda x, y: F.binary_cross_entropy(x.sigmoid(), y.sigmoid()), X, Y),
    "triplet": (lambda a, p, n: F.triplet_margin_loss(a, p, n, 5.0), X, Y, draw(3, 4, seed=2)),
    "cosine embedding": (lambda x, y: F.cosine_embedding_loss(x, y, sg.tensor(SIGNS), -0.9), X, Y),
    "pdist": (F.pdist, X),
    "normalize": (lambda x: F.normalize(x, 3.0), X),
    "ctc": (
        lambda x: F.ctc_loss(x.log_softmax(-1), sg.tensor([[1, 2], [2, 2]]), [4, 4], [2, 1]),
        draw(4, 2, 3),
    ),
    "grid_sample": (
        lambda x, g: F.grid_sample(x, g.tanh(), align_corners=False), IMAGES, draw(1, 2, 3, 2),
    ),
    "bicubic grid_sample": (
        lambda x, g: F.grid_sample(x, g.tanh() * 0.5, "bicubic", "border", True),
        IMAGES, draw(1, 2, 2, 2),
    ),
    "instance_norm": (lambda x: F.instance_norm(x), LINES),
    "LSTM": (recurrent("LSTM"), draw(3, 2, 3), draw(8, 2)),
    "GRU": (recurrent("GRU", bidirectional=True), draw(3, 2, 3), draw(6, 2)),
    "RNN": (recurrent("RNN", batch_first=True), draw(3, 2, 3), draw(2, 2)),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_gradient_of_the_gradient(name):
    call, *inputs = CALLS[name]

    def slope(m, *tensors):
        for t in tensors:
            t.requires_grad_()
        with m.enable_grad():
            out = call(*tensors)
            weights = sg.tensor(np.random.default_rng(5).normal(size=out.shape))
            total = (out * weights * out).sum()
            grads = m.autograd.grad(total, tensors, create_graph=True)
            return m.stack([(g * (g * 0.1 + 1.0)).sum() for g in grads])

    _, weights, found = value_and_gradients(slope, inputs, np.ones(len(inputs)))
    expected = central_differences(slope, inputs, weights, 1e-5)
    assert any(np.abs(e).max() > 1e-3 for e in expected)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-4)
