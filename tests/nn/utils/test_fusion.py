"""A layer and the batch normalization behind it as one layer."""

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.nn.utils import fusion

LAYERS = {
    "conv": (lambda m: m.nn.Conv2d(3, 4, 3), lambda m: m.nn.BatchNorm2d(4), (2, 3, 5, 5), False),
    "no bias": (
        lambda m: m.nn.Conv1d(3, 4, 2, bias=False),
        lambda m: m.nn.BatchNorm1d(4, affine=False),
        (2, 3, 5),
        False,
    ),
    "transposed": (
        lambda m: m.nn.ConvTranspose2d(3, 4, 2),
        lambda m: m.nn.BatchNorm2d(4),
        (2, 3, 4, 4),
        True,
    ),
}


def trained(m, make_layer, make_norm, shape):
    m.manual_seed(0)
    layer, norm = make_layer(m).double(), make_norm(m).double()
    x = m.randn(*shape, dtype=m.float64)
    for _ in range(3):
        norm(layer(x) * 2 + 1)
    return layer.eval(), norm.eval(), x


@pytest.mark.parametrize("name", LAYERS)
def test_a_fused_layer_does_what_both_do(torch, name):
    make_layer, make_norm, shape, transpose = LAYERS[name]
    layer, norm, x = trained(sg, make_layer, make_norm, shape)
    fused = fusion.fuse_conv_bn_eval(layer, norm, transpose)
    np.testing.assert_allclose(fused(x).detach(), norm(layer(x)).detach(), rtol=1e-10, atol=1e-12)
    theirs = torch.nn.utils.fusion.fuse_conv_bn_eval(
        *trained(torch, make_layer, make_norm, shape)[:2], transpose
    )
    for ours, other in zip(fused.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(ours.detach(), other.detach().numpy(), rtol=1e-10, atol=1e-12)
        assert ours.requires_grad == other.requires_grad


def test_a_linear_layer_too():
    layer, norm, x = trained(sg, lambda m: m.nn.Linear(3, 4), lambda m: m.nn.BatchNorm1d(4), (5, 3))
    fused = fusion.fuse_linear_bn_eval(layer, norm)
    np.testing.assert_allclose(fused(x).detach(), norm(layer(x)).detach(), rtol=1e-10, atol=1e-12)
    with pytest.raises(AssertionError, match="only for eval"):
        fusion.fuse_linear_bn_eval(layer.train(), norm)
