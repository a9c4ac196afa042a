"""Layers and losses that are fused for speed, or put together from other operations."""

import numpy as np

from .registry import CUBE, ROW, A, B, P, case, normal

case("linear", lambda m, x, w, b: m.nn.functional.linear(x, w, b), CUBE, normal(5, 4), normal(5))
case(
    "layer_norm",
    lambda m, x, w, b: m.nn.functional.layer_norm(x, (4,), w, b),
    CUBE,
    ROW,
    normal(4, seed=9),
)
case("rms_norm", lambda m, x, w: m.nn.functional.rms_norm(x, (4,), w), CUBE, ROW)
case(
    "batch_norm",
    lambda m, x, w: m.nn.functional.batch_norm(x, None, None, w, None, True),
    CUBE,
    normal(3),
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
        "cross_entropy",
        lambda m, x, o=options: m.nn.functional.cross_entropy(x, m.tensor(LABELS), **o),
        A,
    )
case(
    "cross_entropy",
    lambda m, x: m.nn.functional.cross_entropy(x, m.tensor(LABELS), weight=m.tensor(P[0])),
    A,
)
case("mse_loss", lambda m, x, y: m.nn.functional.mse_loss(x, y), A, B)
case("l1_loss", lambda m, x, y: m.nn.functional.l1_loss(x, y), A, B)
case(
    "binary_cross_entropy_with_logits",
    lambda m, x, y: m.nn.functional.binary_cross_entropy_with_logits(x, y),
    A * 50,
    P,
    second=False,
)
case(
    "embedding", lambda m, w: m.nn.functional.embedding(m.tensor([[1, 2], [2, 0]]), w), normal(3, 4)
)
case(
    "scaled_dot_product_attention",
    lambda m, q, k, v: m.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True),
    CUBE,
    normal(2, 3, 4, seed=5),
    normal(2, 3, 5, seed=6),
)
