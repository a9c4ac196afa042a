"""The gamma function and its family: Abramowitz and Stegun (A&S), chapter 6, and DLMF 25.11."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..dtypes import as_float
from ..primitive import Operation, binary, primitive, unary
from ..tape import Value
from .elementwise import of_floats
from .error_functions import erfc

if TYPE_CHECKING:
    from ..tensor import Tensor

# the Bernoulli numbers B2, B4, ... B24 (A&S, table 23.2)
_BERNOULLI = (
    1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798,
    -174611 / 330, 854513 / 138, -236364091 / 2730,
)  # fmt: skip
_SHIFT = 10  # the asymptotic series below are exact to float64 from here on


def _log_gamma(x: float) -> float:
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):  # a pole, or too large for float64
        return math.inf


_each_log_gamma = np.frompyfunc(_log_gamma, 1, 1)


@np.errstate(all="ignore")
def _lgamma(x: Any) -> Any:
    return np.asarray(_each_log_gamma(np.asarray(x, np.float64))).astype(x.dtype)


@np.errstate(all="ignore")
def _digamma(x: Any) -> Any:
    """The recurrence (A&S 6.3.5) up to 10, then the asymptotic series (6.3.18); reflected (6.3.7)."""
    x64 = np.asarray(x, np.float64)
    reflect = x64 < 0.5
    y = np.where(reflect, 1 - x64, x64)
    out = np.zeros_like(y)
    for _ in range(_SHIFT):
        low = y < _SHIFT
        out -= np.where(low, 1 / y, 0)
        y = y + low
    series = sum(b / (2 * k * y ** (2 * k)) for k, b in enumerate(_BERNOULLI, 1))
    out += np.log(y) - 0.5 / y - np.where(np.isinf(y), 0, series)
    turned = x64 - np.rint(x64)
    pole = np.where(x64 == 0, -np.copysign(np.inf, x64), np.nan)
    out = np.where(reflect, out - math.pi / np.tan(math.pi * turned), out)
    return np.where(reflect & (turned == 0), pole, out).astype(np.asarray(x).dtype)


@np.errstate(all="ignore")
def _zeta(s: Any, q: Any) -> Any:
    """The Euler-Maclaurin sum of ``(q + k)**-s`` over k >= 0 (DLMF 25.11.5, 2.10.1)."""
    kind = np.result_type(s, q)
    s, q = np.broadcast_arrays(np.asarray(s, np.float64), np.asarray(q, np.float64))
    goal = _SHIFT + min(np.max(s, initial=1.0, where=np.isfinite(s)), 200.0)
    if np.any(q < 0):
        return _zeta_below_0(s, q).astype(kind if kind.kind == "f" else np.float64)
    lowest = np.min(q, initial=goal, where=np.isfinite(q))
    y, out = q.copy(), np.zeros(q.shape)
    for _ in range(math.ceil(goal - lowest)):
        low = y < goal
        out += np.where(low, y**-s, 0)
        y = y + low
    power = y**-s
    out += power * y / (s - 1) + power / 2
    factor = s / y
    for k, b in enumerate(_BERNOULLI, 1):
        out += b / math.factorial(2 * k) * factor * power
        factor = factor * (s + 2 * k - 1) * (s + 2 * k) / (y * y)
    out = np.where(np.isinf(q) & (q > 0), 0.0, out)
    out = np.where(q == 0, np.inf, out)
    out = np.where(s == 1, np.inf, np.where(s < 1, np.nan, out))
    return out.astype(kind if kind.kind == "f" else np.float64)


@np.errstate(all="ignore")
def _zeta_below_0(s: Any, q: Any) -> Any:
    """What sums over q + k > 0, and twice over -q - k > 0, make together, for integer s.

    With f = q - floor(q), the terms before f are those of ``zeta(s, 1 - f) - zeta(s, 1 - q)``.
    """
    below = q < 0
    f = np.where(below, q - np.floor(q), q)
    rest = np.where(below, 1 - f, 1.0)
    before = _zeta(s, rest) - _zeta(s, np.where(below, 1 - q, 1.0))
    out = _zeta(s, f) + np.where(below, (-1.0) ** s * before, 0)
    out = np.where(below & (s != np.floor(s)), np.nan, out)
    out = np.where(below & (q == np.floor(q)), np.inf, out)
    return np.where(s == 1, np.inf, np.where(s < 1, np.nan, out))


def _polygamma(n: int, x: Any) -> Any:
    """``(-1)**(n + 1) n! zeta(n + 1, x)`` (A&S 6.4.10); reflected for n = 1 (6.4.7)."""
    if n == 0:
        return _digamma(x)
    if n > 1:
        return ((-1.0) ** (n + 1) * math.factorial(n) * _zeta(float(n + 1), x)).astype(x.dtype)
    x64 = np.asarray(x, np.float64)
    reflect = x64 < 0.5
    with np.errstate(all="ignore"):
        out = _zeta(2.0, np.where(reflect, 1 - x64, x64))
        turned = x64 - np.rint(x64)
        mirrored = (math.pi / np.sin(math.pi * turned)) ** 2 - out
    return np.where(reflect, mirrored, out).astype(x.dtype)


_polygamma_of: Operation = primitive(
    _polygamma,
    name="polygamma",
    family="elementwise",
    x=lambda g, n, x: g * _polygamma_of(n + 1, x),
)


def polygamma_of(input: Any, n: int) -> Tensor:
    """``polygamma(n, input)``, as a method."""
    return polygamma(n, input)


def polygamma(n: int, input: Any) -> Tensor:
    """The n-th derivative of ``digamma``.

    Raises:
        RuntimeError: for a negative ``n``.
    """
    if isinstance(n, Value):
        n, input = input, n
    if n < 0:
        raise RuntimeError(f"polygamma: n must not be negative, but is {n}")
    return _polygamma_of(n, _floating(input))


def _floating(t: Any) -> Any:
    return t if t.array.dtype.kind == "f" else t.to(as_float(t.array.dtype))


digamma = unary(
    _digamma,
    "The derivative of ``lgamma``; NaN at negative integers.",
    name="digamma",
    to_float=True,
    x=lambda g, x: g * _polygamma_of(1, x),
)
lgamma = unary(
    _lgamma,
    "The logarithm of the absolute value of the gamma function; inf at its poles.",
    name="lgamma",
    to_float=True,
    x=lambda g, x: g * digamma(x),
)
zeta: Operation = binary(
    _zeta,
    "The Hurwitz zeta function: the sum of ``(other + k)**-input`` over k >= 0.",
    name="zeta",
    to_float=True,
    q=lambda g, s, q: -g * s * zeta(s + 1, q),
)


def mvlgamma(input: Any, p: int) -> Tensor:
    """The logarithm of the gamma function of ``p`` dimensions (Anderson, 2003, 7.2.18)."""
    constant = p * (p - 1) / 4 * math.log(math.pi)
    return lgamma(input.unsqueeze(-1) - _halves(input, p)).sum(-1) + constant


def _halves(input: Any, p: int) -> Any:
    kind = as_float(input.array.dtype)
    return input.new_tensor(np.arange(p) / 2, dtype=kind)


# --- incomplete gamma functions --------------------------------------------------------------------


@np.errstate(all="ignore")
def _regularized(a: Any, x: Any, upper: bool) -> Any:
    """P(a, x) by its series (A&S 6.5.29) where x < a + 1, else Q = 1 - P by its fraction (6.5.31)."""
    kind = np.result_type(a, x)
    a, x = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(x, np.float64))
    bad = (a < 0) | (x < 0) | ((a == 0) & (x == 0)) | np.isnan(a + x) | (np.isinf(a) & np.isinf(x))
    large = ~bad & (a > _LARGE)
    if large.any():
        out = np.where(bad, np.nan, _large_gamma(np.where(large, a, 1.0), x, upper))
        small = _regularized(np.where(large, 1.0, a), np.where(large, 1.0, x), upper)
        return np.where(large, out, small).astype(kind)
    near = (x < a + 1) & ~bad
    log_gamma = np.asarray(_each_log_gamma(a)).astype(np.float64)
    front = np.exp(a * np.log(x) - x - log_gamma)
    lower = _gamma_series(np.where(near, a, 1.0), np.where(near, x, 0.0)) * front
    rest = _gamma_fraction(np.where(near | bad, 1.0, a), np.where(near | bad, 3.0, x)) * front
    lower, rest = np.where(near, lower, 1 - rest), np.where(near, 1 - lower, rest)
    at_zero, at_infinity = (a == 0) & (x > 0), np.isinf(x)
    lower = np.where(x == 0, 0.0, np.where(at_zero | at_infinity, 1.0, lower))
    rest = np.where(x == 0, 1.0, np.where(at_zero | at_infinity, 0.0, rest))
    return np.where(bad, np.nan, rest if upper else lower).astype(kind)


_LARGE = 1e5
_TEMME = (-1 / 3, 1 / 12, -2 / 135, 1 / 864, 1 / 2835)  # of the first term's series (DLMF 8.12.13)


def _large_gamma(a: Any, x: Any, upper: bool) -> Any:
    """Temme's uniform expansion for large a (DLMF 8.12.3, 8.12.7), to its first term."""
    m = np.where(np.isinf(x), np.inf, (x - a) / a)
    series = sum((-m) ** k / (k + 2) for k in range(12))  # where log1p(m) would cancel
    half = np.where(np.abs(m) < 0.01, m * m * series, m - np.log1p(m))
    half = np.where(np.isinf(a) | np.isinf(x), np.inf, half)
    eta = np.copysign(np.sqrt(2 * half), np.where(np.isinf(a), -1.0, m))
    first = sum(c * eta**k for k, c in enumerate(_TEMME)) - 1 / (540 * a)
    rest = np.where(~(a * half < 700), 0, np.exp(-a * half) / np.sqrt(2 * math.pi * a) * first)
    sign = 1 if upper else -1
    return erfc(sign * np.sqrt(a * half) * np.sign(eta)) / 2 + sign * rest


def _gamma_series(a: Any, x: Any) -> Any:
    term = total = 1 / a
    n = 0
    while np.any(term > total * 1e-17):
        n += 1
        term = term * x / (a + n)
        total = total + term
    return total


def _gamma_fraction(a: Any, x: Any) -> Any:
    """Lentz's algorithm (Numerical Recipes, 6.2)."""
    b = x + 1 - a
    c, d = np.full(a.shape, 1e300), 1 / b
    out = d
    for n in range(1, 10_000):
        factor = -n * (n - a)
        b = b + 2
        d, c = 1 / (factor * d + b), b + factor / c
        out = out * c * d
        if not np.any(np.abs(c * d - 1) > 1e-15):
            break
    return out


def _gamma_density(a: Any, x: Any) -> Any:
    return np.exp((a - 1) * np.log(x) - x - lgamma(1.0 * a))


def _lower(x: Any, y: Any) -> Any:
    return _regularized(x, y, upper=False)


def _upper(x: Any, y: Any) -> Any:
    return _regularized(x, y, upper=True)


gammainc = binary(
    of_floats("igamma", _lower),
    "The regularized lower incomplete gamma function P(input, other); derivative by ``other``.",
    name="igamma",
    y=lambda g, x, y: g * _gamma_density(x, y),
)
gammaincc = binary(
    of_floats("igammac", _upper),
    "The regularized upper incomplete gamma function Q(input, other); derivative by ``other``.",
    name="igammac",
    y=lambda g, x, y: -g * _gamma_density(x, y),
)
igamma, igammac = gammainc, gammaincc
