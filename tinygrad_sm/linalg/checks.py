"""What the arguments of matrix functions must be, said in one way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


class LinAlgError(RuntimeError):
    """A matrix that has no such factorization, inverse or solution."""


def mT(x: Any) -> Any:
    """Matrices transposed."""
    return np.swapaxes(x, -1, -2)


def need_matrix(name: str, A: Any) -> None:
    """Raise unless ``A`` is a floating matrix or a batch of them."""
    if A.array.ndim < 2:
        raise RuntimeError(
            f"{name}: expected a tensor with 2 or more dimensions, not of shape {A.array.shape}"
        )
    if A.array.dtype.kind != "f" or A.array.dtype.itemsize < 4:
        raise RuntimeError(
            f"{name}: expected a float32 or float64 tensor, not {A.array.dtype}: convert it"
        )


def need_square(name: str, A: Any) -> None:
    """Raise unless ``A`` is a floating square matrix or a batch of them."""
    need_matrix(name, A)
    if A.array.shape[-1] != A.array.shape[-2]:
        raise RuntimeError(
            f"{name}: A must be batches of square matrices, but they are {A.array.shape[-2]} by "
            f"{A.array.shape[-1]}"
        )


def numpy_errors(name: str, advice: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of arrays whose ``numpy.linalg.LinAlgError`` says what failed and why."""

    def checked(*args: Any) -> Any:
        try:
            return function(*args)
        except np.linalg.LinAlgError as error:
            raise LinAlgError(f"{name}: {error}: {advice}") from None

    return checked
