"""The operations that look at the same memory, as copies: ``name_copy`` for ``name``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import arrangement, indexing, shape
from .dims import axis_of


def _copy_of(view: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The function whose results are copies of what ``view`` sees."""

    def copied(input: Any, *args: Any, **kwargs: Any) -> Any:
        seen = view(input, *args, **kwargs)
        if isinstance(seen, tuple | list):
            return tuple(shape.clone(t) for t in seen)
        return shape.clone(seen)

    copied.__name__ = copied.__qualname__ = f"{name}_copy"
    copied.__doc__ = f"``{name}`` as a copy."
    return copied


def _slice(input: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Any:
    axis = axis_of("slice_copy", dim, input.array.ndim)
    return input[(..., slice(start, end, step), *(slice(None),) * (-axis - 1))]


alias_copy = _copy_of(shape.clone, "alias")
as_strided_copy = _copy_of(arrangement.as_strided, "as_strided")
detach_copy = _copy_of(shape.detached, "detach")
diagonal_copy = _copy_of(arrangement.diagonal, "diagonal")
expand_copy = _copy_of(shape.expand, "expand")
permute_copy = _copy_of(shape.permute, "permute")
select_copy = _copy_of(indexing.select, "select")
slice_copy = _copy_of(_slice, "slice")
split_copy = _copy_of(shape.split, "split")
split_with_sizes_copy = _copy_of(shape.split, "split_with_sizes")
squeeze_copy = _copy_of(shape.squeeze, "squeeze")
t_copy = _copy_of(shape.t, "t")
transpose_copy = _copy_of(shape.transpose, "transpose")
unbind_copy = _copy_of(shape.unbind, "unbind")
unfold_copy = _copy_of(arrangement.unfold, "unfold")
unsqueeze_copy = _copy_of(shape.unsqueeze, "unsqueeze")
view_copy = _copy_of(shape.view, "view")
