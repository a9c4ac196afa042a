"""Writing into a tensor, and what the tape makes of it.

An in-place operation is its out-of-place twin followed by a write. Everything is checked before
the write. On the tape the written tensor becomes the twin's result; if it is a view, its base
becomes ``put(base, result)``, so that every other view of the base sees the right gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import overlap
from ..dtypes import CATEGORY, check_fits
from ..primitive import primitive, put, record, refresh
from ..tape import LEAF, Value, is_grad_enabled, wrap, written
from ..tape import alias as same
from . import random
from .elementwise import need_floats
from .indexing import getitem, index_put, is_basic, numbers_first, plain_index
from .shape import reshape


def _overwritten(x: np.ndarray, value: Any) -> np.ndarray:
    try:
        return np.broadcast_to(value, x.shape).astype(x.dtype)
    except ValueError:
        raise RuntimeError(
            f"copy_: a tensor of shape {np.shape(value)} cannot be broadcast to {x.shape}"
        ) from None


overwrite = primitive(
    _overwritten,
    "``value`` in the shape and dtype of ``x``.",
    name="copy",
    family="elementwise",
    x=lambda g: np.zeros_like(g),
    value=lambda g: g,
)


def check_writable(t: Value, name: str) -> None:
    """Refuse writes that the tape or the memory could not bear.

    Raises:
        RuntimeError: for a leaf that requires grad, a view of one, or an expanded tensor.
    """
    if is_grad_enabled():
        base = t if t.window is None else t.window.root()
        if base.node is LEAF:
            kind = "a leaf Variable that requires grad"
            raise RuntimeError(
                f"{name}: {'a view of ' if base is not t else ''}{kind} is being used in an "
                "in-place operation. Write inside `with no_grad():`, or work on a clone()."
            )
    if not t.level and not t.array.flags.writeable:
        raise RuntimeError(
            f"{name}: more than one element of this tensor (an expanded one, or one over read-only "
            "memory) refers to a single memory location: clone() it before writing"
        )


def in_place(operation: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The in-place form of an operation, as a method that returns the tensor itself."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        check_writable(self, name)
        tensors = [x for x in (self, *args, *kwargs.values()) if isinstance(x, Value)]
        for x in tensors:
            refresh(x)
        if len(tensors) > 1 and not self.level:
            overlap.refuse(name, self.array, tensors[1:])
        tracked = is_grad_enabled() and any(x.node is not None for x in tensors)
        alias = _before(self)
        if tracked and not self.level:  # what the tape saves must not change
            alias.array = alias.array.copy()
        write(self, operation(alias, *args, **kwargs), alias, name)
        return self

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"``{name[:-1]}`` in place."
    return method


def _before(t: Any) -> Any:
    """What the tensor was before a write, for what the operation itself saves."""
    return t.before_write() if t.level else wrap(t.array, t.node)


def write(t: Value, result: Any, alias: Value, name: str) -> None:
    """Put the out-of-place result into the tensor's memory and on its place on the tape.

    Raises:
        RuntimeError: if the shape or the kind of number does not fit; nothing is changed then.
    """
    shape, kind = t.array.shape, t.array.dtype
    if result.array.shape != shape:
        raise RuntimeError(
            f"{name}: output with shape {shape} doesn't match the broadcast shape "
            f"{result.array.shape}: an in-place operation cannot change the shape"
        )
    if CATEGORY[result.array.dtype.kind] > CATEGORY[kind.kind]:
        raise RuntimeError(
            f"{name}: result type {result.array.dtype} can't be cast to the desired output type "
            f"{kind}: use the out-of-place form, or convert the tensor first"
        )
    if result.array.dtype != kind:
        result = result.to(kind)
    if t.level:
        t.store(result)  # type: ignore[attr-defined]
    elif result.level:
        raise RuntimeError(
            f"{name}: a tensor from outside of vmap, jvp or grad cannot hold what depends on a value "
            "inside: it stands for one value, that for a batch (or has a tangent). Use the "
            "out-of-place form, or make the tensor from one that is inside (zeros_like(x))"
        )
    else:
        np.copyto(t.array, result.array)
    written(t)
    if is_grad_enabled():
        rebase(t, result)


def rebase(t: Value, value: Value) -> None:
    """Say on the tape that ``t`` now is ``value``, and that its base holds it."""
    view = t.window
    if view is not None:
        base = view.root()
        if base.node is not None or value.node is not None:
            mask = (base.node is not None) | (value.node is not None) << 1
            op = put.primitive  # type: ignore[attr-defined]
            old = same(base, base.node)
            base.node = record(op, mask, (old, value, view.look), base.array)
        view.seen = t.version[0]
    t.node = value.node


def setitem(self: Any, index: Any, value: Any) -> None:
    """``self[index] = value``, on the tape.

    The value is broadcast to the place; sizes of 1 that it has in front beyond that are dropped.

    Raises:
        IndexError: for an index out of range.
        RuntimeError: if the value cannot be broadcast to the place.
    """
    check_writable(self, "setitem")
    refresh(self)
    index = plain_index(index)
    if (steps := numbers_first(index)) is not None:
        setitem(getitem(self, steps[0]), steps[1], value)
        return
    if self.level or getattr(value, "level", 0):
        before = _before(self)
        write(self, index_put(before, index, value), before, "setitem")
        return
    if isinstance(value, Value):
        refresh(value)
        source = value.array
        if source.ndim and source.dtype != self.array.dtype and not is_basic(index):
            raise RuntimeError(
                f"setitem: by an index of tensors or lists, the value must have the tensor's dtype "
                f"{self.array.dtype}, not {source.dtype}: convert it with .to(...)"
            )
    else:
        source = np.asarray(value)
        check_fits("setitem", source, self.array.dtype)
    place = self.array[index].shape
    ones = source.ndim - len(place)
    if ones > 0 and source.shape[:ones] == (1,) * ones:
        source = source.reshape(source.shape[ones:])
        value = reshape(value, source.shape) if isinstance(value, Value) else source
    try:
        np.broadcast_to(source, place)
    except ValueError:
        raise RuntimeError(
            f"setitem: a value of shape {source.shape} cannot be broadcast to the place of shape "
            f"{place}"
        ) from None
    if isinstance(value, Value):
        overlap.refuse("setitem", self.array[index], (value,))
    self.array[index] = source
    written(self)
    tracked = isinstance(value, Value) and value.node is not None
    if is_grad_enabled() and (tracked or self.node is not None) and self.array.dtype.kind == "f":
        op = index_put.primitive  # type: ignore[attr-defined]
        old = wrap(self.array, self.node)
        mask = (self.node is not None) | tracked << 2
        rebase(self, wrap(self.array, record(op, mask, (old, index, value), self.array)))


def _fill(input: Any, value: Any) -> Any:
    if isinstance(value, Value) and value.array.ndim:
        raise RuntimeError(f"fill_: expected a number or 0-d tensor, not {value.array.shape}")
    if isinstance(value, Value):
        return overwrite(input, value)
    check_fits("fill_", value, input.array.dtype)
    return overwrite(input, np.asarray(value))


def _overdraw(input: Any, values: Callable[[np.ndarray], np.ndarray]) -> Any:
    """``input`` overwritten by what ``values`` draws for an array of its shape and dtype."""
    like = np.zeros((), input.array.dtype)
    sizes = tuple(input.array.shape)
    return overwrite(input, random.sample(lambda s: values(np.broadcast_to(like, s)), sizes))


def _from(name: str, given: Any, named: dict[str, Any], default: Any) -> Any:
    """The argument ``from``: a word of Python, so that no parameter can have the name."""
    value = named.pop("from", default) if given is None else given
    if named:
        raise TypeError(f"{name}() got an unexpected keyword argument '{next(iter(named))}'")
    return value


def _uniform(
    input: Any, a: Any = None, to: float = 1.0, *, generator: Any = None, **named: Any
) -> Any:
    need_floats("uniform_", input)
    low = _from("uniform_", a, named, 0.0)
    return _overdraw(input, lambda x: random.uniform_values(x, low, to, generator))


def _normal(input: Any, mean: float = 0.0, std: float = 1.0, *, generator: Any = None) -> Any:
    need_floats("normal_", input)
    return _overdraw(input, lambda x: random.normal_values(x, mean, std, generator))


def _random(
    input: Any, low: Any = None, to: Any = None, *, generator: Any = None, **named: Any
) -> Any:
    low = _from("random_", low, named, None)
    return _overdraw(input, lambda x: random.integer_values(x, low, to, generator))


def _bernoulli(input: Any, p: Any = 0.5, *, generator: Any = None) -> Any:
    chance: Any = p if isinstance(p, Value) else wrap(np.asarray(p))
    full = chance.double().expand(tuple(input.array.shape))
    return overwrite(input, random.bernoulli(full, generator=generator))


def fill(input: Any, value: Any) -> Any:
    """A tensor like ``input``, filled with one number or 0-d tensor."""
    return _fill(input, value)


fill_ = in_place(_fill, "fill_")
zero_ = in_place(lambda input: _fill(input, 0), "zero_")
copy_ = in_place(lambda input, src, non_blocking=False: overwrite(input, src), "copy_")
uniform_ = in_place(_uniform, "uniform_")
normal_ = in_place(_normal, "normal_")
random_ = in_place(_random, "random_")
bernoulli_ = in_place(_bernoulli, "bernoulli_")
