"""Loading a state_dict: everything is checked before anything is written."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...tape import wrap, written
from ...tensor import Tensor
from ..parameter import Parameter, is_lazy

if TYPE_CHECKING:
    from .module import Module

EXTRA = "_extra_state"


class IncompatibleKeys(NamedTuple):
    """Which keys of a module and a state_dict found no partner."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return (
            f"_IncompatibleKeys(missing_keys={self.missing_keys}, "
            f"unexpected_keys={self.unexpected_keys})"
        )


class _Place(NamedTuple):
    """Where a key of a state_dict belongs: an attribute of a module, and what it holds now."""

    module: Module
    name: str
    target: Tensor | None  # None: the module's own extra state


def load(
    root: Module, state_dict: Mapping[str, Any], strict: bool, assign: bool
) -> IncompatibleKeys:
    """What ``Module.load_state_dict`` does."""
    if not isinstance(state_dict, Mapping):
        raise TypeError(
            f"load_state_dict: expected a dict of tensors, not {type(state_dict).__name__}"
        )
    given: OrderedDict[str, Any] = OrderedDict(state_dict)
    missing: list[str] = []
    unexpected: list[str] = []
    problems: list[str] = []
    _run_pre_hooks(root, given, strict, missing, unexpected, problems)
    places = dict(_places(root))
    missing += [key for key in places if key not in given]
    unexpected += [key for key in given if key not in places]
    for key, place in places.items():
        if key in given and place.target is not None:
            problems += _misfits(key, given[key], place.target, assign)
    if strict:
        problems = _listed("Missing", missing) + _listed("Unexpected", unexpected) + problems
    if problems:
        raise RuntimeError(
            f"Error(s) in loading state_dict for {type(root).__name__}; nothing was changed:\n\t"
            + "\n\t".join(problems)
        )
    for key, place in places.items():
        if key in given:
            _fill(place, given[key], assign)
    result = IncompatibleKeys(missing, unexpected)
    for module in root.modules():
        for hook in module._hooks.load_post if module._hooks else ():
            hook.function(module, result)
    return result


def _run_pre_hooks(root: Module, given: dict[str, Any], strict: bool, *found: list[str]) -> None:
    for path, module in root.named_modules(remove_duplicate=False):
        for hook in module._hooks.load_pre if module._hooks else ():
            hook.function(module, given, path and path + ".", {}, strict, *found)


def _places(root: Module) -> Iterator[tuple[str, _Place]]:
    """Every key that the module's own ``state_dict()`` has, with what it stands for."""
    for path, module in root.named_modules(remove_duplicate=False):
        prefix = path and path + "."
        for name, tensor in module._named_state():
            yield prefix + name, _Place(module, name, tensor)
        if module._has_extra_state("set_extra_state"):
            yield prefix + EXTRA, _Place(module, EXTRA, None)


def _listed(kind: str, keys: list[str]) -> list[str]:
    """One line that names all keys, or no line."""
    names = ", ".join(f'"{key}"' for key in keys)
    return [f"{kind} key(s) in state_dict: {names}."] if keys else []


def _misfits(key: str, value: Any, target: Tensor, assign: bool) -> list[str]:
    """Why a value cannot be loaded into its place; nothing if it can."""
    if not isinstance(value, Tensor | np.ndarray):
        return [f'"{key}": expected a Tensor (or an array), not {type(value).__name__}.']
    if is_lazy(value) and not is_lazy(target):
        return [f'"{key}": the saved parameter is uninitialized: save after a forward pass.']
    if is_lazy(target):
        return []
    if tuple(value.shape) != target.array.shape:
        return [
            f"size mismatch for {key}: the state_dict has shape {tuple(value.shape)}, the model "
            f"{target.array.shape}."
        ]
    if assign and target.requires_grad and np.asarray(value).dtype.kind != "f":
        return [f'"{key}": expected a floating dtype for a parameter, not {value.dtype}.']
    if not assign and not target.array.flags.writeable:
        return [f'"{key}": the memory of the model is read-only: pass assign=True.']
    return []


def _fill(place: _Place, value: Any, assign: bool) -> None:
    module, name, target = place
    if target is None:
        module.set_extra_state(value)
    elif assign:
        setattr(module, name, _adopted(value, target))
    elif not is_lazy(value):
        if is_lazy(target):
            target.materialize(value.shape)
        np.copyto(target.array, np.asarray(value), casting="unsafe")
        written(target)


def _adopted(value: Any, target: Tensor) -> Tensor:
    """The value itself, as the kind of tensor that stands in its place."""
    tensor = value if isinstance(value, Tensor) else wrap(value)
    if isinstance(target, Parameter) and not isinstance(tensor, Parameter):
        return Parameter(tensor, target.requires_grad)
    return tensor.requires_grad_(target.requires_grad)
