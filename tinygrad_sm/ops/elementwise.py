"""Operations that act on each element alone, with their derivatives beside them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..dtypes import BOOL, INT64, as_float, check_fits, promote
from ..primitive import Operation, binary, clash, coerce, primitive, unary, unsupported
from ..tape import Value, wrap
from . import kernels
from .masking import chosen, masked

if TYPE_CHECKING:
    from ..tensor import Tensor

# --- arithmetic --------------------------------------------------------------------------------

_add = binary(np.add, "x + y", name="add", x=lambda g: g, y=lambda g: g)
_sub = binary(np.subtract, "x - y", name="sub", x=lambda g: g, y=lambda g: -g)
mul = binary(
    np.multiply,
    "The product ``input * other``, broadcast.",
    name="mul",
    x=lambda g, y: g * y,
    y=lambda g, x: g * x,
)
true_divide = binary(
    np.divide,
    "The quotient ``input / other``, broadcast; integers divide as float32.",
    name="div",
    to_float=True,
    x=lambda g, y: g / y,
    y=lambda g, x, y: -g * x / (y * y),
)


def _not_of_bools(function: Any, name: str) -> Any:
    def checked(x: Any) -> Any:
        if x.dtype == BOOL:
            raise RuntimeError(f"{name}: not defined for bool tensors; use ~ or logical_not")
        return function(x)

    return checked


neg = unary(_not_of_bools(np.negative, "neg"), "``-input``", name="neg", x=lambda g: -g)
positive = unary(
    _not_of_bools(np.positive, "positive"), "``+input``", name="positive", x=lambda g: g
)


def _scaled(name: str, input: Any, other: Any, alpha: float) -> Any:
    """``alpha * other``, in the dtype in which the two operands meet."""
    kind = promote(_bare(input), _bare(other))
    if kind.kind != "f" and isinstance(alpha, float):
        raise RuntimeError(
            f"{name}: for {kind} tensors alpha must not be a float, but it is {alpha}"
        )
    factor = bool(alpha) if kind == BOOL else alpha
    return mul(cast(other, kind) if isinstance(other, Value) else other, factor)


def add(input: Any, other: Any, *, alpha: float = 1) -> Tensor:
    """``input + alpha * other``, broadcast.

    Raises:
        RuntimeError: for a floating ``alpha`` with integers.
    """
    return _add(input, other if alpha == 1 else _scaled("add", input, other, alpha))


def sub(input: Any, other: Any, *, alpha: float = 1) -> Tensor:
    """``input - alpha * other``, broadcast."""
    if any(isinstance(t, bool) or getattr(_bare(t), "dtype", None) == BOOL for t in (input, other)):
        raise RuntimeError("sub: not defined for bool tensors; use logical_xor or logical_not")
    return _sub(input, other if alpha == 1 else _scaled("sub", input, other, alpha))


def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """``input / other``, broadcast; rounded toward minus infinity or zero on request.

    Args:
        input: the dividend.
        other: the divisor.
        rounding_mode: ``None``, ``"floor"`` or ``"trunc"``.

    Raises:
        RuntimeError: for another rounding mode.
    """
    if rounding_mode is None:
        return true_divide(input, other)
    if rounding_mode == "floor":
        return floor_divide(input, other)
    if rounding_mode == "trunc":
        return _trunc_divide(input, other)
    raise RuntimeError(
        f"div: rounding_mode must be None, 'floor' or 'trunc', not {rounding_mode!r}"
    )


def _floor_divide(x: Any, y: Any) -> Any:
    _check_integers("floor_divide", x, y)
    with np.errstate(divide="ignore", invalid="ignore"):
        if np.result_type(x, y).kind != "f":
            return np.floor_divide(x, y)
        whole = np.floor_divide(x, y)
        return np.where(np.equal(y, 0), np.divide(x, y), whole)


def _truncated(x: Any, y: Any) -> Any:
    _check_integers("div", x, y)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.trunc(np.divide(x, y)).astype(np.result_type(x, y))


def _remainder(x: Any, y: Any) -> Any:
    _check_integers("remainder", x, y)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.remainder(x, y)


def _check_integers(name: str, x: Any, y: Any) -> None:
    kind = np.result_type(x, y)
    if kind == BOOL:
        raise _no_bools(name)
    if kind.kind != "f" and np.any(np.equal(y, 0)) and np.broadcast(x, y).size:
        raise RuntimeError(f"{name}: ZeroDivisionError: an integer divisor is 0")


def _no_bools(name: str) -> Exception:
    return NotImplementedError(
        f'{name}: "{name}" not implemented for bool and bool: convert one with .int()'
    )


floor_divide = binary(
    _floor_divide,
    "``input / other`` rounded toward minus infinity; its derivative is 0.",
    name="floor_divide",
    x=lambda g: np.zeros_like(g),
    y=lambda g: np.zeros_like(g),
)
_trunc_divide = binary(
    _truncated,
    "",
    name="trunc_divide",
    x=lambda g: np.zeros_like(g),
    y=lambda g: masked(g, np.False_),
)
remainder = binary(
    _remainder,
    "``input - floor(input / other) * other``: it has the sign of ``other``.",
    name="remainder",
    x=lambda g: g,
    y=lambda g, x, y: -g * floor_divide(x, y),
)

# --- powers ------------------------------------------------------------------------------------


def _pow_by_base(g: Any, x: Any, y: Any) -> Any:
    """``y x^(y-1)``, and 0 where y is 0, whatever x is."""
    if isinstance(y, int | float):
        if y == 2:
            return g * (2 * x)
        return g * 0 if y == 0 else g * (y * pow(x, y - 1))
    zero = np.equal(y, 0)
    return np.where(zero, 0.0, g * y * pow(x, np.where(zero, 1.0, y - 1)))


def _pow_by_exponent(g: Any, x: Any, y: Any, out: Any) -> Any:
    """``x^y ln x``, and 0 at x = 0 with y >= 0, where ``0^y`` is flat."""
    flat = np.equal(x, 0) & np.greater_equal(y, 0)
    if isinstance(x, int | float):
        slope: Any = math.log(x) if x > 0 else math.nan if x < 0 else -math.inf
    else:
        slope = np.log(np.where(flat, 1.0, x))
    return np.where(flat, 0.0, g * out * slope)


# powers that have faster forms, as PyTorch too takes them
_ROOTS: dict[float, Any] = {
    0.5: np.sqrt,
    -0.5: lambda x: 1 / np.sqrt(x),
    -1: lambda x: 1 / x,
    -2: lambda x: 1 / (x * x),
}


def _power(x: Any, y: Any) -> Any:
    if isinstance(y, int | float):
        if y == 2:
            return x * x
        if y == 3:
            return x * x * x
        if y in _ROOTS and np.asarray(x).dtype.kind == "f":
            return _ROOTS[y](x)
    kind = np.result_type(x, y)
    if kind == BOOL and y is not True and y is not False:
        raise _no_bools("pow")
    if kind.kind == "i" and np.any(np.less(y, 0)):
        unit = np.where(np.equal(x, 1), 1, np.where(np.equal(x, -1), 1 - 2 * (y & 1), 0))
        return np.where(np.less(y, 0), unit, np.power(x, np.maximum(y, 0))).astype(kind)
    out = np.power(x, y)
    return out if kind != BOOL else out.astype(BOOL)


_pow = binary(_power, "", name="pow", x=_pow_by_base, y=_pow_by_exponent)


def pow(input: Any, exponent: Any) -> Tensor:
    """``input ** exponent``, broadcast. A whole number to a negative power is its whole part.

    Raises:
        RuntimeError: for integers to a negative Python number.
    """
    if isinstance(exponent, int) and exponent < 0 and _bare(input).dtype.kind != "f":
        raise RuntimeError("pow: integers to negative integer powers are not allowed: use .float()")
    return _pow(input, exponent)


square = unary(
    lambda x: x * x if x.dtype != BOOL else x.astype(INT64),
    "``input * input``",
    name="square",
    x=lambda g, x: g * (2 * x),
)
sqrt = unary(
    np.sqrt,
    "The square root; NaN below 0.",
    to_float=True,
    x=lambda g, out: g / (2 * out),
)
rsqrt = unary(
    lambda x: 1 / np.sqrt(x),
    "``1 / sqrt(input)``",
    name="rsqrt",
    to_float=True,
    x=lambda g, out: -0.5 * g * (out * out * out),
)
reciprocal = unary(
    lambda x: 1 / x,
    "``1 / input``",
    name="reciprocal",
    to_float=True,
    x=lambda g, out: -g * (out * out),
)

# --- exponentials and circular functions -------------------------------------------------------

exp = unary(np.exp, "e to the power ``input``.", to_float=True, x=lambda g, out: g * out)
expm1 = unary(
    np.expm1,
    "``exp(input) - 1``, exact near 0.",
    to_float=True,
    x=lambda g, out: g * (out + 1),
)
log = unary(
    np.log, "The natural logarithm; -inf at 0, NaN below.", to_float=True, x=lambda g, x: g / x
)
log1p = unary(
    np.log1p, "``log(1 + input)``, exact near 0.", to_float=True, x=lambda g, x: g / (1 + x)
)
log2 = unary(
    np.log2, "The logarithm to base 2.", to_float=True, x=lambda g, x: g / (x * math.log(2))
)
log10 = unary(
    np.log10, "The logarithm to base 10.", to_float=True, x=lambda g, x: g / (x * math.log(10))
)
sin = unary(np.sin, "The sine of an angle in radians.", to_float=True, x=lambda g, x: g * np.cos(x))
cos = unary(
    np.cos, "The cosine of an angle in radians.", to_float=True, x=lambda g, x: -g * np.sin(x)
)
tanh = unary(
    np.tanh,
    "The hyperbolic tangent, in [-1, 1].",
    to_float=True,
    x=lambda g, out: g - g * out * out,
)


def _sigmoid(x: Any) -> Any:
    """``1 / (1 + e^-x)``; where the exponential is too large for the dtype, 0, as it should be."""
    return 1 / (1 + np.exp(-x))


sigmoid = unary(
    _sigmoid,
    "The logistic function ``1 / (1 + exp(-input))``, finite everywhere.",
    name="sigmoid",
    to_float=True,
    x=lambda g, out: g * (out * (1 - out)),
)

# --- erf, which NumPy does not have --------------------------------------------------------------


def _erf(x: np.ndarray) -> np.ndarray:
    """The error function, to the precision of its dtype.

    For float32 a rational function (see ``kernels``). In float64 a Taylor-like series for ``|x| < 2`` (Abramowitz and Stegun 7.1.6, all terms positive) and the
    continued fraction of erfc beyond (7.1.14).
    """
    if type(x) is np.ndarray and x.dtype == np.float32:
        return kernels.erf32(x)
    x64 = np.asarray(x, np.float64)
    size = np.abs(x64)
    inner = np.minimum(size, 2.0)
    term = total = inner
    for n in range(1, 40):
        term = term * (2 * inner * inner) / (2 * n + 1)
        total = total + term
    near = 2 / math.sqrt(math.pi) * np.exp(-inner * inner) * total
    outer = np.clip(size, 2.0, 7.0)
    fraction = outer
    for n in range(60, 0, -1):
        fraction = outer + n / 2 / fraction
    far = 1 - np.exp(-outer * outer) / (math.sqrt(math.pi) * fraction)
    result = np.copysign(np.where(size < 2, near, far), x64)
    return np.where(np.isnan(x64), x64, result).astype(np.asarray(x).dtype)


erf = unary(
    _erf,
    "The error function (Abramowitz and Stegun, chapter 7).",
    name="erf",
    to_float=True,
    x=lambda g, x: g * (2 / math.sqrt(math.pi) * np.exp(-x * x)),
)

# --- kinks: where the derivative jumps, PyTorch's choice ------------------------------------------

abs = unary(
    np.abs,
    "The absolute value; its derivative at 0 is 0.",
    name="abs",
    x=lambda g, x: g * sign(x),
)


def _sign(x: np.ndarray) -> np.ndarray:
    return (
        np.subtract(np.greater(x, 0), np.less(x, 0), dtype=x.dtype) if x.dtype != BOOL else x.copy()
    )


def _of_floats(function: Any) -> Any:
    """The function for floats; integers are whole already."""
    return lambda x: function(x) if x.dtype.kind == "f" else x.copy()


sign: Operation = unary(
    _sign,
    "-1, 0 or 1, and 0 for NaN; its derivative is 0.",
    name="sign",
    x=lambda g: np.zeros_like(g),
)
floor = unary(
    _of_floats(np.floor),
    "Rounded toward minus infinity; its derivative is 0.",
    name="floor",
    x=lambda g: np.zeros_like(g),
)
ceil = unary(
    _of_floats(np.ceil),
    "Rounded toward infinity; its derivative is 0.",
    name="ceil",
    x=lambda g: np.zeros_like(g),
)
trunc = unary(
    _of_floats(np.trunc),
    "Rounded toward 0; its derivative is 0.",
    name="trunc",
    x=lambda g: np.zeros_like(g),
)
_round = unary(_of_floats(np.rint), "", name="round", x=lambda g: np.zeros_like(g))


def round(input: Any, *, decimals: int = 0) -> Tensor:
    """Rounded to the nearest, halves to even; its derivative is 0."""
    return _round(input) if not decimals else _round(input * 10**decimals) / 10**decimals


relu = unary(
    lambda x: np.maximum(x, 0),
    "The positive part; its derivative at 0 is 0.",
    name="relu",
    x=lambda g, out: masked(g, np.not_equal(out, 0)),
)


def _won(g: Any, loses_or_ties: Any, ties: Any) -> Any:
    """All of the gradient to the winner, half of it in a tie."""
    return masked(g, np.logical_not(loses_or_ties)) + masked(0.5 * g, ties)


maximum = binary(
    np.maximum,
    "The larger of two, NaN if either is; a tie shares the gradient.",
    x=lambda g, x, y: _won(g, np.less_equal(x, y), np.equal(x, y)),
    y=lambda g, x, y: _won(g, np.less_equal(y, x), np.equal(x, y)),
)
minimum = binary(
    np.minimum,
    "The smaller of two, NaN if either is; a tie shares the gradient.",
    x=lambda g, x, y: _won(g, np.greater_equal(x, y), np.equal(x, y)),
    y=lambda g, x, y: _won(g, np.greater_equal(y, x), np.equal(x, y)),
)
_clamp_below = binary(
    np.maximum,
    "",
    name="clamp_min",
    x=lambda g, x, y: masked(g, np.greater_equal(x, y)),
    y=lambda g, x, y: masked(g, np.less(x, y)),
)
_clamp_above = binary(
    np.minimum,
    "",
    name="clamp_max",
    x=lambda g, x, y: masked(g, np.less_equal(x, y)),
    y=lambda g, x, y: masked(g, np.greater(x, y)),
)


def clamp(input: Any, min: Any = None, max: Any = None) -> Tensor:
    """Each element moved into [min, max]; ``max`` wins where the two cross.

    The gradient passes at the bounds themselves.

    Raises:
        RuntimeError: if neither bound is given.
    """
    if min is None and max is None:
        raise RuntimeError("clamp: at least one of 'min' or 'max' must not be None")
    if min is not None:
        input = _clamp_below(input, _in_range(min, input))
    return input if max is None else _clamp_above(input, _in_range(max, input))


def _in_range(bound: Any, input: Any) -> Any:
    """An int bound as near as the dtype of integers can hold it."""
    kind = _bare(input).dtype
    if type(bound) is not int or kind.kind not in "iu":
        return bound
    return int(np.clip(bound, np.iinfo(kind).min, np.iinfo(kind).max))


clip = clamp

_where = primitive(
    chosen,
    name="where",
    family="elementwise",
    x=lambda g, mask: masked(g, mask),
    y=lambda g, mask: masked(g, np.logical_not(mask)),
)


def where(condition: Any, input: Any = None, other: Any = None) -> Any:
    """``input`` where the condition holds, else ``other``, broadcast and promoted.

    The branch not taken gets the gradient 0; but 0 times an infinity is NaN, so guard the argument
    of the branch, not its result: ``log(where(x > 0, x, 1))``.

    With the condition alone: the indices where it holds, as ``nonzero(as_tuple=True)``.

    Raises:
        RuntimeError: if the condition is not bool.
    """
    test = condition.array if isinstance(condition, Value) else np.asarray(condition)
    if input is None and other is None:
        return tuple(wrap(i) for i in np.nonzero(np.atleast_1d(test)))
    if test.dtype != BOOL and test.dtype != np.uint8:
        raise RuntimeError(f"where: expected a bool condition, not {test.dtype}: compare first")
    if not (isinstance(input, Value) or isinstance(other, Value)) and not isinstance(
        condition, Value
    ):
        return np.where(test, input, other)
    x, y = _bare(input), _bare(other)
    if not (getattr(input, "level", 0) or getattr(other, "level", 0)):
        x, y = coerce("where", x, y)
    kind = promote(x, y)
    try:
        np.broadcast_shapes(test.shape, np.shape(x), np.shape(y))
    except ValueError:
        raise RuntimeError(
            f"where: the condition of shape {test.shape} does not broadcast with {np.shape(x)} "
            f"and {np.shape(y)}"
        ) from None
    chosen = condition if isinstance(condition, Value) else wrap(test)
    return _where(
        chosen if test.dtype == BOOL else cast(chosen, BOOL),
        _same(input, x, kind),
        _same(other, y, kind),
    )


def _bare(t: Any) -> Any:
    return t.array if isinstance(t, Value) else t


def _same(t: Any, value: Any, kind: np.dtype) -> Any:
    """The operand in a dtype; a tensor that has another is cast on the tape."""
    if not isinstance(t, Value):
        return np.asarray(value, kind)
    return t if t.array.dtype == kind else cast(t, kind)


cast = primitive(
    lambda x, kind: x.astype(kind),
    "``input`` in another dtype.",
    name="to_copy",
    family="elementwise",
    x=lambda g: g,
)

# --- comparison and logic: no derivative ---------------------------------------------------------


def _comparison(forward: Any, doc: str, name: str) -> Operation:
    return binary(forward, doc, name=name)


eq = _comparison(np.equal, "Where two are equal, as bool.", "eq")
ne = _comparison(np.not_equal, "Where two differ, as bool.", "ne")
lt = _comparison(np.less, "Where ``input < other``, as bool.", "lt")
le = _comparison(np.less_equal, "Where ``input <= other``, as bool.", "le")
gt = _comparison(np.greater, "Where ``input > other``, as bool.", "gt")
ge = _comparison(np.greater_equal, "Where ``input >= other``, as bool.", "ge")
logical_and = _comparison(np.logical_and, "Where both are not 0.", "logical_and")
logical_or = _comparison(np.logical_or, "Where one or both are not 0.", "logical_or")
logical_xor = _comparison(np.logical_xor, "Where exactly one is not 0.", "logical_xor")
logical_not = unary(np.logical_not, "Where the input is 0.")
isnan = unary(np.isnan, "Where the input is NaN.")
isinf = unary(np.isinf, "Where the input is infinite.")
isfinite = unary(np.isfinite, "Where the input is neither infinite nor NaN.")
bitwise_and = _comparison(np.bitwise_and, "Bits set in both; ``and`` of bools.", "bitwise_and")
bitwise_or = _comparison(np.bitwise_or, "Bits set in either; ``or`` of bools.", "bitwise_or")
bitwise_xor = _comparison(np.bitwise_xor, "Bits set in exactly one.", "bitwise_xor")
bitwise_not = unary(np.invert, "Every bit turned over; ``not`` of bools.", name="bitwise_not")


def masked_fill(input: Any, mask: Any, value: Any) -> Tensor:
    """``input`` with ``value`` wherever the bool ``mask``, broadcast, holds.

    Raises:
        RuntimeError: if the mask is not bool, or the value not a number or 0-d tensor.
    """
    if _bare(mask).dtype != BOOL:
        raise RuntimeError(f"masked_fill: expected a bool mask, not {_bare(mask).dtype}")
    if np.ndim(_bare(value)) != 0:
        raise RuntimeError(f"masked_fill: value must be 0-d, not of shape {np.shape(_bare(value))}")
    kind = input.array.dtype
    if not isinstance(value, Value):
        check_fits("masked_fill", value, kind)
    filler = cast(value, kind) if isinstance(value, Value) else np.asarray(value).astype(kind)
    try:
        np.broadcast_shapes(_bare(mask).shape, input.array.shape)
    except ValueError:
        raise clash("masked_fill", input.array, _bare(mask)) from None
    return _where(mask, filler, input)


def need_floats(name: str, *tensors: Value) -> None:
    """Refuse integers and bools where PyTorch has no function of them.

    Raises:
        NotImplementedError: naming the function and the dtype.
    """
    for t in tensors:
        if t.array.dtype.kind != "f":
            raise unsupported(name, t.array)


def of_floats(name: str, function: Any) -> Any:
    """A function of arrays that refuses those of integers and bools."""

    def of_arrays(x: Any, y: Any) -> Any:
        if np.result_type(x, y).kind != "f":
            raise unsupported(name, x)
        return function(x, y)

    return of_arrays


def float_input(t: Value) -> Any:
    """The tensor itself if it is floating, else as float32: how PyTorch's float functions begin."""
    kind = t.array.dtype
    return t if kind.kind == "f" else cast(t, as_float(kind))
