"""Every module: second derivatives, forward mode, and batches, by its parameters and its input."""

from __future__ import annotations

import inspect
import warnings

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm import nn
from tinygrad_sm.autograd import gradcheck, gradgradcheck
from tinygrad_sm.func import functional_call, grad, vmap

RNG = np.random.default_rng(3)
VECTORS, LINES, IMAGES = (RNG.normal(size=s) for s in ((3, 4), (2, 4, 6), (2, 4, 6, 6)))
VOLUMES = RNG.normal(size=(1, 2, 4, 4, 4))
LABELS = np.array([0, 3, 1])


def first(module):
    """A module of which the first result counts."""

    class First(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = module

        def forward(self, *xs):
            return self.inner(*xs)[0]

    return First()


MODULES = {
    "Linear": (lambda: nn.Linear(4, 3), VECTORS),
    "Bilinear": (lambda: nn.Bilinear(4, 4, 2), VECTORS, VECTORS[::-1] + 0.7),
    "Conv1d": (lambda: nn.Conv1d(4, 2, 3, padding=1), LINES),
    "Conv2d": (lambda: nn.Conv2d(4, 4, 3, stride=2, groups=2), IMAGES),
    "Conv3d": (lambda: nn.Conv3d(2, 2, 2), VOLUMES),
    "ConvTranspose1d": (lambda: nn.ConvTranspose1d(4, 2, 3), LINES),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d(4, 2, 3, stride=2), IMAGES[:, :, :3, :3]),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(4, track_running_stats=False), VECTORS),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(4).eval(), IMAGES[..., :3]),
    "LayerNorm": (lambda: nn.LayerNorm(4), VECTORS),
    "GroupNorm": (lambda: nn.GroupNorm(2, 4), LINES),
    "InstanceNorm1d": (lambda: nn.InstanceNorm1d(4, affine=True), LINES),
    "RMSNorm": (lambda: nn.RMSNorm(4), VECTORS),
    "LocalResponseNorm": (lambda: nn.LocalResponseNorm(2), LINES),
    "RNN": (lambda: first(nn.RNN(4, 3)), LINES.transpose(2, 0, 1)[:3]),
    "LSTM": (lambda: first(nn.LSTM(4, 3)), LINES.transpose(2, 0, 1)[:3]),
    "GRU": (lambda: first(nn.GRU(4, 3)), LINES.transpose(2, 0, 1)[:3]),
    "LSTMCell": (lambda: first(nn.LSTMCell(4, 3)), VECTORS),
    "GRUCell": (lambda: nn.GRUCell(4, 3), VECTORS),
    "MultiheadAttention": (
        lambda: first(nn.MultiheadAttention(4, 2, batch_first=True)),
        *(LINES.transpose(0, 2, 1)[:, i : i + 3] for i in range(3)),
    ),
    "TransformerEncoderLayer": (
        lambda: nn.TransformerEncoderLayer(4, 2, 5, dropout=0.0, batch_first=True),
        LINES.transpose(0, 2, 1)[:, :3],
    ),
    "MaxPool2d": (lambda: nn.MaxPool2d(2), IMAGES),
    "AvgPool2d": (lambda: nn.AvgPool2d(3, 2, 1), IMAGES),
    "AdaptiveAvgPool2d": (lambda: nn.AdaptiveAvgPool2d((2, 4)), IMAGES),
    "AdaptiveMaxPool2d": (lambda: nn.AdaptiveMaxPool2d(2), IMAGES),
    "ZeroPad2d": (lambda: nn.ZeroPad2d(1), IMAGES[..., :2]),
    "ReflectionPad1d": (lambda: nn.ReflectionPad1d(2), LINES),
    "PixelShuffle": (lambda: nn.PixelShuffle(2), IMAGES[..., :2]),
    "Upsample": (lambda: nn.Upsample(scale_factor=2, mode="bilinear"), IMAGES[..., :3]),
    "Unfold": (lambda: nn.Unfold(3), IMAGES[..., :4]),
    "Flatten": (lambda: nn.Flatten(), LINES),
    "CosineSimilarity": (lambda: nn.CosineSimilarity(), VECTORS, VECTORS[::-1] + 0.7),
    "PReLU": (lambda: nn.PReLU(), VECTORS),
    "Softmax": (lambda: nn.Softmax(1), VECTORS),
    "CrossEntropyLoss": (lambda: nn.CrossEntropyLoss(), VECTORS, LABELS),
    "NLLLoss": (lambda: nn.NLLLoss(), VECTORS, LABELS),
    "MSELoss": (lambda: nn.MSELoss(), VECTORS, VECTORS[::-1] + 0.7),
    "HuberLoss": (lambda: nn.HuberLoss(), VECTORS, VECTORS[::-1] + 0.7),
    "BCEWithLogitsLoss": (lambda: nn.BCEWithLogitsLoss(), VECTORS, np.abs(np.sin(VECTORS))),
    "KLDivLoss": (lambda: nn.KLDivLoss(reduction="batchmean"), VECTORS, np.abs(VECTORS) + 0.1),
} | {
    name: (lambda kind=kind: kind(), VECTORS)
    for name, kind in vars(nn).items()
    if name in {
        "ReLU", "LeakyReLU", "ELU", "SELU", "CELU", "GELU", "SiLU", "Mish", "Sigmoid", "Tanh",
        "Softplus", "Softsign", "LogSigmoid", "Hardtanh", "Hardswish", "Hardsigmoid", "Tanhshrink",
        "Softshrink", "Hardshrink", "ReLU6", "LogSoftmax", "Softmin",
    }
    and inspect.isclass(kind)
}  # fmt: skip


def setting(name):
    """The module, its parameters by name, and a function of them and of the floating inputs."""
    build, *inputs = MODULES[name]
    sg.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = build().double()
    params = {k: v.detach() for k, v in module.named_parameters()}
    names = list(params)
    floating = [i for i, x in enumerate(inputs) if x.dtype.kind == "f"]

    def function(*values):
        own = dict(zip(names, values[: len(names)], strict=True))
        args = [sg.tensor(x) if x.dtype.kind == "i" else None for x in inputs]
        for i, v in zip(floating, values[len(names) :], strict=True):
            args[i] = v
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return functional_call(module, own, tuple(args))

    points = [*params.values(), *(sg.tensor(np.array(inputs[i])) for i in floating)]
    return function, points


@pytest.mark.parametrize("name", MODULES)
def test_derivatives_of_both_orders_in_both_modes(name):
    function, points = setting(name)
    leaves = tuple(p.requires_grad_() for p in points)
    # one direction through everything, so that the biggest modules take a moment only
    assert gradcheck(function, leaves, fast_mode=True, check_forward_ad=True)
    assert gradgradcheck(function, leaves, fast_mode=True, check_fwd_over_rev=True, atol=1e-4)


@pytest.mark.parametrize("name", MODULES)
def test_per_sample_gradients_equal_the_loop(name):
    function, points = setting(name)
    count = len(points)
    batches = [sg.stack([p * f for f in (1.0, 0.9)]) for p in points]

    def loss(*values):
        out = function(*values)
        weights = np.random.default_rng(1).normal(size=out.shape)
        return (out * sg.tensor(weights) * out).sum()

    slopes = grad(loss, tuple(range(count)))
    rows = [slopes(*(b[i] for b in batches)) for i in range(2)]
    found = vmap(slopes)(*batches)
    for i in range(count):
        expected = np.stack([r[i].array for r in rows])
        np.testing.assert_allclose(found[i].array, expected, rtol=1e-8, atol=1e-10)
    own = vmap(slopes, (*(None,) * (count - 1), 0))(*points[:-1], batches[-1])
    rows = [slopes(*points[:-1], batches[-1][i]) for i in range(2)]
    for i in range(count):
        expected = np.stack([r[i].array for r in rows])
        np.testing.assert_allclose(own[i].array, expected, rtol=1e-8, atol=1e-10)
