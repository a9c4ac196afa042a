"""How a tensor prints: PyTorch's way, which shows what matters and stops in time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from . import dtypes

PRECISION = 4
THRESHOLD = 1000
EDGE = 3
WIDTH = 80
SCIENTIFIC: bool | None = None  # always, never, or where it is shorter
_PROFILES = {"default": (4, 1000, 3, 80), "short": (2, 1000, 2, 80), "full": (4, math.inf, 3, 80)}


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors print; what is ``None`` stays as it is.

    Args:
        precision: digits behind the point; 4 at first.
        threshold: from how many elements on a summary is printed; 1000 at first.
        edgeitems: how many elements a summary shows at each end of a dimension; 3 at first.
        linewidth: characters a line; 80 at first.
        profile: ``"default"``, ``"short"`` or ``"full"``, from which the others differ.
        sci_mode: always or never scientific notation; where it is shorter if ``None``.
    """
    global PRECISION, THRESHOLD, EDGE, WIDTH, SCIENTIFIC
    if profile is not None:
        PRECISION, THRESHOLD, EDGE, WIDTH = _PROFILES[profile]  # type: ignore[assignment]
    PRECISION = PRECISION if precision is None else precision
    THRESHOLD = THRESHOLD if threshold is None else threshold  # type: ignore[assignment]
    EDGE = EDGE if edgeitems is None else edgeitems
    WIDTH = WIDTH if linewidth is None else linewidth
    SCIENTIFIC = sci_mode


def tensor_repr(t: Any) -> str:
    """``tensor([1., 2.], requires_grad=True)`` and the like."""
    array = t.array
    head = "tensor("
    if type(t).__name__ == "Parameter":
        head = "Parameter containing:\ntensor("
    body = _body(array, 7)
    notes = []
    if array.size == 0 and array.ndim != 1:
        notes.append(f"size={array.shape}")
    usual = array.dtype in (dtypes.DEFAULT, dtypes.INT64, dtypes.BOOL)
    if not usual or (array.size == 0 and array.dtype != dtypes.DEFAULT):
        notes.append(f"dtype={t.dtype}")
    if t.grad_fn is not None:
        notes.append(f"grad_fn=<{t.grad_fn.name()}>")
    elif t.requires_grad:
        notes.append("requires_grad=True")
    return head + _with_notes(body, notes) + ")"


def _with_notes(body: str, notes: list[str]) -> str:
    text = body
    last = len(body) - body.rfind("\n") + (8 if "\n" not in body else 1)  # two more than it is
    for note in notes:
        if last + len(note) + 2 > WIDTH:
            text += ",\n       " + note
            last = 7 + len(note)
        else:
            text += ", " + note
            last += len(note) + 2
    return text


def _body(array: np.ndarray, indent: int) -> str:
    if array.size == 0:
        return "[]"
    shown = _summary(array) if array.size > THRESHOLD else array
    formatted, width = _formatter(shown)
    per_line = (WIDTH - indent - array.ndim + 1) // (width + 2)
    return _nest(array, indent, formatted, max(1, per_line), array.size > THRESHOLD)


def _summary(array: np.ndarray) -> np.ndarray:
    """The corners that will be printed."""
    for axis, size in enumerate(array.shape):
        if size > 2 * EDGE:
            keep = [*range(EDGE), *range(size - EDGE, size)]
            array = np.take(array, keep, axis)
    return array


def _formatter(shown: np.ndarray) -> tuple[Callable[[Any], str], int]:
    """What writes an element, and the width of a column; of floats the finite ones decide it."""
    if shown.dtype.kind == "f":
        return _float_formatter(shown)
    width = max(len(str(v)) for v in shown.reshape(-1).tolist())
    return lambda v: str(v.item()).rjust(width), width


def _float_formatter(shown: np.ndarray) -> tuple[Callable[[Any], str], int]:
    values = shown.reshape(-1).astype(np.float64)
    finite = np.abs(values[np.isfinite(values) & (values != 0)])
    if not finite.size:
        text = lambda v: _special(v) or f"{v:.0f}."  # noqa: E731
    else:
        low, high = float(finite.min()), float(finite.max())
        whole = bool(np.all(finite == np.ceil(finite)))
        if whole:
            scientific = high / low > 1000.0 or high > 1.0e8
            plain = "{:.0f}."
        else:
            scientific = high / low > 1000.0 or high > 1.0e8 or low < 1.0e-4
            plain = f"{{:.{PRECISION}f}}"
        if whole and scientific and high <= 1.0e8 and high / low <= 1000.0:
            scientific = False
        scientific = scientific if SCIENTIFIC is None else SCIENTIFIC
        pattern = f"{{:.{PRECISION}e}}" if scientific else plain
        text = lambda v: _special(v) or pattern.format(v)  # noqa: E731
    width = max((len(text(v)) for v in values if np.isfinite(v) and v), default=1)
    return lambda v: text(float(v)).rjust(width), width


def _special(v: float) -> str:
    if math.isnan(v):
        return "nan"
    return ("inf" if v > 0 else "-inf") if math.isinf(v) else ""


def _nest(array: np.ndarray, indent: int, formatted: Any, per_line: int, shorten: bool) -> str:
    if array.ndim == 0:
        return formatted(array[()])
    size = len(array)
    cut = shorten and size > 2 * EDGE
    places = [*range(EDGE), None, *range(size - EDGE, size)] if cut else list(range(size))
    if array.ndim == 1:
        words = [" ..." if p is None else formatted(array[p]) for p in places]
        lines = [words[i : i + per_line] for i in range(0, len(words), per_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(", ".join(line) for line in lines) + "]"
    parts = [
        "..." if p is None else _nest(array[p], indent + 1, formatted, per_line, shorten)
        for p in places
    ]
    between = "," + "\n" * (array.ndim - 1) + " " * (indent + 1)
    return "[" + between.join(parts) + "]"
