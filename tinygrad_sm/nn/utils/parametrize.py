"""Parameters that are computed from others, each time that they are read.

``register_parametrization(layer, "weight", Symmetric())`` makes ``layer.weight`` what the module
``Symmetric`` returns for ``layer.parametrizations.weight.original``, which is now the parameter.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...tape import no_grad, written
from ...tensor import Tensor
from ..modules.container import ModuleDict, ModuleList
from ..modules.module import Module
from ..parameter import Parameter

__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "type_before_parametrizations",
]

_depth = 0
_cache: dict[tuple[int, str], Tensor] = {}


@contextmanager
def cached() -> Iterator[None]:
    """Compute each parametrized tensor once only inside."""
    global _depth
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1
        if not _depth:
            _cache.clear()


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, applied one after the other, and what they start from.

    Attributes:
        original: the tensor that the first is given; or ``original0``, ``original1`` ... if its
            ``right_inverse`` returns several.

    Args:
        modules: the parametrizations.
        original: the tensor that they are to give.
        unsafe: whether to do without checks of shape and dtype.

    Raises:
        ValueError, TypeError: if they change shape or dtype.
    """

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if not modules:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        try:
            source = self._inverse(original)
        except NotImplementedError:
            source = original  # it can be read, but not be assigned to
        self.is_tensor = isinstance(source, Tensor)
        if isinstance(source, Tensor):
            if source.dtype != original.dtype:
                raise ValueError(
                    f"When `right_inverse` outputs one tensor, it may not change the dtype: "
                    f"{original.dtype} became {source.dtype}"
                )
            if source is not original:
                original.data = source.detach()
            self._keep("original", original, isinstance(original, Parameter))
            self.ntensors = 1
        else:
            self.ntensors = len(source)
            for i, part in enumerate(source):
                self._keep(f"original{i}", part, isinstance(original, Parameter))
        if not unsafe:
            self._check(original.dtype, original.array.shape if self.is_tensor else None)

    def _inverse(self, value: Any) -> Any:
        with no_grad():
            for module in reversed(list(self)):
                if hasattr(module, "right_inverse"):
                    value = module.right_inverse(value)
        return value

    def _keep(self, name: str, tensor: Tensor, trained: bool) -> None:
        if trained:
            kept = tensor if isinstance(tensor, Parameter) else Parameter(tensor)
            self.register_parameter(name, kept)
        else:
            self.register_buffer(name, tensor)

    def _check(self, dtype: Any, shape: tuple[int, ...] | None) -> None:
        result = self()
        if not isinstance(result, Tensor):
            raise ValueError(f"A parametrization must return a tensor. Got {type(result).__name__}")
        if result.dtype != dtype or shape not in (None, result.array.shape):
            raise ValueError(
                f"Registering a parametrization may not change shape or dtype of the tensor, "
                f"unless unsafe=True: from {shape} {dtype} to {result.array.shape} {result.dtype}"
            )

    def originals(self) -> list[Tensor]:
        """What the first parametrization is given."""
        if self.is_tensor:
            return [self.original]
        return [getattr(self, f"original{i}") for i in range(self.ntensors)]

    def right_inverse(self, value: Tensor) -> None:
        """Choose what is kept so that the result becomes a value.

        Raises:
            RuntimeError: if a parametrization has no ``right_inverse``.
        """
        for module in self:
            if not hasattr(module, "right_inverse"):
                raise RuntimeError(
                    f"parametrization {type(module).__name__} does not implement right_inverse: "
                    "the tensor cannot be assigned to"
                )
        source = self._inverse(value)
        parts = [source] if isinstance(source, Tensor) else list(source)
        for kept, part in zip(self.originals(), parts, strict=True):
            np.copyto(kept.array, part.array, casting="same_kind")
            written(kept)

    def forward(self) -> Tensor:
        """The parametrized tensor."""
        first, *rest = self
        result = first(*self.originals())
        for module in rest:
            result = module(result)
        return result


def _read(name: str) -> property:
    def get(self: Module) -> Tensor:
        if not _depth:
            return self.parametrizations[name]()
        key = (id(self), name)
        if key not in _cache:
            _cache[key] = self.parametrizations[name]()
        return _cache[key]

    def put(self: Module, value: Tensor) -> None:
        self.parametrizations[name].right_inverse(value)

    return property(get, put)


def _refuse_pickling(self: Module) -> Any:
    raise RuntimeError(
        "Serialization of parametrized modules is only supported through state_dict()"
    )


def _deep_copy(self: Module, memo: dict[int, Any]) -> Module:
    replica = memo[id(self)] = object.__new__(type(self))
    replica.__dict__ = copy.deepcopy(self.__dict__, memo)
    return replica


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Make a parameter or buffer of a module the result of another module.

    Args:
        module: whose tensor it is.
        tensor_name: the tensor's name.
        parametrization: a module of one tensor; its ``right_inverse``, if it has one, says what
            the parameter becomes, and makes the tensor assignable.
        unsafe: whether to do without checks of shape and dtype.

    Returns:
        The module.

    Raises:
        ValueError: if there is no such tensor, or its shape or dtype would change.

    >>> import tinygrad_sm as sg
    >>> class Symmetric(sg.nn.Module):
    ...     def forward(self, x):
    ...         return x.triu() + x.triu(1).mT
    >>> layer = register_parametrization(sg.nn.Linear(3, 3), "weight", Symmetric())
    >>> bool((layer.weight == layer.weight.T).all())
    True
    >>> [name for name, _ in layer.named_parameters()]
    ['bias', 'parametrizations.weight.original']
    """
    if is_parametrized(module, tensor_name):
        chain = module.parametrizations[tensor_name]
        before = getattr(module, tensor_name)
        result = parametrization(before)
        if not unsafe and (
            not isinstance(result, Tensor)
            or result.dtype != before.dtype
            or result.array.shape != before.array.shape
        ):
            raise ValueError(
                "Registering a parametrization may not change shape or dtype of the tensor, "
                "unless unsafe=True"
            )
        if hasattr(parametrization, "right_inverse"):
            chain.right_inverse(parametrization.right_inverse(before))
        chain.append(parametrization)
        return module
    if tensor_name not in module._parameters and tensor_name not in module._buffers:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element "
            f"with name '{tensor_name}'"
        )
    original = getattr(module, tensor_name)
    chain = ParametrizationList([parametrization], original, unsafe)
    delattr(module, tensor_name)
    if not is_parametrized(module):
        kind = type(module)
        members = {"__getstate__": _refuse_pickling, "__deepcopy__": _deep_copy}
        module.__class__ = type(f"Parametrized{kind.__name__}", (kind,), members)
        module.parametrizations = ModuleDict()
    setattr(type(module), tensor_name, _read(tensor_name))
    module.parametrizations[tensor_name] = chain
    return module


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a module has parametrized tensors; or one of a name."""
    chains = getattr(module, "parametrizations", None)
    if not isinstance(chains, ModuleDict):
        return False
    return len(chains) > 0 if tensor_name is None else tensor_name in chains


def type_before_parametrizations(module: Module) -> type:
    """The class of a module as it was before its tensors were parametrized."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def remove_parametrizations(
    module: Module, tensor_name: str, leave_parametrized: bool = True
) -> Module:
    """Make a tensor a parameter or buffer of its own again.

    Args:
        module: whose tensor it is.
        tensor_name: the tensor's name.
        leave_parametrized: whether it keeps the parametrized value, or goes back to the original.

    Returns:
        The module.

    Raises:
        ValueError: if it is not parametrized, or has several originals to go back to.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    chain = module.parametrizations[tensor_name]
    if not leave_parametrized and not chain.is_tensor:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is "
            "parametrized in terms of a sequence of tensors."
        )
    with no_grad():
        value = getattr(module, tensor_name) if leave_parametrized else chain.original
    kept = chain.originals()[0]
    if chain.is_tensor and leave_parametrized:
        kept.data = value.detach()
    elif not chain.is_tensor:
        kept = Parameter(value.detach()) if isinstance(kept, Parameter) else value
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    if isinstance(kept, Parameter):
        module.register_parameter(tensor_name, kept)
    else:
        module.register_buffer(tensor_name, kept)
    if not is_parametrized(module):
        delattr(module, "parametrizations")
        module.__class__ = type(module).__bases__[0]
    return module
