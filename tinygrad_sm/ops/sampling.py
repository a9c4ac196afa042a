"""Random numbers of more distributions, from the same stream of bits as PyTorch's."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from .in_place import in_place, overwrite
from .random import Generator, default_generator, sample, sample_for

if TYPE_CHECKING:
    from ..tensor import Tensor

_DOUBLE = np.dtype(np.float64)


def _overdraw(input: Any, generator: Any, values: Callable[[np.ndarray], np.ndarray]) -> Any:
    """``input`` overwritten by what ``values`` makes of numbers in [0, 1), in float64."""
    source = generator or default_generator

    def draw(sizes: tuple[int, ...]) -> np.ndarray:
        return values(source.uniform(math.prod(sizes), _DOUBLE).reshape(sizes))

    return overwrite(input, sample(draw, tuple(input.array.shape)))


def _need(name: str, holds: bool, what: str) -> None:
    if not holds:
        raise RuntimeError(f"{name}: expects {what}")


def _exponential(input: Any, lambd: float = 1, *, generator: Any = None) -> Any:
    _need("exponential_", lambd > 0, f"lambd > 0, but found {lambd}")
    return _overdraw(input, generator, lambda u: -np.log1p(-u) / lambd)


def _geometric(input: Any, p: float, *, generator: Any = None) -> Any:
    _need("geometric_", 0 < p < 1, f"p to be in (0, 1), but got {p}")
    with np.errstate(divide="ignore"):
        return _overdraw(input, generator, lambda u: np.ceil(np.log(u) / math.log1p(-p)))


def _cauchy(input: Any, median: float = 0, sigma: float = 1, *, generator: Any = None) -> Any:
    _need("cauchy_", sigma > 0, f"sigma > 0, but found {sigma}")
    return _overdraw(input, generator, lambda u: median + sigma * np.tan(math.pi * (u - 0.5)))


def _log_normal(input: Any, mean: float = 1, std: float = 2, *, generator: Any = None) -> Any:
    _need("log_normal_", std > 0, f"std > 0, but found {std}")
    source = generator or default_generator

    def draw(sizes: tuple[int, ...]) -> np.ndarray:
        draws = np.asarray([source.one_normal() for _ in range(math.prod(sizes))])
        return np.exp(mean + std * draws).reshape(sizes)

    return overwrite(input, sample(draw, tuple(input.array.shape)))


exponential_ = in_place(_exponential, "exponential_")
geometric_ = in_place(_geometric, "geometric_")
cauchy_ = in_place(_cauchy, "cauchy_")
log_normal_ = in_place(_log_normal, "log_normal_")


def poisson(input: Any, generator: Any = None) -> Tensor:
    """Counts of events of which ``input`` are expected.

    Raises:
        RuntimeError: for negative or integer rates.
    """
    _need("poisson", input.array.dtype.kind == "f", "floating rates")
    source = generator or default_generator

    def draw(rates: np.ndarray) -> np.ndarray:
        _need("poisson", bool(np.all(rates >= 0)), "rates that are not negative")
        counts = [_count(float(rate), source) for rate in rates.reshape(-1)]
        return np.asarray(counts, rates.dtype).reshape(rates.shape)

    found: Tensor = sample_for(draw, input, generator=source)
    return found


def _count(rate: float, source: Any) -> int:
    """Uniform numbers multiplied up (Knuth), or from 10 on the rejection PTRS (Hoermann, 1993)."""
    if rate >= 10:
        return _rejected(rate, source)
    limit, product, count = math.exp(-rate), 1.0, -1
    while product > limit and rate:
        product *= source.one_uniform()
        count += 1
    return max(count, 0)


def _rejected(rate: float, source: Any) -> int:
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    squeeze = 0.9277 - 3.6224 / (b - 2)
    while True:
        u = source.one_uniform() - 0.5
        v = source.one_uniform()
        us = 0.5 - abs(u)
        k = math.floor((2 * a / us + b) * u + rate + 0.43)
        if us >= 0.07 and v <= squeeze:
            return k
        if k < 0 or (us < 0.013 and v > us):
            continue
        height = math.log(v) + math.log(inverse_alpha) - math.log(a / (us * us) + b)
        if height <= -rate + k * math.log(rate) - math.lgamma(k + 1):
            return k


def binomial(count: Any, prob: Any, generator: Any = None) -> Tensor:
    """How many of ``count`` trials succeed, each with the probability ``prob``."""
    source = generator or default_generator
    kind = count.array.dtype if count.array.dtype.kind == "f" else dtypes.DEFAULT

    def draw(counts: np.ndarray, chances: np.ndarray) -> np.ndarray:
        n, p = np.broadcast_arrays(counts, chances)
        within = bool(np.all((p >= 0) & (p <= 1) & (n >= 0)))
        _need("binomial", within, "0 <= prob <= 1, count >= 0")
        draws = [_successes(int(m), float(q), source) for m, q in zip(n.flat, p.flat, strict=True)]
        return np.asarray(draws, kind).reshape(n.shape)

    found: Tensor = sample_for(draw, count, prob, generator=source)
    return found


def _successes(n: int, p: float, source: Any) -> int:
    """Waiting times between successes, added up until the trials are over (Devroye, 1986, X.4).

    From 10 expected successes on by the rejection BTRS (Hoermann, 1993).
    """
    if p > 0.5:
        return n - _successes(n, 1 - p, source)
    if n * p >= 10:
        return _rejected_successes(n, p, source)
    found, trial = 0, 0
    while p > 0 and n:
        u = source.one_uniform()
        trial += math.ceil(math.log(u) / math.log1p(-p)) if u else n + 1
        if trial > n:
            break
        found += 1
    return found


def _rejected_successes(n: int, p: float, source: Any) -> int:
    spread = math.sqrt(n * p * (1 - p))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * p
    alpha = (2.83 + 5.1 / b) * spread
    odds, mode = p / (1 - p), math.floor((n + 1) * p)
    while True:
        u = source.one_uniform() - 0.5
        v = source.one_uniform()
        us = 0.5 - abs(u)
        k = math.floor((2 * a / us + b) * u + n * p + 0.5)
        if us >= 0.07 and v <= 0.92 - 4.2 / b:
            return k
        if k < 0 or k > n:
            continue
        height = math.log(v * alpha / (a / (us * us) + b))
        if height <= (k - mode) * math.log(odds) + _log_choose(n, k) - _log_choose(n, mode):
            return k


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def gamma_values(concentration: np.ndarray, source: Generator = default_generator) -> np.ndarray:
    """Draws of the gamma distribution of rate 1, in float64, one for each concentration."""
    draws = [_one_gamma(float(a), source) for a in concentration.reshape(-1)]
    return np.asarray(draws, _DOUBLE).reshape(concentration.shape)


def _one_gamma(concentration: float, source: Generator) -> float:
    """The cube of a normal draw, or another (Marsaglia and Tsang, 2000)."""
    scale = 1.0
    if concentration < 1:
        if concentration == 0:
            return 0.0
        scale = (1 - source.one_uniform()) ** (1 / concentration)
        concentration += 1
    d = concentration - 1 / 3
    c = 1 / math.sqrt(9 * d)
    while True:
        x = source.one_normal()
        y = 1 + c * x
        if y <= 0:
            continue
        v = y * y * y
        u = 1 - source.one_uniform()
        square = x * x
        if u < 1 - 0.0331 * square * square:
            return scale * d * v
        if math.log(u) < 0.5 * square + d * (1 - v + math.log(v)):
            return scale * d * v
