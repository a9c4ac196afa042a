"""Statistics: moments, counts, and measures of difference."""

import numpy as np
from hypothesis import strategies as st

from .drawing import array, folded, one, several, shapes
from .registry import A, B, case, drawn

REDUCED = folded().filter(lambda call: call[1].get("dim") != ())
BINS = np.array([-1.0, 0.0, 0.7, 2.0])
for name in ["var_mean", "std_mean"]:
    case(name, lambda m, x, name=name: m.cat([t.reshape(-1) for t in getattr(m, name)(x, 1)]), A)
    drawn(name, lambda m, x, name=name, **o: getattr(m, name)(x, **o), REDUCED, ugly=False)
for name in ["nansum", "nanmean"]:
    case(name, lambda m, x, name=name: getattr(m, name)(x, 1), A)
    drawn(name, lambda m, x, name=name, **o: getattr(m, name)(x, **o), folded())
drawn(
    "count_nonzero", lambda m, x, keepdim=None, **o: m.count_nonzero(x, **o), folded(), smooth=False
)
case("dist", lambda m, x, y: m.dist(x, y), A, B)
drawn(
    "dist",
    lambda m, x, y, p: m.dist(x, y, p),
    several(p=st.sampled_from([1, 2, 3, 0.5])),
    ugly=False,
)
case("renorm", lambda m, x: m.renorm(x, 2, 0, 1.0), A)
case("cov", lambda m, x: m.cov(x), A)
case("corrcoef", lambda m, x: m.corrcoef(x), A)


@st.composite
def _table(draw):
    return (draw(array((draw(st.integers(1, 3)), draw(st.integers(2, 4))))),), {
        "correction": draw(st.integers(0, 1))
    }


drawn("cov", lambda m, x, correction: m.cov(x, correction=correction), _table(), ugly=False)
drawn(
    "bincount",
    lambda m, x, n: m.bincount(x.long().abs().reshape(-1), minlength=n),
    one(n=st.integers(0, 6)),
    smooth=False,
    ugly=False,
)
drawn(
    "histc",
    lambda m, x, bins: (m.histc(x, bins), m.histc(x, bins, -2, 1.5)),
    one(bins=st.integers(1, 6)),
    smooth=False,
    ugly=False,
)
drawn("msort", lambda m, x: m.msort(x), one(), ugly=False)
drawn(
    "histogram",
    lambda m, x, density: tuple(m.histogram(x.detach(), m.tensor(BINS), density=density)),
    one(density=st.booleans()),
    smooth=False,
    ugly=False,
)


@st.composite
def _positive_table(draw):
    return (draw(array(draw(shapes(2)))),), {}


drawn("renorm", lambda m, x: m.renorm(x, 2, 1, 0.7), _positive_table(), ugly=False)


@st.composite
def _points(draw):
    n, d = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    bins = draw(st.sampled_from([3, [2, 3, 4][:d], [2, 3]]))
    limits = draw(st.sampled_from([None, [-1, 2, -2, 1.5, 0, 1][: 2 * d]]))
    weighted = draw(st.booleans())
    return (draw(array((n, d))),), {
        "bins": bins, "range": limits, "density": draw(st.booleans()), "weighted": weighted,
    }  # fmt: skip


def _histogramdd(m, x, weighted, **options):
    x = x.detach()
    weight = x[:, 0].abs() if weighted else None
    counts, edges = m.histogramdd(x, weight=weight, **options)
    return counts, *edges, m.histogramdd(x, [m.tensor(BINS, dtype=x.dtype)] * x.shape[1]).hist


drawn("histogramdd", _histogramdd, _points(), smooth=False, ugly=False, rtol=1e-6)
