"""How operations treat a batch, where its axis in front changes what they must be told.

A rule takes the ``Batch``, the operation, and its arguments, of which those that ``batch.has`` are
batches; it returns the result with the batch in front. Elementwise operations and those whose axes
are counted from the end need no rule (``family=`` in their definition), and one without either is
run sample by sample.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from ..ops import arrangement, indexing, linear_algebra, shape
from ..tape import Value, alias, wrap
from .batched import RULES, Batch, Batched, Rule, elementwise, one_by_one


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Enter a rule for the operations of these names."""

    def enter(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return enter


# --- shapes --------------------------------------------------------------------------------------


@rule("view")
def _view(batch: Batch, call: Rule, x: Any, sizes: tuple[int, ...]) -> Any:
    return shape.reshape(x.inner, (batch.size, *sizes))


@rule("permute")
def _permute(batch: Batch, call: Rule, x: Any, axes: tuple[int, ...]) -> Any:
    return shape.permute(x.inner, 0, *(a % len(axes) + 1 for a in axes))


@rule("expand")
def _expand(batch: Batch, call: Rule, x: Any, sizes: tuple[int, ...]) -> Any:
    return shape.broadcast_to(batch.aligned(x, len(sizes)), (batch.size, *sizes))


@rule("roll")
def _roll(batch: Batch, call: Rule, x: Any, shifts: Any, axes: Any) -> Any:
    return call(x.inner, shifts, tuple(a % x.array.ndim + 1 for a in axes))


@rule("diagonal")
def _diagonal(batch: Batch, call: Rule, x: Any, offset: int, a: int, b: int) -> Any:
    ndim = x.array.ndim
    return arrangement.diagonal(x.inner, offset, a % ndim + 1, b % ndim + 1)


@rule("unfold")
def _unfold(batch: Batch, call: Rule, x: Any, axis: int, size: int, step: int) -> Any:
    if not x.array.ndim:
        return shape.reshape(x.inner, (batch.size, 1))
    return arrangement.unfold(x.inner, axis, size, step)


@rule("diagonal_backward")
def _to_diagonal(
    batch: Batch, call: Rule, g: Any, offset: int, sizes: tuple[int, ...], a: int, b: int
) -> Any:
    ndim = len(sizes)
    return call(g.inner, offset, (batch.size, *sizes), a % ndim + 1, b % ndim + 1)


@rule("constant_pad_nd")
def _pad(batch: Batch, call: Rule, x: Any, widths: tuple[Any, ...], value: float) -> Any:
    return call(x.inner, ((0, 0), *widths), value)


@rule("linalg_solve", "lstm_cell")
def _side_by_side(batch: Batch, call: Rule, x: Any, y: Any) -> Any:
    rank = max(x.ndim, y.ndim)
    return call(batch.aligned(x, rank), batch.aligned(y, rank))


@rule("cat")
def _cat(batch: Batch, call: Rule, axis: int, cuts: tuple[int, ...], *arrays: Any) -> Any:
    return call(axis, cuts, *map(batch.full, arrays))


@rule("split")
def _split(batch: Batch, call: Rule, x: Any, cuts: tuple[int, ...], axis: int) -> Any:
    edges = (0, *cuts, x.array.shape[axis])
    return shape.split(x.inner, [b - a for a, b in pairwise(edges)], axis)


@rule("copy")
def _copy(batch: Batch, call: Rule, x: Any, value: Any) -> Any:
    return elementwise(batch, call, Batched(batch.full(x), batch.level), value)


# --- indexing --------------------------------------------------------------------------------------


def _parts(index: Any) -> tuple[Any, ...]:
    return index if type(index) is tuple else (index,)


def _is_array(part: Any) -> bool:
    return isinstance(part, Value | np.ndarray)


def _in_front(batch: Batch, index: Any) -> tuple[Any, ...] | None:
    """The index for arrays with the batch in front; ``None`` where NumPy would move its axis."""
    parts = _parts(index)
    if batch.has(index):
        return _with_samples(batch, parts)
    places = [i for i, p in enumerate(parts) if _is_array(p)]
    if places:
        numbers = [i for i, p in enumerate(parts) if _is_array(p) or isinstance(p, int)]
        if numbers[-1] - numbers[0] >= len(numbers):
            return None
    return (slice(None), *parts)


def _with_samples(batch: Batch, parts: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """An index that differs by sample: each sample's own places, and which sample it is."""
    count = sum(_is_array(p) or isinstance(p, int) for p in parts)
    if any(not (_is_array(p) or isinstance(p, int)) for p in parts[:count]):
        return None
    if any(p != slice(None) for p in parts[count:]):
        return None
    arrays = [p for p in parts if _is_array(p)]
    if any((p.array if isinstance(p, Value) else p).dtype.kind == "b" for p in arrays):
        raise RuntimeError(
            "vmap: a bool mask that differs by sample selects another number of elements in each: "
            "use where(mask, x, 0) instead"
        )
    rank = max(p.ndim for p in arrays)
    samples = np.arange(batch.size).reshape(batch.size, *(1,) * rank)
    own = (batch.aligned(p, rank) for p in parts)
    return (samples, *(indexing.plain_index(p) for p in own))


@rule("index")
def _index(batch: Batch, call: Rule, x: Any, index: Any) -> Any:
    if not batch.has(x):
        places = _with_samples(batch, _parts(index))
        return one_by_one(batch, call, x, index) if places is None else call(x, places[1:])
    places = _in_front(batch, index)
    if places is not None:
        return indexing.getitem(x.inner, places)
    if batch.has(index):
        return one_by_one(batch, call, x, index)
    out = call(shape.permute(x.inner, *range(1, x.inner.array.ndim), 0), _at_the_end(index))
    return shape.permute(out, -1, *range(out.array.ndim - 1))


def _at_the_end(index: Any) -> Any:
    """The index for arrays with the batch as the last dimension."""
    parts = _parts(index)
    return (*parts, slice(None)) if any(p is Ellipsis for p in parts) else parts


@rule("collect")
def _collect(batch: Batch, call: Rule, g: Any, index: Any, sizes: tuple[int, ...]) -> Any:
    places = _in_front(batch, index)
    if places is not None:
        return call(batch.full(g), places, (batch.size, *sizes))
    if batch.has(index):
        return one_by_one(batch, call, g, index, sizes)
    moved = shape.permute(g.inner, *range(1, g.inner.array.ndim), 0)
    out = call(moved, _at_the_end(index), (*sizes, batch.size))
    return shape.permute(out, -1, *range(len(sizes)))


@rule("index_put", "scatter_add")
def _write(batch: Batch, call: Rule, x: Any, index: Any, src: Any) -> Any:
    places = _in_front(batch, index)
    if places is None:
        return one_by_one(batch, call, x, index, src)
    base = batch.full(x)
    if batch.has(src):
        probe = np.broadcast_to(np.zeros((), np.bool_), base.array.shape)
        plain = tuple(
            np.zeros(p.array.shape, np.int64) if isinstance(p, Value) else p for p in places
        )
        src = batch.aligned(src, probe[plain].ndim - 1)
    return call(base, places, src)


# --- products --------------------------------------------------------------------------------------


@rule("mm")
def _mm(batch: Batch, call: Rule, x: Any, y: Any) -> Any:
    a, b = x.array.shape, y.array.shape
    if not batch.has(y) and len(b) == 2:
        rows = shape.reshape(x.inner, (-1, a[-1])) if a[-1] else None
        if rows is not None:
            return shape.reshape(call(rows, y), (batch.size, *a[:-1], b[-1]))
    if not batch.has(x) and len(a) == len(b) == 2 and b[-1] == 1:
        columns = shape.reshape(y.inner, (batch.size, b[0]))
        return shape.reshape(call(columns, x.transpose(0, 1)), (batch.size, a[0], 1))
    rank = max(len(a), len(b))
    return call(batch.aligned(x, rank), batch.aligned(y, rank))


@rule("dot")
def _dot(batch: Batch, call: Rule, x: Any, y: Any) -> Any:
    return (batch.below(x) * batch.below(y)).sum(-1)


@rule("addmm")
def _addmm(batch: Batch, call: Rule, x: Any, weight: Any, bias: Any) -> Any:
    if not batch.has(weight) and not batch.has(bias):
        return call(x.inner, weight, bias)
    x, weight, bias = (alias(t) if isinstance(t, Value) else wrap(t) for t in (x, weight, bias))
    return batch.below(linear_algebra.matmul(x, weight.transpose(0, 1)) + bias)


# --- images ------------------------------------------------------------------------------------------


def _folded(x: Any) -> Any:
    """Batch and images made one dimension."""
    sizes = x.array.shape
    return shape.reshape(x, (sizes[0] * sizes[1], *sizes[2:]))


def _unfolded(batch: Batch, x: Any) -> Any:
    sizes = x.array.shape
    return shape.reshape(x, (batch.size, sizes[0] // max(batch.size, 1), *sizes[1:]))


def _as_channels(x: Any) -> Any:
    """(batch, n, c, h, w) as (n, batch c, h, w): samples become groups of channels."""
    b, n, c, h, w = x.array.shape
    return shape.reshape(shape.permute(x, 1, 0, 2, 3, 4), (n, b * c, h, w))


def _from_channels(batch: Batch, x: Any) -> Any:
    n, c, h, w = x.array.shape
    parted = shape.reshape(x, (n, batch.size, c // max(batch.size, 1), h, w))
    return shape.permute(parted, 1, 0, 2, 3, 4)


@rule("convolution", "convolution_input")
def _convolve(batch: Batch, call: Rule, x: Any, weight: Any, *options: Any) -> Any:
    if not batch.has(weight):
        return _unfolded(batch, call(_folded(x.inner), weight, *options))
    *window, groups = options
    out = call(_as_channels(batch.full(x)), _folded(weight.inner), *window, groups * batch.size)
    return _from_channels(batch, out)


@rule("convolution_weight")
def _weight(batch: Batch, call: Rule, x: Any, g: Any, *options: Any) -> Any:
    *window, groups = options
    x, g = (_as_channels(batch.full(t)) for t in (x, g))
    return _unfolded(batch, call(x, g, *window, groups * batch.size))


@rule("avg_pool2d", "avg_pool2d_input", "max_pool2d_places")
def _pool(batch: Batch, call: Rule, x: Any, *options: Any) -> Any:
    return _unfolded(batch, call(_folded(x.inner), *options))


@rule("max_pool2d_input", "max_pool2d_read")
def _read(batch: Batch, call: Rule, x: Any, place: Any, *options: Any) -> Any:
    return _unfolded(batch, call(_folded(batch.full(x)), _folded(batch.full(place)), *options))


@rule("cdist")
def _distances(batch: Batch, call: Rule, x: Any, y: Any, by_product: bool) -> Any:
    rank = max(x.ndim, y.ndim)
    return call(batch.aligned(x, rank), batch.aligned(y, rank), by_product)
