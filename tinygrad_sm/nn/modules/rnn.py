"""Recurrent networks, layer by layer, and their single steps.

All sequences are run packed (see ``nn.packing``): padded ones are packed ones whose batch never
shrinks. The input's share of all steps is one matrix product; a step is the product of the state
and one operation of ``ops.recurrent``.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from ...ops.creation import empty, zeros
from ...ops.linear_algebra import matmul
from ...ops.recurrent import gate_constants, gates, gru_cell, lstm_cell
from ...ops.shape import cat, split, stack
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..packing import PackedSequence
from ..parameter import Parameter
from .module import Module
from .rnn_cell import GRUCell, LSTMCell, RNNCell, RNNCellBase

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNBase", "RNNCell", "RNNCellBase"]

_SHARES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}  # rows of weights per feature

State = tuple[Tensor, ...]
Step = Callable[[Tensor, State], State]


class RNNBase(Module):
    """What the recurrent networks share.

    Args:
        mode: ``"LSTM"``, ``"GRU"``, ``"RNN_TANH"`` or ``"RNN_RELU"``.
        input_size: features of the input.
        hidden_size: features of the state.
        num_layers: layers one above the other; each sees the states of the one below.
        bias: whether there are biases.
        batch_first: whether sequences are (N, T, features) instead of (T, N, features).
        dropout: the share of each layer's states, but the last one's, that is dropped in training.
        bidirectional: whether each layer also runs backward, its states beside the others.
        proj_size: of an LSTM, the size to which its state is projected; 0 for not at all.
        device: the CPU.
        dtype: of the parameters; float32 by default.

    Raises:
        ValueError: for sizes, or a dropout, that make no sense.
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        for name, flag in (("bias", bias), ("batch_first", batch_first)):
            if not isinstance(flag, bool):
                raise TypeError(f"{name} should be of type bool, got: {type(flag).__name__}")
        if isinstance(dropout, bool) or not 0 <= dropout <= 1:
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an "
                f"element being zeroed, not {dropout!r}"
            )
        if dropout > 0 and num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero "
                f"dropout expects num_layers greater than 1, but got dropout={dropout} and "
                f"num_layers={num_layers}",
                stacklevel=3,
            )
        if (
            input_size <= 0
            or hidden_size <= 0
            or num_layers <= 0
            or not 0 <= proj_size < hidden_size
        ):
            raise ValueError(
                f"{type(self).__name__}: expected positive sizes and 0 <= proj_size < hidden_size, "
                f"but got input_size={input_size}, hidden_size={hidden_size}, "
                f"num_layers={num_layers}, proj_size={proj_size}"
            )
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        made: dict[str, Any] = {"device": device, "dtype": dtype}
        self._all_weights: list[list[str]] = []
        width, rows = proj_size or hidden_size, _SHARES[mode] * hidden_size
        for layer in range(num_layers):
            below = input_size if layer == 0 else width * (2 if bidirectional else 1)
            shapes: dict[str, tuple[int, ...]] = {
                "weight_ih": (rows, below),
                "weight_hh": (rows, width),
            }
            if bias:
                shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
            if proj_size:
                shapes["weight_hr"] = (proj_size, hidden_size)
            for suffix in ("", "_reverse") if bidirectional else ("",):
                names = {f"{name}_l{layer}{suffix}": shape for name, shape in shapes.items()}
                for name, shape in names.items():
                    setattr(self, name, Parameter(empty(shape, **made)))
                self._all_weights.append(list(names))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw everything anew: uniform in +-1/sqrt(hidden_size)."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def flatten_parameters(self) -> None:
        """Do nothing: on a GPU, PyTorch would put the parameters side by side."""

    @property
    def _flat_weights_names(self) -> list[str]:
        return [name for names in self._all_weights for name in names]

    @property
    def _flat_weights(self) -> list[Parameter]:
        return [getattr(self, name) for name in self._flat_weights_names]

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    # --- a call -----------------------------------------------------------------------------------

    def _widths(self) -> tuple[int, ...]:
        """The features of each part of the state."""
        return (self.hidden_size,)

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """The states of the last layer at all steps, and the last states of all layers.

        Args:
            input: (T, N, input_size), (N, T, input_size) with ``batch_first``, (T, input_size), or
                a PackedSequence.
            hx: the first state, (layers * directions, N, hidden_size), or for a single sequence
                (layers * directions, hidden_size); zeros by default. An LSTM's is a pair.

        Returns:
            The states in the input's layout, and the last state in ``hx``'s.

        Raises:
            ValueError: for an input of another number of dimensions.
            RuntimeError: for sizes that do not fit.
        """
        if isinstance(input, PackedSequence):
            sizes = input.batch_sizes.tolist()
            state = self._first_state(hx, sizes[0], True, input.data, input.sorted_indices)
            data, state = self._layers(input.data, sizes, state)
            if input.unsorted_indices is not None:
                state = tuple(s.index_select(1, input.unsorted_indices) for s in state)
            return input._replace(data=data), self._as_given(state)
        if input.ndim not in (2, 3):
            raise ValueError(
                f"{type(self).__name__}: Expected input to be 2D or 3D, got {input.ndim}D instead"
            )
        batched = input.ndim == 3
        x = input if batched else input.unsqueeze(1)
        x = x.transpose(0, 1) if batched and self.batch_first else x
        steps, count = x.array.shape[:2]
        state = self._first_state(hx, count, batched, x)
        if not steps:
            raise RuntimeError(f"{self!r}: Expected sequence length to be larger than 0")
        flat = x.reshape(steps * count, x.array.shape[2])
        data, state = self._layers(flat, [count] * steps, state)
        out = data.reshape(steps, count, data.array.shape[1])
        if not batched:
            return out.squeeze(1), self._as_given(tuple(s.squeeze(1) for s in state))
        return (out.transpose(0, 1) if self.batch_first else out), self._as_given(state)

    def _as_given(self, state: State) -> Any:
        return state[0]

    def _first_state(
        self, hx: Any, count: int, batched: bool, x: Tensor, order: Tensor | None = None
    ) -> State:
        """The first state as a tuple of (layers * directions, N, features), checked."""
        if x.array.shape[-1] != self.input_size:
            raise RuntimeError(
                f"{self!r}: input.size(-1) must be equal to input_size. Expected {self.input_size}, "
                f"got {x.array.shape[-1]}"
            )
        own = self.weight_ih_l0.dtype
        if x.dtype != own:
            raise ValueError(
                f"{self!r}: RNN input dtype ({x.dtype}) does not match weight dtype ({own}). "
                f"Convert input: input.to({own})"
            )
        depth = len(self._all_weights)
        if hx is None:
            return tuple(zeros(depth, count, width, dtype=x.dtype) for width in self._widths())
        given = tuple(hx) if isinstance(hx, tuple | list) else (hx,)
        if len(given) != len(self._widths()):
            raise RuntimeError(
                f"{self!r}: expected a state of {len(self._widths())} tensor(s), but got "
                f"{len(given)}"
            )
        parts = []
        for part, width in zip(given, self._widths(), strict=True):
            expected = (depth, count, width) if batched else (depth, width)
            if part.array.shape != expected:
                raise RuntimeError(
                    f"{self!r}: Expected hidden size {expected}, got {list(part.array.shape)}"
                )
            part = part if batched else part.unsqueeze(1)
            parts.append(part if order is None else part.index_select(1, order))
        return tuple(parts)

    def _layers(self, data: Tensor, sizes: list[int], state: State) -> tuple[Tensor, State]:
        """All layers and directions, over rows that are packed in steps of ``sizes``."""
        directions = 2 if self.bidirectional else 1
        last: list[State] = []
        for layer in range(self.num_layers):
            if layer and self.dropout:
                data = F.dropout(data, self.dropout, self.training)
            sides = []
            for direction in range(directions):
                place = layer * directions + direction
                first = tuple(part[place] for part in state)
                out, end = self._direction(data, sizes, first, place, direction == 1)
                sides.append(out)
                last.append(end)
            data = sides[0] if directions == 1 else cat(sides, 1)
        return data, tuple(stack([end[i] for end in last]) for i in range(len(state)))

    def _direction(
        self, data: Tensor, sizes: list[int], first: State, place: int, backward: bool
    ) -> tuple[Tensor, State]:
        weights = [getattr(self, name) for name in self._all_weights[place]]
        shares, step = self._step(data, weights)
        return _scan(step, split(shares, sizes), sizes, first, backward)

    def _step(self, data: Tensor, weights: list[Tensor]) -> tuple[Tensor, Step]:
        """The input's share of all steps, and what a step does."""
        relu = self.mode == "RNN_RELU"
        w_ih, w_hh, *biases = weights
        shares = F.linear(data, w_ih, biases[0] + biases[1] if biases else None)
        turned = w_hh.t()

        def step(share: Tensor, state: State) -> State:
            total = share + matmul(state[0], turned)
            return (total.relu() if relu else total.tanh(),)

        return shares, step

    def extra_repr(self) -> str:
        """Sizes, and the options that are not at their defaults."""
        parts = [f"{self.input_size}, {self.hidden_size}"]
        if self.proj_size:
            parts.append(f"proj_size={self.proj_size}")
        if self.num_layers != 1:
            parts.append(f"num_layers={self.num_layers}")
        if not self.bias:
            parts.append(f"bias={self.bias}")
        if self.batch_first:
            parts.append(f"batch_first={self.batch_first}")
        if self.dropout:
            parts.append(f"dropout={self.dropout}")
        if self.bidirectional:
            parts.append(f"bidirectional={self.bidirectional}")
        return ", ".join(parts)


def _scan(
    step: Step, shares: Sequence[Tensor], sizes: list[int], first: State, backward: bool
) -> tuple[Tensor, State]:
    """The states at all steps, packed, and the last state of each sequence.

    Forward, sequences that have ended leave the batch; backward, those that begin later join it.
    """
    places = range(len(sizes))
    outputs: list[Any] = [None] * len(sizes)
    ended: list[State] = []
    size = sizes[-1] if backward else sizes[0]
    state = first if size == first[0].array.shape[0] else tuple(part[:size] for part in first)
    for t in reversed(places) if backward else places:
        if sizes[t] < size:
            ended.append(tuple(part[sizes[t] :] for part in state))
            state = tuple(part[: sizes[t]] for part in state)
        elif sizes[t] > size:
            joining = tuple(part[size : sizes[t]] for part in first)
            state = tuple(cat(pair) for pair in zip(state, joining, strict=True))
        size = sizes[t]
        state = step(shares[t], state)
        outputs[t] = state[0]
    if ended:
        whole = [state, *reversed(ended)]
        state = tuple(cat(parts) for parts in zip(*whole, strict=True))
    return cat(outputs), state


class RNN(RNNBase):
    """``h = tanh(W_ih x + b_ih + W_hh h + b_hh)`` at each step (Elman, 1990).

    Args:
        input_size: features of the input.
        hidden_size: features of the state.
        num_layers: layers one above the other.
        nonlinearity: ``"tanh"`` or ``"relu"``.
        bias: whether there are biases.
        batch_first: whether sequences are (N, T, features) instead of (T, N, features).
        dropout: the share of states that is dropped between layers, in training.
        bidirectional: whether each layer also runs backward.
        device: the CPU.
        dtype: of the parameters; float32 by default.

    Raises:
        ValueError: for another nonlinearity, or options that make no sense.

    >>> import tinygrad_sm as sg
    >>> out, last = sg.nn.RNN(3, 5, batch_first=True)(sg.zeros(2, 7, 3))
    >>> out.shape, last.shape
    (tinygrad_sm.Size([2, 7, 5]), tinygrad_sm.Size([1, 2, 5]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(
                f"Unknown nonlinearity {nonlinearity!r}. Select from 'tanh' or 'relu'."
            )
        super().__init__(
            f"RNN_{nonlinearity.upper()}",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            device=device,
            dtype=dtype,
        )
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997).

    ``i, f, o = sigmoid(...)`` and ``g = tanh(...)`` of input and state; ``c = f c + i g`` and
    ``h = o tanh(c)``, which ``proj_size`` makes smaller (Sak et al., 2014).

    Args:
        input_size: features of the input.
        hidden_size: features of the state.
        num_layers: layers one above the other.
        bias: whether there are biases.
        batch_first: whether sequences are (N, T, features) instead of (T, N, features).
        dropout: the share of states that is dropped between layers, in training.
        bidirectional: whether each layer also runs backward.
        proj_size: the size to which ``h`` is projected; 0 for not at all.
        device: the CPU.
        dtype: of the parameters; float32 by default.

    >>> import tinygrad_sm as sg
    >>> out, (h, c) = sg.nn.LSTM(3, 5, num_layers=2)(sg.zeros(7, 2, 3))
    >>> out.shape, h.shape, c.shape
    (tinygrad_sm.Size([7, 2, 5]), tinygrad_sm.Size([2, 2, 5]), tinygrad_sm.Size([2, 2, 5]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            "LSTM",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            proj_size,
            device,
            dtype,
        )

    def _widths(self) -> tuple[int, ...]:
        return self.proj_size or self.hidden_size, self.hidden_size

    def _as_given(self, state: State) -> Any:
        return state

    def _step(self, data: Tensor, weights: list[Tensor]) -> tuple[Tensor, Step]:
        w_ih, w_hh, *rest = weights
        projection = rest.pop().t() if self.proj_size else None
        shares = F.linear(data, w_ih, rest[0] + rest[1] if rest else None)
        turned = w_hh.t()
        scale, shift = gate_constants(self.hidden_size, shares.array.dtype)

        def step(share: Tensor, state: State) -> State:
            h, c = lstm_cell(gates(share + matmul(state[0], turned), scale, shift), state[1])
            return (h if projection is None else matmul(h, projection)), c

        return shares, step


class GRU(RNNBase):
    """Gated recurrent units (Cho et al., 2014).

    ``r, z = sigmoid(...)``, ``n = tanh(W_in x + b_in + r (W_hn h + b_hn))``, and the new state is
    ``(1 - z) n + z h``.

    Args:
        input_size: features of the input.
        hidden_size: features of the state.
        num_layers: layers one above the other.
        bias: whether there are biases.
        batch_first: whether sequences are (N, T, features) instead of (T, N, features).
        dropout: the share of states that is dropped between layers, in training.
        bidirectional: whether each layer also runs backward.
        device: the CPU.
        dtype: of the parameters; float32 by default.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            "GRU",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            device=device,
            dtype=dtype,
        )

    def _step(self, data: Tensor, weights: list[Tensor]) -> tuple[Tensor, Step]:
        w_ih, w_hh, *biases = weights
        b_ih, b_hh = biases or (None, None)

        def step(share: Tensor, state: State) -> State:
            return (gru_cell(share, F.linear(state[0], w_hh, b_hh), state[0]),)

        return F.linear(data, w_ih, b_ih), step
