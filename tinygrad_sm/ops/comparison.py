"""More comparisons, and choices that comparisons make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..dtypes import INT64, promote
from ..primitive import binary, clash, primitive, unary
from ..tape import Value, wrap
from .elementwise import clamp
from .masking import masked

if TYPE_CHECKING:
    from ..tensor import Tensor


def _first_wins(x: Any, y: Any) -> Any:
    return np.greater_equal(x, y) | np.isnan(y)


def _first_loses(x: Any, y: Any) -> Any:
    return np.less_equal(x, y) | np.isnan(y)


fmax = binary(
    np.fmax,
    "The larger of two, or the one that is not NaN.",
    x=lambda g, x, y: masked(g, _first_wins(x, y)),
    y=lambda g, x, y: masked(g, np.logical_not(_first_wins(x, y))),
)
fmin = binary(
    np.fmin,
    "The smaller of two, or the one that is not NaN.",
    x=lambda g, x, y: masked(g, _first_loses(x, y)),
    y=lambda g, x, y: masked(g, np.logical_not(_first_loses(x, y))),
)


def _sign_bit(x: Any) -> Any:
    return np.signbit(x) if x.dtype.kind == "f" else np.less(x, 0)


signbit = unary(_sign_bit, "Where the sign is minus, that of -0.0 too.", name="signbit")
isposinf = unary(lambda x: np.equal(x, np.inf), "Where the input is +inf.", name="isposinf")
isneginf = unary(lambda x: np.equal(x, -np.inf), "Where the input is -inf.", name="isneginf")
isreal = unary(
    lambda x: np.ones(x.shape, bool), "True everywhere: tensors are real.", name="isreal"
)


def clamp_min(input: Any, min: Any) -> Tensor:
    """Each element, or ``min`` where it is smaller."""
    return clamp(input, min=min)


def clamp_max(input: Any, max: Any) -> Tensor:
    """Each element, or ``max`` where it is larger."""
    return clamp(input, max=max)


def _same_kind(name: str, input: Any, other: Any) -> None:
    if input.array.dtype != other.array.dtype:
        raise RuntimeError(f"{name}: {input.dtype} did not match {other.dtype}: convert one")


@np.errstate(all="ignore")
def isclose(
    input: Any, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> Tensor:
    """Where ``abs(input - other) <= atol + rtol * abs(other)``, or both are equal.

    Raises:
        RuntimeError: if dtypes differ, or a tolerance is negative.
    """
    _same_kind("isclose", input, other)
    if rtol < 0 or atol < 0:
        raise RuntimeError(f"isclose: rtol and atol must not be negative, not {rtol}, {atol}")
    x, y = input.array, other.array
    try:
        close = np.equal(x, y)
    except ValueError:
        raise clash("isclose", x, y) from None
    if x.dtype.kind != "f":
        x, y = x.astype(INT64), y.astype(INT64)
    if equal_nan:
        close |= np.isnan(x) & np.isnan(y)
    gap, limit = np.abs(x - y), atol + np.abs(rtol * y)
    return wrap(close | (np.isfinite(gap) & (gap <= limit)))


def allclose(
    input: Any, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> bool:
    """Whether ``isclose`` holds everywhere.

    Raises:
        RuntimeError: if dtypes differ.
    """
    return bool(isclose(input, other, rtol, atol, equal_nan).array.all())


def equal(input: Any, other: Any) -> bool:
    """Whether two tensors have the same shape and elements; NaN equals nothing."""
    return bool(np.array_equal(input.array, other.array))


def isin(
    elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False
) -> Tensor:
    """Where an element is one of the test elements; either may be a number."""
    x, tests = (t.array if isinstance(t, Value) else t for t in (elements, test_elements))
    kind = promote(x, tests)
    if any(np.asarray(t).dtype.kind == "b" for t in (x, tests)):
        raise RuntimeError("isin: not implemented for bools")
    return wrap(np.isin(np.asarray(x, kind), np.asarray(tests, kind), invert=invert))


def _finite_part(x: Any, nan: float, posinf: float, neginf: float) -> Any:
    return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


_nan_to_num = primitive(_finite_part, name="nan_to_num", x=lambda g, x: masked(g, np.isfinite(x)))


def nan_to_num(
    input: Any, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """With numbers for NaN (0) and infinities (the dtype's largest and smallest)."""
    kind = input.array.dtype
    if kind.kind != "f":
        return input.clone()
    limits = np.finfo(kind)
    return _nan_to_num(
        input,
        0.0 if nan is None else nan,
        float(limits.max) if posinf is None else posinf,
        float(limits.min) if neginf is None else neginf,
    )
