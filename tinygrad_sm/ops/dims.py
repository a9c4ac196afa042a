"""Checking ``dim`` arguments, and PyTorch's and NumPy's two names for them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from operator import index
from typing import Any

from ..tape import Value

_NAMES = {"axis": "dim", "keepdims": "keepdim", "axes": "dims", "a": "input", "x": "input"}


def axis_of(name: str, dim: Any, ndim: int) -> int:
    """A dimension counted from the end, so that it stays right if axes are put in front.

    Raises:
        IndexError: if the tensor has no such dimension.
    """
    try:
        axis = index(dim)
    except TypeError:
        raise TypeError(f"{name}: dim must be an int, not {type(dim).__name__}") from None
    size = max(ndim, 1)
    if not -size <= axis < size:
        raise IndexError(
            f"{name}: Dimension out of range (expected to be in range of [{-size}, {size - 1}], "
            f"but got {axis}): the tensor has {ndim} dimension(s)"
        )
    return axis - size if axis >= 0 else axis


def axes_of(name: str, dim: Any, ndim: int) -> tuple[int, ...]:
    """Several dimensions counted from the end; all of them for ``None`` or an empty sequence.

    Raises:
        IndexError: if the tensor has no such dimension.
        RuntimeError: if one is named twice.
    """
    if dim is None or (isinstance(dim, Sequence) and not len(dim)):
        return tuple(range(-ndim, 0))
    axes = [axis_of(name, d, ndim) for d in (dim if isinstance(dim, Sequence) else (dim,))]
    if len(set(axes)) < len(axes):
        raise RuntimeError(f"{name}: a dimension appears more than once in dim={tuple(dim)}")
    return tuple(axes) if ndim else ()


def numpy_names(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let ``axis`` and ``keepdims`` be said for ``dim`` and ``keepdim``, as in PyTorch."""

    @functools.wraps(function)
    def named(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            kwargs = {_NAMES.get(key, key): value for key, value in kwargs.items()}
        return function(*args, **kwargs)

    return named


def sizes_of(shape: Sequence[Any], named: Any = None) -> tuple[int, ...]:
    """``f(2, 3)``, ``f((2, 3))`` and, by name, ``f(size=(2, 3))`` all mean the shape (2, 3).

    Raises:
        TypeError: for sizes both with and without the name.
    """
    if named is not None:
        if shape:
            raise TypeError(f"sizes were given twice: {tuple(shape)}, and by name {named}")
        shape = named if isinstance(named, Sequence) else (named,)
    if len(shape) == 1 and isinstance(shape[0], Sequence):
        shape = shape[0]
    return tuple(s.array.item() if isinstance(s, Value) else index(s) for s in shape)
