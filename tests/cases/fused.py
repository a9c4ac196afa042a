"""Layers and losses that are fused for speed, or put together from other operations."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from .drawing import SEEDS, array, several
from .registry import CUBE, FLOATS, ROW, A, B, P, case, drawn, normal

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
    lambda m, x: m.nn.functional.cross_entropy(
        x, m.tensor(LABELS), weight=m.tensor(P[0], dtype=x.dtype)
    ),
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


@st.composite
def _scored(draw: Any) -> Any:
    """Scores of classes, labels (one time in ten a bad one) and options of a loss."""
    rows, classes = draw(st.integers(1, 4)), draw(st.integers(2, 4))
    extra = draw(st.sampled_from([(), (), (2,), (2, 3)]))
    rng = np.random.default_rng(draw(SEEDS))
    labels = rng.integers(0, classes + (draw(st.integers(0, 9)) == 0), (rows, *extra))
    options = {
        "labels": labels,
        "weight": draw(st.sampled_from([None, np.linspace(0.5, 2.0, classes)])),
        "ignore_index": draw(st.sampled_from([-100, 0, 1])),
        "reduction": draw(st.sampled_from(["mean", "sum", "none", "median"])),
    }
    return (draw(array((rows, classes, *extra))),), options


def _loss(name: str) -> Any:
    def call(m: Any, x: Any, labels: Any, weight: Any, **options: Any) -> Any:
        weight = None if weight is None else m.tensor(weight).to(x.dtype)
        return getattr(m.nn.functional, name)(x, m.tensor(labels), weight=weight, **options)

    return call


for name in ("nll_loss", "cross_entropy"):
    drawn(name, _loss(name), _scored(), kinds=("float32", "float64"), smooth=False, ugly=False)
drawn(
    "cross_entropy",
    lambda m, x, s, **o: _loss("cross_entropy")(m, x, label_smoothing=s, **o),
    st.tuples(_scored(), st.sampled_from([0.0, 0.1, 0.5])).map(
        lambda d: (d[0][0], {**d[0][1], "s": d[1], "ignore_index": -100})
    ),
    kinds=("float32", "float64"),
    smooth=False,
    ugly=False,
)
for name in ("mse_loss", "l1_loss"):
    drawn(
        name,
        lambda m, x, y, reduction, name=name: getattr(m.nn.functional, name)(
            x, y.expand(x.shape), reduction=reduction
        ),
        several(reduction=st.sampled_from(["mean", "sum", "none"])),
        mixed=False,
        kinds=FLOATS,
    )
case(
    "nll_loss",
    lambda m, x: m.nn.functional.nll_loss(x, m.tensor(LABELS), ignore_index=3),
    A,
)
case(
    "binary_cross_entropy",
    lambda m, x, y: m.nn.functional.binary_cross_entropy(m.sigmoid(x), m.sigmoid(y)),
    A,
    B,
)

case("avg_pool2d", lambda m, x: m.nn.functional.avg_pool2d(x, 2, []), CUBE)
