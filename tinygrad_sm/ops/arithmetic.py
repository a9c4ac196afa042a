"""More arithmetic on each element: divisions with remainder, mixtures, and integers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..primitive import Operation, binary, primitive, unary
from ..tape import Value, wrap
from .elementwise import (
    _check_integers,
    add,
    cast,
    div,
    mul,
    of_floats,
    pow,
    sign,
    sub,
    trunc,
)

if TYPE_CHECKING:
    from ..tensor import Tensor


@np.errstate(all="ignore")
def _fmod(x: Any, y: Any) -> Any:
    _check_integers("fmod", x, y)
    return np.fmod(x, y)


fmod = binary(
    _fmod,
    "The remainder of a division rounded toward 0: it has the sign of ``input``.",
    name="fmod",
    x=lambda g: g,
    y=lambda g, x, y: -g * trunc(x / y),
)
frac = unary(
    lambda x: x - np.trunc(x), "The part behind the point, signed.", name="frac", x=lambda g: g
)
copysign = binary(
    np.copysign,
    "The size of ``input`` with the sign of ``other``.",
    to_float=True,
    x=lambda g, x, out: np.where(np.equal(x, 0), 0.0, g * (out / x)),
    y=lambda g: np.zeros_like(g),
)
_heaviside = binary(
    lambda x, y: np.where(x == 0, y, x > 0).astype(np.result_type(x, y)), "", name="heaviside"
)


def heaviside(input: Any, values: Any) -> Tensor:
    """0 below 0, ``values`` at 0, 1 above.

    Raises:
        RuntimeError: if dtypes differ.
    """
    if input.array.dtype != values.array.dtype:
        raise RuntimeError(
            f"heaviside: expected one dtype, not {input.array.dtype} and {values.array.dtype}"
        )
    return _heaviside(input, values)


nextafter = binary(
    of_floats("nextafter", np.nextafter),
    "The next float from ``input`` toward ``other``.",
    name="nextafter",
)
gcd = binary(np.gcd, "The greatest common divisor of integers.")
lcm = binary(np.lcm, "The least common multiple of integers.")


def _shift(function: Any) -> Any:
    def shifted(x: Any, y: Any) -> Any:
        if np.result_type(x, y).kind not in "iu":
            raise RuntimeError(f"{function.__name__}: not implemented for floats and bools")
        return function(x, y)

    return shifted


bitwise_left_shift = binary(
    _shift(np.left_shift), "Bits moved to higher places.", name="bitwise_left_shift"
)
bitwise_right_shift = binary(
    _shift(np.right_shift), "Bits moved to lower places.", name="bitwise_right_shift"
)
sgn, fix = sign, trunc


def rsub(input: Any, other: Any, *, alpha: float = 1) -> Tensor:
    """``other - alpha * input``."""
    return sub(other, input, alpha=alpha)


def float_power(input: Any, exponent: Any) -> Tensor:
    """``input ** exponent`` in float64."""
    base, power = (
        cast(t, np.dtype(np.float64)) if isinstance(t, Value) else wrap(np.asarray(t, np.float64))
        for t in (input, exponent)
    )
    return pow(base, power)


def addcmul(input: Any, tensor1: Any, tensor2: Any, *, value: float = 1) -> Tensor:
    """``input + value * tensor1 * tensor2``; of integers the whole part of the value."""
    product = mul(tensor1, tensor2)
    if product.array.dtype.kind in "iu" and input.array.dtype.kind in "iu":
        value = int(value)
    return add(input, product, alpha=value)


def addcdiv(input: Any, tensor1: Any, tensor2: Any, *, value: float = 1) -> Tensor:
    """``input + value * tensor1 / tensor2``.

    Raises:
        RuntimeError: for integers, whose quotient is not one.
    """
    if tensor1.array.dtype.kind != "f" and tensor2.array.dtype.kind != "f":
        raise RuntimeError("addcdiv: integer division is not supported: convert to float first")
    return add(input, div(tensor1, tensor2), alpha=value)


def lerp(input: Any, end: Any, weight: Any) -> Tensor:
    """``input + weight * (end - input)``: between two points.

    Raises:
        RuntimeError: if dtypes differ.
    """
    kinds = {t.array.dtype for t in (input, end, weight) if isinstance(t, Value)}
    if len(kinds) > 1 or kinds.pop().kind != "f":
        raise RuntimeError("lerp: expected one floating dtype for input, end and weight")
    return add(input, mul(weight, sub(end, input)))


_LONGEST = 10_000  # more than any dtype's exponents


def _ldexp(x: Any, y: Any) -> Any:
    """The whole part of y is added to the exponent: only the result itself can overflow."""
    whole = np.clip(np.floor(y), -_LONGEST, _LONGEST)
    return np.ldexp(x * np.exp2(y - whole), np.nan_to_num(whole).astype(np.int32))


ldexp: Operation = binary(
    _ldexp,
    "``input * 2**other``.",
    name="ldexp",
    to_float=True,
    x=lambda g, y: ldexp(g, y),
    y=lambda g, out: g * out * math.log(2),
)


_exponent = primitive(
    lambda x: np.frexp(x)[1].astype(np.int32), name="exponent", family="elementwise"
)
_scale = primitive(
    lambda x: np.ldexp(np.ones_like(x), -np.frexp(x)[1]), name="scale", family="elementwise"
)


def frexp(input: Any) -> tuple[Tensor, Tensor]:
    """(mantissa in (-1, 1), exponent as int32) with ``input = mantissa * 2**exponent``.

    Raises:
        RuntimeError: for integers.
    """
    if input.array.dtype.kind != "f":
        raise RuntimeError("frexp: only supports floating-point dtypes")
    return mul(input, _scale(input)), _exponent(input)


def _huber(x: np.ndarray, delta: float) -> np.ndarray:
    size = np.abs(x)
    near = np.minimum(size, delta)
    return near * (size - 0.5 * near)


huber = primitive(
    _huber,
    "``x^2 / 2`` up to ``|x| = delta``, from there on a line (Huber, 1964).",
    name="huber",
    family="elementwise",
    x=lambda g, x, delta: g * np.minimum(np.maximum(x, -delta), delta),
)
