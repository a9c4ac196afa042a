"""Losses, and the distances and similarities that they are made of."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from .drawing import SEEDS, array, laid_out, several, shapes, tame
from .registry import FLOATS, A, B, case, drawn

REDUCTION = st.sampled_from(["mean", "sum", "none", "median"])
PLAIN = {"mixed": False, "kinds": FLOATS[:2], "ugly": False}


def _called(name: str) -> Any:
    return lambda m, *tensors, **o: getattr(m.nn.functional, name)(*tensors, **o)


@st.composite
def pairs(draw: Any, count: int = 2, low: float = -3.0, high: float = 3.0, **options: Any) -> Any:
    """Arrays of one shape, and independent options."""
    shape, seed = draw(shapes(1)), draw(SEEDS)
    arrays = tuple(tame(shape, seed + i, low, high) for i in range(count))
    return arrays, {k: draw(v) for k, v in options.items()}


for name, low, options in [
    ("smooth_l1_loss", -3.0, {"beta": st.sampled_from([1.0, 0.5, 0.0])}),
    ("huber_loss", -3.0, {"delta": st.sampled_from([1.0, 0.5])}),
    ("kl_div", 0.1, {"log_target": st.booleans()}),
    ("poisson_nll_loss", 0.1, {"log_input": st.booleans(), "full": st.booleans()}),
]:
    reduction = st.sampled_from(["sum", "none", "batchmean"]) if "kl" in name else REDUCTION
    drawn(
        name, _called(name), pairs(low=low, reduction=reduction, **options), **PLAIN | {"kinds": ()}
    )
drawn(
    "gaussian_nll_loss",
    lambda m, x, y, v, **o: m.nn.functional.gaussian_nll_loss(x, y, v, **o),
    pairs(3, low=0.1, full=st.booleans(), reduction=REDUCTION),
    **PLAIN | {"kinds": ()},
)


def _signs(m: Any, x: Any) -> Any:
    """1 or -1 for each element of what is not differentiated by."""
    return (x.detach() > 0).to(x.dtype) * 2 - 1


drawn(
    "soft_margin_loss",
    lambda m, x, y, **o: m.nn.functional.soft_margin_loss(x, _signs(m, y), **o),
    pairs(reduction=REDUCTION),
    **PLAIN,
)
drawn(
    "hinge_embedding_loss",
    lambda m, x, y, **o: m.nn.functional.hinge_embedding_loss(x, _signs(m, y), **o),
    pairs(margin=st.sampled_from([1.0, 0.3]), reduction=REDUCTION),
    **PLAIN,
)
drawn(
    "margin_ranking_loss",
    lambda m, x, y, z, **o: m.nn.functional.margin_ranking_loss(x, y, _signs(m, z), **o),
    pairs(3, margin=st.sampled_from([0.0, 0.3]), reduction=REDUCTION),
    **PLAIN,
)


@st.composite
def _rows(draw: Any, count: int, **options: Any) -> Any:
    """Arrays (rows, features), or one row each, and options."""
    shape = draw(st.sampled_from([(2, 3), (3, 2), (1, 4), (4, 1), (3,)]))
    seed = draw(SEEDS)
    arrays = tuple(laid_out(tame(shape, seed + i), "columns") for i in range(count))
    return arrays, {k: draw(v) for k, v in options.items()}


drawn(
    "cosine_embedding_loss",
    lambda m, x, y, z, **o: m.nn.functional.cosine_embedding_loss(
        x, y, _signs(m, z.sum(-1) if z.ndim else z), **o
    ),
    _rows(3, margin=st.sampled_from([0.0, 0.3]), reduction=REDUCTION),
    **PLAIN | {"kinds": ()},
)
drawn(
    "triplet_margin_loss",
    _called("triplet_margin_loss"),
    _rows(3, p=st.sampled_from([2.0, 1.0, 3.0]), swap=st.booleans(), reduction=REDUCTION),
    **PLAIN | {"kinds": ()},
)
drawn(
    "triplet_margin_with_distance_loss",
    lambda m, x, y, z, **o: m.nn.functional.triplet_margin_with_distance_loss(
        x, y, z, distance_function=lambda a, b: (a - b).abs().sum(-1), **o
    ),
    _rows(3, swap=st.booleans(), reduction=REDUCTION),
    **PLAIN | {"kinds": ()},
)
drawn(
    "cosine_similarity",
    lambda m, x, y, dim: m.nn.functional.cosine_similarity(x, y, dim=dim),
    several(dim=st.sampled_from([-1, 0, 1])),
    mixed=False,
    ugly=False,
    kinds=(),
)
drawn(
    "pairwise_distance",
    lambda m, x, y, **o: m.nn.functional.pairwise_distance(x, y, **o),
    _rows(2, p=st.sampled_from([2.0, 1.0, 3.0]), keepdim=st.booleans()),
    **PLAIN,
)
drawn(
    "pdist",
    lambda m, x, p: m.nn.functional.pdist(x, p),
    _rows(1, p=st.sampled_from([2.0, 1.0, 3.0, 0.0, float("inf")])),
    **PLAIN | {"kinds": ()},
)
drawn(
    "normalize",
    lambda m, x, **o: m.nn.functional.normalize(x, **o),
    _rows(1, p=st.sampled_from([2.0, 1.0, 3.0]), dim=st.sampled_from([-1, 0, 1])),
    **PLAIN | {"kinds": ()},
)


# --- of classes ----------------------------------------------------------------------------------------


@st.composite
def _labelled(draw: Any, many: bool) -> Any:
    """Scores (rows, classes) and labels: of each row one, or as many as stand before a -1."""
    rows, classes = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(SEEDS))
    alone = draw(st.booleans())
    shape = (classes,) if alone else (rows, classes)
    if many:
        labels = rng.permuted(np.tile(np.arange(-1, classes - 1), (rows, 1)), axis=1)
        labels = labels[0] if alone else labels
    else:
        labels = rng.integers(0, classes + (draw(st.integers(0, 9)) == 0), () if alone else rows)
    return (draw(array(shape)),), {"labels": labels, "reduction": draw(REDUCTION)}


drawn(
    "multi_margin_loss",
    lambda m, x, labels, p, **o: m.nn.functional.multi_margin_loss(x, m.tensor(labels), p=p, **o),
    st.tuples(_labelled(False), st.sampled_from([1, 2])).map(
        lambda d: (d[0][0], {**d[0][1], "p": d[1]})
    ),
    **PLAIN | {"kinds": ()},
)
drawn(
    "multilabel_margin_loss",
    lambda m, x, labels, **o: m.nn.functional.multilabel_margin_loss(x, m.tensor(labels), **o),
    _labelled(True),
    **PLAIN | {"kinds": ()},
)
drawn(
    "multilabel_soft_margin_loss",
    lambda m, x, y, w, weighted, **o: m.nn.functional.multilabel_soft_margin_loss(
        x, (y.detach() > 0).to(x.dtype), weight=w.detach() if weighted else None, **o
    ),
    pairs(3, weighted=st.booleans(), reduction=REDUCTION),
    smooth=False,
    **PLAIN,
)
for name in ("binary_cross_entropy", "binary_cross_entropy_with_logits"):
    drawn(
        name,
        lambda m, x, y, w, weighted, name=name, **o: getattr(m.nn.functional, name)(
            x, y, weight=w.detach() if weighted else None, **o
        ),
        pairs(3, low=0.05, high=0.95, weighted=st.booleans(), reduction=REDUCTION),
        smooth=False,
        **PLAIN | {"kinds": ()},
    )


@st.composite
def _likely(draw: Any) -> Any:
    """Scores, probabilities of classes to compare them with, and the options of cross entropy."""
    rows, classes = draw(st.integers(1, 3)), draw(st.integers(2, 4))
    extra = draw(st.sampled_from([(), (2,), (2, 3)]))
    shape = (classes,) if not extra and draw(st.booleans()) else (rows, classes, *extra)
    return (draw(array(shape)), draw(array(shape, 0.1))), {
        "weight": draw(st.sampled_from([None, np.linspace(0.5, 2.0, classes)])),
        "label_smoothing": draw(st.sampled_from([0.0, 0.1, 0.5, 1.5])),
        "reduction": draw(REDUCTION),
    }


drawn(
    "cross_entropy",
    lambda m, x, y, weight, **o: m.nn.functional.cross_entropy(
        x, y, weight=None if weight is None else m.tensor(weight).to(x.dtype), **o
    ),
    _likely(),
    **PLAIN,
)


@st.composite
def _spoken(draw: Any) -> Any:
    """Log-probabilities (time, batch, classes), targets and lengths for CTC."""
    time, batch, classes = draw(st.integers(1, 5)), draw(st.integers(1, 2)), draw(st.integers(2, 4))
    rng = np.random.default_rng(draw(SEEDS))
    longest = draw(st.integers(1, 3))
    return (draw(array((time, batch, classes))),), {
        "targets": rng.integers(1, classes, (batch, longest)),
        "lengths": (rng.integers(1, time + 1, batch), rng.integers(0, longest + 1, batch)),
        "reduction": draw(st.sampled_from(["mean", "sum", "none"])),
        "zero_infinity": draw(st.booleans()),
    }


drawn(
    "ctc_loss",
    lambda m, x, targets, lengths, **o: m.nn.functional.ctc_loss(
        x.log_softmax(-1), m.tensor(targets), *(m.tensor(n) for n in lengths), **o
    ),
    _spoken(),
    smooth=False,
    kinder=True,
    **PLAIN | {"kinds": ()},
)
drawn(
    "linear_cross_entropy",
    lambda m, x, w, label: m.nn.functional.linear_cross_entropy(x, w, m.tensor([label, 0])),
    st.tuples(array((2, 3)), array((4, 3)), st.integers(0, 3)).map(
        lambda d: (d[:2], {"label": d[2]})
    ),
    ugly=False,
    kinds=FLOATS[:2],
    mixed=False,
)
case("huber_loss", lambda m, x, y: m.nn.functional.huber_loss(x, y, "none", 0.7), A, B)
