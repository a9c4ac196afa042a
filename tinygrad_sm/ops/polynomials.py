"""Orthogonal polynomials by their recurrences: Abramowitz and Stegun (A&S), table 22.7.

Each is a composition, so that its derivatives of every order are those of its recurrence.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..dtypes import as_float, promote
from ..tape import Value, wrap
from .elementwise import where

Step = Callable[[int, Any, Any, Any], Any]


def _polynomial(name: str, doc: str, first: Callable[[Any], Any], step: Step) -> Any:
    """The function of ``(x, n)`` with the polynomials 1, ``first(x)``, ``step(k, x, p_k, p_k-1)``."""

    def polynomial(input: Any, n: Any) -> Any:
        if not (isinstance(input, Value) or isinstance(n, Value)):
            raise TypeError(f"{name}: expected a Tensor for input or n, not two numbers")
        given = [getattr(t, "array", t) for t in (input, n)]
        kind = as_float(promote(*given))
        x: Any = input
        x = x.to(kind) if isinstance(input, Value) else wrap(np.asarray(input, kind))
        with np.errstate(invalid="ignore"):
            degree = np.nan_to_num(np.asarray(given[1], np.float64), nan=-1.0).astype(np.int64)
        x = x.expand(np.broadcast_shapes(x.array.shape, degree.shape))
        before, current = wrap(np.ones(x.array.shape, kind)), first(x)
        out = wrap(np.broadcast_to(degree == 0, x.array.shape).astype(kind))
        for k in range(1, int(degree.max(initial=0)) + 1):
            out = where(wrap(degree == k), current, out)
            before, current = current, step(k, x, current, before)
        return out

    polynomial.__name__ = polynomial.__qualname__ = name
    polynomial.__doc__ = f"""{doc}

    Args:
        input: where, a tensor or a number.
        n: the degrees, broadcast with ``input``; decimals are cut off. Below 0 the result is 0.
    """
    return polynomial


def _chebyshev(k: int, x: Any, current: Any, before: Any) -> Any:
    return 2 * x * current - before


def _shifted(k: int, x: Any, current: Any, before: Any) -> Any:
    return 2 * (2 * x - 1) * current - before


_CHEBYSHEV = {  # kind: (its polynomial of degree 1 as a function of x, what it is at x = cos(a))
    "t": (lambda x: x, "cos(n a)"),
    "u": (lambda x: 2 * x, "sin((n + 1) a) / sin(a)"),
    "v": (lambda x: 2 * x - 1, "cos((n + 1/2) a) / cos(a / 2)"),
    "w": (lambda x: 2 * x + 1, "sin((n + 1/2) a) / sin(a / 2)"),
}


def _kind(letter: str) -> Any:
    first, meaning = _CHEBYSHEV[letter]
    doc = f"The Chebyshev polynomial {letter.upper()} of degree ``n``: {meaning} at cos(a)."
    return _polynomial(f"chebyshev_polynomial_{letter}", doc, first, _chebyshev)


def _shifted_kind(letter: str) -> Any:
    first, _ = _CHEBYSHEV[letter]
    doc = f"The Chebyshev polynomial {letter.upper()} of degree ``n`` at ``2 * input - 1``."
    return _polynomial(
        f"shifted_chebyshev_polynomial_{letter}", doc, lambda x: first(2 * x - 1), _shifted
    )


chebyshev_polynomial_t, chebyshev_polynomial_u = _kind("t"), _kind("u")
chebyshev_polynomial_v, chebyshev_polynomial_w = _kind("v"), _kind("w")
shifted_chebyshev_polynomial_t = _shifted_kind("t")
shifted_chebyshev_polynomial_u = _shifted_kind("u")
shifted_chebyshev_polynomial_v = _shifted_kind("v")
shifted_chebyshev_polynomial_w = _shifted_kind("w")
hermite_polynomial_h = _polynomial(
    "hermite_polynomial_h",
    "The physicist's Hermite polynomial H of degree ``n``.",
    lambda x: 2 * x,
    lambda k, x, current, before: 2 * (x * current - k * before),
)
hermite_polynomial_he = _polynomial(
    "hermite_polynomial_he",
    "The probabilist's Hermite polynomial He of degree ``n``.",
    lambda x: x,
    lambda k, x, current, before: x * current - k * before,
)
laguerre_polynomial_l = _polynomial(
    "laguerre_polynomial_l",
    "The Laguerre polynomial L of degree ``n``.",
    lambda x: 1 - x,
    lambda k, x, current, before: ((2 * k + 1 - x) * current - k * before) / (k + 1),
)
legendre_polynomial_p = _polynomial(
    "legendre_polynomial_p",
    "The Legendre polynomial P of degree ``n``.",
    lambda x: x,
    lambda k, x, current, before: ((2 * k + 1) * x * current - k * before) / (k + 1),
)
