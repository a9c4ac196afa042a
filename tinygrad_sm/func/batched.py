"""A batch that looks like one of its samples: what ``vmap`` hands to a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from ..dtypes import promote
from ..ops import shape
from ..primitive import Primitive
from ..tape import wrap
from ..tensor import Tensor
from .levels import Wrapped, lowered, wrapped_at

Rule = Callable[..., Any]
RULES: dict[str, Rule] = {}  # filled by batching.py


class Sample:
    """The shape and dtype of one sample; there is no one array to read values from."""

    __slots__ = ("_batch", "dtype", "shape")

    def __init__(self, batch: Any) -> None:
        self._batch = batch
        self.shape: tuple[int, ...] = batch.shape[1:]
        self.dtype: np.dtype = batch.dtype

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def itemsize(self) -> int:
        """Bytes an element takes."""
        return self.dtype.itemsize

    @property
    def strides(self) -> tuple[int, ...]:
        """Bytes between neighbours, along the sample's own dimensions."""
        return self._batch.strides[1:]

    @property
    def flags(self) -> Any:
        """How the batch lies in memory."""
        return self._batch.flags

    def __len__(self) -> int:
        return self.shape[0]

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError(
            "vmap: something looked at the values of a tensor that stands for a whole batch: "
            ".item(), if, bool(), NumPy, or an operation whose result's shape depends on values. "
            "There is one value a sample, and one path for all of them: use where() for a choice, "
            "or compute this outside of vmap."
        )

    def __getattr__(self, name: str) -> Any:
        return self._refuse()

    __array__ = __bool__ = __getitem__ = __iter__ = __float__ = __int__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __add__ = __mul__ = _refuse
    __hash__ = None  # type: ignore[assignment]


class Batched(Wrapped):
    """A batch, its samples along the first dimension of ``inner``."""

    __slots__ = ()

    def __init__(self, inner: Any, level: int, node: Any = None) -> None:
        super().__init__(inner, level, node)
        self.array = Sample(inner.array)  # type: ignore[assignment]

    def run(self, op: Primitive, call: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """The operation on all samples at once."""
        batch = Batch(self.inner.array.shape[0], self.level)
        rule = RULES.get(op.name) or RULES.get(op.family, one_by_one)
        out = rule(batch, call, *args)
        if type(out) in (tuple, list):
            return tuple(Batched(o, self.level) for o in out)
        return Batched(out, self.level)

    def runs_whole(self, op: Primitive) -> bool:
        """Whether there is a rule for it."""
        return op.name in RULES or op.family in RULES

    def like(self, inner: Any) -> Any:
        """A batch of equal samples, each in memory of its own."""
        batch = Batch(self.inner.array.shape[0], self.level)
        return Batched(batch.full(inner).clone(), self.level)

    def below(self, function: Callable[[Any], Any]) -> Any:
        """The function of the batch, as a batch again."""
        return Batched(function(self.inner), self.level)

    def store(self, value: Any) -> None:
        """Write into all samples."""
        source = lowered(value, self.level)
        self.inner.copy_(source if wrapped_at(value, self.level) else source.unsqueeze(0))

    def share(self, view: Any, seen_through: Callable[[Any, Any], Any]) -> None:
        """Nothing to do: rules of views look at the batch through the functions that users call."""


class Batch:
    """What rules ask of the batch: its size, and arguments with its axis in front."""

    def __init__(self, size: int, level: int) -> None:
        self.size = size
        self.level = level

    def has(self, x: Any) -> bool:
        """Whether an argument is a batch of this level; an index may hold one."""
        if type(x) is tuple:
            return any(self.has(part) for part in x)
        return wrapped_at(x, self.level)

    def below(self, x: Any) -> Any:
        """The argument without this level."""
        return lowered(x, self.level)

    def full(self, x: Any) -> Any:
        """The argument as a batch: the same sample again and again, if it is not one."""
        if self.has(x):
            return x.inner
        if not isinstance(x, Tensor):
            x = wrap(np.asarray(x))
        return shape.broadcast_to(x, (self.size, *x.array.shape))

    def aligned(self, x: Any, rank: int) -> Any:
        """A batch with dimensions of size 1 behind its axis, so that samples of a rank broadcast."""
        if not self.has(x):
            return x
        sizes = x.array.shape
        if len(sizes) >= rank:
            return x.inner
        return shape.reshape(x.inner, (self.size, *(1,) * (rank - len(sizes)), *sizes))

    def sample(self, x: Any, i: int) -> Any:
        """One sample of an argument."""
        if type(x) is tuple:
            return tuple(_plain(self.sample(part, i)) for part in x)
        return x.inner[i] if self.has(x) else x


def _plain(part: Any) -> Any:
    """A part of an index as NumPy takes it, unless it still stands for a batch."""
    return part.array if isinstance(part, Tensor) and not part.level else part


def elementwise(batch: Batch, call: Rule, *args: Any) -> Any:
    """Line the samples up from the end, then all at once."""
    tensors = [a for a in args if isinstance(a, Tensor)]
    rank = max(a.ndim for a in args if isinstance(a, Tensor | np.ndarray))
    if len({t.array.dtype for t in tensors}) > 1 and any(not t.array.ndim for t in tensors):
        kind = promote(*(t.array for t in tensors))
        args = tuple(
            a.to(kind) if isinstance(a, Tensor) and a.array.dtype.kind != "b" else a for a in args
        )
    return call(*(batch.aligned(a, rank) for a in args))


def trailing(batch: Batch, call: Rule, x: Any, *options: Any) -> Any:
    """Axes counted from the end mean the same with the batch in front."""
    if x.array.ndim:
        return call(x.inner, *options)
    return call(shape.reshape(x.inner, (batch.size, 1)), *options).reshape(batch.size)


def one_by_one(batch: Batch, call: Rule, *args: Any) -> Any:
    """Sample by sample: right for any operation, at the cost of a loop."""
    if not batch.size:
        return _of_nothing(batch, call, args)
    outs = [call(*(batch.sample(a, i) for a in args)) for i in range(batch.size)]
    if type(outs[0]) is tuple:
        return tuple(shape.stack(parts) for parts in zip(*outs, strict=True))
    return shape.stack(outs)


def _of_nothing(batch: Batch, call: Rule, args: tuple[Any, ...]) -> Any:
    """An empty batch of the results' shape, which one sample of zeros tells."""

    def probe(a: Any) -> Any:
        return wrap(np.zeros(a.array.shape, a.array.dtype)) if batch.has(a) else a

    out = call(*map(probe, args))
    outs = out if type(out) is tuple else (out,)
    empty = tuple(wrap(np.zeros((0, *o.array.shape), o.array.dtype)) for o in outs)
    return empty if type(out) is tuple else empty[0]


RULES.update({"elementwise": elementwise, "trailing": trailing})
