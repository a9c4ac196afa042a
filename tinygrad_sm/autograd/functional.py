"""Products with derivatives, Jacobians and Hessians of functions, with PyTorch's signatures.

``func`` has the same as transforms of functions, which nest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..func import derivatives as transforms
from ..func.forward import zeros_like
from ..ops.shape import stack
from ..tape import LEAF, alias, enable_grad, is_grad_enabled, stand_in
from ..tensor import Tensor
from .gradients import grad

Function = Callable[..., Any]


def _tupled(x: Any) -> tuple[Any, ...]:
    return x if isinstance(x, tuple) else tuple(x) if isinstance(x, list) else (x,)


def _checked(x: Any, what: str, name: str) -> tuple[Any, ...]:
    parts = _tupled(x)
    for i, part in enumerate(parts):
        if not isinstance(part, Tensor):
            raise TypeError(
                f"{name}: the {what} must be a Tensor or a tuple of Tensors, but element {i} is a "
                f"{type(part).__name__}"
            )
    return parts


def _entries(inputs: tuple[Any, ...], create_graph: bool) -> tuple[Any, ...]:
    """The inputs as places to differentiate by; on the caller's tape only with ``create_graph``."""
    if create_graph and is_grad_enabled():
        return tuple(stand_in(x, x if x.node is LEAF else x.node) for x in inputs)
    return tuple(alias(x.detach(), LEAF) for x in inputs)


def _points(inputs: tuple[Any, ...], create_graph: bool) -> tuple[Any, ...]:
    """The inputs of a forward pass, which needs no tape of its own."""
    if create_graph and is_grad_enabled():
        return inputs
    return tuple(x.detach() for x in inputs)


def _shaped(parts: tuple[Any, ...], like: Any) -> Any:
    return parts if isinstance(like, tuple | list) else parts[0]


def _directions(name: str, v: Any, like: tuple[Any, ...], what: str) -> tuple[Any, ...]:
    """The vectors of a product; 1 by default for a single element."""
    if v is None:
        if len(like) != 1 or like[0].array.size != 1:
            raise RuntimeError(
                f"{name}: v may be left out only if {what} is a Tensor with a single element"
            )
        return (zeros_like(like[0]) + 1,)
    given = _checked(v, "v", name)
    shapes = [tuple(x.shape) for x in given], [tuple(x.shape) for x in like]
    if shapes[0] != shapes[1]:
        raise RuntimeError(f"{name}: v has the shape(s) {shapes[0]}, {what} {shapes[1]}")
    return given


def _run(name: str, func: Function, inputs: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    with enable_grad():
        out = func(*inputs)
    return out, _checked(out, "outputs of the function", name)


def _independent(name: str, i: int) -> RuntimeError:
    return RuntimeError(
        f"{name}: the output of the function is independent of input {i}. This is not allowed in "
        "strict mode."
    )


def _gradients(
    name: str,
    outputs: tuple[Any, ...],
    inputs: tuple[Any, ...],
    v: tuple[Any, ...],
    create_graph: bool,
    strict: bool,
    keep: bool | None = None,
) -> tuple[Any, ...]:
    """Gradients by inputs; zeros, or in strict mode an error, where an output does not depend."""
    live = [(o, g) for o, g in zip(outputs, v, strict=True) if o.node is not None]
    if live:
        roots, seeds = zip(*live, strict=True)
        found = grad(roots, inputs, seeds, keep, create_graph, allow_unused=True)
    else:
        found = (None,) * len(inputs)
    missing = [i for i, g in enumerate(found) if g is None]
    if strict and missing:
        raise _independent(name, missing[0])
    return tuple(zeros_like(x) if g is None else g for g, x in zip(found, inputs, strict=True))


def _settled(out: Any, create_graph: bool) -> Any:
    """Results off the tape unless its graph was asked for."""
    if create_graph:
        return out
    if isinstance(out, Tensor):
        return out.detach() if out.requires_grad else out
    return tuple(_settled(o, False) for o in out)


def vjp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """``(func(inputs), v^T J)``: a vector times the Jacobian, by reverse mode.

    Args:
        func: takes and returns one or several tensors.
        inputs: a tensor or a tuple of them.
        v: of the outputs' shapes; may be left out for an output of one element.
        create_graph: record, so that the results can be differentiated.
        strict: raise an error where an output does not depend on an input, instead of zeros.

    Raises:
        RuntimeError: if ``v`` does not fit, or in strict mode.
        TypeError: for what is not a tensor.
    """
    entries = _entries(_checked(inputs, "inputs", "vjp"), create_graph)
    out, outputs = _run("vjp", func, entries)
    given = _directions("vjp", v, outputs, "the output")
    found = _gradients("vjp", outputs, entries, given, create_graph, strict)
    return _settled(out, create_graph), _settled(_shaped(found, inputs), create_graph)


def jvp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """``(func(inputs), J v)``: the Jacobian times a vector, by forward mode.

    Arguments and errors as ``vjp`` has them; ``v`` has the inputs' shapes.
    """
    given = _checked(inputs, "inputs", "jvp")
    vectors = _directions("jvp", v, given, "the input")
    entries = _points(given, create_graph)
    out, moved = transforms.jvp(func, entries, vectors, strict=strict)
    return _settled(out, create_graph), _settled(moved, create_graph)


def jacobian(
    func: Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """All derivatives of all outputs by all inputs: blocks of shape (*output, *input).

    Args:
        func: takes and returns one or several tensors.
        inputs: a tensor or a tuple of them.
        create_graph: record, so that the result can be differentiated.
        strict: raise an error where an output does not depend on an input, instead of zeros.
        vectorize: all rows (or columns) in one batch, instead of one after the other.
        strategy: ``"reverse-mode"``, or ``"forward-mode"``, which costs one pass for each element
            of the inputs instead of the outputs.

    Returns:
        One block, or a tuple over the outputs and within it over the inputs, where there are several.

    Raises:
        RuntimeError: in strict mode, or for ``strict`` with ``vectorize``.
        ValueError: for another strategy.

    >>> import tinygrad_sm as sg
    >>> sg.autograd.functional.jacobian(lambda x: x * x, sg.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if strategy not in ("reverse-mode", "forward-mode"):
        raise ValueError(
            f"jacobian: strategy must be 'reverse-mode' or 'forward-mode', not {strategy!r}"
        )
    if strict and (vectorize or strategy == "forward-mode"):
        raise RuntimeError("jacobian: strict=True works with vectorize=False and reverse mode only")
    given = _checked(inputs, "inputs", "jacobian")
    entries = _entries(given, create_graph)
    if strategy == "forward-mode" or vectorize:
        several: list[bool] = []

        def noted(*xs: Any) -> Any:
            out = func(*xs)
            several.append(isinstance(out, tuple | list))
            return _checked(out, "outputs of the function", "jacobian")

        transform = transforms.jacfwd if strategy == "forward-mode" else transforms.jacrev
        blocks: Any = transform(noted, tuple(range(len(entries))))(*entries)
        many = several[0]
    else:
        out, outputs = _run("jacobian", func, entries)
        many = isinstance(out, tuple | list)
        blocks = tuple(_row_by_row(o, entries, create_graph, strict) for o in outputs)
    rows = tuple(_settled(_shaped(row, inputs), create_graph) for row in blocks)
    return rows if many else rows[0]


def _row_by_row(
    out: Any, inputs: tuple[Any, ...], create_graph: bool, strict: bool
) -> tuple[Any, ...]:
    rows = [
        _gradients("jacobian", (out,), inputs, (one_hot,), create_graph, strict, keep=True)
        for one_hot in transforms.basis(out)
    ]
    if not rows:
        return tuple(zeros_like(x).expand((*out.shape, *x.shape)) for x in inputs)
    from_rows = (stack(column) for column in zip(*rows, strict=True))
    return tuple(c.reshape((*out.shape, *x.shape)) for c, x in zip(from_rows, inputs, strict=True))


def _check_number(name: str, out: Any) -> None:
    if not isinstance(out, Tensor) or out.array.size != 1:
        raise RuntimeError(
            f"{name}: the function should return a single Tensor with a single element"
        )


def _first_derivative(name: str, func: Function, strict: bool) -> Function:
    """The gradient of a function of one number, on the tape, with its value."""

    def slopes(*xs: Any) -> Any:
        out, outputs = _run(name, func, xs)
        _check_number(name, out)
        seed = (zeros_like(outputs[0]) + 1,)
        return out, _gradients(name, outputs, xs, seed, True, strict)

    return slopes


def hessian(
    func: Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The second derivatives of a function of one number: blocks of shape (*input, *input).

    Arguments and errors as ``jacobian`` has them.

    >>> import tinygrad_sm as sg
    >>> sg.autograd.functional.hessian(lambda x: (x**3).sum(), sg.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    slopes = _first_derivative("hessian", func, strict)

    def first(*xs: Any) -> Any:
        found = _tape_or_transform(slopes, func, xs)
        return found if isinstance(inputs, tuple | list) else found[0]

    return jacobian(first, inputs, create_graph, strict, vectorize, outer_jacobian_strategy)


def _tape_or_transform(slopes: Function, func: Function, xs: tuple[Any, ...]) -> Any:
    """The gradient where inputs are on the tape; under a transform, the transform ``grad``."""
    if all(x.node is not None for x in xs):
        return slopes(*xs)[1]
    return transforms.grad(lambda *ys: func(*ys).reshape(()), tuple(range(len(xs))))(*xs)


def vhp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """``(func(inputs), v^T H)``: a vector times the Hessian, by reverse mode twice.

    Arguments and errors as ``vjp`` has them; ``v`` has the inputs' shapes.
    """
    given = _checked(inputs, "inputs", "vhp")
    vectors = _directions("vhp", v, given, "the input")
    entries = _entries(given, create_graph)
    with enable_grad():
        out, slopes = _first_derivative("vhp", func, strict)(*entries)
    found = _gradients("vhp", slopes, entries, vectors, create_graph, strict)
    return _settled(out, create_graph), _settled(_shaped(found, inputs), create_graph)


def hvp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """``(func(inputs), H v)``: the Hessian times a vector, by forward mode over reverse mode.

    Arguments and errors as ``vhp`` has them. The Hessian is symmetric, so the product is the same.
    """
    if strict:
        return vhp(func, inputs, v, create_graph, strict)
    given = _checked(inputs, "inputs", "hvp")
    vectors = _directions("hvp", v, given, "the input")
    entries = _points(given, create_graph)

    def number(*xs: Any) -> Any:
        out = func(*xs)
        _check_number("hvp", out)
        return out.reshape(()), out

    slopes = transforms.grad(number, tuple(range(len(entries))), has_aux=True)
    _, found, out = transforms.jvp(slopes, entries, vectors, has_aux=True)
    return _settled(out, create_graph), _settled(_shaped(found, inputs), create_graph)
