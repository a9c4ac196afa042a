"""Gradients kept within bounds (Pascanu, Mikolov and Bengio, 2013)."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from ...tape import wrap, written
from ...tensor import Tensor


def _listed(name: str, tensors: Tensor | Iterable[Tensor]) -> list[Tensor]:
    """Tensors given one or many, as a list.

    Raises:
        TypeError: for something else.
    """
    if isinstance(tensors, Tensor):
        return [tensors]
    listed = list(tensors)
    for entry in listed:
        if not isinstance(entry, Tensor):
            raise TypeError(f"{name}: expected Tensors, but got a {type(entry).__name__}")
    return listed


def _grads(name: str, parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    return [p.grad for p in _listed(name, parameters) if p.grad is not None]


def _norm(values: np.ndarray, order: float) -> Any:
    """The norm of a vector, in its own dtype or, for float16, in float32."""
    wide = values.astype(np.float32) if values.dtype == np.float16 else values
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        norm = np.linalg.norm(wide.reshape(-1), order) if wide.size else 0
        return np.asarray(norm).astype(values.dtype)


def get_total_norm(
    tensors: Tensor | Iterable[Tensor],
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of all tensors' elements, taken together as one vector.

    Args:
        tensors: one or several.
        norm_type: the order of the norm; ``inf`` for the largest absolute value.
        error_if_nonfinite: refuse a norm that is infinite or NaN.
        foreach: ignored.

    Returns:
        A 0-d tensor.

    Raises:
        RuntimeError: for a norm that is not finite, if asked to.
    """
    order = float(norm_type)
    norms = [_norm(t.array, order) for t in _listed("get_total_norm", tensors)]
    total = _norm(np.stack(norms), order) if norms else np.zeros((), np.float32)
    if error_if_nonfinite and not np.isfinite(total):
        raise RuntimeError(
            f"The total norm of order {order} for gradients from `parameters` is non-finite "
            f"({total}), so it cannot be clipped: look for the loss that overflowed, or pass "
            "error_if_nonfinite=False to scale the gradients by it anyway"
        )
    return wrap(total)


def clip_grads_with_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    total_norm: Tensor,
    foreach: bool | None = None,
) -> None:
    """Scale the parameters' gradients by ``max_norm / total_norm``, if that is less than 1.

    Args:
        parameters: one or several; those without a gradient are passed over.
        max_norm: the largest norm that the gradients may have.
        total_norm: the norm that they have, as ``get_total_norm`` gives it.
        foreach: ignored.
    """
    factor = float(max_norm) / (float(total_norm) + 1e-6)
    if factor >= 1:
        return
    for grad in _grads("clip_grads_with_norm_", parameters):
        with np.errstate(invalid="ignore"):
            grad.array *= grad.array.dtype.type(factor)
        written(grad)


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale the gradients in place so that their norm, taken together, is at most ``max_norm``.

    Args:
        parameters: one or several; those without a gradient are passed over.
        max_norm: the largest norm that is left as it is.
        norm_type: the order of the norm; ``inf`` for the largest absolute value.
        error_if_nonfinite: refuse a norm that is infinite or NaN, before anything is changed.
        foreach: ignored.

    Returns:
        The norm before, a 0-d tensor.

    Raises:
        RuntimeError: for a norm that is not finite, if asked to.

    >>> import tinygrad_sm as sg
    >>> w = sg.nn.Parameter(sg.zeros(2))
    >>> w.grad = sg.tensor([3.0, 4.0])
    >>> clip_grad_norm_(w, 1.0)
    tensor(5.)
    >>> w.grad
    tensor([0.6000, 0.8000])
    """
    listed = _listed("clip_grad_norm_", parameters)
    grads = _grads("clip_grad_norm_", listed)
    total = get_total_norm(grads, norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(listed, max_norm, total, foreach)
    return total


def clip_grad_norm(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """``clip_grad_norm_``, by the name that it had once."""
    warnings.warn(
        "nn.utils.clip_grad_norm is now deprecated in favor of nn.utils.clip_grad_norm_",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


def clip_grad_value_(
    parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None
) -> None:
    """Move every element of the gradients, in place, into [-clip_value, clip_value].

    Args:
        parameters: one or several; those without a gradient are passed over.
        clip_value: the largest absolute value that is left as it is.
        foreach: ignored.

    Raises:
        ValueError: for a negative bound.
    """
    bound = float(clip_value)
    if not bound >= 0:
        raise ValueError(f"clip_grad_value_: expected clip_value >= 0, but got {clip_value}")
    for grad in _grads("clip_grad_value_", parameters):
        np.clip(grad.array, -bound, bound, out=grad.array)
        written(grad)
