"""The nonlinear functions between layers.

``inplace=True`` overwrites the input; a function whose name ends in ``_`` always does.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ...ops import activation, elementwise
from ...ops.activation import hardshrink as hardshrink
from ...ops.activation import prelu as prelu
from ...ops.elementwise import float_input, need_floats, where
from ...ops.in_place import in_place
from ...ops.random import default_generator, sample_for
from ...ops.sampling import exponential_
from ...ops.shape import chunk
from ...ops.softmax import log_softmax as _log_softmax
from ...ops.softmax import softmax as _softmax
from ...tensor import Tensor

_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772848, 1.0507009873554804934

_OF_INTEGERS = ("hardtanh", "threshold")


def _applied(
    name: str, function: Callable[[Tensor], Tensor], input: Tensor, inplace: bool
) -> Tensor:
    """The function of the input, which it may overwrite: the tape then keeps a copy."""
    if name not in _OF_INTEGERS:
        need_floats(name, input)
    if not inplace:
        return function(input)
    return in_place(lambda x: function(x.clone()), name + "_")(input)


# --- rectifiers -----------------------------------------------------------------------------------


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """The positive part."""
    return input.relu_() if inplace else elementwise.relu(input)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """``min(max(x, 0), 6)``."""
    return hardtanh(input, 0.0, 6.0, inplace)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """``x`` where positive, else ``negative_slope * x``."""
    return _applied(
        "leaky_relu", lambda x: activation.leaky_relu(x, negative_slope), input, inplace
    )


def rrelu(
    input: Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
) -> Tensor:
    """Leaky ReLU with slopes drawn from [lower, upper), or their mean outside of training.

    Xu et al., 2015.

    Raises:
        RuntimeError: if the bounds cross.
    """
    if lower > upper:
        raise RuntimeError(
            f"rrelu: Lower bound should be less than or equal to the upper bound, not {lower} > {upper}"
        )
    if not training:
        return leaky_relu(input, (lower + upper) / 2, inplace)

    def draw(values: np.ndarray) -> np.ndarray:
        slopes, drawn = np.ones(values.shape, values.dtype), values <= 0
        draws = default_generator.uniform(int(drawn.sum()), np.dtype(np.float64))
        slopes[drawn] = draws * (upper - lower) + lower
        return slopes

    slopes = sample_for(draw, input)
    return _applied("rrelu", lambda x: x * slopes, input, inplace)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """``x`` above ``threshold``, else ``value``."""
    return _applied("threshold", lambda x: where(x <= threshold, value, x), input, inplace)


def hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """``x`` moved into [min_val, max_val].

    Raises:
        ValueError: if the bounds cross.
        RuntimeError: for bools.
    """
    if input.array.dtype.kind == "b":
        raise RuntimeError("hardtanh: Bool inputs not supported: convert with .float()")
    if min_val > max_val:
        raise ValueError(f"hardtanh: min_val {min_val} cannot be greater than max_val {max_val}")
    if input.array.dtype.kind in "iu":
        min_val, max_val = int(min_val), int(max_val)
    return _applied("hardtanh", lambda x: activation.hardtanh(x, min_val, max_val), input, inplace)


# --- exponential ----------------------------------------------------------------------------------


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """``x`` where positive, else ``alpha (exp(x) - 1)`` (Clevert et al., 2015)."""
    return _applied("elu", lambda x: activation.elu(x, alpha, 1.0, 1.0), input, inplace)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """ELU scaled so that mean 0 and variance 1 are kept (Klambauer et al., 2017)."""
    return _applied(
        "selu", lambda x: activation.elu(x, _SELU_ALPHA, _SELU_SCALE, 1.0), input, inplace
    )


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """``x`` where positive, else ``alpha (exp(x / alpha) - 1)`` (Barron, 2017).

    Raises:
        RuntimeError: if ``alpha`` is 0.
    """
    if alpha == 0:
        raise RuntimeError("celu: ZeroDivisionError: alpha cannot be 0 for CELU")
    return _applied("celu", lambda x: activation.elu(x, alpha, 1.0, 1.0 / alpha), input, inplace)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """``x Phi(x)``; ``approximate="tanh"`` for the faster form.

    Raises:
        RuntimeError: for another ``approximate``.
    """
    if approximate not in ("none", "tanh"):
        raise RuntimeError(f"gelu: approximate must be 'none' or 'tanh', not {approximate!r}")
    need_floats("gelu", input)
    if approximate == "tanh":
        return activation.gelu_tanh(input)
    return activation.gelu(input)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """``x sigmoid(x)``, also known as swish."""
    return _applied("silu", activation.silu, input, inplace)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """``x tanh(softplus(x))`` (Misra, 2019)."""
    return _applied("mish", lambda x: x * softplus(x, 1.0, math.inf).tanh(), input, inplace)


def softplus(input: Tensor, beta: float = 1, threshold: float = 20) -> Tensor:
    """``log(1 + exp(beta x)) / beta``, and ``x`` itself where ``beta x > threshold``."""
    need_floats("softplus", input)
    return activation.softplus(input, beta, threshold)


def logsigmoid(input: Tensor) -> Tensor:
    """``log(sigmoid(x))``, finite everywhere."""
    need_floats("logsigmoid", input)
    return -activation.softplus(-input, 1, math.inf)


# --- cheap ones, and shrinking ----------------------------------------------------------------------


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """``relu6(x + 3) / 6``: a sigmoid of three straight lines."""
    return _applied("hardsigmoid", lambda x: relu6(x + 3) / 6, input, inplace)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """``x hardsigmoid(x)`` (Howard et al., 2019)."""
    return _applied("hardswish", activation.hardswish, input, inplace)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """``x`` moved towards 0 by ``lambd``, and 0 where ``|x| <= lambd``.

    Raises:
        RuntimeError: if ``lambd`` is negative.
    """
    if lambd < 0:
        raise RuntimeError(f"softshrink: lambda must be greater or equal to 0, but found {lambd}")
    need_floats("softshrink", input)
    return activation.softshrink(input, lambd)


def tanhshrink(input: Tensor) -> Tensor:
    """``x - tanh(x)``."""
    return input - input.tanh()


def softsign(input: Tensor) -> Tensor:
    """``x / (1 + |x|)``."""
    return input / (input.abs() + 1)


def sigmoid(input: Tensor) -> Tensor:
    """``1 / (1 + exp(-x))``."""
    return elementwise.sigmoid(input)


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return elementwise.tanh(input)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """``a sigmoid(b)``, where a and b are the halves of the input along ``dim``.

    Dauphin et al., 2017.

    Raises:
        RuntimeError: for an odd size, or a 0-d tensor.
    """
    need_floats("glu", input)
    if not input.array.ndim:
        raise RuntimeError("glu does not support 0-dimensional tensors")
    if input.size(dim) % 2:
        raise RuntimeError(
            f"glu: Halving dimension must be even, but dimension {dim} is size {input.size(dim)}"
        )
    a, b = chunk(input, 2, dim)
    return a * b.sigmoid()


# --- softmax -----------------------------------------------------------------------------------------


def softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """Softmax along ``dim``; see ``tinygrad_sm.softmax``."""
    return _softmax(input, _guessed("softmax", input, _stacklevel) if dim is None else dim, dtype)


def softmin(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """Softmax of ``-input``."""
    return _softmax(-input, _guessed("softmin", input, _stacklevel) if dim is None else dim, dtype)


def log_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """The logarithm of softmax along ``dim``."""
    if dim is None:
        dim = _guessed("log_softmax", input, _stacklevel)
    return _log_softmax(input, dim, dtype)


def _guessed(name: str, input: Tensor, stacklevel: int) -> int:
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include "
        "dim=X as an argument.",
        stacklevel=stacklevel,
    )
    return 0 if input.array.ndim in (0, 1, 3) else 1


def gumbel_softmax(
    logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Tensor:
    """Softmax of scores with Gumbel noise, over a temperature (Jang et al., 2017).

    Args:
        logits: the scores.
        tau: the temperature.
        hard: return a 1 at the largest and zeros elsewhere, with the gradients of the soft form.
        eps: ignored.
        dim: the dimension along which the results sum to 1.
    """
    logits = float_input(logits)
    kind = logits.array.dtype
    waits = exponential_(logits.detach().clone())
    noise = -waits.clamp(min=float(np.finfo(kind).tiny)).log()
    soft = _softmax((logits + noise) / tau, dim)
    if hard and logits.array.ndim and not logits.array.shape[dim]:
        raise IndexError(f"gumbel_softmax: there is no largest along dim {dim} of size 0")
    if not hard:
        return soft
    fixed = soft.detach()
    chosen = (fixed * 0).scatter(dim, fixed.argmax(dim, keepdim=True), 1.0)
    return chosen - fixed + soft


# --- in place -------------------------------------------------------------------------------------------


def relu_(input: Tensor) -> Tensor:
    """``relu`` in place."""
    return relu(input, inplace=True)


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """``leaky_relu`` in place."""
    return leaky_relu(input, negative_slope, inplace=True)


def rrelu_(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False
) -> Tensor:
    """``rrelu`` in place."""
    return rrelu(input, lower, upper, training, inplace=True)


def threshold_(input: Tensor, threshold_: float, value: float) -> Tensor:
    """``threshold`` in place."""
    return threshold(input, threshold_, value, inplace=True)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """``hardtanh`` in place."""
    return hardtanh(input, min_val, max_val, inplace=True)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """``elu`` in place."""
    return elu(input, alpha, inplace=True)


def selu_(input: Tensor) -> Tensor:
    """``selu`` in place."""
    return selu(input, inplace=True)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """``celu`` in place."""
    return celu(input, alpha, inplace=True)
