"""Statistics: moments, counts, histograms, and measures of difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..dtypes import as_numpy_dtype
from ..tape import Value, wrap
from .dims import axes_of, axis_of, numpy_names
from .elementwise import clamp, isnan, sub, where
from .indexing import sort
from .reduction import mean, norm, std, sum, var
from .results import Results

if TYPE_CHECKING:
    from ..tensor import Tensor


@numpy_names
def var_mean(
    input: Any,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """(``var``, ``mean``) over ``dim``."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    spread = var(input, dim, unbiased, keepdim, correction=correction)
    return spread, mean(input, dim, keepdim)


@numpy_names
def std_mean(
    input: Any,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """(``std``, ``mean``) over ``dim``."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    spread = std(input, dim, unbiased, keepdim, correction=correction)
    return spread, mean(input, dim, keepdim)


def _zero_for_nan(input: Any) -> Any:
    return where(isnan(input), 0.0, input) if input.array.dtype.kind == "f" else input


@numpy_names
def nansum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """``sum`` with NaN counted as 0."""
    return sum(_zero_for_nan(input), dim, keepdim, dtype=dtype)


@numpy_names
def nanmean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """``mean`` of what is not NaN."""
    if input.array.dtype.kind != "f":
        raise RuntimeError(f"nanmean: expected a floating dtype, not {input.array.dtype}")
    present = sum(~isnan(input), dim, keepdim).to(input.array.dtype)
    with np.errstate(invalid="ignore"):
        return nansum(input, dim, keepdim, dtype=dtype) / present


@numpy_names
def count_nonzero(input: Any, dim: Any = None) -> Tensor:
    """How many elements over ``dim`` are not 0."""
    axes = axes_of("count_nonzero", dim, input.array.ndim)
    return wrap(np.asarray(np.count_nonzero(input.array, axes), np.int64))


def msort(input: Any) -> Tensor:
    """Sorted along the first dimension."""
    return sort(input, 0).values


def dist(input: Any, other: Any, p: float = 2) -> Tensor:
    """The p-norm of ``input - other``."""
    return norm(sub(input, other), p)


def renorm(input: Any, p: float, dim: int, maxnorm: float) -> Tensor:
    """Each slice along ``dim`` scaled down where its p-norm is larger than ``maxnorm``."""
    if input.array.ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {input.array.ndim}")
    axis = axis_of("renorm", dim, input.array.ndim) + input.array.ndim
    others = tuple(i for i in range(input.array.ndim) if i != axis)
    size = norm(input, p, others, keepdim=True)
    return input * where(size > maxnorm, maxnorm / (size + 1e-7), 1.0)


def cov(input: Any, *, correction: int = 1, fweights: Any = None, aweights: Any = None) -> Tensor:
    """The covariance matrix of variables (rows) from observations (columns).

    Args:
        input: (variables, observations), or one variable.
        correction: subtracted from the count of observations.
        fweights: how often each observation counts.
        aweights: how much each observation weighs.

    Raises:
        RuntimeError: for more than two dimensions, or bools.
    """
    if input.array.dtype.kind == "b":
        raise RuntimeError("cov(): bool dtype is not supported for input: use .float()")
    if input.array.ndim > 2:
        raise RuntimeError(f"cov: expected input to have two or fewer dimensions, not {input.ndim}")
    rows = input.reshape(1, -1) if input.array.ndim < 2 else input
    rows = rows if rows.array.dtype.kind == "f" else rows.float()
    weight = None
    for factor, kinds in ((fweights, "iu"), (aweights, "f")):
        if factor is not None:
            _check_weights(factor, kinds, rows.array.shape[1])
            weight = factor if weight is None else weight * factor
    if weight is None:
        weight = wrap(np.ones(rows.array.shape[1], rows.array.dtype))
    total = weight.sum()
    centred = rows - (rows * weight).sum(1, keepdim=True) / total
    spent = (weight * aweights).sum() / total if aweights is not None else 1.0
    freedom = clamp(total - correction * spent, min=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return ((centred * weight) @ centred.t() / freedom).squeeze()


def _check_weights(weights: Any, kinds: str, count: int) -> None:
    w = weights.array
    if w.shape != (count,) or w.dtype.kind not in kinds or (w.size and w.min() < 0):
        raise RuntimeError(
            f"cov: weights must be {count} numbers, none negative (fweights integers, aweights "
            f"floats), not {w.dtype} of shape {w.shape}"
        )


def corrcoef(input: Any) -> Tensor:
    """Pearson's correlation coefficients of variables (rows)."""
    c = cov(input)
    if not c.array.ndim:
        return c / c
    size = c.diagonal().sqrt()
    return clamp(c / size.unsqueeze(1) / size.unsqueeze(0), -1, 1)


# --- counting --------------------------------------------------------------------------------------------


def bincount(input: Any, weights: Any = None, minlength: int = 0) -> Tensor:
    """How often each of 0, 1, 2, ... occurs, or the sum of the weights where it does.

    Raises:
        RuntimeError: for negative numbers, floats, or more than one dimension.
    """
    x = input.array
    if x.ndim != 1 or x.dtype.kind not in "iu" or (x.size and x.min() < 0):
        raise RuntimeError("bincount: only supports 1-d non-negative integral inputs")
    if weights is not None and weights.array.shape != x.shape:
        raise RuntimeError("bincount: weights must have the shape of the input")
    if weights is None:
        return wrap(np.bincount(x, minlength=minlength).astype(np.int64))
    counted = np.bincount(x, weights.array, minlength)
    return wrap(counted.astype(np.float32 if weights.array.dtype == np.float32 else np.float64))


def _limits(x: np.ndarray, low: float, high: float, margin: float) -> tuple[float, float]:
    if low == high and x.size:
        low, high = float(x.min()), float(x.max())
    if low == high:
        low, high = low - margin, high + margin
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise RuntimeError(f"histogram: range of [{low}, {high}] is not finite and ascending")
    return low, high


def histc(input: Any, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements fall in each of ``bins`` equal parts of [min, max], or of their range.

    Raises:
        NotImplementedError: for integers and bools.
        RuntimeError: for no bins, or limits that are not finite and ascending.
    """
    if bins <= 0:
        raise RuntimeError(f"histc: bins must be > 0, not {bins}")
    x = input.array.reshape(-1)
    if x.dtype.kind != "f":
        raise NotImplementedError(f"histc: not implemented for {x.dtype}: convert with .float()")
    counts, _ = np.histogram(x, bins, _limits(x, min, max, 1.0))
    return wrap(counts.astype(x.dtype))


class Histogram(Results, name="histogram"):
    """What ``histogram`` returns."""

    hist: Any
    bin_edges: Any


def histogram(
    input: Any, bins: Any = 100, *, range: Any = None, weight: Any = None, density: bool = False
) -> Histogram:
    """Counts, or sums of weights, or a density, between the edges of bins.

    Args:
        input: floats of any shape.
        bins: how many, or a tensor of ascending edges.
        range: (lowest, highest) edge.
        weight: what each element counts.
        density: divide such that the area is 1.

    Raises:
        RuntimeError: for edges of another dtype.
        NotImplementedError: for integers and bools.
    """
    x = input.array.reshape(-1)
    given = isinstance(bins, Value)
    edges: Any = bins.array if given else bins
    if given and edges.dtype != x.dtype:
        raise RuntimeError(f"histogram: bins of {edges.dtype} and input of {x.dtype}: convert one")
    if x.dtype.kind != "f":
        raise NotImplementedError(f"histogram: not implemented for {x.dtype}: use .float()")
    low, high = range or (0.0, 0.0)
    limits = None if given else _limits(x, low, high, 0.5)
    weights = None if weight is None else weight.array.reshape(-1)
    with np.errstate(invalid="ignore"):
        counts, found = np.histogram(x, edges, limits, density, weights)
    return Histogram(wrap(counts.astype(x.dtype)), wrap(found.astype(as_numpy_dtype(x.dtype))))


class HistogramDD(Results):
    """What ``histogramdd`` returns."""

    hist: Any
    bin_edges: Any


def histogramdd(
    input: Any, bins: Any, *, range: Any = None, weight: Any = None, density: bool = False
) -> HistogramDD:
    """Counts, or sums of weights, or a density, of points in boxes.

    Args:
        input: points (..., d), of floats.
        bins: how many along each dimension, one number or d; or d tensors of ascending edges.
        range: lowest and highest edge of each dimension in turn, 2 d numbers.
        weight: what each point counts (...).
        density: divide such that the volume is 1.

    Raises:
        RuntimeError: if bins, range or weights do not fit the points.
        NotImplementedError: for integers and bools.
    """
    x, kind = input.array, input.array.dtype
    if kind.kind != "f":
        raise NotImplementedError(f"histogramdd: not implemented for {kind}: use .float()")
    if x.ndim < 2:
        raise RuntimeError(f"histogramdd: input should have at least 2 dimensions, not {x.ndim}")
    points = x.reshape(-1, x.shape[-1])
    count = points.shape[1]
    each: list[Any] = [bins] * count if isinstance(bins, int) else list(bins)
    if len(each) != count or (range is not None and len(range) != 2 * count):
        raise RuntimeError(
            "histogramdd: The size of bins must be equal to the innermost dimension of the input, "
            f"and that of range to twice that: for points of {count} numbers, got {len(each)} and "
            f"{range}"
        )
    given = isinstance(each[0], Value)
    edges = [b.array if given else b for b in each]
    limits = None
    if not given:
        ends = (0.0, 0.0) * count if range is None else tuple(range)
        limits = [
            _limits(column, low, high, 0.5)
            for column, low, high in zip(points.T, ends[::2], ends[1::2], strict=True)
        ]
    weights = None if weight is None else weight.array.reshape(-1)
    with np.errstate(invalid="ignore"):
        counts, found = np.histogramdd(points, edges, limits, density, weights)
    return HistogramDD(
        wrap(counts.astype(kind)), tuple(wrap(f.astype(as_numpy_dtype(kind))) for f in found)
    )
