"""Functions that PyTorch has for floats alone: integers and bools are refused, not guessed at."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg

X = np.array([[1, 0, 1, 1], [0, 1, 1, 0]])
TWO = ("hypot", "igamma", "igammac", "logaddexp", "logaddexp2", "nextafter")
OF_ACTIVATION = [
    "celu",
    "elu",
    "gelu",
    "glu",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "leaky_relu",
    "logsigmoid",
    "mish",
    "rrelu",
    "selu",
    "silu",
    "softplus",
    "softshrink",
]
CALLS = {
    **{name: lambda m, x, name=name: getattr(m, name)(x, x) for name in TWO},
    **{
        name: lambda m, x, name=name: getattr(m.nn.functional, name)(x)
        for name in (*OF_ACTIVATION, "dropout")
    },
    "softmax": lambda m, x: m.softmax(x, 1),
    "log_softmax": lambda m, x: x.log_softmax(1),
    "softmin": lambda m, x: m.nn.functional.softmin(x, 1),
    "logcumsumexp": lambda m, x: m.logcumsumexp(x, 1),
    "layer_norm": lambda m, x: m.nn.functional.layer_norm(x, (4,)),
    "rms_norm": lambda m, x: m.nn.functional.rms_norm(x, (4,)),
    "group_norm": lambda m, x: m.nn.functional.group_norm(x, 2),
    "mse_loss": lambda m, x: m.nn.functional.mse_loss(x, x, reduction="none"),
    "huber_loss": lambda m, x: m.nn.functional.huber_loss(x, x, reduction="sum"),
    "smooth_l1_loss": lambda m, x: m.nn.functional.smooth_l1_loss(x, x, reduction="sum"),
    "interpolate": lambda m, x: m.nn.functional.interpolate(x[None], 2),
    "uniform_": lambda m, x: x.uniform_(),
    "normal_": lambda m, x: x.normal_(),
    "mm": lambda m, x: m.mm(x, x.t()),
    "matmul": lambda m, x: x @ x.t(),
    "mv": lambda m, x: m.mv(x, x[0]),
    "linear": lambda m, x: m.nn.functional.linear(x, x),
    "where": lambda m, x: m.where(x > 0, x, x),
}


@pytest.mark.parametrize("kind", ["bool", "uint8", "int64", "float32"])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_dtype_is_refused_where_pytorch_refuses_it(call, kind):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    ours, theirs = (m.tensor(X.astype(kind)) for m in (sg, torch))
    try:
        call(torch, theirs)
    except (NotImplementedError, RuntimeError):
        with pytest.raises((NotImplementedError, RuntimeError), match=r"not implemented|cast|bool"):
            call(sg, ours)
        assert ours.tolist() == theirs.tolist()
    else:
        call(sg, ours)


@pytest.mark.parametrize("name", ["mse_loss", "smooth_l1_loss", "huber_loss"])
def test_losses_take_targets_of_bools(name):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    found = [
        getattr(m.nn.functional, name)(m.tensor([0.3, 0.9, 2.5]), m.tensor([True, False, True]))
        for m in (sg, torch)
    ]
    assert found[0].item() == pytest.approx(found[1].item())


@pytest.mark.parametrize(
    "call",
    [
        lambda m, x: x.squeeze(axis=0).unsqueeze(axis=1),
        lambda m, x: m.squeeze(x, axis=(0,)),
        lambda m, x: m.linalg.vector_norm(x, axis=1, keepdims=True),
        lambda m, x: m.linalg.norm(x[0], axis=0),
        lambda m, x: m.repeat_interleave(x, 2, axis=1),
        lambda m, x: m.trapezoid(x, axis=1),
        lambda m, x: m.gradient(x[0], axis=0)[0],
        lambda m, x: m.linalg.diagonal(x[:, None] * x[..., None]),
        lambda m, x: m.unflatten(x[:0], 1, (-1, 2)),
        lambda m, x: m.cosine_similarity(x, x.long()),
        lambda m, x: m.histogram(x[0]).bin_edges,
    ],
)
def test_words_and_dtypes_that_meet(call):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    x = np.array([[1.5, 2.0, -1.0, 4.0]], np.float32)
    ours, theirs = call(sg, sg.tensor(x)), call(torch, torch.tensor(x))
    assert tuple(ours.shape) == tuple(theirs.shape)
    np.testing.assert_allclose(ours.array, theirs.numpy(), rtol=1e-6, atol=1e-7)
