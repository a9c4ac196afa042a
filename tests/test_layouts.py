"""Results lie in memory as PyTorch's do where a program's ``view`` depends on it."""

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm import nn
from tinygrad_sm.nn import functional as F

RESULTS = {
    "conv2d": lambda x: F.conv2d(x, sg.ones(4, 3, 3, 3), padding=1),
    "conv3d": lambda x: F.conv3d(x[:, None], sg.ones(2, 1, 3, 3, 3)),
    "conv_transpose3d": lambda x: F.conv_transpose3d(x[:, None], sg.ones(1, 2, 2, 2, 2)),
    "interpolate": lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"),
    "nearest": lambda x: F.interpolate(x, size=(5, 3)),
    "pad": lambda x: F.pad(x, (1, 1, 2, 2), mode="reflect"),
    "softmax": lambda x: x.transpose(1, 2).softmax(1),
    "cat": lambda x: sg.cat([x.transpose(1, 3)] * 2, 1),
    "stack": lambda x: sg.stack([x.transpose(1, 3)] * 2, 1),
    "sum": lambda x: x.transpose(1, 3).sum(0),
    "mean": lambda x: x.permute(3, 2, 1, 0).mean((1, 2)),
    "var": lambda x: x.transpose(1, 3).var(2),
    "prod": lambda x: x.transpose(1, 3).prod(2),
    "norm": lambda x: x.transpose(1, 3).norm(dim=2),
    "cumsum": lambda x: x.transpose(1, 2).cumsum(1),
    "index_select": lambda x: x.index_select(1, sg.tensor([2, 0])),
    "index": lambda x: x[:, [0, 2]],
    "roll": lambda x: x.transpose(1, 2).roll(1, 1),
    "repeat_interleave": lambda x: x.repeat_interleave(2, 1),
    "einsum": lambda x: sg.einsum("bcij,bckj->bcki", x, x[:, :, :2]),
}


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_can_be_viewed(name):
    out = RESULTS[name](sg.rand(2, 3, 4, 5))
    assert out.is_contiguous()
    assert out.view(-1).shape == (out.numel(),)


MODULES = {
    "linear": (lambda: nn.Linear(4, 5), (2, 3, 4)),
    "conv1d": (lambda: nn.Conv1d(3, 4, 3), (2, 3, 9)),
    "conv2d": (lambda: nn.Conv2d(4, 8, 3, stride=2, groups=2), (2, 4, 9, 9)),
    "conv_transpose2d": (lambda: nn.ConvTranspose2d(3, 4, 3, stride=2), (2, 3, 5, 5)),
    "conv3d": (lambda: nn.Conv3d(2, 3, 3), (2, 2, 4, 4, 4)),
    "lstm": (lambda: nn.LSTM(3, 4, 2), (5, 2, 3)),
    "attention": (lambda: nn.TransformerEncoderLayer(4, 2, 8), (5, 2, 4)),
}


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("name", MODULES)
def test_gradients_can_be_viewed(name, create_graph):
    make, shape = MODULES[name]
    layer = make().double()
    out = layer(sg.rand(shape, dtype=sg.float64, requires_grad=True))
    loss = (out[0] if isinstance(out, tuple) else out).exp().sum()
    parameters = list(layer.parameters())
    found = sg.autograd.grad(loss, parameters, create_graph=create_graph, retain_graph=True)
    flat = sg.cat([g.view(-1) for g in found])
    loss.backward()
    np.testing.assert_allclose(
        sg.cat([p.grad.view(-1) for p in parameters]).numpy(),
        flat.detach().numpy(),
        rtol=1e-9,
        atol=1e-12,
    )


def test_a_transposed_tensor_still_cannot_be_viewed():
    with pytest.raises(RuntimeError, match="not contiguous"):
        sg.rand(2, 3).t().view(-1)
