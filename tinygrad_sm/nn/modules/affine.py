"""What normalizing layers share: a weight and a bias, or neither."""

from __future__ import annotations

from typing import Any

from ...ops.creation import empty
from .. import init
from ..parameter import Parameter
from .module import Module


def register_affine(
    module: Module, shape: tuple[int, ...], scaled: bool, bias: bool, device: Any, dtype: Any
) -> None:
    """Register a weight and a bias of a shape, or ``None`` in their places."""
    for name, wanted in (("weight", scaled), ("bias", scaled and bias)):
        parameter = Parameter(empty(shape, device=device, dtype=dtype)) if wanted else None
        module.register_parameter(name, parameter)


def reset_affine(module: Module) -> None:
    """Start anew: weight 1, bias 0."""
    if module.weight is not None:
        init.ones_(module.weight)
    if module.bias is not None:
        init.zeros_(module.bias)
