"""The registry of operation cases, which feeds every test of values and gradients.

A case is a function of a ``torch``-like module and of tensors, so that the same lines run here and
in PyTorch, and the float64 arrays that it is called with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """One call of one operation; ``op`` is the name of what it exercises."""

    op: str
    call: Callable[..., Any]
    inputs: tuple[np.ndarray, ...]
    second: bool = True  # whether its second derivative is checked

    def __str__(self) -> str:
        shapes = "_".join("x".join(map(str, x.shape)) or "0d" for x in self.inputs)
        return f"{self.op}-{shapes}"


def _draw(*shape: int, seed: int = 0, positive: bool = False) -> np.ndarray:
    x = np.random.default_rng([seed, *shape]).normal(size=shape)
    return np.abs(x) + 0.3 if positive else x


A, B = _draw(3, 4), _draw(3, 4, seed=1)
P, Q = _draw(3, 4, positive=True), _draw(3, 4, seed=1, positive=True)
ROW, COLUMN, SCALAR = _draw(4, seed=2), _draw(3, 1, seed=3), _draw(seed=4)
EMPTY = np.zeros((0, 4))
CUBE = _draw(2, 3, 4)
ZEROS = np.array([[1.5, 0.0, -2.0, 0.5], [0.0, 0.0, 3.0, 1.0], [1.0, 2.0, -1.0, 0.5]])
STRIDED = _draw(8, 6)[::-2, ::2]
IMAGES = _draw(2, 4, 7, 6)

CASES: list[Case] = []


def case(op: str, call: Callable[..., Any], *inputs: np.ndarray, second: bool = True) -> None:
    """Add a case."""
    CASES.append(Case(op, call, inputs, second))


for name in [
    "exp",
    "expm1",
    "sin",
    "cos",
    "tanh",
    "sigmoid",
    "erf",
    "neg",
    "square",
    "relu",
    "positive",
]:
    for x in (A, SCALAR, EMPTY, STRIDED):
        case(name, lambda m, x, name=name: getattr(m, name)(x), x)
for name in ["log", "log1p", "log2", "log10", "sqrt", "rsqrt", "reciprocal"]:
    for x in (P, np.abs(SCALAR) + 0.5, EMPTY):
        case(name, lambda m, x, name=name: getattr(m, name)(x), x)
for name in ["abs", "sign", "floor", "ceil", "trunc", "round"]:
    case(name, lambda m, x, name=name: getattr(m, name)(x), A)
for name in ["add", "sub", "mul", "div", "maximum", "minimum"]:
    for x, y in ((A, B), (A, ROW), (COLUMN, ROW), (A, SCALAR), (SCALAR, A), (EMPTY, ROW)):
        case(name, lambda m, x, y, name=name: getattr(m, name)(x, y), x, y + 0.01)
case("add", lambda m, x, y: m.add(x, y, alpha=2.5), A, B)
case("sub", lambda m, x, y: m.sub(x, y, alpha=2.5), A, B)
case("remainder", lambda m, x, y: m.remainder(x, y), A, Q)
case("floor_divide", lambda m, x, y: m.div(x, y, rounding_mode="floor"), A, Q)
case("div", lambda m, x, y: m.div(x, y, rounding_mode="trunc"), A, Q)
case("maximum", lambda m, x: m.maximum(x, x * 1.0), A, second=False)
case("pow", lambda m, x, y: m.pow(x, y), P, Q)
case("pow", lambda m, x: x**3, A)
case("pow", lambda m, x: x**2, A)
case("pow", lambda m, x: x**-1.5, P)
case("pow", lambda m, x: 2.0**x, A)
case("pow", lambda m, x: x**0, ZEROS, second=False)
case("clamp", lambda m, x: m.clamp(x, -0.5, 0.5), A)
case("clamp", lambda m, x, y: m.clamp(x, min=y), A, B)
case("where", lambda m, x, y: m.where(x > 0, x, y), A, ROW)
case("masked_fill", lambda m, x: x.masked_fill(x > 0, 2.0), A)
case("to_copy", lambda m, x: x.to(m.float64, copy=True) * 2, A)

for dim in (None, 0, 1, -1, (0, 1)):
    for keep in (False, True):
        kw = {} if dim is None else {"dim": dim, "keepdim": keep}
        for name in ["sum", "mean", "amax", "amin", "std", "var"]:
            case(name, lambda m, x, name=name, kw=kw: getattr(x, name)(**kw), A)
        if dim is not None:
            case("logsumexp", lambda m, x, kw=kw: m.logsumexp(x, **kw), A)
            case("norm", lambda m, x, kw=kw: x.norm(**kw), A)
for dim in (0, 1):
    case("prod", lambda m, x, dim=dim: x.prod(dim), ZEROS)
    case("cumsum", lambda m, x, dim=dim: x.cumsum(dim), A)
    case("softmax", lambda m, x, dim=dim: m.softmax(x, dim), A)
    case("log_softmax", lambda m, x, dim=dim: m.log_softmax(x, dim), A)
    case("max", lambda m, x, dim=dim: x.max(dim)[0], A)
    case("min", lambda m, x, dim=dim: x.min(dim, keepdim=True)[0], A)
case("prod", lambda m, x: x.prod(), ZEROS)
case("norm", lambda m, x: x.norm(p=1), A)
case("norm", lambda m, x: x.norm(p=3), A)
case("sum", lambda m, x: x.sum(), EMPTY)

case("view", lambda m, x: x.reshape(2, -1), A)
case("view", lambda m, x: x.view(12), A)
case("flatten", lambda m, x: x.flatten(1), CUBE)
case("permute", lambda m, x: x.permute(2, 0, 1), CUBE)
case("permute", lambda m, x: x.transpose(0, -1), CUBE)
case("permute", lambda m, x: x.T * 1.0, A)
case("squeeze", lambda m, x: x.unsqueeze(1).squeeze(1), A)
case("expand", lambda m, x: x.expand(2, 3, 4), A)
case("repeat", lambda m, x: x.repeat(2, 1, 3), A)
case("cat", lambda m, x, y: m.cat([x, y, x], 1), A, B)
case("stack", lambda m, x, y: m.stack([x, y], -1), A, B)
case("split", lambda m, x: x.split([1, 3], 1)[1], A)
case("split", lambda m, x: x.chunk(3, 1)[0] * x.chunk(3, 1)[1], A)
case("unbind", lambda m, x: x.unbind(1)[2], A)
case("flip", lambda m, x: x.flip(0, 1), A)
case("tril", lambda m, x: x.tril(-1), A)
case("triu", lambda m, x: x.triu(1), A)
case("clone", lambda m, x: x.clone(), A)
case("contiguous", lambda m, x: x.t().contiguous(), A)
case("index", lambda m, x: x[1], A)
case("index", lambda m, x: x[:, None, 1:3], A)
case("index", lambda m, x: x[..., ::2], A)
case("index", lambda m, x: x[[0, 0, 2]], A)
case("index", lambda m, x: x[[0, 0], [1, 1]], A)
case("index", lambda m, x: x[x > 0], A, second=False)
case("index", lambda m, x: x[:, m.tensor([1, 1, 3])], A)
case("select", lambda m, x: x.select(1, 2), A)
case("narrow", lambda m, x: x.narrow(1, 1, 2), A)
case("index_select", lambda m, x: x.index_select(1, m.tensor([0, 0, 3])), A)
case("gather", lambda m, x: x.gather(1, m.tensor([[0, 0], [1, 3], [2, 2]])), A)
case(
    "scatter_add",
    lambda m, x, y: x.scatter_add(1, m.tensor([[0, 0, 1, 2], [1, 3, 3, 3], [2, 2, 2, 2]]), y),
    A,
    B,
)
case(
    "index_put",
    lambda m, x, y: x.scatter(1, m.tensor([[0, 1, 3, 2], [1, 0, 2, 3], [2, 3, 1, 0]]), y),
    A,
    B,
)
case("sort", lambda m, x: x.sort(1, descending=True)[0], A)
case("topk", lambda m, x: x.topk(2, 1)[0], A)

case("mm", lambda m, x, y: x @ y.t(), A, B)
case("mm", lambda m, x, y: m.matmul(x, y), CUBE, _draw(4, 5))
case("mm", lambda m, x, y: m.matmul(x, y), CUBE, _draw(2, 4, 5))
case("mm", lambda m, x, y: m.matmul(x, y), A, ROW)
case("mm", lambda m, x, y: m.matmul(y, x.t()), A, ROW)
case("dot", lambda m, x: m.dot(x, x * 2), ROW)
case("outer", lambda m, x: m.outer(x, x), ROW)
for equation, shapes in (
    ("ij,jk->ik", ((2, 3), (3, 4))),
    ("ii->", ((3, 3),)),
    ("ii->i", ((3, 3),)),
    ("nd,nn->d", ((3, 2), (3, 3))),
    ("ij,kj->ik", ((2, 1), (3, 4))),
    ("...ij,...kj->...ik", ((2, 3, 4), (2, 5, 4))),
    ("i,j,k->kji", ((2,), (3,), (4,))),
):
    case(
        "einsum",
        lambda m, *xs, equation=equation: m.einsum(equation, *xs),
        *(_draw(*s, seed=i) for i, s in enumerate(shapes)),
    )

for name in ["leaky_relu", "elu", "silu", "gelu", "softplus", "logsigmoid"]:
    case(name, lambda m, x, name=name: getattr(m.nn.functional, name)(x), A * 3)
case("gelu", lambda m, x: m.nn.functional.gelu(x, approximate="tanh"), A * 3)
for stride, padding, dilation, groups in ((1, 0, 1, 1), (2, 1, 1, 2), (3, (2, 1), 2, 1)):
    case(
        "convolution",
        lambda m, x, w, b, s=stride, p=padding, d=dilation, g=groups: m.nn.functional.conv2d(
            x, w, b, s, p, d, g
        ),
        IMAGES,
        _draw(6, 4 // groups, 3, 2),
        _draw(6),
    )
for kernel, stride, padding in ((2, 2, 0), (3, 2, 1)):
    for name in ("max_pool2d", "avg_pool2d"):
        case(
            name,
            lambda m, x, name=name, a=(kernel, stride, padding): getattr(m.nn.functional, name)(
                x, *a
            ),
            IMAGES,
        )
case("max_pool2d", lambda m, x: m.nn.functional.max_pool2d(x * 0.0 + 1.0, 2), IMAGES)
case("adaptive_avg_pool2d", lambda m, x: m.nn.functional.adaptive_avg_pool2d(x, (3, 4)), IMAGES)
case("addmm", lambda m, x, w, b: m.nn.functional.linear(x, w, b), CUBE, _draw(5, 4), _draw(5))
case(
    "native_layer_norm",
    lambda m, x, w, b: m.nn.functional.layer_norm(x, (4,), w, b),
    CUBE,
    ROW,
    _draw(4, seed=9),
)
case("rms_norm", lambda m, x, w: m.nn.functional.rms_norm(x, (4,), w), CUBE, ROW)
case(
    "batch_norm",
    lambda m, x, w: m.nn.functional.batch_norm(x, None, None, w, None, True),
    CUBE,
    _draw(3),
)
LABELS = np.array([1, 3, 0])
for options in (
    {},
    {"reduction": "sum"},
    {"reduction": "none"},
    {"label_smoothing": 0.2},
    {"ignore_index": 3},
):
    case(
        "nll_loss",
        lambda m, x, o=options: m.nn.functional.cross_entropy(x, m.tensor(LABELS), **o),
        A,
    )
case(
    "nll_loss",
    lambda m, x: m.nn.functional.cross_entropy(x, m.tensor(LABELS), weight=m.tensor(P[0])),
    A,
)
case("mse_loss", lambda m, x, y: m.nn.functional.mse_loss(x, y), A, B)
case("l1_loss", lambda m, x, y: m.nn.functional.l1_loss(x, y), A, B)
case(
    "bce",
    lambda m, x, y: m.nn.functional.binary_cross_entropy_with_logits(x, y),
    A * 50,
    P,
    second=False,
)
for mode in ("constant", "reflect", "replicate", "circular"):
    case("pad", lambda m, x, mode=mode: m.nn.functional.pad(x, (1, 2, 2, 1), mode=mode), IMAGES)
case(
    "embedding", lambda m, w: m.nn.functional.embedding(m.tensor([[1, 2], [2, 0]]), w), _draw(3, 4)
)
case(
    "sdpa",
    lambda m, q, k, v: m.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True),
    CUBE,
    _draw(2, 3, 4, seed=5),
    _draw(2, 3, 5, seed=6),
)


def _in_place_view(m: Any, x: Any, y: Any) -> Any:
    base = x * 1.0
    base[0].mul_(y[1])
    base[1:, 2] += y[0, 0]
    base[2] = y[2] * base[0].clone()
    return base


def _written_from_nothing(m: Any, x: Any) -> Any:
    base = m.zeros(3, 4, dtype=m.float64)
    base[1] = x[0] * x[1]
    column = base[:, 1]
    early = base[1]
    column.mul_(3.0)
    base = base + early
    return base.sum(0) + column.sum()


case("copy_slices", _in_place_view, A, B)
case("copy_slices", _written_from_nothing, A)
case("copy", lambda m, x, y: (x * 1.0).copy_(y) * x, A, ROW)
case("as_strided", _written_from_nothing, A)
