"""Activation functions as layers: each is the function of ``nn.functional`` and its options."""

from __future__ import annotations

from ...tensor import Tensor
from .. import functional as F
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
