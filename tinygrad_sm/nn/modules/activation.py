"""Activation functions as layers: each is the function of ``nn.functional`` and its options."""

from __future__ import annotations

from typing import Any

from ...ops.creation import empty
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .attention import MultiheadAttention as MultiheadAttention
from .module import Module


class _Activation(Module):
    """A function of each element; the result has the input's shape."""

    def _options(self) -> list[str]:
        """What the repr shows, in front of ``inplace``."""
        return []

    def extra_repr(self) -> str:
        """The options."""
        in_place = ["inplace=True"] if getattr(self, "inplace", False) else []
        return ", ".join(self._options() + in_place)


class ReLU(_Activation):
    """``max(x, 0)``; ``inplace``: overwrite the input.

    >>> import tinygrad_sm as sg
    >>> sg.nn.ReLU()(sg.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The positive part."""
        return F.relu(input, self.inplace)


class ReLU6(_Activation):
    """``min(max(x, 0), 6)``."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The function of each element."""
        return F.relu6(input, self.inplace)


class LeakyReLU(_Activation):
    """``x`` where positive, else ``negative_slope * x`` (Maas et al., 2013)."""

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The function of each element."""
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def _options(self) -> list[str]:
        return [f"negative_slope={self.negative_slope}"]


class RReLU(_Activation):
    """Leaky ReLU with random slopes in training, else their mean (Xu et al., 2015)."""

    def __init__(
        self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False
    ) -> None:
        super().__init__()
        self.lower = lower
        self.upper = upper
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The function of each element."""
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def _options(self) -> list[str]:
        return [f"lower={self.lower}", f"upper={self.upper}"]


class PReLU(_Activation):
    """``x`` where positive, else ``weight * x``, with a learned weight (He et al., 2015).

    Args:
        num_parameters: 1, or the number of channels for a weight each.
        init: where the weights start.
        device: the CPU.
        dtype: of the weights; float32 by default.
    """

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Start anew."""
        init.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        """The function of each element."""
        return F.prelu(input, self.weight)

    def _options(self) -> list[str]:
        return [f"num_parameters={self.num_parameters}"]


class Threshold(_Activation):
    """``x`` above ``threshold``, else ``value``."""

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The function of each element."""
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def _options(self) -> list[str]:
        return [f"threshold={self.threshold}", f"value={self.value}"]


class Hardtanh(_Activation):
    """``x`` moved into [min_val, max_val]."""

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.min_val = min_val
        self.max_val = max_val
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The function of each element."""
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def _options(self) -> list[str]:
        return [f"min_val={self.min_val}", f"max_val={self.max_val}"]


class ELU(_Activation):
    """``x`` where positive, else ``alpha (exp(x) - 1)`` (Clevert et al., 2015)."""

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The function of each element."""
        return F.elu(input, self.alpha, self.inplace)

    def _options(self) -> list[str]:
        return [f"alpha={self.alpha}"]


class SELU(_Activation):
    """ELU scaled so that mean 0 and variance 1 are kept (Klambauer et al., 2017)."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The function of each element."""
        return F.selu(input, self.inplace)


class CELU(_Activation):
    """``x`` where positive, else ``alpha (exp(x / alpha) - 1)`` (Barron, 2017)."""

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The function of each element."""
        return F.celu(input, self.alpha, self.inplace)

    def _options(self) -> list[str]:
        return [f"alpha={self.alpha}"]


class GELU(_Activation):
    """``x Phi(x)``, Phi the normal distribution function (Hendrycks and Gimpel, 2016).

    Args:
        approximate: ``"none"``, or ``"tanh"`` for the form that takes tanh in place of erf.
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        """The function of each element."""
        return F.gelu(input, self.approximate)

    def _options(self) -> list[str]:
        return [f"approximate={self.approximate!r}"]


class SiLU(_Activation):
    """``x sigmoid(x)``, also known as swish (Elfwing et al., 2017)."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The function of each element."""
        return F.silu(input, self.inplace)


class Mish(_Activation):
    """``x tanh(softplus(x))`` (Misra, 2019)."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The function of each element."""
        return F.mish(input, self.inplace)


class Softplus(_Activation):
    """``log(1 + exp(beta x)) / beta``, and ``x`` itself where ``beta x > threshold``."""

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        """The function of each element."""
        return F.softplus(input, self.beta, self.threshold)

    def _options(self) -> list[str]:
        return [f"beta={self.beta}", f"threshold={self.threshold}"]


class Sigmoid(_Activation):
    """``1 / (1 + exp(-x))``."""

    def forward(self, input: Tensor) -> Tensor:
        """The function of each element."""
        return F.sigmoid(input)


class LogSigmoid(_Activation):
    """``log(sigmoid(x))``, finite for every finite ``x``."""

    def forward(self, input: Tensor) -> Tensor:
        """The function of each element."""
        return F.logsigmoid(input)


class Tanh(_Activation):
    """The hyperbolic tangent."""

    def forward(self, input: Tensor) -> Tensor:
        """The function of each element."""
        return F.tanh(input)


class Hardsigmoid(Module):
    """``relu6(x + 3) / 6``: a sigmoid of three straight lines."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The function of each element."""
        return F.hardsigmoid(input, self.inplace)


class Hardswish(Module):
    """``x hardsigmoid(x)`` (Howard et al., 2019)."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The function of each element."""
        return F.hardswish(input, self.inplace)


class Hardshrink(_Activation):
    """``x`` where ``|x| > lambd``, else 0."""

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        """The function of each element."""
        return F.hardshrink(input, self.lambd)

    def _options(self) -> list[str]:
        return [f"{self.lambd}"]


class Softshrink(_Activation):
    """``x`` moved towards 0 by ``lambd``."""

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        """The function of each element."""
        return F.softshrink(input, self.lambd)

    def _options(self) -> list[str]:
        return [f"{self.lambd}"]


class Tanhshrink(_Activation):
    """``x - tanh(x)``."""

    def forward(self, input: Tensor) -> Tensor:
        """The function of each element."""
        return F.tanhshrink(input)


class Softsign(_Activation):
    """``x / (1 + |x|)``."""

    def forward(self, input: Tensor) -> Tensor:
        """The function of each element."""
        return F.softsign(input)


class GLU(_Activation):
    """``a sigmoid(b)``, where a and b are the halves of the input along ``dim``."""

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """The function of each element."""
        return F.glu(input, self.dim)

    def _options(self) -> list[str]:
        return [f"dim={self.dim}"]


class Softmax(_Activation):
    """``exp(x)`` divided by its sum along ``dim``.

    Args:
        dim: the dimension along which the results sum to 1.

    >>> import tinygrad_sm as sg
    >>> sg.nn.Softmax(dim=0)(sg.tensor([5.0, 2.0, -1.0, 3.0]))
    tensor([0.8420, 0.0419, 0.0021, 0.1140])
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """The probabilities, in the input's shape."""
        return F.softmax(input, self.dim)

    def _options(self) -> list[str]:
        return [f"dim={self.dim}"]


class Softmin(_Activation):
    """Softmax of ``-x`` along ``dim``."""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """The function of each element."""
        return F.softmin(input, self.dim)

    def _options(self) -> list[str]:
        return [f"dim={self.dim}"]


class Softmax2d(_Activation):
    """Softmax over the channels of images (N, C, H, W) or (C, H, W)."""

    def forward(self, input: Tensor) -> Tensor:
        """The probabilities, in the input's shape.

        Raises:
            ValueError: for another number of dimensions.
        """
        if input.array.ndim not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.array.ndim}D")
        return F.softmax(input, -3)


class LogSoftmax(_Activation):
    """The logarithm of softmax along ``dim``.

    Args:
        dim: the dimension along which the results' exponentials sum to 1.
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """The log-probabilities, in the input's shape."""
        return F.log_softmax(input, self.dim)

    def _options(self) -> list[str]:
        return [f"dim={self.dim}"]
