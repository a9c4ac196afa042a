"""Operations that pick elements by their rank: largest, smallest, and what lies between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..tape import Value
from .dims import numpy_names
from .elementwise import maximum, minimum
from .indexing import ValuesAndIndices
from .reduction import amax, amin, extreme_with_index

if TYPE_CHECKING:
    pass


@numpy_names
def max(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The largest element; along ``dim``: (values, indices); or of two tensors, elementwise."""
    dim = other if dim is None else dim
    if dim is None:
        return amax(input)
    if isinstance(dim, Value):
        return maximum(input, dim)
    return ValuesAndIndices(*extreme_with_index("max", np.argmax, input, dim, keepdim))


@numpy_names
def min(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The smallest element; along ``dim``: (values, indices); or of two tensors, elementwise."""
    dim = other if dim is None else dim
    if dim is None:
        return amin(input)
    if isinstance(dim, Value):
        return minimum(input, dim)
    return ValuesAndIndices(*extreme_with_index("min", np.argmin, input, dim, keepdim))
