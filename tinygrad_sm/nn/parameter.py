"""Tensors that belong to a module: what is trained, and what is merely kept."""

from __future__ import annotations

from typing import Any

from ..ops.creation import empty
from ..tape import LEAF
from ..tensor import Tensor


def _share(name: str, data: Any, target: Tensor) -> None:
    """Give ``target`` the memory, and the count of writes, of ``data``.

    Raises:
        TypeError: if ``data`` is not a Tensor.
    """
    source = empty(0) if data is None else data
    if not isinstance(source, Tensor):
        raise TypeError(
            f"{name}: expected a Tensor, not {type(data).__name__}: make one with tensor(...)"
        )
    target.array = source.array
    target.version = source.version
    target.window = None


class Parameter(Tensor):
    """A tensor that is trained: a module that has it as an attribute lists it in ``parameters()``.

    Args:
        data: the tensor whose memory it shares; by default an empty one.
        requires_grad: whether ``backward`` shall leave a gradient in ``grad``.

    Raises:
        TypeError: if ``data`` is not a Tensor.
        RuntimeError: if gradients are asked of integers.

    >>> import tinygrad_sm as sg
    >>> sg.nn.Parameter(sg.tensor([1.0, 2.0]))
    Parameter containing:
    tensor([1., 2.], requires_grad=True)
    """

    __slots__ = ()

    def __init__(self, data: Tensor | None = None, requires_grad: bool = True) -> None:
        _share("Parameter", data, self)
        if requires_grad and self.array.dtype.kind != "f":
            raise RuntimeError(
                "Parameter: only tensors of floating point dtype can require gradients, not "
                f"{self.array.dtype}: convert with .float(), or pass requires_grad=False"
            )
        self.node = LEAF if requires_grad else None

    def __deepcopy__(self, memo: dict[Any, Any]) -> Tensor:
        new = super().__deepcopy__(memo)
        new.grad = None
        return new


class Buffer(Tensor):
    """A tensor that is part of a module's state but not trained, such as a running mean.

    Setting it as an attribute does what ``register_buffer`` does.

    Args:
        data: the tensor whose memory it shares; by default an empty one.
        persistent: whether ``state_dict()`` holds it.

    Raises:
        TypeError: if ``data`` is not a Tensor.
    """

    __slots__ = ()

    persistent: bool = True

    def __init__(self, data: Tensor | None = None, *, persistent: bool = True) -> None:
        _share("Buffer", data, self)
        self.node = None if data is None else data.node
        self.persistent = persistent
