"""Tensors that belong to a module: what is trained, and what is merely kept."""

from __future__ import annotations

from typing import Any, NoReturn, Self, TypeGuard

import numpy as np

from ..dtypes import DTYPES, as_numpy_dtype, dtype
from ..ops.creation import empty
from ..reached import Holder, note
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

    _holder: Holder | None = None  # of the optimizer that has it
    _reached = 0  # when a walk reached it last while no optimizer had it

    def __init__(self, data: Tensor | None = None, requires_grad: bool = True) -> None:
        _share("Parameter", data, self)
        if requires_grad and self.array.dtype.kind != "f":
            raise RuntimeError(
                "Parameter: only tensors of floating point dtype can require gradients, not "
                f"{self.array.dtype}: convert with .float(), or pass requires_grad=False"
            )
        self.node = LEAF if requires_grad else None

    def _accumulate(self, grad: Any, owned: bool, record: bool) -> None:
        note(self)
        super()._accumulate(grad, owned, record)

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


# --- tensors whose shape is not known yet ---------------------------------------------------------


class UninitializedTensorMixin(Tensor):
    """What tensors share that wait for their shape: a dtype, and an error for every other use."""

    __slots__ = ()

    cls_to_become: type = Tensor
    _kind: np.dtype

    def __init__(self, requires_grad: bool = False, device: Any = None, dtype: Any = None) -> None:
        self._kind = empty(0, device=device, dtype=dtype).array.dtype
        self.node = LEAF if requires_grad else None
        self.version = [0]
        self.window = None

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Become a tensor of a shape, the same object, whose values are not set.

        Args:
            shape: the sizes.
            device: the CPU.
            dtype: in place of the one it was made with.
        """
        made = empty(shape, device=device, dtype=dtype or self.dtype)
        del self._kind
        self.__class__ = self.cls_to_become
        Tensor.array.__set__(self, made.array)  # type: ignore[attr-defined]

    @property
    def array(self) -> NoReturn:  # type: ignore[override]
        """Raise: there are no numbers yet.

        Raises:
            ValueError: always.
        """
        raise ValueError(
            "Attempted to use an uninitialized parameter or buffer. Its shape is known after the "
            "first forward pass of its lazy module: run one before you use it."
        )

    @property
    def shape(self) -> NoReturn:
        """Raise: the shape is not known yet.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer: run a forward pass "
            "first. In load_state_dict, the saved module had not seen data yet."
        )

    @property
    def dtype(self) -> dtype:
        """The element type that it will have."""
        return DTYPES[self._kind]

    @property  # type: ignore[override]
    def data(self) -> Self:
        """The tensor itself; setting it takes over the dtype."""
        return self

    @data.setter
    def data(self, new: Any) -> None:
        self._kind = as_numpy_dtype(new.dtype)

    def is_floating_point(self) -> bool:
        """Whether the dtype is floating."""
        return self._kind.kind == "f"

    def detach(self) -> Self:
        """The tensor itself: a state_dict holds it as it is."""
        return self

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Another one of another dtype; arguments as ``Tensor.to`` has them."""
        kind = empty(0, dtype=self.dtype).to(*args, **kwargs).dtype
        return type(self)(self.node is not None, dtype=kind)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        memo[id(self)] = new = type(self)(self.node is not None, dtype=self.dtype)
        return new

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (self.node is not None, None, self.dtype)


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A parameter whose shape is known when its lazy module has seen data.

    Args:
        requires_grad: whether ``backward`` shall leave a gradient in ``grad``.
        device: the CPU.
        dtype: of the parameter; float32 by default.
    """

    __slots__ = ()

    cls_to_become = Parameter

    def __init__(self, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(requires_grad, device, dtype)


class UninitializedBuffer(UninitializedTensorMixin):
    """A buffer whose shape is known when its lazy module has seen data.

    Args:
        requires_grad: whether ``backward`` shall leave a gradient in ``grad``.
        device: the CPU.
        dtype: of the buffer; float32 by default.
    """

    __slots__ = ()


def is_lazy(param: Any) -> TypeGuard[UninitializedTensorMixin]:
    """Whether a parameter or buffer still waits for its shape."""
    return isinstance(param, UninitializedTensorMixin)
