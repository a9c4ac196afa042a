"""``vmap``: a function of one sample made a function of a batch."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ..ops import shape
from ..ops.random import Generator, sampler
from ..tensor import Tensor
from . import batching
from .batched import Batched
from .levels import Wrapped, lowered, opened, wrapped_at
from .trees import leaves, mapped, spread

assert batching  # entering its rules is what it is imported for


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """``func`` over a batch: as if called on each sample and the results stacked, but at once.

    Operations under it run on the whole batch; there is no loop over samples.

    Args:
        func: takes tensors (in nested tuples, lists and dicts, too) and returns tensors. Arguments
            given by name are the same for all samples.
        in_dims: which dimension of each argument is the batch; ``None`` for one that all samples
            share. One number for all, or a tuple with one (or a nested structure) an argument.
        out_dims: where the batch shall be in each result.
        randomness: what random operations do: ``"error"``, ``"different"`` numbers in each sample,
            or the ``"same"`` in all.
        chunk_size: at most so many samples at once, to save memory.

    Raises:
        ValueError: if no argument has a batch, or batch sizes differ.
        RuntimeError: when something under it looks at values, as ``if`` and ``item()`` do.

    >>> import tinygrad_sm as sg
    >>> rows = sg.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> sg.vmap(sg.dot)(rows, rows)
    tensor([ 5., 25.])
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(
            f"vmap: randomness must be 'error', 'different' or 'same', not {randomness!r}"
        )
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError(f"vmap: chunk_size should be None or greater than 0, not {chunk_size}")

    @functools.wraps(func)
    def batched(*args: Any, **kwargs: Any) -> Any:
        dims = _checked_dims(args, in_dims)
        size = _batch_size(args, dims)
        fronted = mapped(_in_front, args, dims)
        function = functools.partial(func, **kwargs)
        if chunk_size is None or size <= chunk_size:
            return _run(function, fronted, size, out_dims, randomness)
        starts = range(0, size, chunk_size)
        pieces = [
            _run(
                function,
                mapped(_cut(s, s + chunk_size), fronted),
                min(chunk_size, size - s),
                out_dims,
                randomness,
            )
            for s in starts
        ]
        ends = spread(pieces[0], out_dims)
        return mapped(
            lambda first, dim, *rest: shape.cat([first, *rest], dim), pieces[0], ends, *pieces[1:]
        )

    return batched


class _Fronted:
    """An argument with its batch in front, or one without a batch."""

    def __init__(self, value: Any, has_batch: bool) -> None:
        self.value = value
        self.has_batch = has_batch


def _in_front(x: Any, dim: int | None) -> _Fronted:
    if dim is None:
        return _Fronted(x, False)
    return _Fronted(moved(x, dim, 0), True)


def _cut(start: int, stop: int) -> Callable[[_Fronted], _Fronted]:
    return lambda x: _Fronted(x.value[start:stop], True) if x.has_batch else x


def moved(x: Any, source: int, destination: int) -> Any:
    """A tensor with one dimension at another place."""
    order = list(range(x.array.ndim))
    order.insert(destination % len(order), order.pop(source % len(order)))
    return x if order == sorted(order) else shape.permute(x, *order)


def _checked_dims(args: tuple[Any, ...], in_dims: Any) -> Any:
    if not args:
        return ()
    if isinstance(in_dims, list):
        in_dims = tuple(in_dims)
    if not isinstance(in_dims, int | tuple):
        raise ValueError(f"vmap: in_dims must be an int or a tuple, not {type(in_dims).__name__}")
    try:
        dims = spread(args, in_dims)
    except ValueError as error:
        raise ValueError(f"vmap: in_dims={in_dims} does not fit the arguments: {error}") from None
    for x, dim in zip(leaves(args), leaves(dims), strict=True):
        if dim is None:
            continue
        if not isinstance(x, Tensor):
            raise ValueError(
                f"vmap: in_dims says {dim} for an argument of type {type(x).__name__}: only tensors "
                "have a batch dimension; say None"
            )
        ndim = x.array.ndim
        if not -ndim <= dim < ndim:
            raise ValueError(f"vmap: in_dims says {dim} for a tensor of shape {tuple(x.shape)}")
    return dims


def _batch_size(args: Any, dims: Any) -> int:
    sizes = {
        x.array.shape[dim]
        for x, dim in zip(leaves(args), leaves(dims), strict=True)
        if dim is not None
    }
    if not sizes:
        raise ValueError(
            "vmap: at least one argument needs a batch dimension (in_dims is all None)"
        )
    if len(sizes) > 1:
        raise ValueError(
            f"vmap: expected all arguments to have one batch size, got {sorted(sizes)}"
        )
    return sizes.pop()


def _run(func: Callable[..., Any], fronted: Any, size: int, out_dims: Any, randomness: str) -> Any:
    with opened() as level, drawing(level, size, randomness):
        args = mapped(lambda x: Batched(x.value, level) if x.has_batch else x.value, fronted)
        results = func(*args)
        return mapped(
            lambda out, dim: _unwrapped(out, dim, level, size), results, _places(results, out_dims)
        )


def _places(results: Any, out_dims: Any) -> Any:
    try:
        places = spread(results, tuple(out_dims) if isinstance(out_dims, list) else out_dims)
    except ValueError as error:
        raise ValueError(f"vmap: out_dims={out_dims} does not fit the results: {error}") from None
    if not all(dim is None or isinstance(dim, int) for dim in leaves(places)):
        raise ValueError(f"vmap: out_dims must be ints, None or a structure of them: {out_dims!r}")
    return places


def _unwrapped(out: Any, dim: int | None, level: int, size: int) -> Any:
    if not isinstance(out, Tensor):
        raise ValueError(
            f"vmap: the function must return tensors, but returned a {type(out).__name__}"
        )
    if dim is None:
        if wrapped_at(out, level):
            raise ValueError("vmap: out_dims says None for a result that differs by sample")
        return out
    if not -out.array.ndim - 1 <= dim <= out.array.ndim:
        raise IndexError(
            f"vmap: out_dims says {dim}, but with the batch the result has {out.array.ndim + 1} "
            "dimensions"
        )
    if wrapped_at(out, level):
        return moved(lowered(out, level), 0, dim)
    return moved(shape.broadcast_to(out, (size, *out.array.shape)), 0, dim)


# --- random numbers ------------------------------------------------------------------------------


@contextmanager
def drawing(level: int, size: int, randomness: str) -> Iterator[None]:
    """Say what random operations do while a function runs under ``vmap``."""
    outside, outside_for = sampler.get()

    def check() -> None:
        if randomness == "error":
            raise RuntimeError(
                "vmap: called a random operation: say vmap(..., randomness='different') for other "
                "numbers in each sample, or 'same' for the same in all"
            )

    def sample(draw: Callable[..., Any], sizes: tuple[int, ...]) -> Any:
        check()
        if randomness == "same":
            return outside(draw, sizes)
        return Batched(outside(draw, (size, *sizes)), level)

    def sample_for(draw: Callable[..., Any], given: tuple[Any, ...], source: Generator) -> Any:
        check()
        given = tuple(_below_derivatives(x, level) for x in given)
        same = randomness == "same"
        if not size or (same and not any(wrapped_at(x, level) for x in given)):
            return outside_for(draw, given, source)
        state, rows = source.get_state(), []
        for i in range(size):
            if same:
                source.set_state(state)
            own = tuple(x.inner[i] if wrapped_at(x, level) else x for x in given)
            rows.append(outside_for(draw, own, source))
        return Batched(shape.stack(rows), level)

    token = sampler.set((sample, sample_for))
    known = _randomness.set({**_randomness.get(), level: randomness})
    try:
        yield
    finally:
        _randomness.reset(known)
        sampler.reset(token)


def _below_derivatives(x: Any, level: int) -> Any:
    """A value without the levels of derivatives around it: random numbers have none."""
    while isinstance(x, Wrapped) and not wrapped_at(x, level):
        if isinstance(x, Batched):
            break
        x = x.inner
    return x


_randomness: ContextVar[dict[int, str]] = ContextVar("randomness", default={})  # noqa: B039


def randomness_at(level: int) -> str:
    """What was said of random operations where a level was opened."""
    return _randomness.get().get(level, "error")
