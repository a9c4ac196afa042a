"""Operations that fold dimensions away: sums, means, extremes, and running sums."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..dtypes import INT64, as_numpy_dtype
from ..primitive import primitive
from ..tape import wrap
from .dims import axes_of, axis_of, numpy_names
from .elementwise import cast, float_input, sign, true_divide
from .indexing import gather

if TYPE_CHECKING:
    from ..tensor import Tensor


def restore(g: Any, axes: tuple[int, ...], keepdim: bool) -> Any:
    """Give reduced axes back, with size 1; the engine then broadcasts along them."""
    return g if keepdim or not axes else np.expand_dims(g, axes)


def _sum(x: np.ndarray, axes: tuple[int, ...], keepdim: bool) -> Any:
    return x.sum(axis=axes, keepdims=keepdim, dtype=x.dtype)


_sum_over = primitive(
    _sum,
    name="sum",
    linear=("x",),
    family="trailing",
    x=lambda g, axes, keepdim: restore(g, axes, keepdim),
)


@numpy_names
def sum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over ``dim`` (an int, several, or ``None`` for all); integers sum as int64."""
    if dtype is not None:
        input = cast(input, as_numpy_dtype(dtype))
    elif input.array.dtype.kind in "biu" and input.array.dtype != INT64:
        input = cast(input, INT64)
    return _sum_over(input, axes_of("sum", dim, input.array.ndim), keepdim)


@numpy_names
def mean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over ``dim``; NaN over nothing.

    Raises:
        RuntimeError: for integers, whose mean is not an integer: give a floating ``dtype``.
    """
    if dtype is not None:
        input = cast(input, as_numpy_dtype(dtype))
    if input.array.dtype.kind != "f":
        raise RuntimeError(
            f"mean: expected a floating dtype, not {input.array.dtype}: use input.float().mean()"
        )
    axes = axes_of("mean", dim, input.array.ndim)
    return true_divide(_sum_over(input, axes, keepdim), float(_count(input.array, axes)))


def _count(x: np.ndarray, axes: tuple[int, ...]) -> int:
    return math.prod(x.shape[a] for a in axes)


def _prod_rule(g: Any, x: Any, axes: tuple[int, ...], keepdim: bool) -> Any:
    """The product of the others: those before times those after, so that zeros divide nothing."""
    g = restore(g, axes, keepdim)
    moved = tuple(range(-len(axes), 0))
    y = np.moveaxis(x, axes, moved) if axes else x
    kept = y.shape[: y.ndim - len(axes)]
    flat = np.reshape(y, (*kept, math.prod(y.shape[len(kept) :])))
    others = _exclusive_products(flat)
    return g * (np.moveaxis(np.reshape(others, y.shape), moved, axes) if axes else others[..., 0])


def _exclusive_products(flat: Any) -> Any:
    n = flat.shape[-1]
    columns = [flat[..., i] for i in range(n)]
    if not n:
        return flat
    ones = np.ones_like(flat[..., 0])
    before, after = [ones], [ones]
    for i in range(n - 1):
        before.append(before[-1] * columns[i])
        after.append(after[-1] * columns[n - 1 - i])
    return np.stack([b * a for b, a in zip(before, after[::-1], strict=True)], -1)


_prod_over = primitive(
    lambda x, axes, keepdim: x.prod(axis=axes, keepdims=keepdim, dtype=x.dtype),
    name="prod",
    family="trailing",
    x=_prod_rule,
)


@numpy_names
def prod(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The product over one dimension, or over all; the gradient is right at zeros too."""
    if dtype is not None:
        input = cast(input, as_numpy_dtype(dtype))
    elif input.array.dtype.kind in "biu":
        input = cast(input, INT64)
    return _prod_over(input, axes_of("prod", dim, input.array.ndim), keepdim)


# --- extremes ------------------------------------------------------------------------------------


def _share_ties(g: Any, x: Any, out: Any, axes: tuple[int, ...], keepdim: bool) -> Any:
    """Each of n equal extremes gets 1/n of the gradient."""
    out = restore(out, axes, keepdim)
    hit = np.equal(x, out) | (np.isnan(x) & np.isnan(out))
    return restore(g, axes, keepdim) * hit / np.sum(hit, axis=axes, keepdims=True)


def _extreme(function: Any) -> Any:
    return lambda x, axes, keepdim: function(x, axis=axes, keepdims=keepdim)


_amax = primitive(_extreme(np.max), name="amax", family="trailing", x=_share_ties)
_amin = primitive(_extreme(np.min), name="amin", family="trailing", x=_share_ties)


def _refuse_empty(name: str, x: np.ndarray, axes: tuple[int, ...], error: Any) -> None:
    if _count(x, axes) == 0:
        raise error(
            f"{name}: expected at least one element to reduce over, but the input has shape "
            f"{x.shape}: there is no {name} of nothing"
        )


def _error_of(dim: Any) -> Any:
    """What PyTorch raises for an extreme of nothing: it tells all dimensions from chosen ones."""
    return RuntimeError if dim in (None, (), []) else IndexError


@numpy_names
def amax(input: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
    """The largest over ``dim``; equal ones share the gradient."""
    axes = axes_of("amax", dim, input.array.ndim)
    _refuse_empty("amax", input.array, axes, _error_of(dim))
    return _amax(input, axes, keepdim)


@numpy_names
def amin(input: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
    """The smallest over ``dim``; equal ones share the gradient."""
    axes = axes_of("amin", dim, input.array.ndim)
    _refuse_empty("amin", input.array, axes, _error_of(dim))
    return _amin(input, axes, keepdim)


@numpy_names
def argmax(input: Any, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the largest stands, the first of equals; in the flattened tensor without ``dim``."""
    return _arg(_argmax, "argmax", input, dim, keepdim)


@numpy_names
def argmin(input: Any, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the smallest stands, the first of equals; in the flattened tensor without ``dim``."""
    return _arg(_argmin, "argmin", input, dim, keepdim)


_argmax = primitive(
    lambda x, axis, keepdim: np.argmax(x, axis, keepdims=keepdim), name="argmax", family="trailing"
)
_argmin = primitive(
    lambda x, axis, keepdim: np.argmin(x, axis, keepdims=keepdim), name="argmin", family="trailing"
)


def _arg(operation: Any, name: str, input: Any, dim: int | None, keepdim: bool) -> Any:
    shape = input.array.shape
    axis = None if dim is None else axis_of(name, dim, len(shape))
    axes = tuple(range(len(shape))) if axis is None or not shape else (axis,)
    _refuse_empty(name, input.array, axes, IndexError)
    if not shape:
        return wrap(np.zeros((), np.int64))
    if axis is None:
        flat = operation(input.reshape(-1), -1, False)
        return flat.reshape((1,) * len(shape)) if keepdim else flat
    return operation(input, axis, keepdim)


def extreme_with_index(name: str, input: Any, dim: int, keepdim: bool) -> Any:
    """(values, indices) of ``max`` or ``min``; the gradient goes to the index that was returned."""
    index = _arg(_argmax if name == "max" else _argmin, name, input, dim, True)
    if input.array.ndim == 0:
        return gather(input, 0, index), index
    axis = axis_of(name, dim, input.array.ndim)
    values = gather(input, axis, index)
    return (values, index) if keepdim else (values.squeeze(axis), index.squeeze(axis))


# --- spread --------------------------------------------------------------------------------------


@numpy_names
def var(
    input: Any,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The variance over ``dim``: squared distances from the mean over ``n - correction``.

    Args:
        input: a floating tensor.
        dim: the dimension(s), all if ``None``.
        unbiased: ``False`` means ``correction=0``, ``True`` means ``correction=1``.
        keepdim: keep reduced dimensions with size 1.
        correction: subtracted from the count; 1 by default. One element then has the variance NaN.
    """
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if correction is None:
        correction = 0 if unbiased is False else 1
    if input.array.dtype.kind != "f":
        raise RuntimeError(f"var: expected a floating dtype, not {input.array.dtype}: use float()")
    return _var_over(input, axes_of("var", dim, input.array.ndim), keepdim, correction)


def _centred(x: Any, axes: tuple[int, ...]) -> Any:
    count = math.prod(x.shape[a] for a in axes)
    return x - np.sum(x, axis=axes, keepdims=True) / max(count, 1)


def _var(x: np.ndarray, axes: tuple[int, ...], keepdim: bool, correction: float) -> Any:
    distances = _centred(x, axes)
    total = np.sum(distances * distances, axis=axes, keepdims=keepdim)
    return total / np.asarray(max(_count(x, axes) - correction, 0), x.dtype)


def _var_rule(g: Any, x: Any, axes: tuple[int, ...], keepdim: bool, correction: float) -> Any:
    """``2 (x - mean) / (n - correction)``: that the mean moves too changes nothing."""
    freedom = np.float64(math.prod(x.shape[a] for a in axes) - correction)
    return restore(g, axes, keepdim) * _centred(x, axes) * float(np.divide(2, freedom))


_var_over = primitive(_var, name="var", x=_var_rule)


@numpy_names
def std(
    input: Any,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The standard deviation over ``dim``: the square root of ``var``, with gradient 0 at 0."""
    return _safe_sqrt(var(input, dim, unbiased, keepdim, correction=correction))


_safe_sqrt = primitive(
    lambda x: np.sqrt(x),
    name="std",
    family="elementwise",
    x=lambda g, out: np.where(
        np.equal(out, 0), 0.0, g / (2 * np.where(np.equal(out, 0), 1.0, out))
    ),
)


def _norm(x: np.ndarray, p: float, axes: tuple[int, ...], keepdim: bool) -> np.ndarray:
    return np.sum(np.abs(x) ** p, axis=axes, keepdims=keepdim) ** (1 / p)


def _norm_rule(g: Any, x: Any, out: Any, p: float, axes: tuple[int, ...], keepdim: bool) -> Any:
    """``sign(x) (|x| / norm)^(p-1)``, and 0 at 0."""
    flat = np.equal(x, 0)
    size = np.where(np.equal(out, 0), 1.0, out)
    share = np.where(flat, 1.0, np.abs(x)) / restore(size, axes, keepdim)
    return restore(g, axes, keepdim) * sign(x) * np.where(flat, 0.0, np.power(share, p - 1))


_norm_over = primitive(_norm, name="norm", x=_norm_rule)


@numpy_names
def norm(input: Any, p: Any = 2, dim: Any = None, keepdim: bool = False) -> Tensor:
    """The p-norm over ``dim``; its gradient at the zero vector is 0.

    Raises:
        ValueError: for a ``p`` that is not a number, ``"fro"`` or an infinity.
        RuntimeError: for integers.
    """
    if input.array.dtype.kind != "f":
        raise RuntimeError(f"norm: expected a floating dtype, not {input.array.dtype}: use float()")
    axes = axes_of("norm", dim, input.array.ndim)
    p = 2.0 if p == "fro" or p is None else p
    if not isinstance(p, int | float):
        raise ValueError(f"norm: p must be a number or 'fro', not {p!r}")
    if input.array.dtype == np.float16:  # powers would overflow
        wide = norm(cast(input, np.dtype(np.float32)), p, dim, keepdim)
        return cast(wide, input.array.dtype)
    size = abs_of(input)
    if math.isinf(p):
        _refuse_empty("norm", input.array, axes, RuntimeError)
        return (_amax if p > 0 else _amin)(size, axes, keepdim)
    if p == 0:
        return _sum_over(sign(size), axes, keepdim)
    if p == 1:
        return _sum_over(size, axes, keepdim)
    if p == 2:
        return _safe_sqrt(_sum_over(input * input, axes, keepdim))
    return _norm_over(input, p, axes, keepdim)


def abs_of(input: Any) -> Any:
    """``abs(input)``, under a name that does not hide Python's."""
    return np.abs(input)


# --- truth -----------------------------------------------------------------------------------------


@numpy_names
def all(input: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Whether every element over ``dim`` is not 0; over ``()``, whether each is not."""
    axes = () if dim == () else axes_of("all", dim, input.array.ndim)
    return _truth(input, _all(input, axes, keepdim))


@numpy_names
def any(input: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Whether some element over ``dim`` is not 0; over ``()``, whether each is not."""
    axes = () if dim == () else axes_of("any", dim, input.array.ndim)
    return _truth(input, _any(input, axes, keepdim))


def _truth(input: Any, found: Any) -> Any:
    """A bool, but for PyTorch's exception: bytes stay bytes."""
    return cast(found, input.array.dtype) if input.array.dtype == np.uint8 else found


_all = primitive(
    lambda x, axes, keepdim: np.all(x, axis=axes, keepdims=keepdim), name="all", family="trailing"
)
_any = primitive(
    lambda x, axes, keepdim: np.any(x, axis=axes, keepdims=keepdim), name="any", family="trailing"
)


# --- logarithms of sums, and running sums -----------------------------------------------------------


def _logsumexp(x: np.ndarray, axes: tuple[int, ...], keepdim: bool) -> np.ndarray:
    top = np.max(x, axis=axes, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0).astype(x.dtype)
    with np.errstate(divide="ignore", over="ignore"):
        out = np.log(np.sum(np.exp(x - top), axis=axes, keepdims=True)) + top
    return out if keepdim else np.squeeze(out, axes)


def _softmax_weights(g: Any, x: Any, out: Any, axes: tuple[int, ...], keepdim: bool) -> Any:
    """``g exp(x - out)``: softmax; a row of -inf has the gradient 0, one with +inf has NaN."""
    out = restore(out, axes, keepdim)
    floor = np.where(np.equal(out, -np.inf), 0.0, out)
    return restore(g, axes, keepdim) * np.exp(x - floor)


_logsumexp_over = primitive(_logsumexp, name="logsumexp", family="trailing", x=_softmax_weights)


@numpy_names
def logsumexp(input: Any, dim: Any, keepdim: bool = False) -> Tensor:
    """``log(sum(exp(input)))`` over ``dim``, without overflow; -inf for a row of -inf."""
    input = float_input(input)
    return _logsumexp_over(input, axes_of("logsumexp", dim, input.array.ndim), keepdim)


_cumsum = primitive(
    lambda x, axis: np.cumsum(x, axis, x.dtype) if x.ndim else x.copy(),
    name="cumsum",
    linear=("x",),
    family="trailing",
    x=lambda g, axis: np.flip(np.cumsum(np.flip(g, axis), axis), axis) if len(g.shape) else g,
)


@numpy_names
def cumsum(input: Any, dim: int, *, dtype: Any = None) -> Tensor:
    """The sums of the first 1, 2, ... elements along ``dim``; integers sum as int64."""
    if dtype is not None:
        input = cast(input, as_numpy_dtype(dtype))
    elif input.array.dtype.kind in "biu":
        input = cast(input, INT64)
    return _cumsum(input, axis_of("cumsum", dim, input.array.ndim))
