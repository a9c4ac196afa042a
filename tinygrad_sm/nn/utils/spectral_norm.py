"""Weights over their largest singular value, by a hook: the older form of ``parametrizations``."""

from __future__ import annotations

from typing import Any

from ...ops.linear_algebra import dot, mv
from ...tape import no_grad, wrap
from ...tensor import Tensor
from ..functional.distance import normalize
from ..modules.conv import _ConvTranspose
from ..modules.module import Module
from ..parameter import Parameter
from .norms import as_matrix


class SpectralNorm:
    """The hook that computes a weight before each call."""

    def __init__(self, name: str, n_power_iterations: int, dim: int, eps: float) -> None:
        self.name = name
        self.n_power_iterations = n_power_iterations
        self.dim = dim
        self.eps = eps

    def compute_weight(self, module: Module, do_power_iteration: bool) -> Tensor:
        """The weight over its largest singular value, which is looked for further in training."""
        weight = getattr(module, self.name + "_orig")
        u, v = getattr(module, self.name + "_u"), getattr(module, self.name + "_v")
        matrix = as_matrix(weight, self.dim)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(normalize(wrap(matrix.array.T @ u.array), dim=0, eps=self.eps))
                    u.copy_(normalize(wrap(matrix.array @ v.array), dim=0, eps=self.eps))
        return weight / dot(u.clone(), mv(matrix, v.clone()))

    def __call__(self, module: Module, inputs: Any) -> None:
        """Set the weight."""
        setattr(module, self.name, self.compute_weight(module, module.training))


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Module:
    """Keep a weight's largest singular value at 1 (Miyato et al., 2018).

    ``parametrizations.spectral_norm`` is the newer form.

    Args:
        module: whose weight it is; the parameter becomes ``weight_orig``.
        name: the weight's name.
        n_power_iterations: steps of the power method at each call in training.
        eps: the least norm that is divided by.
        dim: the dimension of the outputs; 0, but 1 for transposed convolutions.

    Returns:
        The module.

    Raises:
        ValueError: if the number of steps is not positive.
        RuntimeError: if the weight has this form already.
    """
    if n_power_iterations <= 0:
        raise ValueError(
            "Expected n_power_iterations to be positive, but got "
            f"n_power_iterations={n_power_iterations}"
        )
    if _hook_of(module, name) is not None:
        raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
    if dim is None:
        dim = 1 if isinstance(module, _ConvTranspose) else 0
    hook = SpectralNorm(name, n_power_iterations, dim, eps)
    weight = module._parameters[name]
    if weight is None:
        raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
    with no_grad():
        rows, columns = as_matrix(weight, dim).array.shape
        u = normalize(weight.new_empty(rows).normal_(0, 1), dim=0, eps=eps)
        v = normalize(weight.new_empty(columns).normal_(0, 1), dim=0, eps=eps)
    delattr(module, name)
    module.register_parameter(name + "_orig", weight)
    setattr(module, name, weight.data)
    module.register_buffer(name + "_u", u)
    module.register_buffer(name + "_v", v)
    module.register_forward_pre_hook(hook)
    return module


def _hook_of(module: Module, name: str) -> Any:
    for hook in module._hooks.forward_pre if module._hooks else ():
        if isinstance(hook.function, SpectralNorm) and hook.function.name == name:
            return hook
    return None


def remove_spectral_norm(module: Module, name: str = "weight") -> Module:
    """Make a weight a parameter of its own again.

    Raises:
        ValueError: if ``spectral_norm`` was not applied to it.
    """
    hook = _hook_of(module, name)
    if hook is None or module._hooks is None:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    with no_grad():
        weight = hook.function.compute_weight(module, False)
    for attribute in (name, name + "_u", name + "_v", name + "_orig"):
        delattr(module, attribute)
    module.register_parameter(name, Parameter(weight.detach()))
    module._hooks.forward_pre.remove(hook)
    return module
