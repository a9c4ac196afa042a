"""Elements by rank: medians, quantiles, the k-th, the most frequent."""

import numpy as np
from hypothesis import strategies as st

from .drawing import along, array, shapes
from .registry import CUBE, TIES, A, case, drawn

case("median", lambda m, x: m.median(x), A)
case("median", lambda m, x: x.median(1)[0], A)
case("nanmedian", lambda m, x: x.nanmedian(0, keepdim=True)[0], A)
case("median", lambda m, x: m.median(x), TIES, second=False, smooth=False)
case("kthvalue", lambda m, x: x.kthvalue(2, 0)[0], A)
case("mode", lambda m, x: x.mode(1)[0], A)
case("aminmax", lambda m, x: m.stack(list(m.aminmax(x, dim=1))), A)
for interpolation in ["linear", "lower", "higher", "midpoint", "nearest"]:
    case(
        "quantile",
        lambda m, x, i=interpolation: m.quantile(x, 0.3, 1, interpolation=i),
        A,
    )
case("quantile", lambda m, x: m.quantile(x, m.tensor([0.1, 0.5, 1.0], dtype=x.dtype), 2), CUBE)
case("nanquantile", lambda m, x: m.nanquantile(x, 0.7), A)


@st.composite
def _levels(draw):
    x = draw(array(shapes(0)))
    dim = draw(st.one_of(st.none(), st.integers(-x.ndim, x.ndim - 1))) if x.ndim else None
    q = draw(st.one_of(st.floats(0, 1, width=16), st.lists(st.floats(0, 1, width=16), max_size=3)))
    return (x,), {
        "q": q,
        "dim": dim,
        "keepdim": draw(st.booleans()),
        "interpolation": draw(st.sampled_from(["linear", "lower", "higher", "nearest"])),
    }


def _quantile(m, x, q, name, **options):
    level = m.tensor(q, dtype=x.dtype) if isinstance(q, list) else q
    return getattr(m, name)(x, level, **options)


for name in ["quantile", "nanquantile"]:
    drawn(name, lambda m, x, name=name, **o: _quantile(m, x, name=name, **o), _levels(), ugly=False)
for name in ["median", "nanmedian"]:
    drawn(name, lambda m, x, name=name: getattr(m, name)(x), array().map(lambda x: ((x,), {})))
    drawn(
        name,
        lambda m, x, dim, keepdim, name=name: getattr(m, name)(x, dim, keepdim)[0],
        along(keepdim=st.booleans()),
    )
drawn(
    "kthvalue",
    lambda m, x, dim, k: x.kthvalue(k, dim)[0],
    along(k=st.integers(1, 4)),
    ugly=False,
    kinds=(),  # PyTorch's choice among equals is its own
)
drawn("mode", lambda m, x, dim: x.mode(dim)[0], along(), ugly=False)
drawn(
    "aminmax",
    lambda m, x, dim, keepdim: tuple(m.aminmax(x, dim=dim, keepdim=keepdim)),
    along(keepdim=st.booleans()),
    kinder=True,
)
UNEVEN = np.array([3.0, 1.0, 1.0, 2.0, 2.0, 2.0, 5.0])
case("mode", lambda m, x: x.mode()[0], UNEVEN, second=False, smooth=False)
