"""Parametrizations of weights: by length and direction, or kept to a spectral norm of 1."""

from __future__ import annotations

from ...ops.linear_algebra import dot, mv
from ...tape import no_grad
from ...tensor import Tensor
from ..functional.distance import normalize
from ..modules.conv import _ConvTranspose
from ..modules.module import Module
from .norms import as_matrix, norm_except_dim, power_steps, weight_of
from .parametrize import register_parametrization

__all__ = ["spectral_norm", "weight_norm"]


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        """The weight from its length and its direction."""
        return weight_of(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Length and direction of a weight."""
        return norm_except_dim(weight, 2, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Train a weight by its length and its direction (Salimans and Kingma, 2016).

    Args:
        module: whose weight it is.
        name: the weight's name.
        dim: the dimension with a length for each of its places; ``None``: one for all.

    Returns:
        The module; its parameters are ``parametrizations.weight.original0`` (the length) and
        ``original1`` (the direction).
    """
    return register_parametrization(module, name, _WeightNorm(dim), unsafe=True)


class _SpectralNorm(Module):
    def __init__(self, weight: Tensor, n_power_iterations: int, dim: int, eps: float) -> None:
        super().__init__()
        if n_power_iterations <= 0:
            raise ValueError(
                "Expected n_power_iterations to be positive, but got "
                f"n_power_iterations={n_power_iterations}"
            )
        self.dim = dim
        self.eps = eps
        self.n_power_iterations = n_power_iterations
        if weight.ndim > 1:
            with no_grad():
                matrix = as_matrix(weight, dim)
                rows, columns = matrix.array.shape
                u = matrix.new_empty(rows).normal_(0, 1)
                v = matrix.new_empty(columns).normal_(0, 1)
                self.register_buffer("_u", normalize(u, dim=0, eps=eps))
                self.register_buffer("_v", normalize(v, dim=0, eps=eps))
                power_steps(matrix.array, self._u, self._v, 15, eps)

    def forward(self, weight: Tensor) -> Tensor:
        """The weight over its largest singular value."""
        if weight.ndim == 1:
            return normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            with no_grad():
                power_steps(matrix.array, self._u, self._v, self.n_power_iterations, self.eps)
        return weight / dot(self._u.clone(), mv(matrix, self._v.clone()))

    def right_inverse(self, value: Tensor) -> Tensor:
        """The value itself, whose direction is what counts."""
        return value


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Module:
    """Keep a weight's largest singular value at 1 (Miyato et al., 2018).

    Args:
        module: whose weight it is.
        name: the weight's name.
        n_power_iterations: steps of the power method at each use in training.
        eps: the least norm that is divided by.
        dim: the dimension of the outputs; 0, but 1 for transposed convolutions.

    Returns:
        The module.

    Raises:
        ValueError: if there is no such tensor, or no steps.
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    if dim is None:
        dim = 1 if isinstance(module, _ConvTranspose) else 0
    return register_parametrization(
        module, name, _SpectralNorm(weight, n_power_iterations, dim, eps)
    )
