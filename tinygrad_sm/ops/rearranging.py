"""Changing a tensor's own shape, and its elements one by one, in place."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ..tape import View, wrap, written
from . import shape
from .dims import sizes_of
from .in_place import check_writable, in_place
from .indexing import index_put


def _rearranged(operation: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The in-place form of an operation that looks at the same memory another way.

    The tensor becomes a view. If it was nobody's view, what it was stays behind as the base, which
    other views of it find through it.
    """

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        check_writable(self, name)
        out = operation(self, *args, **kwargs)
        if self.window is None:
            base = wrap(self.array, self.node)
            base.version = self.version
            self.window = View(base, out.window.look if out.window else _same, self.version[0])
        else:
            self.window = out.window or self.window
        self.array, self.node = out.array, out.node
        return self

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"``{name[:-1]}`` of the tensor itself."
    return method


def _same(base: Any) -> Any:
    return base


squeeze_ = _rearranged(shape.squeeze, "squeeze_")
unsqueeze_ = _rearranged(shape.unsqueeze, "unsqueeze_")
transpose_ = _rearranged(shape.transpose, "transpose_")
swapaxes_ = _rearranged(shape.transpose, "swapaxes_")
swapdims_ = _rearranged(shape.transpose, "swapdims_")
t_ = _rearranged(shape.t, "t_")


def resize(self: Any, *sizes: Any) -> Any:
    """The elements in another shape; those that are new are not set. Better: ``reshape``.

    Raises:
        RuntimeError: if it requires grad and would get another number of elements.
    """
    warnings.warn("non-inplace resize is deprecated", stacklevel=3)
    size = sizes_of(sizes)
    if math.prod(size) == self.array.size:
        return shape.reshape(self, size)
    if self.node is not None:
        raise RuntimeError("resize: the number of elements of a tensor that requires grad is fixed")
    return resize_(self.clone(), size)


def resize_as(self: Any, tensor: Any) -> Any:
    """``resize`` to the shape of another tensor."""
    return resize(self, tensor.array.shape)


def resize_(self: Any, *sizes: Any, memory_format: Any = None) -> Any:
    """Change the shape of the tensor itself; elements that are new are not set.

    Raises:
        RuntimeError: if it requires grad.
    """
    if self.node is not None:
        raise RuntimeError("resize_: cannot resize variables that require grad")
    size = sizes_of(sizes)
    count = math.prod(size)
    flat = self.array.reshape(-1)
    if count > flat.size:
        grown = np.empty(count, flat.dtype)
        grown[: flat.size] = flat
        flat = grown
    self.array = flat[:count].reshape(size)
    written(self)
    return self


def resize_as_(self: Any, the_template: Any, memory_format: Any = None) -> Any:
    """``resize_`` to the shape of another tensor."""
    return resize_(self, the_template.array.shape)


def set_(self: Any, source: Any = None) -> Any:
    """Look at the memory of another tensor from now on; at nothing without one.

    Raises:
        RuntimeError: if dtypes differ.
    """
    source = wrap(np.zeros(0, self.array.dtype)) if source is None else source
    if source.array.dtype != self.array.dtype:
        raise RuntimeError(f"set_: expected {self.array.dtype}, not {source.array.dtype}")
    self.array, self.version, self.window = source.array, source.version, source.window
    return self


def _filled_diagonal(input: Any, fill_value: float, wrap: bool = False) -> Any:
    shape = input.array.shape
    if len(shape) < 2 or (len(shape) > 2 and len(set(shape)) > 1):
        raise RuntimeError(
            f"fill_diagonal_: expected a matrix, or more dimensions of one size, not {shape}"
        )
    places = np.zeros(shape, bool)
    np.fill_diagonal(places, True, wrap and len(shape) == 2)
    return index_put(input, places, fill_value)


fill_diagonal_ = in_place(_filled_diagonal, "fill_diagonal_")


def _each(name: str, self: Any, function: Callable[..., Any], *others: Any) -> Any:
    if self.node is not None or any(o.node is not None for o in others):
        raise TypeError(f"{name}: can't be called on a tensor that requires grad: detach() it")
    rows = np.broadcast_arrays(self.array, *(o.array for o in others))
    values = [
        function(*numbers) for numbers in zip(*(r.ravel().tolist() for r in rows), strict=True)
    ]
    self.array[...] = np.asarray(values, self.array.dtype).reshape(self.array.shape)
    written(self)
    return self


def apply_(self: Any, callable: Callable[[Any], Any]) -> Any:
    """Replace each element by a Python function of it; slow, and off the tape.

    Raises:
        TypeError: if the tensor requires grad.
    """
    return _each("apply_", self, callable)


def map_(self: Any, tensor: Any, callable: Callable[[Any, Any], Any]) -> Any:
    """Replace each element by a Python function of it and of another tensor's.

    Raises:
        TypeError: if a tensor requires grad.
    """
    return _each("map_", self, callable, tensor)


def map2_(self: Any, x: Any, y: Any, callable: Callable[[Any, Any, Any], Any]) -> Any:
    """Replace each element by a Python function of it and of two other tensors'.

    Raises:
        TypeError: if a tensor requires grad.
    """
    return _each("map2_", self, callable, x, y)
