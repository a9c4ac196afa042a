"""Tensors out of nothing, or out of what Python and NumPy hold."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..devices import check_device
from ..dtypes import as_numpy_dtype, check_fits
from ..tape import LEAF, Value, wrap
from .dims import sizes_of

if TYPE_CHECKING:
    from ..tensor import Tensor


def as_array(data: Any, dtype: Any = None) -> np.ndarray:
    """An array of ``data``, in a dtype that a tensor can hold; Python floats become float32.

    Raises:
        TypeError: for what is not numbers.
        ValueError: for ragged lists.
    """
    if isinstance(data, Value):
        data = data.array
    if not isinstance(data, np.ndarray | np.generic):
        data = _from_python(data, dtype is None)
    kind = data.dtype if dtype is None else as_numpy_dtype(dtype)
    if dtype is not None:
        check_fits("tensor", data, as_numpy_dtype(kind))
    return np.asarray(data, dtype=as_numpy_dtype(kind))


def _from_python(data: Any, narrow: bool) -> np.ndarray:
    if isinstance(data, list | tuple) and _holds(data, Value):
        data = _plain(data)
    try:
        array = np.asarray(data)
    except ValueError:
        raise _ragged(data) from None
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"tensor: expected numbers, an array or nested lists of numbers, not "
            f"{type(data).__name__} (NumPy makes {array.dtype} of it)"
        )
    if not narrow:
        return array
    if (
        array.dtype == np.float64
        and not hasattr(data, "__array__")
        and not _holds(data, np.generic)
    ):
        return array.astype(dtypes.DEFAULT)
    if array.size == 0 and isinstance(data, list | tuple):
        return array.astype(dtypes.DEFAULT)
    return array


def _ragged(data: Any) -> Exception:
    """The error for lists within which a length or a depth changes."""
    sizes = []
    first = data
    while isinstance(first, list | tuple):
        sizes.append(len(first))
        first = first[0] if first else None
    try:
        _check_lengths(data, 0, sizes)
    except (TypeError, ValueError) as error:
        return error
    return ValueError("tensor: the arrays within the lists are not all of one shape")


def _check_lengths(item: Any, depth: int, sizes: list[int]) -> None:
    if depth == len(sizes):
        if isinstance(item, list | tuple):
            raise TypeError(f"tensor: a list stands at depth {depth} among numbers")
        return
    if not isinstance(item, list | tuple):
        raise TypeError(f"tensor: {item!r} stands at depth {depth} among lists")
    if len(item) != sizes[depth]:
        raise ValueError(
            f"tensor: the lists are not all of one length: expected a sequence of length "
            f"{sizes[depth]} at dim {depth} (got {len(item)})"
        )
    for inner in item:
        _check_lengths(inner, depth + 1, sizes)


def _holds(data: Any, kind: type) -> bool:
    """Whether the first number found in nested lists is a NumPy scalar, array or tensor."""
    while isinstance(data, list | tuple) and data:
        data = data[0]
    return isinstance(data, kind)


def _plain(data: Any) -> Any:
    if isinstance(data, list | tuple):
        return [_plain(item) for item in data]
    return data.array if isinstance(data, Value) else data


def tensor(
    data: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A new leaf tensor with a copy of ``data``.

    Python floats become float32, ints int64, bools bool; an array keeps its dtype.

    Raises:
        TypeError: for what is not numbers.
        RuntimeError: if gradients are asked of integers.
    """
    check_device(device)
    return _leaf(np.array(as_array(data, dtype), copy=True, order="C"), requires_grad)


def _leaf(array: np.ndarray, requires_grad: bool) -> Any:
    if requires_grad and array.dtype.kind != "f":
        raise RuntimeError(
            "only tensors of floating point dtype can require gradients, not "
            f"{array.dtype}: say dtype=float32, or convert with .float()"
        )
    return wrap(array, LEAF if requires_grad else None)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """A tensor of ``data`` that shares its memory where it can."""
    check_device(device)
    if isinstance(data, Value):
        known: Any = data
        return known if dtype is None else known.to(dtype=dtype)
    return wrap(as_array(data, dtype))


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor that shares an array's memory.

    Raises:
        TypeError: for what is not an array, or an array of something else than numbers.
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"from_numpy: expected a NumPy array, not {type(ndarray).__name__}")
    if ndarray.dtype not in dtypes.DTYPES:
        raise TypeError(f"from_numpy: a tensor cannot hold {ndarray.dtype}")
    return wrap(ndarray)


def from_dlpack(ext_tensor: Any) -> Tensor:
    """A tensor over the memory of another library's CPU tensor (the DLPack protocol)."""
    # NumPy 2.0 does not export arrays that cannot be written; from an array it needs no export
    is_array = isinstance(ext_tensor, np.ndarray)
    return from_numpy(ext_tensor if is_array else np.from_dlpack(ext_tensor))


def _kind(dtype: Any) -> np.dtype:
    return dtypes.DEFAULT if dtype is None else as_numpy_dtype(dtype)


def _not_negative(sizes: tuple[int, ...]) -> tuple[int, ...]:
    if any(n < 0 for n in sizes):
        raise RuntimeError(f"sizes must not be negative, but got {sizes}")
    return sizes


_IGNORED = ("layout", "memory_format", "names", "pin_memory")


def check_ignored(name: str, options: dict[str, Any]) -> None:
    """Refuse what is none of the options about memory, which have no effect here.

    Raises:
        TypeError: for another name.
    """
    for option in options:
        if option not in _IGNORED:
            raise TypeError(f"{name}() got an unexpected keyword argument '{option}'")


def zeros(
    *sizes: Any,
    size: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **ignored: Any,
) -> Tensor:
    """Zeros of a shape, float32 unless said otherwise."""
    check_device(device)
    check_ignored("zeros", ignored)
    return _leaf(np.zeros(_not_negative(sizes_of(sizes, size)), _kind(dtype)), requires_grad)


def ones(
    *sizes: Any,
    size: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **ignored: Any,
) -> Tensor:
    """Ones of a shape, float32 unless said otherwise."""
    check_device(device)
    check_ignored("ones", ignored)
    return _leaf(np.ones(_not_negative(sizes_of(sizes, size)), _kind(dtype)), requires_grad)


def empty(
    *sizes: Any,
    size: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **ignored: Any,
) -> Tensor:
    """A tensor of a shape whose values are not set."""
    check_device(device)
    check_ignored("empty", ignored)
    return _leaf(np.empty(_not_negative(sizes_of(sizes, size)), _kind(dtype)), requires_grad)


def full(
    size: Any,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **ignored: Any,
) -> Tensor:
    """A tensor of a shape filled with one number, whose type sets the dtype."""
    check_device(device)
    check_ignored("full", ignored)
    value = as_array(fill_value, dtype)
    sizes = _not_negative(sizes_of(size if isinstance(size, list | tuple) else (size,)))
    return _leaf(np.full(sizes, value, value.dtype), requires_grad)


def beside(like: Any, made: Any, requires_grad: bool = False) -> Any:
    """A new tensor where ``like`` is: a batch of its own memory, if that is one."""
    out = like.beside(made) if like.level else made
    return out.requires_grad_() if requires_grad else out


def zeros_like(
    input: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **ignored: Any,
) -> Tensor:
    """Zeros of another tensor's shape and dtype."""
    kind = input.array.dtype if dtype is None else dtype
    made = zeros(input.array.shape, dtype=kind, device=device, **ignored)
    return beside(input, made, requires_grad)


def ones_like(
    input: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **ignored: Any,
) -> Tensor:
    """Ones of another tensor's shape and dtype."""
    kind = input.array.dtype if dtype is None else dtype
    made = ones(input.array.shape, dtype=kind, device=device, **ignored)
    return beside(input, made, requires_grad)


def empty_like(
    input: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **ignored: Any,
) -> Tensor:
    """A tensor of another's shape and dtype whose values are not set."""
    kind = input.array.dtype if dtype is None else dtype
    made = empty(input.array.shape, dtype=kind, device=device, **ignored)
    return beside(input, made, requires_grad)


def full_like(
    input: Any,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **ignored: Any,
) -> Tensor:
    """A tensor of another's shape and dtype filled with one number."""
    kind = input.array.dtype if dtype is None else dtype
    made = full(input.array.shape, fill_value, dtype=kind, device=device, **ignored)
    return beside(input, made, requires_grad)


def arange(
    start: Any = None,
    end: Any = None,
    step: Any = 1,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **ignored: Any,
) -> Tensor:
    """Numbers from ``start`` to before ``end`` by ``step``: int64, or float32 if one is a float.

    Raises:
        RuntimeError: if the step is 0 or leads away from the end.
    """
    check_device(device)
    check_ignored("arange", ignored)
    if end is None:
        start, end = None, start
    if end is None:
        raise TypeError("arange: expected an end")
    start = 0 if start is None else start
    start, end, step = (x.array.item() if isinstance(x, Value) else x for x in (start, end, step))
    if not all(math.isfinite(x) for x in (start, end, step)):
        raise RuntimeError(f"arange: unsupported range: {start} to {end} by {step}")
    integral = all(isinstance(x, int | np.integer) for x in (start, end, step))
    kind = _kind(dtype) if dtype is not None or not integral else dtypes.INT64
    if (end - start) * step < 0:
        raise RuntimeError(f"arange: from {start} to {end} is against the sign of step {step}")
    if kind == dtypes.INT64:
        start, end, step = int(start), int(end), int(step)
    if step == 0:
        raise RuntimeError("arange: step must be nonzero")
    count = math.ceil((end - start) / step)
    if kind.kind in "iu":
        start, step = int(start), int(step)
    return _leaf((start + step * np.arange(count)).astype(kind), requires_grad)


def number(name: str, x: Any) -> Any:
    """A number, or that of a 0-d tensor.

    Raises:
        RuntimeError: for a tensor with dimensions.
    """
    if not isinstance(x, Value):
        return x
    if x.array.ndim:
        raise RuntimeError(
            f"{name}: only supports 0-dimensional start and end tensors, but got {x.array.shape}"
        )
    return x.array.item()


def linspace(
    start: Any,
    end: Any,
    steps: int,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **ignored: Any,
) -> Tensor:
    """``steps`` numbers evenly spaced from ``start`` to ``end``, both included."""
    check_device(device)
    check_ignored("linspace", ignored)
    start, end = (number("linspace", x) for x in (start, end))
    if isinstance(steps, float):
        raise TypeError(f"linspace: steps must be an int, not {steps}")
    if steps < 0:
        raise RuntimeError(f"linspace: number of steps must be non-negative, not {steps}")
    kind = _kind(dtype)
    if kind.kind != "f":
        start, end = int(start), int(end)
    return _leaf(_spaced(start, end, steps, kind), requires_grad)


def _spaced(start: Any, end: Any, steps: int, kind: np.dtype) -> np.ndarray:
    """From both ends to the middle by a step of the dtype, each number rounded once, as in PyTorch."""
    step: Any = (end - start) / max(steps - 1, 1)
    wide: Any = np.float64
    if kind.kind == "f":
        narrow = kind.type if kind.itemsize > 2 else np.float32
        start, end = narrow(start), narrow(end)
        step = narrow((end - start) / narrow(max(steps - 1, 1)))
        wide = np.longdouble if kind == np.float64 else np.float64
    up = np.arange(steps)
    rising = wide(start) + wide(step) * up
    values = np.where(up < steps // 2, rising, wide(end) - wide(step) * (steps - 1 - up))
    values[:1] = start
    return values.astype(kind)


def eye(
    n: int,
    m: int | None = None,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **ignored: Any,
) -> Tensor:
    """A matrix with ones on the diagonal: (n, m), square by default."""
    check_device(device)
    check_ignored("eye", ignored)
    rows, columns = _not_negative((n, n if m is None else m))
    return _leaf(np.eye(rows, columns, dtype=_kind(dtype)), requires_grad)


def asarray(
    obj: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    copy: bool | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of numbers, an array or another tensor, sharing memory where it can.

    Args:
        obj: what to make a tensor of.
        dtype: the element type, that of ``obj`` if ``None``.
        device: ``"cpu"``.
        copy: ``True``: always copy.
        requires_grad: whether ``backward`` shall leave a gradient.
    """
    out: Any = as_tensor(obj, dtype, device)
    if isinstance(obj, Value):
        out = out.detach()
    out = out.clone() if copy else out
    return out.requires_grad_() if requires_grad else out


def scalar_tensor(
    s: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, **ignored: Any
) -> Tensor:
    """A 0-d tensor, float32 unless said otherwise."""
    check_ignored("scalar_tensor", ignored)
    return full((), s, dtype=_kind(dtype), device=device, requires_grad=requires_grad)


def frombuffer(
    buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False
) -> Tensor:
    """A 1-d tensor over the memory of a buffer, such as bytes.

    Raises:
        ValueError: for no elements, or more than there are.
    """
    size = memoryview(buffer).nbytes
    if not count or not 0 <= offset < size:
        raise ValueError(
            f"frombuffer: expected a count other than 0 and an offset within the {size} bytes of "
            f"the buffer, not {count} and {offset}"
        )
    array = np.frombuffer(buffer, as_numpy_dtype(dtype), count, offset)
    return _leaf(array, requires_grad)


def empty_strided(
    size: Any,
    stride: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **ignored: Any,
) -> Tensor:
    """A tensor of a shape and steps in memory whose values are not set."""
    check_device(device)
    check_ignored("empty_strided", ignored)
    sizes, steps = sizes_of((size,)), sizes_of((stride,))
    kind = _kind(dtype)
    last = sum((n - 1) * s for n, s in zip(sizes, steps, strict=True) if n)
    memory = np.empty(last + 1, kind)
    bytes_apart = tuple(s * kind.itemsize for s in steps)
    return _leaf(np.lib.stride_tricks.as_strided(memory, sizes, bytes_apart), requires_grad)


def empty_permuted(
    size: Any, physical_layout: Any, *, dtype: Any = None, requires_grad: bool = False, **k: Any
) -> Tensor:
    """A tensor whose values are not set, and whose dimensions lie in memory in a given order.

    Args:
        size: the sizes.
        physical_layout: the dimensions, that of the largest steps first.
        dtype: of the elements; float32 by default.
        requires_grad: whether it is a leaf of the tape.
        **k: the device, which is the CPU.

    Raises:
        RuntimeError: if the order is not one of all dimensions.
    """
    sizes, order = sizes_of((size,)), sizes_of((physical_layout,))
    if sorted(order) != list(range(len(sizes))):
        raise RuntimeError(
            f"empty_permuted: expected an order of {len(sizes)} dimensions, each once, but got "
            f"physical_layout={order} for size {sizes}"
        )
    memory = empty([sizes[i] for i in order], dtype=dtype, **k).array
    return _leaf(memory.transpose(np.argsort(order)), requires_grad)
