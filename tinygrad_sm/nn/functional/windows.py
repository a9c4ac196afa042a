"""What convolution and pooling share: sizes of windows, and batches of what they slide over."""

from __future__ import annotations

from operator import index
from typing import Any

from ...tensor import Tensor

Margins = tuple[tuple[int, int], ...]


def several(name: str, value: Any, count: int) -> tuple[int, ...]:
    """One number for each of ``count`` dimensions, from one for all or from a sequence.

    Raises:
        RuntimeError: for a sequence of another length.
    """
    try:
        return (index(value),) * count
    except TypeError:
        values = tuple(index(v) for v in value)
    if len(values) not in (1, count):
        raise RuntimeError(f"{name}: expected one number or {count}, but got {values}")
    return values * count if len(values) == 1 else values


def batched(name: str, input: Tensor, dimensions: int) -> Tensor:
    """The input as (N, C, ...) with 1 to 3 dimensions after the channels; a single (C, ...) too.

    Raises:
        RuntimeError: for another number of dimensions.
    """
    if input.array.ndim == dimensions + 2:
        return input
    if input.array.ndim == dimensions + 1:
        return input.unsqueeze(0)
    sizes = ", ".join("DHW"[-dimensions:] if dimensions > 1 else "L")
    raise RuntimeError(
        f"{name}: Expected {dimensions + 1}D (unbatched) or {dimensions + 2}D (batched) input: "
        f"(C, {sizes}) or (N, C, {sizes}), but got shape {input.array.shape}"
    )


def like_input(out: Tensor, input: Tensor, dimensions: int) -> Tensor:
    """The result without the batch, if the input came without one."""
    return out if input.array.ndim == dimensions + 2 else out.squeeze(0)


def check_fit(
    name: str,
    sizes: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    margins: Margins,
    dilation: tuple[int, ...],
) -> None:
    """Refuse windows that cannot be laid.

    Raises:
        RuntimeError: for a window larger than the padded input, or numbers that are too small.
    """
    if min(*kernel, *stride, *dilation) < 1 or min(min(pair) for pair in margins) < 0:
        raise RuntimeError(
            f"{name}: kernel size, stride and dilation should be greater than zero, and negative "
            f"padding is not supported, but got kernel {kernel}, stride {stride}, dilation "
            f"{dilation}, padding {margins}"
        )
    for size, reach, pair in zip(sizes, reaches(kernel, dilation), margins, strict=True):
        if reach > size + sum(pair):
            raise RuntimeError(
                f"{name}: calculated output size is too small: a window reaches over {reach}, but "
                f"the input has sizes {sizes} and padding {margins}. Kernel size can't be greater "
                "than actual input size"
            )


def reaches(kernel: tuple[int, ...], dilation: tuple[int, ...]) -> tuple[int, ...]:
    """How far a window reaches along each dimension."""
    return tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
