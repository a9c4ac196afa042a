"""Questions about tensors, answered without computing, and what complex numbers reduce to here."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..primitive import unary
from ..tape import Value

if TYPE_CHECKING:
    from ..tensor import Tensor


def is_tensor(obj: Any) -> bool:
    """Whether something is a Tensor."""
    return isinstance(obj, Value)


def is_storage(obj: Any) -> bool:
    """False: memory is an array here, ``tensor.array``."""
    return False


def is_floating_point(input: Any) -> bool:
    """Whether the dtype is floating."""
    return input.array.dtype.kind == "f"


def is_complex(input: Any) -> bool:
    """False: tensors are real."""
    return False


def is_conj(input: Any) -> bool:
    """False: tensors are real."""
    return False


def is_neg(input: Any) -> bool:
    """False: a negation is computed at once."""
    return False


def is_signed(input: Any) -> bool:
    """Whether the dtype holds negative numbers."""
    return input.array.dtype.kind in "if"


def is_nonzero(input: Any) -> bool:
    """Whether the single element is not 0.

    Raises:
        RuntimeError: if there is not exactly one element.
    """
    return bool(input)


def is_same_size(input: Any, other: Any) -> bool:
    """Whether two tensors have the same shape."""
    return input.array.shape == other.array.shape


def numel(input: Any) -> int:
    """The number of elements."""
    return input.array.size


def typename(obj: Any) -> str:
    """The name of a type: ``"torch.FloatTensor"`` for a float32 tensor."""
    if isinstance(obj, Value):
        return obj.type()  # type: ignore[attr-defined]
    kind = type(obj)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def real(input: Any) -> Tensor:
    """The tensor itself: it is real."""
    return input


conj = conj_physical = resolve_conj = resolve_neg = real


def imag(input: Any) -> Tensor:
    """Raise: a real tensor has no imaginary part.

    Raises:
        RuntimeError: always, as in PyTorch.
    """
    raise RuntimeError("imag: not implemented for tensors with non-complex dtypes")


angle = unary(
    lambda x: np.where(np.isnan(x), x, np.where(x < 0, math.pi, 0)).astype(x.dtype),
    "0, or pi for negative numbers.",
    name="angle",
    to_float=True,
    x=lambda g: np.zeros_like(g),
)
