"""The older names for making tensors: ``FloatTensor(...)``, ``LongTensor(...)`` and ``Variable``."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .dtypes import as_numpy_dtype, set_default_dtype
from .ops import creation
from .tape import Value, wrap
from .tensor import TENSOR_TYPES, Tensor


class _TensorType(type):
    """The type of ``FloatTensor``: called, it makes a tensor; ``isinstance`` looks at the dtype."""

    kind: np.dtype

    def __call__(cls, *data: Any) -> Any:
        kind = cls.kind
        if not data:
            return wrap(np.zeros(0, kind))
        first = data[0]
        if isinstance(first, int) or type(first).__name__ == "Size":
            return creation.zeros(*data, dtype=kind)
        if isinstance(first, Value) and first.array.dtype != kind:
            raise TypeError(
                f"{cls.__name__}: expected a tensor of dtype {kind}, not {first.array.dtype}: use "
                ".to(dtype)"
            )
        if isinstance(first, Value):
            return wrap(first.array)
        return wrap(np.array(creation.as_array(first)).astype(kind))

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Value) and instance.array.dtype == cls.kind


def _tensor_type(name: str) -> Any:
    kind = as_numpy_dtype(TENSOR_TYPES[name])
    doc = f"A {kind} tensor of a shape, of nested lists, or of an array: ``tensor(..., dtype=)``."
    return _TensorType(name, (), {"kind": kind, "dtype": TENSOR_TYPES[name], "__doc__": doc})


FloatTensor, DoubleTensor = _tensor_type("FloatTensor"), _tensor_type("DoubleTensor")
HalfTensor, BoolTensor = _tensor_type("HalfTensor"), _tensor_type("BoolTensor")
LongTensor, IntTensor = _tensor_type("LongTensor"), _tensor_type("IntTensor")
ShortTensor, CharTensor = _tensor_type("ShortTensor"), _tensor_type("CharTensor")
ByteTensor = _tensor_type("ByteTensor")


def set_default_tensor_type(t: Any) -> None:
    """``set_default_dtype`` under its older name: a tensor type or its name.

    Raises:
        TypeError: for a type that is not floating.
    """
    name = t.rpartition(".")[2] if isinstance(t, str) else t.__name__
    set_default_dtype(TENSOR_TYPES[name])


class _VariableType(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_VariableType):
    """A tensor, from when only a ``Variable`` could be differentiated: shares the data of another.

    Raises:
        TypeError: for what is not a tensor.
        RuntimeError: if gradients are asked of integers.
    """

    def __new__(cls, data: Any, requires_grad: bool = False, volatile: bool | None = None) -> Any:
        """The tensor of the same memory; ``volatile`` has no effect, and a warning says so."""
        if not isinstance(data, Tensor):
            raise TypeError(
                f"Variable: data has to be a tensor, but got {type(data).__name__}: use tensor()"
            )
        if volatile is not None:
            warnings.warn(
                "volatile was removed and now has no effect: use `with no_grad():` instead.",
                stacklevel=2,
            )
        new = data.detach()
        return new.requires_grad_() if requires_grad else new
