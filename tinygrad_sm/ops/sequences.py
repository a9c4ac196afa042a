"""More tensors out of nothing: spaced numbers, indices of triangles, windows of signals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..devices import check_device
from ..dtypes import as_numpy_dtype
from ..tape import LEAF, wrap
from .creation import check_ignored, number

if TYPE_CHECKING:
    from ..tensor import Tensor


def _made(array: np.ndarray, dtype: Any, device: Any, requires_grad: bool) -> Any:
    check_device(device)
    kind = dtypes.DEFAULT if dtype is None else as_numpy_dtype(dtype)
    return wrap(array.astype(kind), LEAF if requires_grad else None)


def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **ignored: Any,
) -> Tensor:
    """``steps`` powers of ``base``, their exponents evenly spaced from ``start`` to ``end``."""
    check_ignored("logspace", ignored)
    if steps < 0:
        raise RuntimeError(f"logspace: number of steps must be non-negative, not {steps}")
    first, last = number("logspace", start), number("logspace", end)
    if dtype is not None and as_numpy_dtype(dtype).kind in "iu":
        first, last = int(first), int(last)
    powers = np.linspace(first, last, steps)
    return _made(np.power(float(base), powers), dtype, device, requires_grad)


def range(
    start: Any = 0,
    end: Any = None,
    step: Any = 1,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **ignored: Any,
) -> Tensor:
    """Numbers from ``start`` to ``end``, which is included, by ``step``; ``arange`` is better.

    Raises:
        RuntimeError: if the step is 0 or leads away from the end.
    """
    check_ignored("range", ignored)
    start, end, step = (number("range", x) for x in (start, end, step))
    if step == 0 or (end - start) * step < 0:
        raise RuntimeError(f"range: from {start} to {end} by {step} leads nowhere")
    count = math.floor((end - start) / step) + 1
    return _made(start + step * np.arange(count), dtype, device, requires_grad)


def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None, **ignored: Any
) -> Tensor:
    """Rows and columns (2, n) of the lower triangle of a matrix."""
    check_ignored("tril_indices", ignored)
    return _made(np.stack(np.tril_indices(row, offset, col)), dtype or np.int64, device, False)


def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None, **ignored: Any
) -> Tensor:
    """Rows and columns (2, n) of the upper triangle of a matrix."""
    check_ignored("triu_indices", ignored)
    return _made(np.stack(np.triu_indices(row, offset, col)), dtype or np.int64, device, False)


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Tensor:
    """The matrix whose columns are powers of a vector, the highest first."""
    if x.array.ndim != 1:
        raise RuntimeError("vander: x must be a one-dimensional tensor")
    exponents = np.arange(x.array.shape[0] if N is None else N)
    return x.unsqueeze(-1) ** wrap(exponents if increasing else exponents[::-1].copy())


# --- windows ---------------------------------------------------------------------------------------------


def _window(
    length: int, periodic: bool, shape: Any, dtype: Any, device: Any, requires_grad: bool
) -> Any:
    """A window, or the start of one that is longer by 1 if it shall repeat."""
    if length < 0:
        raise RuntimeError(f"window: the length must not be negative, but is {length}")
    whole = np.ones(length) if length <= 1 else shape(length + periodic)[:length]
    return _made(whole, dtype, device, requires_grad)


def hann_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **ignored: Any,
) -> Tensor:
    """Hann's window: a raised cosine."""
    check_ignored("hann_window", ignored)
    return _window(window_length, periodic, np.hanning, dtype, device, requires_grad)


def hamming_window(
    window_length: int,
    periodic: bool = True,
    alpha: float = 0.54,
    beta: float = 0.46,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **ignored: Any,
) -> Tensor:
    """Hamming's window: ``alpha - beta cos``."""
    check_ignored("hamming_window", ignored)
    shape = lambda n: alpha - beta * np.cos(2 * np.pi * np.arange(n) / (n - 1))  # noqa: E731
    return _window(window_length, periodic, shape, dtype, device, requires_grad)


def bartlett_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **ignored: Any,
) -> Tensor:
    """Bartlett's window: a triangle."""
    check_ignored("bartlett_window", ignored)
    return _window(window_length, periodic, np.bartlett, dtype, device, requires_grad)


def blackman_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **ignored: Any,
) -> Tensor:
    """Blackman's window: two cosines."""
    check_ignored("blackman_window", ignored)
    return _window(window_length, periodic, np.blackman, dtype, device, requires_grad)


def kaiser_window(
    window_length: int,
    periodic: bool = True,
    beta: float = 12.0,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **ignored: Any,
) -> Tensor:
    """Kaiser's window of shape ``beta``."""
    check_ignored("kaiser_window", ignored)
    shape = lambda n: np.kaiser(n, beta)  # noqa: E731
    return _window(window_length, periodic, shape, dtype, device, requires_grad)
