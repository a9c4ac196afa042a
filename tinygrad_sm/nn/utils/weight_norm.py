"""Weights as length times direction, by a hook: the older form of ``parametrizations``."""

from __future__ import annotations

import warnings
from typing import Any

from ...tensor import Tensor
from ..modules.module import Module
from ..parameter import Parameter
from .norms import norm_except_dim, weight_of


class WeightNorm:
    """The hook that computes a weight before each call."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name = name
        self.dim = -1 if dim is None else dim

    def compute_weight(self, module: Module) -> Tensor:
        """The weight from its length and its direction."""
        g, v = getattr(module, self.name + "_g"), getattr(module, self.name + "_v")
        return weight_of(v, g, self.dim)

    def __call__(self, module: Module, inputs: Any) -> None:
        """Set the weight."""
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Train a weight by its length ``weight_g`` and its direction ``weight_v``.

    Salimans and Kingma, 2016. ``parametrizations.weight_norm`` is the newer form.

    Args:
        module: whose weight it is.
        name: the weight's name.
        dim: the dimension with a length for each of its places; ``None``: one for all.

    Returns:
        The module.

    Raises:
        RuntimeError: if the weight has this form already.
    """
    warnings.warn(
        "`nn.utils.weight_norm` is deprecated in favor of `nn.utils.parametrizations.weight_norm`.",
        FutureWarning,
        stacklevel=2,
    )
    if _hook_of(module, name) is not None:
        raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
    hook = WeightNorm(name, dim)
    weight = getattr(module, name)
    delattr(module, name)
    module.register_parameter(name + "_g", Parameter(norm_except_dim(weight, 2, hook.dim).detach()))
    module.register_parameter(name + "_v", Parameter(weight.detach()))
    setattr(module, name, hook.compute_weight(module))
    module.register_forward_pre_hook(hook)
    return module


def _hook_of(module: Module, name: str) -> Any:
    for hook in module._hooks.forward_pre if module._hooks else ():
        if isinstance(hook.function, WeightNorm) and hook.function.name == name:
            return hook
    return None


def remove_weight_norm(module: Module, name: str = "weight") -> Module:
    """Make a weight a parameter of its own again.

    Raises:
        ValueError: if ``weight_norm`` was not applied to it.
    """
    hook = _hook_of(module, name)
    if hook is None or module._hooks is None:
        raise ValueError(f"weight_norm of '{name}' not found in {module}")
    weight = hook.function.compute_weight(module)
    delattr(module, name)
    delattr(module, name + "_g")
    delattr(module, name + "_v")
    module.register_parameter(name, Parameter(weight.detach()))
    module._hooks.forward_pre.remove(hook)
    return module
