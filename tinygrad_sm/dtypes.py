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

    __slots__ = ("is_complex", "is_floating_point", "itemsize", "name", "numpy")

    def __init__(self, name: str) -> None:
        self.name = name
        self.numpy = np.dtype(name)
        self.is_complex = False
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


class absent_dtype(dtype):
    """The name of an element type that no tensor here can have, so that programs can ask for it."""

    __slots__ = ()

    def __init__(self, name: str, itemsize: int) -> None:
        self.name, self.itemsize = name, itemsize
        self.is_complex = name.startswith("complex")
        self.is_floating_point = not self.is_complex

    @property
    def is_signed(self) -> bool:
        """Whether the type holds negative numbers."""
        return True


float16, float32, float64 = dtype("float16"), dtype("float32"), dtype("float64")
int8, int16, int32, int64 = dtype("int8"), dtype("int16"), dtype("int32"), dtype("int64")
uint8, bool_ = dtype("uint8"), dtype("bool")
bfloat16, complex32 = absent_dtype("bfloat16", 2), absent_dtype("complex32", 4)
complex64, complex128 = absent_dtype("complex64", 8), absent_dtype("complex128", 16)

DTYPES = {d.numpy: d for d in (float16, float32, float64, int8, int16, int32, int64, uint8, bool_)}
TENSOR_TYPES = {
    "FloatTensor": float32,
    "DoubleTensor": float64,
    "HalfTensor": float16,
    "LongTensor": int64,
    "IntTensor": int32,
    "ShortTensor": int16,
    "CharTensor": int8,
    "ByteTensor": uint8,
    "BoolTensor": bool_,
}
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
        NotImplementedError: for PyTorch's types that NumPy lacks or that are left out here.
    """
    if isinstance(kind, dtype):
        if isinstance(kind, absent_dtype):
            raise NotImplementedError(
                f"{kind}: no tensor of this type can be made here: use float16, float32 or float64"
            )
        return kind.numpy
    if isinstance(kind, type) and kind in PYTHON_TYPES:
        return PYTHON_TYPES[kind]
    if isinstance(kind, str):
        raise TypeError(f"expected a dtype such as float32, not the string {kind!r}")
    found = np.dtype(kind).newbyteorder("=")
    if found not in DTYPES:
        known = ", ".join(d.name for d in DTYPES.values())
        raise TypeError(f"a tensor cannot hold {found}: expected one of {known}")
    return DTYPES[found].numpy  # one object a dtype, which `is` compares fastest


def set_default_dtype(d: Any) -> None:
    """Set the dtype of new tensors of Python floats, and of integers divided.

    Raises:
        TypeError: for a type that is not floating.
    """
    global DEFAULT
    kind = as_numpy_dtype(d)
    if kind.kind != "f":
        raise TypeError(f"set_default_dtype: only floating-point types are supported, not {d}")
    DEFAULT = PYTHON_TYPES[float] = kind


def get_default_dtype() -> dtype:
    """The dtype of new tensors of Python floats: float32 unless set otherwise."""
    return DTYPES[DEFAULT]


def _rank(value: Any) -> int:
    """2 for arrays with dimensions, 1 for 0-d arrays, 0 for Python numbers."""
    ndim = getattr(value, "ndim", None)
    return 0 if ndim is None else 2 if ndim else 1


def _dtype_of(value: Any) -> np.dtype:
    known = PYTHON_TYPES.get(type(value))
    return value.dtype if known is None else known


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


class finfo:
    """The limits of a floating dtype, the default one if none is given.

    Attributes:
        bits: how many an element takes.
        eps: from 1 to the next larger number.
        max, min: the largest and the most negative number.
        tiny, smallest_normal: the smallest positive number of full precision.
        resolution: the decimal resolution.
        dtype: the name of the type.

    Raises:
        TypeError: for a type that is not floating.
    """

    def __init__(self, type: Any = None) -> None:
        kind = DEFAULT if type is None else as_numpy_dtype(type)
        if kind.kind != "f":
            raise TypeError(f"finfo: requires a floating point type, not {type}: use iinfo")
        limits = np.finfo(kind)
        self.bits = int(limits.bits)
        self.eps, self.resolution = float(limits.eps), 10.0**-limits.precision
        self.max, self.min = float(limits.max), float(limits.min)
        self.tiny = self.smallest_normal = float(limits.smallest_normal)
        self.dtype = kind.name

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, "
            f"eps={self.eps:g}, smallest_normal={self.tiny:g}, tiny={self.tiny:g}, "
            f"dtype={self.dtype})"
        )


class iinfo:
    """The limits of an integer dtype.

    Attributes:
        bits: how many an element takes.
        max, min: the largest and the smallest number.
        dtype: the name of the type.

    Raises:
        TypeError: for a type that is not an integer.
    """

    def __init__(self, type: Any) -> None:
        kind = as_numpy_dtype(type)
        if kind.kind not in "iu":
            raise TypeError(f"iinfo: requires an integer type, not {type}: use finfo")
        limits = np.iinfo(kind)
        self.bits, self.max, self.min = int(limits.bits), int(limits.max), int(limits.min)
        self.dtype = kind.name

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"


def result_type(tensor1: Any, tensor2: Any) -> dtype:
    """The dtype in which two tensors or numbers meet."""
    return DTYPES[promote(*(getattr(t, "array", t) for t in (tensor1, tensor2)))]


def common_type(type1: dtype, type2: dtype) -> dtype:
    """The dtype in which tensors of two dtypes meet: ``promote_types`` of the package."""
    return DTYPES[promote_types(as_numpy_dtype(type1), as_numpy_dtype(type2))]


def can_cast(from_: dtype, to: dtype) -> bool:
    """Whether PyTorch would convert implicitly: never to a lower category of number.

    >>> can_cast(float64, float32), can_cast(float32, int64)
    (True, False)
    """
    low, high = as_numpy_dtype(from_), as_numpy_dtype(to)
    return CATEGORY[low.kind] <= CATEGORY[high.kind]


def check_fits(name: str, values: Any, kind: np.dtype) -> None:
    """Refuse numbers that an integer dtype cannot hold; negative integers may wrap around in bytes.

    Raises:
        RuntimeError: for numbers out of its range, infinities and NaN.
    """
    values = np.asarray(values)
    if kind.kind not in "iu" or values.dtype.kind == "b" or not values.size:
        return
    info = np.iinfo(kind)
    lowest = -info.max if kind.kind == "u" and values.dtype.kind == "i" else info.min
    if not (lowest <= values.min() and values.max() <= info.max):
        raise RuntimeError(
            f"{name}: a value cannot be converted to {kind} without overflow: it holds "
            f"{info.min} to {info.max}"
        )
