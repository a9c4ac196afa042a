"""Single steps of recurrent networks."""

from __future__ import annotations

import math
from typing import Any

from ...ops.creation import empty, zeros
from ...ops.recurrent import gate_constants, gates, gru_cell, lstm_cell
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module


class RNNCellBase(Module):
    """What the steps share: ``shares`` rows of weights for each feature of the state."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size
        made: dict[str, Any] = {"device": device, "dtype": dtype}
        self.weight_ih = Parameter(empty(rows, input_size, **made))
        self.weight_hh = Parameter(empty(rows, hidden_size, **made))
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, Parameter(empty(rows, **made)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw everything anew: uniform in +-1/sqrt(hidden_size)."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size else 0.0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def _prepared(self, input: Tensor, *state: Tensor | None) -> tuple[Tensor, ...]:
        """Input and state, checked, with zeros for a state that was not given."""
        if input.ndim not in (1, 2):
            raise ValueError(
                f"{type(self).__name__}: Expected input to be 1D or 2D, got {input.ndim}D instead"
            )
        if input.array.shape[-1] != self.input_size:
            raise RuntimeError(
                f"{self!r}: input has inconsistent input_size: got {input.array.shape[-1]} "
                f"expected {self.input_size}"
            )
        expected = (*input.array.shape[:-1], self.hidden_size)
        parts = []
        for part in state:
            if part is None:
                part = zeros(expected, dtype=input.dtype)
            elif part.ndim not in (1, 2):
                raise ValueError(
                    f"{type(self).__name__}: Expected hidden to be 1D or 2D, got {part.ndim}D "
                    "instead"
                )
            elif part.array.shape != expected:
                raise RuntimeError(
                    f"{self!r}: hidden has shape {part.array.shape}, expected {expected}"
                )
            parts.append(part)
        return (input, *parts)

    def _shares(self, input: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """The input's and the state's share."""
        return (
            F.linear(input, self.weight_ih, self.bias_ih),
            F.linear(h, self.weight_hh, self.bias_hh),
        )

    def extra_repr(self) -> str:
        """Sizes, and the options that are not at their defaults."""
        text = f"{self.input_size}, {self.hidden_size}"
        if not self.bias:
            text += f", bias={self.bias}"
        nonlinearity = getattr(self, "nonlinearity", "tanh")
        return text if nonlinearity == "tanh" else f"{text}, nonlinearity={nonlinearity}"


class RNNCell(RNNCellBase):
    """``h = tanh(W_ih x + b_ih + W_hh h + b_hh)``; or with ``relu``.

    Args:
        input_size: features of the input.
        hidden_size: features of the state.
        bias: whether there are biases.
        nonlinearity: ``"tanh"`` or ``"relu"``.
        device: the CPU.
        dtype: of the parameters; float32 by default.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """(N, input_size) and (N, hidden_size), or one of each, to the new state.

        Raises:
            RuntimeError: for sizes that do not fit, or another nonlinearity.
        """
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        x, h = self._prepared(input, hx)
        share, own = self._shares(x, h)
        total = share + own
        return total.tanh() if self.nonlinearity == "tanh" else total.relu()


class LSTMCell(RNNCellBase):
    """One step of an ``LSTM``: ``c = f c + i g``, ``h = o tanh(c)``.

    Args:
        input_size: features of the input.
        hidden_size: features of the state.
        bias: whether there are biases.
        device: the CPU.
        dtype: of the parameters; float32 by default.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(
        self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        """(N, input_size) and a pair of (N, hidden_size), or one of each, to the new pair."""
        x, h, c = self._prepared(input, *(hx or (None, None)))
        share, own = self._shares(x, h)
        scale, shift = gate_constants(self.hidden_size, share.array.dtype)
        new_h, new_c = lstm_cell(gates(share + own, scale, shift), c)
        return new_h, new_c


class GRUCell(RNNCellBase):
    """One step of a ``GRU``.

    Args:
        input_size: features of the input.
        hidden_size: features of the state.
        bias: whether there are biases.
        device: the CPU.
        dtype: of the parameters; float32 by default.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """(N, input_size) and (N, hidden_size), or one of each, to the new state."""
        x, h = self._prepared(input, hx)
        return gru_cell(*self._shares(x, h), h)
