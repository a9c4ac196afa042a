"""Strategies of arrays and options, good ones and now and then a wrong one."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

SEEDS = st.integers(0, 2**32 - 1)
SIDES = st.sampled_from([1, 2, 3, 2, 3, 4, 0])


def tame(shape: tuple[int, ...], seed: int, low: float = -3.0, high: float = 3.0) -> np.ndarray:
    """Numbers of a shape between two bounds, no two of them equal or near to each other."""
    rng = np.random.default_rng(seed)
    count = int(np.prod(shape, dtype=int))
    places = (rng.permutation(count) + rng.uniform(0.2, 0.8, count)) / max(count, 1)
    return (low + (high - low) * places).reshape(shape)


def laid_out(x: np.ndarray, how: str) -> np.ndarray:
    """Equal numbers that lie in memory another way."""
    if not x.ndim:
        return x
    if how == "columns":
        return np.asfortranarray(x)
    if how == "backwards":
        return np.flip(np.flip(x).copy())
    if how == "gaps":
        wide = np.full((*x.shape[:-1], 2 * x.shape[-1]), 7.0)
        wide[..., ::2] = x
        return wide[..., ::2]
    return x


LAYOUTS = st.sampled_from(["rows", "rows", "columns", "backwards", "gaps"])


def shapes(min_dims: int = 0, max_dims: int = 3) -> st.SearchStrategy[tuple[int, ...]]:
    """Shapes with small sides; 0 is one of them."""
    return st.lists(SIDES, min_size=min_dims, max_size=max_dims).map(tuple)


@st.composite
def array(draw: Any, shape: Any = None, low: float = -3.0, high: float = 3.0) -> np.ndarray:
    """One array in some layout."""
    if shape is None:
        shape = draw(shapes())
    elif not isinstance(shape, tuple):
        shape = draw(shape)
    return laid_out(tame(shape, draw(SEEDS), low, high), draw(LAYOUTS))


@st.composite
def one(draw: Any, *, low: float = -3.0, high: float = 3.0, **options: Any) -> Any:
    """One array and independent options."""
    return (draw(array(None, low, high)),), {k: draw(v) for k, v in options.items()}


@st.composite
def broadcastable(draw: Any, count: int = 2, *, bad: bool = True) -> list[tuple[int, ...]]:
    """Shapes that broadcast together; one time in ten, that do not."""
    full = draw(shapes())
    found = []
    for _ in range(count):
        kept = full[draw(st.integers(0, len(full))) :]
        found.append(tuple(1 if draw(st.integers(0, 3)) == 0 else n for n in kept))
    if bad and full and draw(st.integers(0, 9)) == 0:
        found[-1] = (*full[:-1], full[-1] + 5)
    return found


@st.composite
def several(draw: Any, count: int = 2, low: float = -3.0, high: float = 3.0, **options: Any) -> Any:
    """Arrays whose shapes broadcast together, and independent options."""
    seed = draw(SEEDS)
    inputs = tuple(
        laid_out(tame(s, seed + i, low, high), draw(LAYOUTS))
        for i, s in enumerate(draw(broadcastable(count)))
    )
    return inputs, {k: draw(v) for k, v in options.items()}


def dims(ndim: int) -> st.SearchStrategy[int]:
    """A dimension, from one below the first to one after the last."""
    good = st.integers(-max(ndim, 1), max(ndim, 1) - 1)
    return st.one_of(good, good, good, good, st.integers(-max(ndim, 1) - 1, max(ndim, 1)))


@st.composite
def along(
    draw: Any, min_dims: int = 0, low: float = -3.0, high: float = 3.0, **options: Any
) -> Any:
    """One array, a ``dim``, and independent options."""
    x = draw(array(shapes(min_dims), low, high))
    return (x,), {"dim": draw(dims(x.ndim)), **{k: draw(v) for k, v in options.items()}}


@st.composite
def folded(
    draw: Any, low: float = -3.0, high: float = 3.0, *, nothing: bool = True, **options: Any
) -> Any:
    """One array and the ``dim`` (none, one, several), ``keepdim`` of a reduction."""
    x = draw(array(None, low, high))
    several_dims = st.lists(dims(x.ndim), min_size=not nothing, max_size=max(x.ndim, 1)).map(tuple)
    choice: dict[str, Any] = draw(
        st.one_of(
            st.just({}),
            st.fixed_dictionaries(
                {"dim": st.one_of(dims(x.ndim), several_dims)}, optional={"keepdim": st.booleans()}
            ),
        )
    )
    return (x,), {**choice, **{k: draw(v) for k, v in options.items()}}
