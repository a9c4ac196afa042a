"""Derivatives on request: ``grad``, ``backward``, and the recording switches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..tape import (
    LEAF,
    enable_grad,
    inference_mode,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
    walk,
    wrap,
)
from ..tensor import Tensor
from ..typed_tensors import Variable

__all__ = [
    "Variable",
    "backward",
    "enable_grad",
    "grad",
    "inference_mode",
    "is_grad_enabled",
    "no_grad",
    "set_grad_enabled",
]


def _listed(x: Any) -> list[Any]:
    return [x] if isinstance(x, Tensor) or x is None else list(x)


def _roots(outputs: Any, grads: Any, record: bool) -> tuple[list[Any], list[Any]]:
    tensors = _listed(outputs)
    seeds = _listed(grads) if grads is not None else [None] * len(tensors)
    if len(seeds) != len(tensors):
        raise RuntimeError(f"got {len(tensors)} tensors and {len(seeds)} gradients for them")
    pairs = [t._seed(g, record) for t, g in zip(tensors, seeds, strict=True)]
    return [p[0] for p in pairs], [p[1] for p in pairs]


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
) -> None:
    """Add the derivatives of several tensors, together, to the ``grad`` of each leaf."""
    roots, seeds = _roots(tensors, grad_tensors, create_graph)
    walk(
        roots,
        seeds,
        keep=create_graph if retain_graph is None else retain_graph,
        record=create_graph,
    )


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
) -> tuple[Any, ...]:
    """The derivatives of outputs by inputs, returned instead of accumulated.

    Args:
        outputs: a tensor or several; their gradients are added up.
        inputs: the tensors to differentiate by; they need not be leaves.
        grad_outputs: the gradient of each output; 1 for those of one element.
        retain_graph: keep what the tape saved for another walk.
        create_graph: record this walk too, so that its results can be differentiated.
        allow_unused: give ``None`` for an input that the outputs do not depend on.

    Raises:
        RuntimeError: if an input does not require grad, or was not used.

    >>> import tinygrad_sm as sg
    >>> x = sg.tensor(3.0, requires_grad=True)
    >>> (slope,) = sg.autograd.grad(x**3, x, create_graph=True)
    >>> sg.autograd.grad(slope, x)
    (tensor(18.),)
    """
    wanted: Sequence[Any] = _listed(inputs)
    for t in wanted:
        if t.node is None:
            raise RuntimeError("grad: one of the inputs does not require grad")
    roots, seeds = _roots(outputs, grad_outputs, create_graph)
    targets = [t if t.node is LEAF else t.node for t in wanted]
    keep = create_graph if retain_graph is None else retain_graph
    found = walk(roots, seeds, targets=targets, keep=keep, record=create_graph)
    if not allow_unused and any(g is None for g in found):
        raise RuntimeError(
            "grad: one of the inputs was not used in the graph of the outputs: pass "
            "allow_unused=True if that is meant"
        )
    return tuple(g if g is None or isinstance(g, Tensor) else _own(g) for g in found)


def _own(g: Any) -> Tensor:
    result: Tensor = wrap(g.copy())
    return result
