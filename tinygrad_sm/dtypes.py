"""The element types, and the rule by which two of them meet.

A ``dtype`` names a NumPy dtype as PyTorch does. Promotion is PyTorch's: a tensor with dimensions
outranks a 0-d tensor, which outranks a Python number, unless the other's *category* (bool, integer,
float) is higher. So an int64 tensor with a float32 one is float32, where NumPy would say float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np


class dtype:
    """An element type, such as ``tinygrad_sm.float32``.

    Attributes:
        numpy: the NumPy dtype that it stands for.
        is_floating_point: whether tensors of it can require gradients.
        itemsize: bytes an element takes.
    """

    __slots__ = ("is_floating_point", "itemsize", "name", "numpy")

    is_complex = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.numpy = np.dtype(name)
        self.is_floating_point = self.numpy.kind == "f"
        self.itemsize = self.numpy.itemsize

    @property
    def is_signed(self) -> bool:
        """Whether the type holds negative numbers."""
        return self.numpy.kind in "if"

    def __repr__(self) -> str:
        return f"tinygrad_sm.{self.name}"

    def __reduce__(self) -> str:
        return {"bool": "bool_"}.get(self.name, self.name)


float16, float32, float64 = dtype("float16"), dtype("float32"), dtype("float64")
int8, int16, int32, int64 = dtype("int8"), dtype("int16"), dtype("int32"), dtype("int64")
uint8, bool_ = dtype("uint8"), dtype("bool")

DTYPES = {d.numpy: d for d in (float16, float32, float64, int8, int16, int32, int64, uint8, bool_)}
PYTHON_TYPES: dict[Any, np.dtype] = {
    float: float32.numpy,
    int: int64.numpy,
    bool: bool_.numpy,
}
DEFAULT = float32.numpy
INT64 = int64.numpy
BOOL = bool_.numpy
CATEGORY = {"b": 0, "u": 1, "i": 1, "f": 2}


def as_numpy_dtype(kind: Any) -> np.dtype:
    """The NumPy dtype meant by one of ours, a Python type, or anything NumPy takes.

    Raises:
        TypeError: for a type that no tensor can hold (complex, object, strings, ...).
    """
    if isinstance(kind, dtype):
        return kind.numpy
    if isinstance(kind, type) and kind in PYTHON_TYPES:
        return PYTHON_TYPES[kind]
    found = np.dtype(kind).newbyteorder("=")
    if found not in DTYPES:
        known = ", ".join(d.name for d in DTYPES.values())
        raise TypeError(f"a tensor cannot hold {found}: expected one of {known}")
    return found


def _rank(value: Any) -> int:
    """2 for arrays with dimensions, 1 for 0-d arrays, 0 for Python numbers."""
    if isinstance(value, np.ndarray):
        return 2 if value.ndim else 1
    return 0


def _dtype_of(value: Any) -> np.dtype:
    return getattr(value, "dtype", None) or PYTHON_TYPES[type(value)]


def promote(*values: Any) -> np.dtype:
    """The dtype in which arrays, 0-d arrays and Python numbers meet (PyTorch's rule)."""
    best: np.dtype | None = None
    for rank in (2, 1, 0):
        kinds = [_dtype_of(v) for v in values if _rank(v) == rank]
        if not kinds:
            continue
        found = kinds[0]
        for kind in kinds[1:]:
            found = promote_types(found, kind)
        if best is None or CATEGORY[found.kind] > CATEGORY[best.kind]:
            best = found
    assert best is not None
    return best


def promote_types(a: np.dtype, b: np.dtype) -> np.dtype:
    """The dtype in which two array dtypes of equal rank meet."""
    if CATEGORY[a.kind] != CATEGORY[b.kind]:
        return a if CATEGORY[a.kind] > CATEGORY[b.kind] else b
    return np.promote_types(a, b)


def as_float(kind: np.dtype) -> np.dtype:
    """The dtype of a float-valued function: floats stay, everything else becomes float32."""
    return kind if kind.kind == "f" else DEFAULT


def check_fits(name: str, values: Any, kind: np.dtype) -> None:
    """Refuse numbers that an integer dtype cannot hold.

    Raises:
        RuntimeError: for numbers out of its range, infinities and NaN.
    """
    values = np.asarray(values)
    if kind.kind not in "iu" or values.dtype.kind == "b" or not values.size:
        return
    info = np.iinfo(kind)
    if not (info.min <= values.min() and values.max() <= info.max):
        raise RuntimeError(
            f"{name}: a value cannot be converted to {kind} without overflow: it holds "
            f"{info.min} to {info.max}"
        )
