"""Drawn programs under drawn nestings of transforms, against ``torch.func``."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg

torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")

PROGRAMS = 150
N = 3


def constant(m, a):
    return m.tensor(np.asarray(a))


def written(m, x, v):
    y = x * 1
    y[0] = x[1] * 2
    y.mul_(0.9)
    y[1:] = y[1:].sin()
    return y


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
    assert compared > PROGRAMS // 10
