"""The gates of recurrent networks: what a step does beside its matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..primitive import primitive
from .elementwise import sigmoid, tanh
from .shape import split

# --- LSTM (Hochreiter and Schmidhuber, 1997; with the forget gate of Gers et al., 2000) -----------

gates = primitive(
    lambda x, scale, shift: scale * np.tanh(scale * x) + shift,
    "``scale tanh(scale x) + shift``: tanh for 1 and 0, the sigmoid for 1/2 and 1/2.",
    name="lstm_gates",
    family="elementwise",
    x=lambda g, out, scale, shift: g * (scale * scale - np.square(out - shift)),
)


def gate_constants(hidden: int, kind: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """``scale`` and ``shift`` for input, forget, cell and output gate, side by side."""
    scale = np.repeat(np.array([0.5, 0.5, 1.0, 0.5], kind), hidden)
    return scale, 1 - scale


def _quarters(t: Any) -> list[Any]:
    size = t.shape[-1] // 4
    return [t[..., i * size : (i + 1) * size] for i in range(4)]


def _lstm_cell(open_: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    i, f, g, o = _quarters(open_)
    new = f * c + i * g
    return o * np.tanh(new), new


def _into_cell(g: Any, open_: Any, out: Any) -> Any:
    """The gradient of the new cell: its own, and what comes through ``h = o tanh(c)``."""
    h = np.tanh(out[1])
    return g[1] + g[0] * _quarters(open_)[3] * (1 - h * h)


def _into_gates(g: Any, open_: Any, c: Any, out: Any) -> Any:
    i, _, new, _ = _quarters(open_)
    cell = _into_cell(g, open_, out)
    return np.concatenate([cell * new, cell * c, cell * i, g[0] * np.tanh(out[1])], axis=-1)


lstm_cell = primitive(
    _lstm_cell,
    "(h, c) from the gates i, f, g, o side by side and the cell before: ``c = f c + i g``, "
    "``h = o tanh(c)``.",
    name="lstm_cell",
    several=True,
    open_=_into_gates,
    c=lambda g, open_, out: _into_cell(g, open_, out) * _quarters(open_)[1],
)

# --- GRU (Cho et al., 2014) -------------------------------------------------------------------------


def gru_definition(x: Any, h: Any, state: Any) -> Any:
    """``(1 - z) n + z state`` with ``r, z = sigmoid(x + h)`` and ``n = tanh(x + r h)``."""
    size = state.shape[-1]
    (xr, xz, xn), (hr, hz, hn) = split(x, size, -1), split(h, size, -1)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    n = tanh(xn + r * hn)
    return n + z * (state - n)


def _gru(x: np.ndarray, h: np.ndarray, state: np.ndarray) -> Any:
    size = state.shape[-1]
    opened = 0.5 * np.tanh(0.5 * (x[..., : 2 * size] + h[..., : 2 * size])) + 0.5
    r, z = opened[..., :size], opened[..., size:]
    n = np.tanh(x[..., 2 * size :] + r * h[..., 2 * size :])
    return n + z * (state - n), r, z, n


def _gru_gates(g: Any, h: Any, state: Any, r: Any, z: Any, n: Any) -> tuple[Any, Any, Any]:
    """The gradients of what goes into the reset gate, the update gate and the new state."""
    new = g * (1 - z) * (1 - n * n)
    return new * h[..., 2 * n.shape[-1] :] * r * (1 - r), g * (state - n) * z * (1 - z), new


def _gru_by_h(g: Any, h: Any, state: Any, r: Any, z: Any, n: Any) -> Any:
    reset, update, new = _gru_gates(g, h, state, r, z, n)
    return np.concatenate([reset, update, new * r], axis=-1)


gru_cell = primitive(
    _gru,
    "The new state from the input's share (..., 3 H), the state's share (..., 3 H) and the state.",
    name="gru_cell",
    residuals=("r", "z", "n"),
    definition=gru_definition,
    x=lambda g, h, state, r, z, n: np.concatenate(_gru_gates(g, h, state, r, z, n), axis=-1),
    h=_gru_by_h,
    state=lambda g, z: g * z,
)
