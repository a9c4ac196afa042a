"""``grad`` and ``backward``: a walk back from outputs to inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..func.forward import zeros_like
from ..func.vmap import vmap
from ..tape import alias, enable_grad, outputs_of, walk, wrap
from ..tensor import Tensor
from .graph import AccumulateGrad, GradientEdge


def _listed(x: Any) -> list[Any]:
    return [x] if isinstance(x, Tensor | GradientEdge) or x is None else list(x)


def _at_edge(x: Any) -> Any:
    """A tensor itself; for an edge a tensor of its shape that stands at its place on the tape."""
    if not isinstance(x, GradientEdge):
        return x
    node = x.node
    if isinstance(node, AccumulateGrad):
        return node.variable
    if not node.op.several:
        return wrap(_blank(node.shape, node.dtype), node)
    return outputs_of(node, map(_blank, node.shape, node.dtype))[x.output_nr]


def _blank(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    return np.broadcast_to(np.zeros((), dtype), shape)


def _roots(outputs: Any, grads: Any, record: bool) -> tuple[list[Any], list[Any]]:
    tensors = [_at_edge(t) for t in _listed(outputs)]
    seeds = _listed(grads) if grads is not None else [None] * len(tensors)
    if len(seeds) != len(tensors):
        raise RuntimeError(f"got {len(tensors)} tensors and {len(seeds)} gradients for them")
    pairs = [t._seed(g, record) for t, g in zip(tensors, seeds, strict=True)]
    return [p[0] for p in pairs], [p[1] for p in pairs]


def _place(t: Any) -> Any:
    """Where a tensor or an edge stands on the tape: a leaf for itself, a result as its node."""
    if isinstance(t, GradientEdge):
        return t.node.variable if isinstance(t.node, AccumulateGrad) else t.node
    return t if t.is_leaf else t.node


def _arrived(t: Any, g: Any) -> Any:
    """What arrived at a place: of a node with several results, at the one that is meant."""
    return g[t.output_nr] if type(g) is list else g


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """Add the derivatives of several tensors, together, to the ``grad`` of each leaf.

    Args:
        tensors: a tensor or several, or their edges (see ``graph.get_gradient_edge``).
        grad_tensors: the gradient of each; 1 for those of one element.
        retain_graph: keep what the tape saved for another walk.
        create_graph: record this walk too.
        grad_variables: an old name of ``grad_tensors``.
        inputs: accumulate into these tensors (or edges of leaves) alone.

    Raises:
        RuntimeError: if ``inputs`` is empty, or nothing was recorded.
    """
    given = grad_tensors if grad_tensors is not None else grad_variables
    roots, seeds = _roots(tensors, given, create_graph)
    keep = create_graph if retain_graph is None else retain_graph
    if inputs is None:
        walk(roots, seeds, keep=keep, record=create_graph)
        return
    chosen = [_at_edge(t) for t in _listed(inputs)]
    if not chosen:
        raise RuntimeError("backward: inputs is empty: leave it out to reach every leaf")
    found = walk(roots, seeds, targets=[_place(t) for t in chosen], keep=keep, record=create_graph)
    for t, g in zip(chosen, found, strict=True):
        if g is not None:
            t._accumulate(g, False, create_graph)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The derivatives of outputs by inputs, returned instead of accumulated.

    Args:
        outputs: a tensor or several, or their edges; their gradients are added up.
        inputs: the tensors to differentiate by; they need not be leaves. Edges
            (``graph.get_gradient_edge``) do as well, and need no tensor to be kept.
        grad_outputs: the gradient of each output; 1 for those of one element.
        retain_graph: keep what the tape saved for another walk.
        create_graph: record this walk too, so that its results can be differentiated.
        only_inputs: ignored.
        allow_unused: give ``None`` for an input that the outputs do not depend on.
        is_grads_batched: ``grad_outputs`` have a batch in front, and so have the results: one walk
            for many gradients.
        materialize_grads: give zeros for an input that the outputs do not depend on.

    Raises:
        RuntimeError: if an input does not require grad, or was not used.
        ValueError: for ``materialize_grads`` with ``allow_unused=False``.

    >>> import tinygrad_sm as sg
    >>> x = sg.tensor(3.0, requires_grad=True)
    >>> (slope,) = sg.autograd.grad(x**3, x, create_graph=True)
    >>> sg.autograd.grad(slope, x)
    (tensor(18.),)
    """
    if materialize_grads:
        if allow_unused is False:
            raise ValueError(
                "grad: expected allow_unused to be True or not passed when materialize_grads=True"
            )
        allow_unused = True
    wanted: Sequence[Any] = _listed(inputs)
    for i, t in enumerate(wanted):
        if not isinstance(t, GradientEdge) and not t.requires_grad:
            raise RuntimeError(
                f"grad: one of the inputs does not require grad (the one at index {i})"
            )
    keep = create_graph if retain_graph is None else retain_graph
    if is_grads_batched:
        found = _batched(outputs, wanted, grad_outputs, keep, create_graph)
    else:
        roots, seeds = _roots(outputs, grad_outputs, create_graph)
        places = [_place(t) for t in wanted]
        found = walk(roots, seeds, targets=places, keep=keep, record=create_graph)
    found = [_arrived(t, g) for t, g in zip(wanted, found, strict=True)]
    unused = [i for i, g in enumerate(found) if g is None]
    if unused and not allow_unused:
        raise RuntimeError(
            f"grad: one of the inputs (the one at index {unused[0]}) was not used in the graph of "
            "the outputs: pass allow_unused=True if that is meant"
        )
    if materialize_grads:
        found = [
            zeros_like(_at_edge(t)) if g is None else g for t, g in zip(wanted, found, strict=True)
        ]
    with enable_grad():
        return tuple(g if g is None else _own(g) for g in found)


def _own(g: Any) -> Tensor:
    """A gradient that nobody else holds, or that is on the tape, in the order that ``view`` wants."""
    result: Tensor = g.contiguous() if isinstance(g, Tensor) else wrap(g.copy())
    return result


def _batched(
    outputs: Any, wanted: Sequence[Any], grad_outputs: Any, keep: bool, record: bool
) -> list[Any]:
    """One walk whose gradients are batches; ``None`` where nothing arrives."""
    tensors = [_at_edge(t) for t in _listed(outputs)]
    seeds = _listed(grad_outputs)
    if len(seeds) != len(tensors) or any(s is None for s in seeds):
        raise RuntimeError("grad: with is_grads_batched, every output needs its grad_outputs")
    for t, s in zip(tensors, seeds, strict=True):
        if s.array.shape[1:] != t.array.shape:
            raise RuntimeError(
                f"grad: with is_grads_batched, expected grad_outputs of shape (batch, *output): the "
                f"output has shape {tuple(t.shape)}, its gradient {tuple(s.shape)}"
            )
    unused: list[int] = []

    def back(*rows: Any) -> Any:
        roots, given = _roots(tensors, rows, True)
        places = [_place(t) for t in wanted]
        found = walk(roots, given, targets=places, keep=keep, record=record)
        found = [_arrived(t, g) for t, g in zip(wanted, found, strict=True)]
        unused.extend(i for i, g in enumerate(found) if g is None)
        return tuple(
            alias(_at_edge(t)) if g is None else g for t, g in zip(wanted, found, strict=True)
        )

    found = vmap(back)(*seeds)
    return [None if i in unused else g for i, g in enumerate(found)]
