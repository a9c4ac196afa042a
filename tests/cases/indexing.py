"""Reading by index, and orders."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from .drawing import SEEDS, along, array, dims, one, several, shapes
from .registry import A, B, case, drawn

case("getitem", lambda m, x: x[1], A)
case("getitem", lambda m, x: x[:, None, 1:3], A)
case("getitem", lambda m, x: x[..., ::2], A)
case("getitem", lambda m, x: x[[0, 0, 2]], A)
case("getitem", lambda m, x: x[[0, 0], [1, 1]], A)
case("getitem", lambda m, x: x[x > 0], A, second=False)
case("getitem", lambda m, x: x[:, m.tensor([1, 1, 3])], A)
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
    "scatter",
    lambda m, x, y: x.scatter(1, m.tensor([[0, 1, 3, 2], [1, 0, 2, 3], [2, 3, 1, 0]]), y),
    A,
    B,
)
case("sort", lambda m, x: x.sort(1, descending=True)[0], A)
case("topk", lambda m, x: x.topk(2, 1)[0], A)

# --- drawn ---------------------------------------------------------------------------------------


def _slices(size: int) -> st.SearchStrategy[slice]:
    edge = st.one_of(st.none(), st.integers(-size - 2, size + 2))
    return st.builds(slice, edge, edge, st.sampled_from([None, 1, 2, 3]))


@st.composite
def _index(draw: Any, shape: tuple[int, ...], advanced: bool) -> Any:
    """An index of a shape; lists and arrays stand for what a program would give as tensors."""
    parts: list[Any] = []
    left = len(shape)
    common = draw(st.sampled_from([(), (2,), (3, 2)]))
    for n in shape[: draw(st.integers(0, left))]:
        kinds = ["int", "slice", "slice"] + (["list", "array", "mask"] if advanced else [])
        kind = draw(st.sampled_from(kinds))
        if kind == "int" and n:
            parts.append(
                draw(st.integers(-n, n if all(shape) and draw(st.integers(0, 9)) == 0 else n - 1))
            )
        elif kind == "list" and n:
            count = common[-1] if common else 1
            parts.append(draw(st.lists(st.integers(-n, n - 1), min_size=count, max_size=count)))
        elif kind == "array" and n:
            rng = np.random.default_rng(draw(SEEDS))
            parts.append(rng.integers(-n, n, common))
        elif kind == "mask" and advanced == "mask":
            rng = np.random.default_rng(draw(SEEDS))
            parts.append(rng.integers(0, 2, n).astype(bool))
        else:
            parts.append(draw(_slices(n)))
        if draw(st.integers(0, 7)) == 0:
            parts.append(None)
    if draw(st.integers(0, 3)) == 0:
        parts.insert(draw(st.integers(0, len(parts))), Ellipsis)
        covered = sum(p is not None and p is not Ellipsis for p in parts)
        if covered > left:
            parts.remove(Ellipsis)
    return parts[0] if len(parts) == 1 and draw(st.booleans()) else tuple(parts)


def tensors_for_arrays(m: Any, index: Any) -> Any:
    """The index with tensors of ``m`` for its arrays."""
    if isinstance(index, tuple):
        return tuple(tensors_for_arrays(m, i) for i in index)
    return m.tensor(index) if isinstance(index, np.ndarray) else index


@st.composite
def indexed(draw: Any, advanced: Any = False, extra: bool = False) -> Any:
    """An array and an index of it; with ``extra`` also a value for the place."""
    x = draw(array(shapes(1)))
    index = draw(_index(x.shape, advanced))
    if not extra:
        return (x,), {"index": index}
    try:
        place = x[index].shape
    except IndexError:
        place = ()
    small = tuple(1 if draw(st.integers(0, 3)) == 0 else n for n in place)
    small = small[draw(st.integers(0, len(small))) :]
    if draw(st.integers(0, 9)) == 0:
        small = (*small, 7)
    return (x, draw(array(small))), {"index": index}


@st.composite
def placed(draw: Any, source: bool = False, equal: bool = False) -> Any:
    """An array, a ``dim`` and an int array of places along it, as ``gather`` takes them."""
    x = draw(array())
    dim = draw(dims(x.ndim))
    shape = list(x.shape)
    along_dim = -max(x.ndim, 1) <= dim < max(x.ndim, 1) and x.ndim
    if not equal:
        shape = [draw(st.integers(0, n)) for n in shape]
        if along_dim:
            shape[dim] = draw(st.integers(0, 4))
    size = x.shape[dim] if along_dim else 1
    rng = np.random.default_rng(draw(SEEDS))
    high = size + (draw(st.integers(0, 9)) == 0)
    places = rng.integers(0, max(high, 1), shape)
    inputs = [x]
    if source:
        wider = tuple(n + draw(st.sampled_from([0, 0, 0, 1])) for n in shape)
        if wider and draw(st.integers(0, 9)) == 0:
            wider = (max(wider[0] - 1, 0), *wider[1:])
        inputs.append(draw(array(wider)))
    return tuple(inputs), {"dim": dim, "index": places}


@st.composite
def _part(draw: Any) -> Any:
    x = draw(array(shapes(1)))
    dim = draw(dims(x.ndim))
    size = x.shape[dim] if -x.ndim <= dim < x.ndim else 1
    start = draw(st.integers(-size - 1, size + 1))
    return (x,), {"dim": dim, "start": start, "length": draw(st.integers(0, size + 1))}


@st.composite
def _chosen(draw: Any) -> Any:
    x = draw(array())
    dim = draw(dims(x.ndim))
    size = x.shape[dim] if x.ndim and -x.ndim <= dim < x.ndim else 1
    low, high = (0, size - 1) if draw(st.integers(0, 9)) else (-1, size)
    index = st.lists(st.integers(low, max(high, low)), max_size=4) if size else st.just([])
    return (x,), {"dim": dim, "index": np.asarray(draw(index), np.int64)}


drawn("getitem", lambda m, x, index: x[index], indexed())
drawn("getitem", lambda m, x, index: x[tensors_for_arrays(m, index)], indexed(True))
drawn("getitem", lambda m, x, index: x[tensors_for_arrays(m, index)], indexed("mask"))
drawn("getitem", lambda m, x: (x[x > 0], x[x > 9], x[None], x[...], x[True]), one(), smooth=False)
drawn("getitem", lambda m, x, y: x[(x > 0) & (x < 2)], several(1, y=st.just(0)), smooth=False)
drawn("select", lambda m, x, dim, i: x.select(dim, i), along(1, i=st.integers(-3, 2)))
drawn("select", lambda m, x, dim, i: m.select(x, dim, i), along(i=st.integers(-3, 2)))
drawn("narrow", lambda m, x, **o: x.narrow(**o), _part())
drawn("narrow", lambda m, x, dim, start, length: m.narrow(x, dim, start, length), _part())
drawn("index_select", lambda m, x, dim, index: x.index_select(dim, m.tensor(index)), _chosen())
drawn("index_select", lambda m, x, dim, index: m.index_select(x, dim, m.tensor(index)), _chosen())
drawn("gather", lambda m, x, dim, index: x.gather(dim, m.tensor(index)), placed())
drawn("gather", lambda m, x, dim, index: m.gather(x, dim, m.tensor(index)), placed())
drawn(
    "scatter_add",
    lambda m, x, y, dim, index: m.scatter_add(x, dim, m.tensor(index), y),
    placed(source=True),
)
drawn(
    "scatter_add",
    lambda m, x, y, dim, index: (x * 1).scatter_add_(dim, m.tensor(index), y),
    placed(source=True),
)
drawn(
    "scatter",
    lambda m, x, dim, index: x.scatter(dim, m.tensor(index), 1.5),
    placed(),
)
drawn("masked_select", lambda m, x, y: m.masked_select(x, y > 0), several(), smooth=False)
drawn("masked_select", lambda m, x: x.masked_select(x > 0), one(), smooth=False)
drawn("nonzero", lambda m, x: (m.nonzero(x), x.nonzero(), m.nonzero(x, as_tuple=True)), one())
for flags in ({}, {"descending": True}, {"stable": True}, {"stable": True, "descending": True}):
    drawn("sort", lambda m, x, dim, o=flags: tuple(m.sort(x, dim=dim, **o)), along())
    drawn("argsort", lambda m, x, dim, o=flags: x.argsort(dim=dim, **o), along())
drawn("sort", lambda m, x: (x.sort().values, m.sort(x, -1, True).indices), one())
drawn("argsort", lambda m, x: m.argsort(x), one())
for largest in (True, False):
    drawn(
        "topk",
        lambda m, x, k, dim, largest=largest: tuple(x.topk(k, dim, largest)),
        along(k=st.integers(0, 4)),
        ugly=False,
        kinds=(),  # PyTorch's choice among equals is its own
    )
drawn("topk", lambda m, x, k: m.topk(x, k).values, one(k=st.integers(0, 3)), ugly=False, kinds=())
drawn("iteration", lambda m, x: tuple(x), array(shapes(1)).map(lambda x: ((x,), {})))
