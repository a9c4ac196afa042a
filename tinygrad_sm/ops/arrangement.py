"""More ways to arrange the same elements: rolled, turned, tiled, diagonals, windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..primitive import Operation, primitive
from .dims import axis_of, sizes_of
from .shape import permute, seen_through

if TYPE_CHECKING:
    from ..tensor import Tensor


def movedim(input: Any, source: Any, destination: Any) -> Tensor:
    """Dimensions moved to other places, the rest in their order; a view.

    Raises:
        RuntimeError: if the two do not name as many dimensions, or one twice.
    """
    ndim = input.array.ndim
    start = _places("movedim", source, ndim)
    stop = _places("movedim", destination, ndim)
    if len(start) != len(stop):
        raise RuntimeError(f"movedim: source {source} and destination {destination} do not match")
    rest = iter(i for i in range(ndim) if i not in start)
    moved = dict(zip(stop, start, strict=True))
    return permute(input, *(moved[i] if i in moved else next(rest) for i in range(ndim)))


def _places(name: str, dim: Any, ndim: int) -> list[int]:
    dims = dim if isinstance(dim, Sequence) else (dim,)
    places = [axis_of(name, d, ndim) % max(ndim, 1) for d in dims]
    if len(set(places)) < len(places):
        raise RuntimeError(f"{name}: a dimension appears more than once in {tuple(dims)}")
    return places if ndim else []


moveaxis = movedim

_roll: Operation = primitive(
    lambda x, shifts, axes: np.roll(x, shifts, axes),
    name="roll",
    linear=("x",),
    x=lambda g, shifts, axes: _roll(g, tuple(-s for s in shifts), axes),
)


def roll(input: Any, shifts: Any, dims: Any = None) -> Tensor:
    """Elements moved along ``dims``, those pushed out at one end coming in at the other.

    Without ``dims`` the flattened tensor is rolled.

    Raises:
        RuntimeError: if shifts and dims are not as many.
    """
    steps = sizes_of((shifts,))
    if dims is None or dims == ():
        if len(steps) != 1:
            raise RuntimeError("roll: several shifts need as many dims")
        return roll(input.reshape(-1), steps, (0,)).reshape(input.array.shape)
    names = sizes_of((dims,))
    if len(names) != len(steps):
        raise RuntimeError(f"roll: shifts and dims must be as many, not {shifts} and {dims}")
    axes = tuple(axis_of("roll", d, input.array.ndim) for d in names)
    return _roll(input, steps, axes) if input.array.ndim else input.clone()


def _spread_diagonal(g: Any, offset: int, sizes: tuple[int, ...], a: int, b: int) -> Any:
    out = np.zeros(sizes, g.dtype)
    view = np.einsum("...ii->...i", _square_part(np.moveaxis(out, (a, b), (-2, -1)), offset))
    view[...] = g
    return out


def _square_part(x: Any, offset: int) -> Any:
    """The largest square whose main diagonal is the one asked for."""
    x = x[..., max(-offset, 0) :, max(offset, 0) :]
    n = min(x.shape[-2:])
    return x[..., :n, :n]


_to_diagonal = primitive(
    lambda g, offset, sizes, a, b: _spread_diagonal(g, offset, sizes, a, b),
    name="diagonal_backward",
    linear=("g",),
    g=lambda cotangent, offset, a, b: diagonal(cotangent, offset, a, b),
)


def _read_diagonal(x: Any, offset: int, a: int, b: int) -> Any:
    """A writable view, which NumPy's own ``diagonal`` is not."""
    return np.einsum("...ii->...i", _square_part(np.moveaxis(x, (a, b), (-2, -1)), offset))


_diagonal = primitive(
    _read_diagonal,
    name="diagonal",
    linear=("x",),
    x=lambda g, offset, a, b, shape: _to_diagonal(g, offset, shape, a, b),
)


def diagonal(input: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of two dimensions, put last; a view.

    Args:
        input: a tensor.
        offset: how far above (or, negative, below) the main diagonal.
        dim1: the rows.
        dim2: the columns.

    Raises:
        RuntimeError: if both are the same dimension.
    """
    ndim = input.ndim
    a, b = axis_of("diagonal", dim1, ndim), axis_of("diagonal", dim2, ndim)
    if a == b or ndim < 2:
        raise RuntimeError(f"diagonal: dimensions cannot be identical: {dim1}, {dim2}")
    rows, columns = input.shape[a], input.shape[b]
    offset = max(-rows, min(columns, offset))
    out = _diagonal(input, offset, a, b)
    return seen_through(input, out, lambda base: _read_diagonal(base, offset, a, b))
