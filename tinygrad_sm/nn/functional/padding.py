"""Margins around lines, images and volumes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from ...ops.padding import constant_pad
from ...tape import wrap
from ...tensor import Tensor

_MODES: dict[str, Literal["reflect", "edge", "wrap"]] = {
    "reflect": "reflect",
    "replicate": "edge",
    "circular": "wrap",
}


def pad(
    input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> Tensor:
    """More elements around: ``pad`` = (before, after) of the last dimension, then the one before.

    Negative numbers cut off.

    Args:
        input: any tensor; modes other than ``constant`` pad all dimensions but the first one
            or two, which are the batch and the channels.
        pad: pairs of widths.
        mode: ``"constant"``, ``"reflect"``, ``"replicate"`` or ``"circular"``.
        value: what a constant margin holds; 0 by default.

    Raises:
        RuntimeError: for an odd count of numbers, more pairs than dimensions, or a margin that
            cannot be made of so few elements.
        NotImplementedError: for another mode, or one that does not go with the dimensions.

    >>> import tinygrad_sm as sg
    >>> pad(sg.tensor([[1, 2, 3]]), (1, 1), mode="reflect")
    tensor([[2, 1, 2, 3, 2]])
    """
    widths = [int(w) for w in pad]
    ndim = input.array.ndim
    if len(widths) % 2 or len(widths) // 2 > ndim:
        raise RuntimeError(
            f"pad: Padding length must be divisible by 2 and at most twice the number of "
            f"dimensions ({ndim}), but got {tuple(widths)}"
        )
    pairs = [(0, 0)] * ndim
    for i in range(len(widths) // 2):
        pairs[-1 - i] = (widths[2 * i], widths[2 * i + 1])
    for size, (before, after) in zip(input.array.shape, pairs, strict=True):
        cut = max(-before, 0) + max(-after, 0)
        least = mode in ("reflect", "replicate") and (before, after) != (0, 0)
        if size + before + after < least or (cut > size and mode in ("constant", "circular")):
            raise RuntimeError(
                f"pad: ({before}, {after}) cuts off more than there is of a dimension of {size}: "
                f"the input has shape {input.array.shape}"
            )
    if mode == "constant":
        return constant_pad(input, tuple(pairs), 0.0 if value is None else value)
    if mode not in _MODES:
        raise NotImplementedError(
            f"pad: unrecognised padding mode {mode!r}; known are 'constant' and {list(_MODES)}"
        )
    if value:
        raise RuntimeError(f"pad: mode {mode!r} doesn't take in a value argument")
    _check_dimensions(input, len(widths) // 2)
    for axis, (before, after) in enumerate(pairs):
        if before or after:
            order = _order(input.array.shape[axis], before, after, mode)
            input = input.index_select(axis, wrap(order))
    return input


def _check_dimensions(input: Tensor, padded: int) -> None:
    if padded not in (1, 2, 3) or input.array.ndim - padded not in (1, 2):
        raise NotImplementedError(
            "pad: only the last 1, 2 or 3 of 2 to 5 dimensions can be padded in this mode, and "
            f"one or two must be left: got {padded} pairs for an input of shape "
            f"{input.array.shape}"
        )


def _order(size: int, before: int, after: int, mode: str) -> np.ndarray:
    """Which old place each new one along an axis shows."""
    left = size - max(-before, 0) - max(-after, 0)
    limits = {"reflect": size - 1, "replicate": size * 2**62, "circular": left}
    if max(before, after) > limits[mode]:
        raise RuntimeError(
            f"pad: Padding size should be less than the corresponding input dimension (at most "
            f"{limits[mode]} in mode {mode!r}), but got ({before}, {after}) for a size of {size}"
        )
    added = (max(before, 0), max(after, 0))
    kept = slice(max(-before, 0), size - max(-after, 0))
    if mode == "circular":  # what is cut off does not come back at the other end
        return np.pad(np.arange(size)[kept], added, "wrap")
    order = np.pad(np.arange(size), added, _MODES[mode])
    return order[kept.start : len(order) - max(-after, 0)]
