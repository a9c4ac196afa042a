"""Parametrizations of weights: by length and direction, of spectral norm 1, or orthogonal."""

from __future__ import annotations

from ...dtypes import finfo
from ...linalg.factorizations import qr
from ...linalg.householder import geqrf, householder_product
from ...linalg.products import matrix_exp
from ...linalg.solvers import solve
from ...ops.comparison import allclose
from ...ops.creation import eye
from ...ops.linear_algebra import dot, matmul, mv
from ...ops.random import randn
from ...ops.shape import cat
from ...tape import no_grad
from ...tensor import Tensor
from ..functional.distance import normalize
from ..modules.conv import _ConvTranspose
from ..modules.module import Module
from .norms import as_matrix, norm_except_dim, power_steps, weight_of
from .parametrize import register_parametrization

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


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


_MAPS = ("matrix_exp", "cayley", "householder")


class _Orthogonal(Module):
    """From a matrix to an orthogonal one; of a wide matrix, all of this is the transpose."""

    def __init__(self, weight: Tensor, orthogonal_map: str, use_trivialization: bool) -> None:
        super().__init__()
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        self.use_trivialization = use_trivialization
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Tensor) -> Tensor:
        """The orthogonal matrix that X stands for."""
        wide = self.shape[-2] < self.shape[-1]
        Q = self._orthogonal(X.mT if wide else X)
        if self.use_trivialization:
            Q = matmul(self.base, Q)
        return Q.mT if wide else Q

    def _orthogonal(self, X: Tensor) -> Tensor:
        n, k = X.shape[-2:]
        if self.orthogonal_map == "householder":
            A = X.tril(-1)
            tau = 2 / (1 + (A * A).sum(-2))
            signs = X.detach().diagonal(dim1=-2, dim2=-1).trunc()
            return householder_product(A, tau) * signs.unsqueeze(-2)
        lower = X.tril()
        if n > k:
            lower = cat([lower, lower.new_zeros(*lower.shape[:-1], n - k)], -1)
        skew = lower - lower.mT
        if self.orthogonal_map == "matrix_exp":
            return matrix_exp(skew)[..., :k]
        one = eye(n, dtype=skew.dtype)
        return solve(one - skew / 2, one + skew / 2)[..., :k]

    def right_inverse(self, Q: Tensor) -> Tensor:
        """A matrix that stands for Q; Q is made orthogonal if it is not.

        Raises:
            ValueError: for another shape.
            NotImplementedError: without a base, for maps whose inverse is not known.
        """
        if Q.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {tuple(self.shape)}. Got a "
                f"tensor of shape {tuple(Q.shape)}."
            )
        with no_grad():
            wide = self.shape[-2] < self.shape[-1]
            tall = Q.mT if wide else Q
            if self.use_trivialization:
                self.base = _completed(tall)
                return -eye(*Q.shape[-2:], dtype=Q.dtype).expand(Q.shape).clone()
            if self.orthogonal_map != "householder":
                raise NotImplementedError(
                    "It is not possible to assign to the matrix exponential or the Cayley "
                    "parametrizations when use_trivialization=False."
                )
            A, tau = geqrf(tall)
            diagonal = A.diagonal(dim1=-2, dim2=-1)
            diagonal.sign_()
            diagonal[tau == 0.0] *= -1  # where no reflection was needed
            return A.mT if wide else A


def _completed(Q: Tensor) -> Tensor:
    """A square orthogonal matrix that begins with the columns of Q, made orthogonal."""
    n, k = Q.shape[-2:]
    if n == k:
        near = 10 * n * finfo(Q.dtype).eps
        if allclose(matmul(Q.mT, Q), eye(n, dtype=Q.dtype).expand(Q.shape), atol=near):
            return Q.clone()
    else:
        Q = cat([Q, randn(*Q.shape[:-1], n - k, dtype=Q.dtype)], -1)
    columns, R = qr(Q)
    return columns * R.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


def orthogonal(
    module: Module,
    name: str = "weight",
    orthogonal_map: str | None = None,
    *,
    use_trivialization: bool = True,
) -> Module:
    """Keep a matrix orthogonal: its columns, or the rows of a wide one, orthonormal.

    Args:
        module: whose weight it is.
        name: the weight's name.
        orthogonal_map: ``"matrix_exp"`` or ``"cayley"`` of a skew-symmetric matrix, or
            ``"householder"``, a product of reflections; by default the first for square
            matrices, the last for others.
        use_trivialization: multiply by a fixed orthogonal matrix, the one that was there at the
            start (Lezcano Casado, 2019), so that any matrix can be assigned.

    Returns:
        The module.

    Raises:
        ValueError: if there is no such matrix, or no such map.

    >>> import tinygrad_sm as sg
    >>> layer = orthogonal(sg.nn.Linear(20, 40))
    >>> bool(sg.allclose(layer.weight.mT @ layer.weight, sg.eye(20), atol=1e-5))
    True
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    if weight.ndim < 2:
        raise ValueError(
            f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions."
        )
    square = weight.shape[-2] == weight.shape[-1]
    chosen = orthogonal_map or ("matrix_exp" if square else "householder")
    if chosen not in _MAPS:
        raise ValueError(f"orthogonal_map has to be one of {_MAPS}. Got: {orthogonal_map}")
    kept = _Orthogonal(weight, chosen, use_trivialization)
    return register_parametrization(module, name, kept, unsafe=True)
