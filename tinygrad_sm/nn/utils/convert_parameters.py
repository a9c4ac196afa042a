"""All parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ...ops.shape import cat
from ...tape import written
from ...tensor import Tensor


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """The elements of all parameters, one after the other, in one dimension; on the tape.

    >>> import tinygrad_sm as sg
    >>> parameters_to_vector([sg.ones(2, 2), sg.zeros(1)])
    tensor([1., 1., 1., 1., 0.])
    """
    return cat([parameter.reshape(-1) for parameter in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Copy the elements of a vector into the parameters, one after the other, off the tape.

    Raises:
        TypeError: if ``vec`` is not a Tensor.
        RuntimeError: if it holds more or fewer elements than the parameters; nothing is changed
            then.
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"vector_to_parameters: expected a Tensor, but got: {type(vec).__name__}")
    listed = list(parameters)
    count = sum(parameter.numel() for parameter in listed)
    if vec.ndim != 1 or vec.numel() != count:
        raise RuntimeError(
            f"vector_to_parameters: expected a vector of {count} elements, as the parameters have "
            f"together, but got shape {tuple(vec.shape)}"
        )
    start = 0
    for parameter in listed:
        part = vec.array[start : start + parameter.numel()]
        np.copyto(parameter.array, part.reshape(parameter.array.shape), casting="unsafe")
        written(parameter)
        start += parameter.numel()
