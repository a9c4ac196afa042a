"""Comparing tensors in tests."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .devices import check_device
from .dtypes import DTYPES, as_numpy_dtype
from .ops.dims import sizes_of
from .ops.random import rand, randint
from .tape import Value

__all__ = ["assert_allclose", "assert_close", "make_tensor"]

# by dtype, the relative and absolute tolerance that PyTorch documents for assert_close
_TOLERANCES = {"float16": (1e-3, 1e-5), "float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7)}


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Raise unless tensors, numbers, or sequences and mappings of them, are equal within tolerance.

    Args:
        actual: what was computed.
        expected: what it should be.
        allow_subclasses: whether types may differ.
        rtol: relative tolerance; by dtype if not given (1.3e-6 for float32).
        atol: absolute tolerance; by dtype if not given (1e-5 for float32); given with ``rtol``.
        equal_nan: whether NaN equals NaN.
        check_device: not used: there is one device.
        check_dtype: whether dtypes must be equal too.
        check_layout: not used: all tensors are strided.
        check_stride: whether strides must be equal too.
        msg: the message, or a function of the message.

    Raises:
        AssertionError: if something differs.
        ValueError: if one of ``rtol`` and ``atol`` alone is given.
    """
    if (rtol is None) is not (atol is None):
        raise ValueError("assert_close: give both rtol and atol, or neither")
    difference = _difference(
        actual, expected, (rtol, atol), equal_nan, check_dtype, check_stride, ""
    )
    if difference:
        text = msg(difference) if callable(msg) else msg or difference
        raise AssertionError(text)


def _difference(
    actual: Any,
    expected: Any,
    tolerances: Any,
    equal_nan: bool,
    check_dtype: bool,
    check_stride: bool,
    place: str,
) -> str:
    """What differs, or an empty string."""
    options = (tolerances, equal_nan, check_dtype, check_stride)
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        if set(actual) != set(expected):
            return f"The keys of the mappings do not match: {set(actual)} != {set(expected)}"
        pairs = [(f"{place}[{key!r}]", actual[key], expected[key]) for key in expected]
    elif _is_sequence(expected) and _is_sequence(actual):
        if len(actual) != len(expected):
            return f"The length of the sequences mismatch: {len(actual)} != {len(expected)}"
        pairs = [(f"{place}[{i}]", a, e) for i, (a, e) in enumerate(zip(actual, expected))]  # noqa: B905
    else:
        return _tensor_difference(actual, expected, *options, place)
    return next((d for where, a, e in pairs if (d := _difference(a, e, *options, where))), "")


def _is_sequence(x: Any) -> bool:
    return isinstance(x, Sequence) and not isinstance(x, str)


def _tensor_difference(
    actual: Any,
    expected: Any,
    tolerances: Any,
    equal_nan: bool,
    check_dtype: bool,
    check_stride: bool,
    place: str,
) -> str:
    a, e = (np.asarray(x.array if isinstance(x, Value) else x) for x in (actual, expected))
    at = f"\n\nThe failure occurred for item {place}" if place else ""
    if a.shape != e.shape:
        return f"The values for attribute 'shape' do not match: {a.shape} != {e.shape}.{at}"
    if isinstance(actual, Value) and isinstance(expected, Value):
        if check_dtype and a.dtype != e.dtype:
            names = f"{DTYPES[a.dtype]} != {DTYPES[e.dtype]}"
            return f"The values for attribute 'dtype' do not match: {names}.{at}"
        if check_stride and a.strides != e.strides:
            return f"The values for attribute 'stride()' do not match.{at}"
    rtol, atol = _tolerances(tolerances, a.dtype, e.dtype)
    a, e = a.astype(np.float64), e.astype(np.float64)
    with np.errstate(all="ignore"):
        close = np.isclose(a, e, rtol=rtol, atol=atol, equal_nan=equal_nan)
        if close.all():
            return ""
        gap = np.where(close, 0, np.abs(a - e))
        ratio = np.where(close, 0, gap / np.abs(e))
    worst, most = (
        np.unravel_index(gap.argmax(), gap.shape),
        np.unravel_index(ratio.argmax(), ratio.shape),
    )
    bad = int((~close).sum())
    return (
        f"Tensor-likes are not close!\n\nMismatched elements: {bad} / {a.size} "
        f"({100 * bad / a.size:.1f}%)\n"
        f"Greatest absolute difference: {gap.max()} at index {tuple(map(int, worst))} (up to "
        f"{atol} allowed)\n"
        f"Greatest relative difference: {ratio.max()} at index {tuple(map(int, most))} (up to "
        f"{rtol} allowed){at}"
    )


def _tolerances(given: Any, *kinds: np.dtype) -> tuple[float, float]:
    if given[0] is not None:
        return given
    pairs = [_TOLERANCES.get(kind.name, (0.0, 0.0)) for kind in kinds]
    return max(p[0] for p in pairs), max(p[1] for p in pairs)


def assert_allclose(
    actual: Any,
    expected: Any,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = True,
    msg: str = "",
) -> None:
    """``assert_close`` under its older name, which does not compare dtypes."""
    assert_close(
        actual,
        expected,
        rtol=rtol,
        atol=atol,
        equal_nan=equal_nan,
        check_dtype=False,
        msg=msg or None,
    )


def make_tensor(
    *shape: Any,
    dtype: Any,
    device: Any = "cpu",
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
    memory_format: Any = None,
) -> Any:
    """A tensor of uniform random values in [low, high).

    Args:
        *shape: its size.
        dtype: of the tensor.
        device: the CPU.
        low: the lowest value; by default -9, or 0 for uint8 and bool.
        high: what all values are below; by default 9 for floats, 10 for integers, 2 for bool.
        requires_grad: whether ``backward`` shall leave a gradient in ``grad``.
        noncontiguous: whether its elements shall have gaps between them.
        exclude_zero: put 1 in the place of 0.
        memory_format: accepted; the memory is contiguous.

    Raises:
        ValueError: if ``low`` is not below ``high``.

    >>> import tinygrad_sm as sg
    >>> make_tensor(2, 3, dtype=sg.int64).shape
    tinygrad_sm.Size([2, 3])
    """
    check_device(device)
    kind = as_numpy_dtype(dtype)
    whole, unsigned = kind.kind in "iub", kind.kind in "ub"
    start = low if low is not None else 0 if unsigned else -9
    end = high if high is not None else 2 if kind.kind == "b" else 10 if whole else 9
    if not start < end:
        raise ValueError(f"make_tensor: expected low < high, but low is {start} and high {end}")
    size = list(sizes_of(shape))
    doubled = noncontiguous and math.prod(size) > 1
    drawn = [*size[:-1], 2 * size[-1]] if doubled else size
    made = randint(int(start), int(end), drawn) if whole else rand(drawn) * (end - start) + start
    made = made.to(dtype)
    if exclude_zero:
        made = made.masked_fill(made == 0, 1)
    made = made[..., ::2] if doubled else made
    return made.requires_grad_() if requires_grad else made
