"""Operations that move elements or look at them differently."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from .drawing import SIDES, along, array, broadcastable, dims, folded, one, several, shapes
from .registry import CUBE, A, B, case, drawn

case("reshape", lambda m, x: x.reshape(2, -1), A)
case("view", lambda m, x: x.view(12), A)
case("flatten", lambda m, x: x.flatten(1), CUBE)
case("permute", lambda m, x: x.permute(2, 0, 1), CUBE)
case("transpose", lambda m, x: x.transpose(0, -1), CUBE)
case("T", lambda m, x: x.T * 1.0, A)
case("squeeze", lambda m, x: x.unsqueeze(1).squeeze(1), A)
case("expand", lambda m, x: x.expand(2, 3, 4), A)
case("repeat", lambda m, x: x.repeat(2, 1, 3), A)
case("cat", lambda m, x, y: m.cat([x, y, x], 1), A, B)
case("stack", lambda m, x, y: m.stack([x, y], -1), A, B)
case("split", lambda m, x: x.split([1, 3], 1)[1], A)
case("chunk", lambda m, x: x.chunk(3, 1)[0] * x.chunk(3, 1)[1], A)
case("unbind", lambda m, x: x.unbind(1)[2], A)
case("flip", lambda m, x: x.flip(0, 1), A)
case("tril", lambda m, x: x.tril(-1), A)
case("triu", lambda m, x: x.triu(1), A)
case("clone", lambda m, x: x.clone(), A)
case("contiguous", lambda m, x: x.t().contiguous(), A)

# --- drawn ---------------------------------------------------------------------------------------


@st.composite
def _resized(draw: Any) -> Any:
    """An array and another shape for its elements, perhaps with a -1, perhaps a wrong one."""
    x = draw(array())
    sides, left = [], x.size
    for n in draw(st.lists(st.sampled_from([1, 2, 3, 4, 6]), max_size=3)):
        if left % n == 0:
            sides.append(n)
            left //= n
    sides.insert(draw(st.integers(0, len(sides))), left)
    if draw(st.booleans()):
        sides[draw(st.integers(0, len(sides) - 1))] = draw(st.sampled_from([-1, -1, -1, -2, 5]))
    return (x,), {"size": tuple(sides)}


@st.composite
def _reordered(draw: Any) -> Any:
    x = draw(array())
    order = draw(st.permutations(range(x.ndim)))
    order = [i - x.ndim if draw(st.booleans()) else i for i in order]
    if order and draw(st.integers(0, 7)) == 0:
        order[0] = draw(dims(x.ndim))
    return (x,), {"order": tuple(order)}


@st.composite
def _pair_of_dims(draw: Any, **options: Any) -> Any:
    x = draw(array())
    found = {"a": draw(dims(x.ndim)), "b": draw(dims(x.ndim))}
    return (x,), {**found, **{k: draw(v) for k, v in options.items()}}


@st.composite
def _expanded(draw: Any) -> Any:
    small, full = draw(broadcastable(2))
    full = (
        np.broadcast_shapes(small, full) if draw(st.integers(0, 7)) and _fit(small, full) else full
    )
    lead = len(full) - len(small)
    size = [-1 if i >= lead and draw(st.integers(0, 3)) == 0 else n for i, n in enumerate(full)]
    return (draw(array(small)),), {"size": tuple(size)}


def _fit(*shapes: tuple[int, ...]) -> bool:
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return False
    return True


@st.composite
def _joined(draw: Any, same: bool = False) -> Any:
    shape = list(draw(shapes(0 if same else 1)))
    dim = draw(dims(len(shape) + same)) if same or shape != [0] else 0
    found = []
    for _ in range(draw(st.integers(1, 3))):
        other = list(shape)
        if not same and -len(shape) <= dim < len(shape):
            other[dim] = draw(SIDES)
        if shape and draw(st.integers(0, 15)) == 0:
            other[0] += 1
        found.append(draw(array(tuple(other))))
    return tuple(found), {"dim": dim}


@st.composite
def _sections(draw: Any) -> Any:
    x = draw(array(shapes(1)))
    dim = draw(dims(x.ndim))
    size = x.shape[dim] if -x.ndim <= dim < x.ndim else 2
    first = draw(st.integers(0, size))
    lists = st.sampled_from([[first, size - first], (size,), [1, 1], [first, size - first, 0]])
    return (x,), {"split_size": draw(st.one_of(st.integers(0, 5), lists)), "dim": dim}


drawn("reshape", lambda m, x, size: x.reshape(size), _resized())
drawn("reshape", lambda m, x, size: m.reshape(x, size), _resized())
drawn("reshape", lambda m, x, size: x.reshape(*size), _resized())
drawn("view", lambda m, x, size: (x * 1).contiguous().view(size), _resized())
drawn("flatten", lambda m, x, a, b: m.flatten(x, a, b), _pair_of_dims())
drawn("flatten", lambda m, x, a, b: x.flatten(start_dim=a), _pair_of_dims())
drawn("ravel", lambda m, x: (m.ravel(x), x.ravel()), one())
drawn("permute", lambda m, x, order: x.permute(*order or [()]), _reordered())
drawn("permute", lambda m, x, order: m.permute(x, order), _reordered())
drawn("transpose", lambda m, x, a, b: x.transpose(a, b), _pair_of_dims())
drawn("swapaxes", lambda m, x, a, b: m.swapaxes(x, a, b), _pair_of_dims())
drawn("t", lambda m, x: m.t(x), one())
drawn("mT", lambda m, x: x.mT, array(shapes(1)).map(lambda x: ((x,), {})))
drawn("T", lambda m, x: x.T, array(shapes(2, 2)).map(lambda x: ((x,), {})))
drawn("squeeze", lambda m, x, **o: x.squeeze(**o), folded(), smooth=False)
drawn("squeeze", lambda m, x, **o: m.squeeze(x, **o), along())
drawn("unsqueeze", lambda m, x, a, b: x.unsqueeze(a), _pair_of_dims())
drawn("unsqueeze", lambda m, x, dim: m.unsqueeze(x, dim), along())
drawn("expand", lambda m, x, size: x.expand(*size or [()]), _expanded())
drawn("expand", lambda m, x, size: x.expand(size), _expanded())
drawn("broadcast_to", lambda m, x, size: m.broadcast_to(x, size), _expanded())
drawn("expand_as", lambda m, x, y: x.expand_as(y), several())
drawn(
    "repeat",
    lambda m, x, repeats: x.repeat(*repeats),
    one(repeats=st.lists(st.integers(0, 3), min_size=1, max_size=4)),
)
drawn("cat", lambda m, *xs, dim: m.cat(xs, dim=dim), _joined(), mixed=False)
drawn("concat", lambda m, *xs, dim: m.concat(list(xs), dim), _joined(), mixed=False)
drawn("stack", lambda m, *xs, dim: m.stack(xs, dim), _joined(same=True))
drawn("split", lambda m, x, split_size, dim: m.split(x, split_size, dim), _sections())
drawn("split", lambda m, x, split_size, dim: x.split(split_size, dim=dim), _sections())
drawn("chunk", lambda m, x, **o: m.chunk(x, **o), along(chunks=st.integers(0, 5)))
drawn("chunk", lambda m, x, chunks, dim: x.chunk(chunks, dim), along(chunks=st.integers(1, 5)))
drawn("unbind", lambda m, x, dim: m.unbind(x, dim), along())
drawn("unbind", lambda m, x, dim: x.unbind(dim), along())
drawn("flip", lambda m, x, a, b: m.flip(x, (a, b)), _pair_of_dims())
drawn("flip", lambda m, x, dim: x.flip(dim), along())
drawn("flip", lambda m, x, a, b: x.flip(a, b), _pair_of_dims())
for name in ["tril", "triu"]:
    drawn(name, lambda m, x, k, name=name: getattr(m, name)(x, k), one(k=st.integers(-3, 3)))
    drawn(name, lambda m, x, k, name=name: getattr(x, name)(diagonal=k), one(k=st.integers(-3, 3)))
drawn("clone", lambda m, x: (m.clone(x), x.clone()), one())
drawn("contiguous", lambda m, x: x.contiguous(), one())
drawn("view_as", lambda m, x: (x * 2).contiguous().view_as(x), one())
drawn("reshape_as", lambda m, x: x.flatten().reshape_as(x), one())
