"""How NumPy's functions reach the tape: ``np.exp(t)`` is ``exp(t)``, recorded.

The same protocols let a rule, one line of NumPy, be fed Tensors and so be differentiated itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .ops import (
    arithmetic,
    arrangement,
    assembly,
    comparison,
    elementwise,
    indexing,
    linear_algebra,
    logarithms,
    products,
    reduction,
    scans,
    shape,
    trigonometry,
)
from .tape import Value, wrap

UFUNCS: dict[Any, Any] = {
    np.add: elementwise.add,
    np.subtract: elementwise.sub,
    np.multiply: elementwise.mul,
    np.divide: elementwise.true_divide,
    np.floor_divide: elementwise.floor_divide,
    np.remainder: elementwise.remainder,
    np.negative: elementwise.neg,
    np.positive: elementwise.positive,
    np.power: elementwise.pow,
    np.float_power: arithmetic.float_power,
    np.square: elementwise.square,
    np.reciprocal: elementwise.reciprocal,
    np.sqrt: elementwise.sqrt,
    np.exp: elementwise.exp,
    np.expm1: elementwise.expm1,
    np.log: elementwise.log,
    np.log1p: elementwise.log1p,
    np.log2: elementwise.log2,
    np.log10: elementwise.log10,
    np.sin: elementwise.sin,
    np.cos: elementwise.cos,
    np.tanh: elementwise.tanh,
    np.tan: trigonometry.tan,
    np.arcsin: trigonometry.asin,
    np.arccos: trigonometry.acos,
    np.arctan: trigonometry.atan,
    np.sinh: trigonometry.sinh,
    np.cosh: trigonometry.cosh,
    np.arcsinh: trigonometry.asinh,
    np.arccosh: trigonometry.acosh,
    np.arctanh: trigonometry.atanh,
    np.arctan2: trigonometry.atan2,
    np.hypot: trigonometry.hypot,
    np.deg2rad: trigonometry.deg2rad,
    np.rad2deg: trigonometry.rad2deg,
    np.exp2: logarithms.exp2,
    np.logaddexp: logarithms.logaddexp,
    np.logaddexp2: logarithms.logaddexp2,
    np.fmod: arithmetic.fmod,
    np.copysign: arithmetic.copysign,
    np.fmax: comparison.fmax,
    np.fmin: comparison.fmin,
    np.signbit: comparison.signbit,
    np.abs: elementwise.abs,
    np.sign: elementwise.sign,
    np.floor: elementwise.floor,
    np.ceil: elementwise.ceil,
    np.trunc: elementwise.trunc,
    np.rint: elementwise.round,
    np.maximum: elementwise.maximum,
    np.minimum: elementwise.minimum,
    np.matmul: linear_algebra.matmul,
    np.equal: elementwise.eq,
    np.not_equal: elementwise.ne,
    np.less: elementwise.lt,
    np.less_equal: elementwise.le,
    np.greater: elementwise.gt,
    np.greater_equal: elementwise.ge,
    np.logical_and: elementwise.logical_and,
    np.logical_or: elementwise.logical_or,
    np.logical_xor: elementwise.logical_xor,
    np.logical_not: elementwise.logical_not,
    np.bitwise_and: elementwise.bitwise_and,
    np.bitwise_or: elementwise.bitwise_or,
    np.bitwise_xor: elementwise.bitwise_xor,
    np.invert: elementwise.bitwise_not,
    np.isnan: elementwise.isnan,
    np.isinf: elementwise.isinf,
    np.isfinite: elementwise.isfinite,
}

FUNCTIONS: dict[Any, Any] = {
    np.sum: reduction.sum,
    np.mean: reduction.mean,
    np.prod: reduction.prod,
    np.max: reduction.amax,
    np.min: reduction.amin,
    np.amax: reduction.amax,
    np.amin: reduction.amin,
    np.argmax: reduction.argmax,
    np.argmin: reduction.argmin,
    np.all: reduction.all,
    np.any: reduction.any,
    np.cumsum: lambda a, axis=None, dtype=None: _running(reduction.cumsum, a, axis, dtype),
    np.var: lambda a, axis=None, ddof=0, keepdims=False: reduction.var(
        a, axis, None, keepdims, correction=ddof
    ),
    np.std: lambda a, axis=None, ddof=0, keepdims=False: reduction.std(
        a, axis, None, keepdims, correction=ddof
    ),
    np.reshape: lambda a, shape_: shape.reshape(a, shape_),
    np.ravel: shape.ravel,
    np.transpose: lambda a, axes=None: shape.permute(
        a, *(range(a.array.ndim)[::-1] if axes is None else axes)
    ),
    np.swapaxes: shape.transpose,
    np.moveaxis: lambda a, source, destination: _moveaxis(a, source, destination),
    np.squeeze: shape.squeeze,
    np.expand_dims: lambda a, axis: _expand_dims(a, axis),
    np.broadcast_to: shape.broadcast_to,
    np.concatenate: shape.cat,
    np.stack: shape.stack,
    np.split: lambda ary, indices_or_sections, axis=0: _split(ary, indices_or_sections, axis),
    np.flip: lambda a, axis=None: shape.flip(a, *_as_tuple(a, axis)),
    np.tile: lambda A, reps: _tile(A, reps),
    np.roll: lambda a, shift, axis=None: arrangement.roll(a, shift, axis),
    np.diagonal: lambda a, offset=0, axis1=0, axis2=1: arrangement.diagonal(
        a, offset, axis1, axis2
    ),
    np.trace: lambda a, offset=0, axis1=0, axis2=1: reduction.sum(
        arrangement.diagonal(a, offset, axis1, axis2), -1
    ),
    np.kron: products.kron,
    np.tensordot: lambda a, b, axes=2: products.tensordot(a, b, axes),
    np.cumprod: lambda a, axis=None, dtype=None: _running(scans.cumprod, a, axis, dtype),
    np.diff: lambda a, n=1, axis=-1: scans.diff(a, n, axis),
    np.sinc: trigonometry.sinc,
    np.hstack: assembly.hstack,
    np.vstack: assembly.vstack,
    np.tril: shape.tril,
    np.triu: shape.triu,
    np.where: elementwise.where,
    np.clip: elementwise.clamp,
    np.sort: lambda a, axis=-1: indexing.sort(a, axis).values,
    np.argsort: indexing.argsort,
    np.dot: lambda a, b: _dot(a, b),
    np.outer: lambda a, b: linear_algebra.outer(shape.ravel(a), shape.ravel(b)),
    np.einsum: linear_algebra.einsum,
    np.zeros_like: lambda a, dtype=None: wrap(np.zeros(a.array.shape, dtype or a.array.dtype)),
    np.ones_like: lambda a, dtype=None: wrap(np.ones(a.array.shape, dtype or a.array.dtype)),
    np.shape: lambda a: a.array.shape,
    np.ndim: lambda a: a.array.ndim,
    np.size: lambda a: a.array.size,
}


def _as_tuple(a: Any, axis: Any) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(a.array.ndim))
    return axis if isinstance(axis, tuple) else (axis,)


def _expand_dims(a: Any, axis: Any) -> Any:
    axes = _as_tuple(a, axis)
    ndim = a.array.ndim + len(axes)
    places = {x % ndim for x in axes}
    sizes = iter(a.array.shape)
    return shape.reshape(a, tuple(1 if i in places else next(sizes) for i in range(ndim)))


def _moveaxis(a: Any, source: Any, destination: Any) -> Any:
    probe = np.broadcast_to(0, tuple(range(1, a.array.ndim + 1)))
    return shape.permute(a, *(n - 1 for n in np.moveaxis(probe, source, destination).shape))


def _tile(a: Any, reps: Any) -> Any:
    times = reps if isinstance(reps, tuple | list) else (reps,)
    return shape.repeat(a, *(1,) * (a.array.ndim - len(times)), *times)


def _running(scan: Any, a: Any, axis: int | None, dtype: Any) -> Any:
    return scan(shape.ravel(a) if axis is None else a, axis or 0, dtype=dtype)


def _dot(a: Any, b: Any) -> Any:
    """NumPy's product: over the last dimension of ``a`` and the second-last of ``b``."""
    rank = b.array.ndim if isinstance(b, Value) else 0
    if not rank or not isinstance(a, Value) or not a.array.ndim:
        return elementwise.mul(a, b)
    return products.tensordot(a, b, ([-1], [-2])) if rank > 2 else linear_algebra.matmul(a, b)


def _split(a: Any, cuts: Any, axis: int) -> list[Any]:
    """By the places of the cuts, or into a number of equal parts."""
    size = a.array.shape[axis]
    if isinstance(cuts, int):
        if size % cuts:
            raise ValueError(f"np.split: {size} elements do not make {cuts} equal parts")
        cuts = range(size // cuts, size, size // cuts)
    edges = [0, *cuts, size]
    return list(shape.split(a, [b - c for b, c in zip(edges[1:], edges, strict=False)], axis))


def array_ufunc(self: Any, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
    """NumPy's protocol for elementwise functions."""
    if method == "reduce" and ufunc is np.add and options.keys() <= {"axis", "keepdims"}:
        return reduction.sum(inputs[0], options.get("axis", 0), options.get("keepdims", False))
    if method != "__call__" or options or ufunc not in UFUNCS:
        name = f"np.{ufunc.__name__}{'' if method == '__call__' else '.' + method}"
        if any(isinstance(x, Value) for x in options.get("out", ())):
            raise TypeError(
                f"{name}: out= cannot be a Tensor: write with copy_, or add_ and the like"
            )
        out = getattr(ufunc, method)(*(_plain(name, x) for x in inputs), **options)
        return wrap(np.asarray(out)) if "out" not in options and not isinstance(out, tuple) else out
    return UFUNCS[ufunc](*(_lifted(x) for x in inputs))


def _lifted(x: Any) -> Any:
    return wrap(x) if isinstance(x, np.ndarray) else x


def _plain(name: str, x: Any) -> Any:
    """What NumPy is given for its own functions: the arrays of tensors that nothing follows.

    Raises:
        TypeError: for a tensor whose gradient would get lost.
    """
    if isinstance(x, list | tuple):
        return [_plain(name, item) for item in x]
    if not isinstance(x, Value):
        return x
    if x.node is not None or x.level:
        raise TypeError(
            f"{name} is not an operation of the tape: use the array (t.detach().numpy()), or one of "
            "tinygrad_sm's functions"
        )
    return x.array


def array_function(self: Any, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """NumPy's protocol for all other functions."""
    if function not in FUNCTIONS:
        name = f"np.{function.__name__}"
        plain = {key: _plain(name, x) for key, x in kwargs.items()}
        return function(*(_plain(name, x) for x in args), **plain)
    lifted = [_lifted(a) for a in args]
    if function in (np.concatenate, np.stack, np.hstack, np.vstack):
        lifted[0] = [_lifted(a) for a in args[0]]
    return FUNCTIONS[function](*lifted, **kwargs)
