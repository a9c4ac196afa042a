"""Drawn programs under drawn nestings of transforms, against ``torch.func``."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg

torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")

PROGRAMS = 240
N = 3


def constant(m, a):
    return m.tensor(np.asarray(a))


def written(m, x, v):
    y = x * 1
    y[0] = x[1] * 2
    y.mul_(0.9)
    y[1:] = y[1:].sin()
    return y


def attention(m, x, v, W):
    q, k, v = x[:, None] * W, W * v, x[:, None] + W
    if m is sg:
        return m.nn.functional.scaled_dot_product_attention(q, k, v).sum(-1)
    # PyTorch's kernel has no second derivative
    return (m.softmax(q @ k.T / N**0.5, -1) @ v).sum(-1)


def normalized(samples, v, x):
    """In PyTorch: whose own norms have wrong third derivatives, a slope's Hessian not symmetric."""
    return (samples - samples.mean(0)) / (samples.var(0, unbiased=False) + 1e-2) ** 0.5 * v + x


def layer_norm(m, x, v):
    if m is sg:
        return m.nn.functional.layer_norm(x, (N,), v, x * 0.3, 1e-2)
    return normalized(x, v, x * 0.3)


def batch_norm(m, x, v, W):
    samples = x[:, None] * W
    if m is sg:
        return m.nn.functional.batch_norm(samples, None, None, v, x, training=True, eps=1e-2)
    return normalized(samples, v, x)


def cell(m, kind, gates, x, v, W):
    """One step of a recurrent layer, its weights depending on x too."""
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    weights = (W * x, W.T, v * x, v)
    given = {
        n: m.cat([w * (0.5 + i) for i in range(gates)]) for n, w in zip(names, weights, strict=True)
    }
    module = getattr(m.nn, kind)(N, N).double()
    if kind == "LSTMCell":
        h, c = m.func.functional_call(module, given, (x[None], (v[None], x[None])))
        return h[0] + c[0] * 0.5
    return m.func.functional_call(module, given, (x[None], v[None]))[0]


def image(x, W):
    return (x[:, None] * W)[None, None]


# Each: a function of a library, a vector, a constant vector, a constant matrix and places.
STEPS = {
    "sin": lambda m, x, v, W, i: x.sin(),
    "tanh": lambda m, x, v, W, i: (x * 0.7).tanh(),
    "exp": lambda m, x, v, W, i: (x * 0.3).exp(),
    "erf": lambda m, x, v, W, i: m.erf(x),
    "times": lambda m, x, v, W, i: x * v + 0.3 * x,
    "matrix": lambda m, x, v, W, i: (W * 0.4) @ x,
    "softmax": lambda m, x, v, W, i: m.softmax(x, -1) * 2,
    "cumsum": lambda m, x, v, W, i: m.cumsum(x, 0) * 0.5,
    "index": lambda m, x, v, W, i: x[i] + x[1],
    "where": lambda m, x, v, W, i: m.where(x > 0.1, x * x * 0.5, m.sin(x)),
    "sort": lambda m, x, v, W, i: m.sort(x, -1)[0],
    "max": lambda m, x, v, W, i: x * x.max(0)[0] * 0.3,
    "median": lambda m, x, v, W, i: x - 0.5 * m.median(x, 0)[0],
    "gelu": lambda m, x, v, W, i: m.nn.functional.gelu(x),
    "einsum": lambda m, x, v, W, i: m.einsum("i,ij,j->j", x, W * 0.4, x),
    "prod": lambda m, x, v, W, i: x * m.prod(x * 0.3 + 1) * 0.5,
    "conv": lambda m, x, v, W, i: m.nn.functional.conv1d(
        x[None, None], v[None, None], padding=1
    )[0, 0],
    "pool": lambda m, x, v, W, i: m.cat(
        [m.nn.functional.avg_pool1d(x[None, None], 2, 1)[0, 0], x[:1]]
    ),
    "written": lambda m, x, v, W, i: written(m, x, v),
    "gather": lambda m, x, v, W, i: m.gather(x, 0, i),
    "scatter_add": lambda m, x, v, W, i: x.scatter_add(0, i, x.sin()) * 0.7,
    "logsumexp": lambda m, x, v, W, i: x - m.logsumexp(x, 0),
    "var": lambda m, x, v, W, i: x * x.var() * 0.2,
    "pad": lambda m, x, v, W, i: m.nn.functional.pad(x, (1, 0))[:N],
    "roll": lambda m, x, v, W, i: m.roll(x, 1, 0) + x,
    "tril": lambda m, x, v, W, i: m.tril(x[:, None] * W * 0.4).sum(0),
    "eigh": lambda m, x, v, W, i: x * m.linalg.eigvalsh(W + W.T + m.outer(x, x) * 0.1)[0] * 0.3,
    "cholesky": lambda m, x, v, W, i: m.linalg.cholesky(
        m.eye(N, dtype=m.float64) * 3 + m.outer(x, x) * 0.1
    ) @ x * 0.3,
    "cross_entropy": lambda m, x, v, W, i: x * m.nn.functional.cross_entropy(x[None], i[:1]),
    "unfold": lambda m, x, v, W, i: m.cat([x.unfold(0, 2, 1).prod(-1), x[-1:]]),
    "pow": lambda m, x, v, W, i: (x * x + 1) ** 0.7,
    "divide": lambda m, x, v, W, i: v / (x * x + 1),
    "cumprod": lambda m, x, v, W, i: m.cumprod(x * 0.3 + 1, 0),
    "softplus": lambda m, x, v, W, i: m.nn.functional.softplus(x),
    "kron": lambda m, x, v, W, i: m.kron(x, v[:2])[1 : N + 1],
    "diagonal": lambda m, x, v, W, i: m.diagonal(m.outer(x, x)) * 0.3 + m.diag(x).sum(0) * 0.5,
    "expand": lambda m, x, v, W, i: (x.expand(2, N) * v[:1]).sum(0) * 0.4,
    "clamp": lambda m, x, v, W, i: m.clamp(x, -0.8, 0.9) + 0.1 * x,
    "linear": lambda m, x, v, W, i: m.nn.functional.linear(x, W * 0.4, v),
    "layer_norm": lambda m, x, v, W, i: layer_norm(m, x, v),
    "rms_norm": lambda m, x, v, W, i: m.nn.functional.rms_norm(x * v, (N,), v, 1e-2),
    "batch_norm": lambda m, x, v, W, i: batch_norm(m, x, v, W).prod(1) * 0.3,
    "group_norm": lambda m, x, v, W, i: m.nn.functional.group_norm(
        image(x, W)[0].transpose(0, 1), 1, v[:1], eps=1e-2
    ).sum((1, 2)) + x,
    "attention": lambda m, x, v, W, i: attention(m, x, v, W) * 0.3,
    "RNNCell": lambda m, x, v, W, i: cell(m, "RNNCell", 1, x, v, W),
    "GRUCell": lambda m, x, v, W, i: cell(m, "GRUCell", 3, x, v, W),
    "LSTMCell": lambda m, x, v, W, i: cell(m, "LSTMCell", 4, x, v, W),
    "dropout": lambda m, x, v, W, i: x * (v > 0) * 2 + 0.1 * x,
    "conv2d": lambda m, x, v, W, i: m.nn.functional.conv2d(
        image(x, W), image(x, W.T) * 0.3, v[:1], padding=1
    )[0, 0].sum(0) * 0.4,
    "conv_transpose": lambda m, x, v, W, i: m.nn.functional.conv_transpose1d(
        x[None, None], v[None, None]
    )[0, 0, 1 : N + 1],
    "max_pool": lambda m, x, v, W, i: x * m.nn.functional.max_pool2d(image(x, W), 2, 1).sum() * 0.3,
    "embedding": lambda m, x, v, W, i: m.nn.functional.embedding(i, x[:, None] * W).sum(1) * 0.5,
    "bce": lambda m, x, v, W, i: x * m.nn.functional.binary_cross_entropy_with_logits(
        x, m.sigmoid(v)
    ),
    "huber": lambda m, x, v, W, i: x * m.nn.functional.huber_loss(x, v, delta=0.7),
    "kl": lambda m, x, v, W, i: x + m.nn.functional.kl_div(
        m.log_softmax(x, 0), m.softmax(v, 0), reduction="none"
    ),
}  # fmt: skip


def number(g):
    return lambda x: (g(x) * 1.3).square().sum() * 0.5 + g(x).sum()


def both(m, g, x):
    slope, (value, _) = m.func.grad_and_value(lambda x: (number(g)(x), x), has_aux=True)(x)
    return slope * value


def pulled(m, g, x):
    out, back = m.func.vjp(g, x)
    return back(out.sin())[0]


def rows(m, x, s):
    return m.stack([x, x * s[0], x + s[1]])


# Each: a function g made another one, with two numbers s, a vector v and a chunk size c to draw from.
TRANSFORMS = {
    "grad": lambda m, g, s, v, c: m.func.grad(number(g)),
    "grad_and_value": lambda m, g, s, v, c: lambda x: both(m, g, x),
    "jacrev": lambda m, g, s, v, c: m.func.jacrev(g),
    "jacfwd": lambda m, g, s, v, c: m.func.jacfwd(g),
    "hessian": lambda m, g, s, v, c: m.func.hessian(number(g)),
    "jvp": lambda m, g, s, v, c: lambda x: m.func.jvp(g, (x,), (v * x,))[1],
    "vjp": lambda m, g, s, v, c: lambda x: pulled(m, g, x),
    "vmap": lambda m, g, s, v, c: lambda x: m.func.vmap(g)(rows(m, x, s)),
    "vmap in chunks": lambda m, g, s, v, c: lambda x: m.func.vmap(g, chunk_size=c)(rows(m, x, s)),
    "vmap of the last": lambda m, g, s, v, c: lambda x: m.func.vmap(g, -1, -1)(rows(m, x, s).T),
    "vmap of one": lambda m, g, s, v, c: lambda x: m.func.vmap(
        lambda y, z: g(y * z), (None, 0)
    )(x, rows(m, x, s)),
    "vmap of vmap": lambda m, g, s, v, c: lambda x: m.func.vmap(
        m.func.vmap(lambda y, z: g(y * z), (None, 0)), (0, None), out_dims=1
    )(rows(m, x, s)[:2], rows(m, x, s)),
}  # fmt: skip


def drawn(seed):
    """Names of steps and transforms, and a function of a library that runs them."""
    rng = np.random.default_rng(seed)
    steps = [
        (name, rng.normal(size=N), rng.normal(size=(N, N)), rng.integers(0, N, N))
        for name in rng.choice(list(STEPS), rng.integers(1, 5))
    ]
    transforms = [
        (name, rng.normal(size=2), rng.normal(size=N), int(rng.integers(1, 4)))
        for name in rng.choice(list(TRANSFORMS), rng.integers(1, 4))
    ]
    point = rng.normal(size=N)

    def run(m):
        def function(x):
            for name, v, W, i in steps:
                x = STEPS[name](m, x, constant(m, v), constant(m, W), constant(m, i))
            return x

        for name, s, v, c in transforms:
            function = TRANSFORMS[name](m, function, s.tolist(), constant(m, v), c)
        return np.asarray(function(constant(m, point)))

    return [s[0] for s in steps], [t[0] for t in transforms], run


def refused_by_pytorch(run):
    """Its result, or ``None``: some of its operations have no forward mode or batching."""
    try:
        return run(torch)
    except (RuntimeError, NotImplementedError):
        return None


@pytest.mark.filterwarnings(
    "ignore:.*torch.jit:DeprecationWarning", "ignore:There is a performance drop"
)
@pytest.mark.parametrize("block", range(5))
def test_drawn_programs_agree_with_pytorch(block):
    compared = 0
    for seed in range(block * PROGRAMS // 5, (block + 1) * PROGRAMS // 5):
        steps, transforms, run = drawn(seed)
        expected = refused_by_pytorch(run)
        if expected is None or not np.isfinite(expected).all():
            continue
        scale = float(np.abs(expected).max()) + 1e-6
        found = run(sg)
        assert found.shape == expected.shape
        np.testing.assert_allclose(
            found / scale, expected / scale, rtol=1e-7, atol=1e-8, err_msg=f"{steps} {transforms}"
        )
        compared += 1
    assert compared > PROGRAMS // 10, compared
