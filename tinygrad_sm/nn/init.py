"""Starting weights: each function fills a tensor in place, off the tape, and returns it.

They draw from the random stream in PyTorch's order: the same seed gives the same weights.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ..ops.elementwise import where
from ..ops.random import Generator, randperm
from ..tape import no_grad, wrap
from ..tensor import Tensor

__all__ = [
    "calculate_gain", "constant_", "dirac_", "eye_", "kaiming_normal_", "kaiming_uniform_",
    "normal_", "ones_", "orthogonal_", "sparse_", "trunc_normal_", "uniform_", "xavier_normal_",
    "xavier_uniform_", "zeros_",
]  # fmt: skip

_LINEAR = {
    "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
    "conv_transpose3d", "sigmoid",
}  # fmt: skip


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor on the standard deviation that makes up for what a nonlinearity takes away.

    Args:
        nonlinearity: the name of a function of ``nn.functional``.
        param: the negative slope of ``leaky_relu``; 0.01 by default.

    Raises:
        ValueError: for an unknown name, or a slope that is no number.

    >>> calculate_gain("tanh") == 5 / 3
    True
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, int | float):
            raise ValueError(f"calculate_gain: negative_slope {param} not a valid number")
        return math.sqrt(2 / (1 + slope**2))
    if nonlinearity in _LINEAR:
        return 1
    gains = {"tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}
    if nonlinearity not in gains:
        known = ", ".join(sorted({*_LINEAR, *gains, "leaky_relu"}))
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}: known are {known}")
    return gains[nonlinearity]


# --- constants -----------------------------------------------------------------------------------


@no_grad()
def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one number."""
    return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones."""
    return constant_(tensor, 1)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros."""
    return constant_(tensor, 0)


@no_grad()
def eye_(tensor: Tensor) -> Tensor:
    """Make a matrix the identity: ones on its diagonal, zeros elsewhere.

    Raises:
        ValueError: for something else than a matrix.
    """
    _check_dimensions("eye_", tensor, (2,))
    return tensor.copy_(wrap(np.eye(*tensor.shape)))


@no_grad()
def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Make a convolution's weight the one that hands its channels through, as many as there are.

    Args:
        tensor: (out, in / groups, ...) with 1 to 3 dimensions of the kernel.
        groups: groups of channels, each of which hands its own through.

    Raises:
        ValueError: for another number of dimensions, or groups that do not divide ``out``.
    """
    _check_dimensions("dirac_", tensor, (3, 4, 5))
    out, per_group, *kernel = tensor.shape
    if out % groups:
        raise ValueError(f"dirac_: dim 0 ({out}) must be divisible by groups ({groups})")
    values = np.zeros(tensor.shape)
    centre = tuple(size // 2 for size in kernel)
    each = out // groups
    for channel in range(min(each, per_group)):
        values[(slice(channel, None, each), channel, *centre)] = 1
    return tensor.copy_(wrap(values))


def _check_dimensions(name: str, tensor: Tensor, allowed: tuple[int, ...]) -> None:
    if tensor.ndim not in allowed:
        counts = " or ".join(map(str, allowed))
        raise ValueError(
            f"{name}: Only tensors with {counts} dimensions are supported, not shape "
            f"{tuple(tensor.shape)}"
        )


# --- random numbers ------------------------------------------------------------------------------


@no_grad()
def uniform_(
    tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Fill with uniform numbers between ``a`` and ``b``."""
    return tensor.uniform_(a, b, generator=generator)


@no_grad()
def normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Fill with normal numbers."""
    return tensor.normal_(mean, std, generator=generator)


@no_grad()
def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with normal numbers, drawn again until all lie in [a, b].

    Where few normal numbers would, uniform ones are drawn and accepted in proportion to the
    density (von Neumann's rejection).

    Args:
        tensor: what to fill.
        mean: of the normal distribution, before it is cut off.
        std: its standard deviation, before it is cut off.
        a: the least value.
        b: the largest value.
        generator: a source of random numbers of its own.
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            f"trunc_normal_: mean is more than 2 std from [a, b] (mean {mean}, std {std}, [{a}, "
            f"{b}]): the values crowd at one end",
            stacklevel=3,
        )
    share = (math.erf((b - mean) / std / 2**0.5) - math.erf((a - mean) / std / 2**0.5)) / 2
    if share > 0.3:
        low, high = tensor.new_tensor(a), tensor.new_tensor(b)
        values = tensor.clone().normal_(mean, std, generator=generator)
        outside = (values < low).logical_or(values > high)
        while outside.any():
            again = values.clone().normal_(mean, std, generator=generator)
            values = where(outside, again, values)
            outside = (values < low).logical_or(values > high)
        return tensor.copy_(values)
    return tensor.copy_(_by_rejection(tensor, mean, std, a, b, generator))


def _by_rejection(
    like: Tensor, mean: float, std: float, a: float, b: float, generator: Generator | None
) -> Tensor:
    """Normal numbers in [a, b] from uniform ones, each accepted by its share of the peak."""
    peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2
    values = like.clone()
    pending = like.new_ones(like.shape).bool()
    while pending.any():
        drawn = like.clone().uniform_(a, b, generator=generator)
        values = where(pending, drawn, values)
        height = ((drawn - mean) / std).pow(2) * -0.5 - peak
        chance = like.clone().uniform_(generator=generator)
        with np.errstate(divide="ignore"):
            pending = pending.logical_and(chance.log() > height)
    return values


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """How many inputs reach one unit of a weight (out, in, ...), and how many outputs leave it.

    Raises:
        ValueError: for fewer than 2 dimensions.
    """
    if tensor.ndim < 2:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions: a "
            f"weight is (out, in, ...), this one has shape {tuple(tensor.shape)}"
        )
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def xavier_uniform_(
    tensor: Tensor, gain: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Fill with uniform numbers of standard deviation ``gain sqrt(2 / (fan_in + fan_out))``.

    Glorot and Bengio, 2010.
    """
    bound = math.sqrt(3) * _xavier_std(tensor, gain)
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with normal numbers of standard deviation ``gain sqrt(2 / (fan_in + fan_out))``.

    Glorot and Bengio, 2010.
    """
    return normal_(tensor, 0.0, _xavier_std(tensor, gain), generator)


def _xavier_std(tensor: Tensor, gain: float) -> float:
    total = sum(_calculate_fan_in_and_fan_out(tensor))
    return gain * math.sqrt(2 / total) if total else 0.0


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill with uniform numbers of standard deviation ``gain / sqrt(fan)``.

    He et al., 2015.

    Args:
        tensor: a weight (out, in, ...).
        a: the negative slope of ``leaky_relu``.
        mode: ``"fan_in"`` keeps the variance forward, ``"fan_out"`` backward.
        nonlinearity: the function that follows; see ``calculate_gain``.
        generator: a source of random numbers of its own.

    Raises:
        ValueError: for another mode or an unknown nonlinearity.
    """
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    bound = math.sqrt(3) * std
    return tensor if std == 0 else uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill with normal numbers of standard deviation ``gain / sqrt(fan)``.

    He et al., 2015; arguments and errors as ``kaiming_uniform_`` has them.
    """
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    return tensor if std == 0 else normal_(tensor, 0.0, std, generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    """The standard deviation; 0 for a tensor without elements, which is left alone."""
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=4)
        return 0.0
    fans = dict(zip(("fan_in", "fan_out"), _calculate_fan_in_and_fan_out(tensor), strict=True))
    if mode not in fans:
        raise ValueError(f"Mode {mode} not supported, please use one of {list(fans)}")
    return calculate_gain(nonlinearity, a) / math.sqrt(fans[mode])


def uniform_bias_(bias: Tensor | None, fan_in: int) -> None:
    """Start a layer's bias, if it has one, uniform in +-1/sqrt(fan_in)."""
    if bias is not None:
        bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
        uniform_(bias, -bound, bound)


@no_grad()
def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """Fill with a random matrix whose rows, or columns if fewer, are orthonormal.

    Saxe et al., 2014. Dimensions after the first are taken together.

    Raises:
        ValueError: for fewer than 2 dimensions.
    """
    if tensor.ndim < 2:
        raise ValueError(
            "orthogonal_: Only tensors with 2 or more dimensions are supported, not shape "
            f"{tuple(tensor.shape)}"
        )
    if tensor.numel() == 0:
        return tensor
    rows = tensor.shape[0]
    drawn = tensor.new_empty(rows, tensor.numel() // rows).normal_(0, 1, generator=generator)
    tall = drawn.array.T if rows < drawn.shape[1] else drawn.array
    q, r = np.linalg.qr(tall)
    q *= np.sign(np.diag(r))  # makes the decomposition, and so the distribution, unique
    q = q.T if tall is not drawn.array else q
    return tensor.copy_(wrap(q.reshape(tensor.shape) * np.asarray(gain, q.dtype)))


@no_grad()
def sparse_(
    tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None
) -> Tensor:
    """Fill a matrix with normal numbers, and a share of each column with zeros.

    Martens, 2010.

    Args:
        tensor: what to fill.
        sparsity: the share of zeros in each column, rounded up.
        std: the standard deviation of the others.
        generator: a source of random numbers of its own.

    Raises:
        ValueError: for something else than a matrix.
    """
    _check_dimensions("sparse_", tensor, (2,))
    rows, columns = tensor.shape
    zeros = math.ceil(sparsity * rows)
    values = tensor.clone().normal_(0, std, generator=generator)
    for column in range(columns):
        order = randperm(rows, generator=generator)
        values.array[order.array[:zeros], column] = 0
    return tensor.copy_(values)


# --- names without an underscore ------------------------------------------------------------------


def _older(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The function under its older name, which is warned about."""
    name = function.__name__.removesuffix("_")

    @functools.wraps(function)
    def older(*args: Any, **kwargs: Any) -> Tensor:
        warnings.warn(
            f"`nn.init.{name}` is now deprecated in favor of `nn.init.{name}_`.",
            FutureWarning,
            stacklevel=2,
        )
        return function(*args, **kwargs)

    older.__name__ = older.__qualname__ = name
    return older


uniform, normal, constant = _older(uniform_), _older(normal_), _older(constant_)
eye, dirac, orthogonal, sparse = _older(eye_), _older(dirac_), _older(orthogonal_), _older(sparse_)
xavier_uniform, xavier_normal = _older(xavier_uniform_), _older(xavier_normal_)
kaiming_uniform, kaiming_normal = _older(kaiming_uniform_), _older(kaiming_normal_)
