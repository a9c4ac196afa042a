"""Gradients kept within bounds."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..tape import wrap, written
from ..tensor import Tensor


def _with_grads(parameters: Any) -> list[Tensor]:
    listed: Iterable[Tensor] = [parameters] if isinstance(parameters, Tensor) else parameters
    return [p for p in listed if p.grad is not None]


def clip_grad_norm_(
    parameters: Any,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients down so that their norm, taken together, is at most ``max_norm``.

    Returns:
        The norm before.

    Raises:
        RuntimeError: for a norm that is not finite, if asked to.
    """
    grads = [p.grad for p in _with_grads(parameters)]
    norms = [np.linalg.norm(g.array.reshape(-1), norm_type) for g in grads if g is not None]
    total = float(np.linalg.norm(np.asarray(norms), norm_type)) if norms else 0.0
    if error_if_nonfinite and not math.isfinite(total):
        raise RuntimeError(f"clip_grad_norm_: the total norm of gradients is {total}")
    factor = max_norm / (total + 1e-6)
    for g in grads:
        if g is not None and not factor > 1.0:
            g.array *= g.array.dtype.type(factor)
            written(g)
    return wrap(np.asarray(total, norms[0].dtype if norms else np.float32))


def clip_grad_value_(parameters: Any, clip_value: float, foreach: bool | None = None) -> None:
    """Move each element of the gradients into [-clip_value, clip_value]."""
    for p in _with_grads(parameters):
        assert p.grad is not None
        np.clip(p.grad.array, -clip_value, clip_value, out=p.grad.array)
        written(p.grad)
