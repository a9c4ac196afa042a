"""Writing at chosen places, as a copy."""

import numpy as np
from hypothesis import strategies as st

from .drawing import SEEDS, array
from .registry import TIES, ZEROS, A, B, case, drawn

ROWS = np.array([2, 0, 2])
PLACES = np.array([[0, 1, 1, 2], [2, 2, 0, 1], [0, 0, 1, 1]])


def _tensor(m, x):
    return m.tensor(np.array(x))


case("index_add", lambda m, x, y: x.index_add(0, _tensor(m, ROWS), y, alpha=2), A, B)
case("index_copy", lambda m, x, y: x.index_copy(0, _tensor(m, [2, 0, 1]), y), A, B)
case("index_fill", lambda m, x: x.index_fill(1, _tensor(m, [0, 3]), 2.0) * x, A)
case(
    "index_put",
    lambda m, x, y: x.index_put((_tensor(m, ROWS), _tensor(m, ROWS)), y[0, :3], accumulate=True),
    A,
    B,
)
case("put", lambda m, x, y: x.put(_tensor(m, [3, 5]), y[0, :2]), A, B)
case("take", lambda m, x: m.take(x, _tensor(m, [[0, 11], [-1, 3]])), A)
case("take_along_dim", lambda m, x: m.take_along_dim(x, _tensor(m, [[0, 3]]), 1), A)
case("masked_scatter", lambda m, x, y: x.masked_scatter(x > 0, y), A, B)
case("select_scatter", lambda m, x, y: m.select_scatter(x, y[0], 0, 1), A, B)
case("slice_scatter", lambda m, x, y: m.slice_scatter(x, y[:, :2], 1, 0, 4, 2), A, B)
case("diagonal_scatter", lambda m, x, y: m.diagonal_scatter(x, y[0, :3]), A, B)
# PyTorch's gradient of the tensor written into is that of the other elements
for form in (lambda m, *a: m.as_strided_scatter(*a), lambda m, x, *a: x.as_strided_scatter(*a)):
    case(
        "as_strided_scatter",
        lambda m, x, y, f=form: f(m, x.detach(), y[:2, :2], (2, 2), (4, 2), 1) * x,
        A,
        B,
        smooth=False,
    )
case("fill", lambda m, x, y: m.fill(x, y[0, 0]) * x, A, B)
case("fill", lambda m, x: m.fill(x, 2.5) * x, A)
for reduce in ("sum", "prod", "mean", "amax", "amin"):
    for include in (True, False):
        for x in (A, ZEROS):
            case(
                "scatter_reduce",
                lambda m, x, y, r=reduce, i=include: x.scatter_reduce(
                    0, _tensor(m, PLACES), y, r, include_self=i
                ),
                x,
                B,
            )
case(
    "scatter_reduce",
    lambda m, x, y: x.scatter_reduce(0, _tensor(m, PLACES), y, "amax"),
    TIES,
    TIES[::-1].copy(),
    second=False,
    smooth=False,
)


@st.composite
def _rows(draw):
    n, k = draw(st.integers(1, 3)), draw(st.integers(0, 3))
    count = draw(st.integers(0, 4))
    rng = np.random.default_rng(draw(SEEDS))
    index = rng.integers(0, n + (draw(st.integers(0, 9)) == 0), count)
    return (draw(array((n, k))), draw(array((count, k)))), {"index": index}


drawn(
    "index_add",
    lambda m, x, y, index: m.index_add(x, 0, _tensor(m, index), y),
    _rows(),
    ugly=False,
)


@st.composite
def _places(draw):
    n, k = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(SEEDS))
    index = rng.integers(0, n, (draw(st.integers(1, 3)), k))
    return (draw(array((n, k))), draw(array(index.shape))), {
        "index": index,
        "reduce": draw(st.sampled_from(["sum", "mean", "amax", "amin", "prod", "median"])),
        "include_self": draw(st.booleans()),
    }


drawn(
    "scatter_reduce",
    lambda m, x, y, index, **o: m.scatter_reduce(x, 0, _tensor(m, index), y, **o),
    _places(),
    ugly=False,
)


# --- segments ---------------------------------------------------------------------------------------


@st.composite
def _segmented(draw):
    """An array cut into segments, along its first or second dimension."""
    x = draw(array(st.sampled_from([(5,), (6, 2), (4, 3)])))
    axis = draw(st.integers(0, x.ndim - 1))
    n = x.shape[axis]
    rows = [draw(st.integers(0, n)) for _ in range(x.shape[0] if axis else 1)]
    sizes = np.array([[first, 0, n - first] for first in rows])
    return (x,), {
        "sizes": sizes if axis else sizes[0],
        "reduce": draw(st.sampled_from(["sum", "mean", "max", "min", "prod"])),
        "axis": axis,
        "initial": draw(st.sampled_from([None, 0.5])),
        "by_bounds": draw(st.booleans()),
    }


def _segment_reduce(m, x, sizes, reduce, by_bounds, **options):
    if by_bounds:
        bounds = np.concatenate([np.zeros_like(sizes[..., :1]), np.cumsum(sizes, -1)], -1)
        return m.segment_reduce(x, reduce, offsets=m.tensor(bounds), **options)
    return m.segment_reduce(x, reduce, lengths=m.tensor(sizes), **options)


# of equal extremes PyTorch gives each the whole gradient
drawn("segment_reduce", _segment_reduce, _segmented(), smooth=False, ugly=False, kinds=())
