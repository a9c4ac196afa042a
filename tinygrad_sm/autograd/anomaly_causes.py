"""Why a number is NaN or infinite: the likely cause, from the operation and what went into it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Numbers = dict[str, Any]  # what went in, by the names of the arguments

_ZERO_LOG = (
    "the logarithm of 0: keep its argument away from 0, as in x.clamp(min=1e-7), or use "
    "log_softmax, logsigmoid or xlogy"
)
_DIVISION = "a division by 0: keep the divisor away from 0, as in y + 1e-8 or y.clamp(min=1e-8)"
_ROOT = (
    "a square root at 0, where its slope is infinite: add something small inside, as in "
    "(x + 1e-12).sqrt()"
)


def _log(n: Numbers) -> str:
    x = n["x"]
    return _ZERO_LOG if x == 0 else f"the logarithm of a negative number, {x:.6g}" if x < 0 else ""


def _log1p(n: Numbers) -> str:
    return _log({"x": 1 + n["x"]})


def _divide(n: Numbers) -> str:
    return _DIVISION if n["y"] == 0 else ""


def _reciprocal(n: Numbers) -> str:
    return _DIVISION if n.get("x") == 0 or np.isinf(n["out"]) else ""


def _rsqrt(n: Numbers) -> str:
    return _reciprocal(n) or _sqrt(n)


def _sqrt(n: Numbers) -> str:
    x: float = (
        n["x"] if "x" in n else n["out"]
    )  # its rule knows the result alone: 0 where the argument is
    return f"the square root of a negative number, {x:.6g}" if x < 0 else _ROOT if x == 0 else ""


def _power(n: Numbers) -> str:
    x, y = n["x"], n["y"]
    if x == 0 and y < 0:
        return f"0 to the power of {y:.6g}, which is a division by 0"
    if x == 0 and y < 1:
        return f"the slope of x**{y:.6g} at 0, which is infinite: add something small to x"
    if x < 0 and y != np.floor(y):
        return f"a negative number, {x:.6g}, to the power of {y:.6g}, which is no integer"
    return ""


def _exp(n: Numbers) -> str:
    if not np.isinf(n["out"]) or np.isinf(n.get("x", 0.0)):
        return ""
    place = f" at {n['x']:.6g}" if "x" in n else ""
    return (
        f"an overflow of exp{place} (float32 ends at exp(88.7)): subtract the maximum first, or use "
        "softmax, logsumexp, softplus or sigmoid, which do"
    )


def _inverse_sine(n: Numbers) -> str:
    x = abs(n["x"])
    if x > 1:
        return f"an argument outside of -1 to 1: {n['x']:.6g}"
    return (
        "the slope at -1 or 1, which is infinite: clamp its argument short of it" if x == 1 else ""
    )


_BY_OPERATION: dict[str, Callable[[Numbers], str]] = {
    "log": _log,
    "log2": _log,
    "log10": _log,
    "log1p": _log1p,
    "div": _divide,
    "reciprocal": _reciprocal,
    "sqrt": _sqrt,
    "rsqrt": _rsqrt,
    "pow": _power,
    "exp": _exp,
    "exp2": _exp,
    "expm1": _exp,
    "sinh": _exp,
    "cosh": _exp,
    "asin": _inverse_sine,
    "acos": _inverse_sine,
}
_CHOOSERS = (
    "where",
    "masked_fill",
    "index",
    "gather",
    "masked_select",
    "clamp",
    "maximum",
    "minimum",
)


def at_element(op: str, numbers: Numbers) -> str:
    """The cause at one element, from the numbers that the operation was given there, or ``""``."""
    known = _BY_OPERATION.get(op)
    if known is None:
        return ""
    try:
        return known(numbers)
    except (KeyError, TypeError):  # of an argument nothing is known at this element
        return ""


def of_result(op: str, numbers: Numbers, arrays: list[np.ndarray], nan: bool) -> str:
    """Why an operation's result is not finite.

    Args:
        op: the operation's name.
        numbers: what it was given at the first such element, as far as elements correspond.
        arrays: its arguments.
        nan: whether the element is NaN, and not infinite.
    """
    found = at_element(op, numbers)
    if found:
        return found
    if "softmax" in op and nan and any(np.isinf(a).any() for a in arrays):
        return (
            "a row in which everything is -inf (or something is inf): its softmax is 0/0. Leave at "
            "least one entry of each row unmasked, or mask with a large negative number"
        )
    infinite = any(np.isinf(a).any() for a in arrays)
    if nan and infinite:
        return "infinities among its arguments: inf - inf, 0 * inf and inf / inf are NaN"
    if any(not a.size for a in arrays):
        return "an empty tensor: the mean of nothing is 0/0"
    largest = max((float(np.abs(a).max()) for a in arrays), default=0.0)
    dtype = arrays[0].dtype if arrays else np.dtype(np.float32)
    if not nan and largest > 1e3:
        return (
            f"an overflow: the largest number that went in is {largest:.3g}, and {dtype} ends at "
            f"{np.finfo(dtype).max:.3g}. Usual causes: a learning rate too high, no normalization"
        )
    if nan:
        return "0/0: a mean or deviation over too few elements, or every label ignored"
    return "a value on the edge of where the operation is defined"


def of_gradient(
    op: str, numbers: Numbers, arriving: float | None, choosers: list[str], source_finite: bool
) -> str:
    """Why a rule's result is not finite.

    Args:
        op: the operation's name.
        numbers: what the rule was given at the first such element, as far as they correspond.
        arriving: the gradient that arrived at that element.
        choosers: what the gradient came through that picks some elements and leaves others, each
            with its line.
        source_finite: whether all that arrived was finite.
    """
    if not source_finite:
        return "the gradient that arrived was not finite: see what was passed to backward()"
    local = at_element(op, numbers)
    if arriving == 0 and numbers and not any(np.isnan(x) for x in numbers.values()):
        through = f" by {choosers[0]}" if choosers else ", or multiplied by 0"
        text = (
            f"an element that was not taken{through}: the gradient that arrives there is 0, but the "
            "rule's factor is infinite or NaN, and 0 times that is NaN. Choose before the "
            f"operation, not after it: where(mask, x, 1).{op}()"
        )
        return f"{text}. The factor comes of {local}" if local else text
    return local or "what the rule was given is not finite already: see the forward value below"


def chooses(op: str) -> bool:
    """Whether an operation passes on some elements and leaves others."""
    return op in _CHOOSERS
