"""Derivatives of functions: ``grad``, ``vjp``, ``jvp``, and Jacobians made of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..tape import wrap
from ..tensor import Tensor
from .forward import Dual, zeros_like
from .levels import lowered, opened
from .local_tape import LocalTape, local_tape
from .trees import leaves, mapped
from .vmap import vmap

Function = Callable[..., Any]


def grad(func: Function, argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Function:
    """The gradient of a function of one number, as a function.

    Args:
        func: takes tensors, returns a tensor of one element (or, with ``has_aux``, that and more).
        argnums: the argument(s) to differentiate by: a number, or a tuple for a tuple of gradients.
            Arguments may be nested tuples, lists and dicts of tensors.
        has_aux: whether ``func`` returns ``(value, aux)``; the result is then ``(gradient, aux)``.

    Raises:
        RuntimeError: if the result is no single number, or an argument is not floating.

    >>> import tinygrad_sm as sg
    >>> sg.func.grad(sg.func.grad(lambda x: x**3))(sg.tensor(2.0))
    tensor(12.)
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        grads, value = both(*args, **kwargs)
        return (grads, value[1]) if has_aux else grads

    return gradient


def grad_and_value(
    func: Function, argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Function:
    """As ``grad``, with the value beside it: ``(gradient, value)``, or ``(gradient, (value, aux))``."""

    @functools.wraps(func)
    def both(*args: Any, **kwargs: Any) -> Any:
        chosen = _chosen(args, argnums)
        with local_tape() as tape:
            inputs = mapped(tape.input, chosen)
            out = func(*_put_back(args, argnums, inputs), **kwargs)
            value, aux = _with_aux("grad", out) if has_aux else (out, None)
            _check_number(value)
        entries = leaves(inputs)
        shown = tape.output(value)
        seed = wrap(np.ones(value.array.shape, value.array.dtype))
        found = tape.back([value], [seed], entries, keep=False)
        grads = _like(chosen, found)
        return grads, (shown, mapped(tape.output, aux)) if has_aux else shown

    return both


def _check_number(value: Any) -> None:
    if not isinstance(value, Tensor):
        raise RuntimeError(
            f"grad: the function must return a tensor, but returned a {type(value).__name__}"
        )
    if value.array.ndim or value.array.dtype.kind != "f":
        raise RuntimeError(
            "grad: the function must return a floating tensor with 0 dimensions, but returned one "
            f"of shape {tuple(value.shape)} and dtype {value.array.dtype}: reduce it with .sum() or "
            ".mean(), or use vjp or jacrev"
        )


def _with_aux(name: str, out: Any) -> tuple[Any, Any]:
    if not (isinstance(out, tuple) and len(out) == 2):
        raise RuntimeError(f"{name}: with has_aux=True the function must return (output, aux)")
    return out


def _chosen(args: tuple[Any, ...], argnums: int | tuple[int, ...]) -> Any:
    places = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    for place in places:
        if not -len(args) <= place < len(args):
            raise RuntimeError(
                f"argnums={argnums}, but there are {len(args)} positional argument(s)"
            )
    if not places or len({p % len(args) for p in places}) < len(places):
        raise RuntimeError(f"argnums={argnums} must name at least one argument, each once")
    return args[argnums] if isinstance(argnums, int) else tuple(args[i] for i in places)


def _put_back(args: tuple[Any, ...], argnums: int | tuple[int, ...], new: Any) -> list[Any]:
    full = list(args)
    pairs = [(argnums, new)] if isinstance(argnums, int) else zip(argnums, new, strict=True)
    for place, value in pairs:
        full[place] = value
    return full


def _like(tree: Any, flat: list[Any]) -> Any:
    """Leaves put into the structure of a tree."""
    rest = iter(flat)
    return mapped(lambda _: next(rest), tree)


# --- products with the Jacobian ------------------------------------------------------------------


def vjp(func: Function, *primals: Any, has_aux: bool = False) -> Any:
    """The result of a function, and a function that carries gradients back through it.

    Returns:
        ``(output, vjp_fn)``, with ``aux`` as a third if ``has_aux``. ``vjp_fn(cotangents)`` takes
        what has the structure of the output and returns a tuple with a gradient for each primal.

    >>> import tinygrad_sm as sg
    >>> out, back = sg.func.vjp(lambda x: x * x, sg.tensor([1.0, 2.0]))
    >>> back(sg.tensor([1.0, 10.0]))
    (tensor([ 2., 40.]),)
    """
    with local_tape() as tape:
        inputs = mapped(tape.input, primals)
        out = func(*inputs)
        out, aux = _with_aux("vjp", out) if has_aux else (out, None)
    roots = leaves(out)
    if not all(isinstance(r, Tensor) for r in roots):
        raise RuntimeError("vjp: the function must return tensors")

    def vjp_fn(*cotangents: Any) -> Any:
        given = cotangents[0] if len(cotangents) == 1 else tuple(cotangents)
        seeds = [] if not roots else leaves(mapped(_cotangent, out, given))
        return _like(primals, tape.back(roots, seeds, leaves(inputs), keep=True))

    shown = mapped(tape.output, out)
    return (shown, vjp_fn, mapped(tape.output, aux)) if has_aux else (shown, vjp_fn)


def _cotangent(out: Any, g: Any) -> Any:
    if not isinstance(g, Tensor) or g.array.shape != out.array.shape:
        found = tuple(g.shape) if isinstance(g, Tensor) else type(g).__name__
        raise RuntimeError(
            f"vjp: expected a cotangent of the output's shape {tuple(out.shape)}, not {found}"
        )
    return g


def jvp(
    func: Function, primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False
) -> Any:
    """The result of a function and its derivative along ``tangents``, in one pass forward.

    Args:
        func: takes and returns tensors.
        primals: a tuple of arguments.
        tangents: a tuple of the same structure and shapes.
        strict: raise an error where an output does not depend on the inputs.
        has_aux: whether ``func`` returns ``(output, aux)``.

    Returns:
        ``(output, derivative)``, with ``aux`` as a third if ``has_aux``.

    >>> import tinygrad_sm as sg
    >>> sg.func.jvp(sg.sin, (sg.tensor(0.0),), (sg.tensor(2.0),))
    (tensor(0.), tensor(2.))
    """
    if not (isinstance(primals, tuple) and isinstance(tangents, tuple)):
        raise RuntimeError("jvp: expected primals and tangents as tuples")
    with opened() as level:
        duals = mapped(lambda p, t: _dual(p, t, level), primals, tangents)
        out = func(*duals)
        out, aux = _with_aux("jvp", out) if has_aux else (out, None)
        value = mapped(lambda o: _primal(o, level), out)
        moved = mapped(lambda o: _tangent(o, level, strict), out)
    if has_aux:
        return value, moved, mapped(lambda o: _primal(o, level), aux)
    return value, moved


def _dual(p: Any, t: Any, level: int) -> Any:
    if not (isinstance(p, Tensor) and isinstance(t, Tensor)):
        raise RuntimeError("jvp: expected tensors as primals and tangents")
    if p.array.shape != t.array.shape:
        raise RuntimeError(
            f"jvp: expected a tangent of the primal's shape {tuple(p.shape)}, not {tuple(t.shape)}"
        )
    if t.array.dtype != p.array.dtype:
        t = t.to(p.array.dtype)
    return Dual(p, level, None, t)


def _primal(out: Any, level: int) -> Any:
    return lowered(out, level)


def _tangent(out: Any, level: int, strict: bool) -> Any:
    if not isinstance(out, Tensor):
        raise RuntimeError(f"jvp: the function must return tensors, not {type(out).__name__}")
    if isinstance(out, Dual) and out.level == level:
        return out.tangent
    if strict:
        raise RuntimeError("jvp: with strict=True, an output does not depend on the inputs")
    return zeros_like(out)


def linearize(func: Function, *primals: Any) -> tuple[Any, Function]:
    """The result of a function, and its derivative at this point as a linear function.

    Unlike ``jvp`` the function itself runs once, for any number of tangents; what it recorded is
    kept as long as the linear function is. It is the transpose of the transpose, ``vjp`` twice.
    """
    out, back = vjp(func, *primals)
    zeros = mapped(zeros_like, out)
    _, forth = vjp(back, zeros)

    def jvp_fn(*tangents: Any) -> Any:
        return forth(tangents)[0]

    return out, jvp_fn


# --- whole Jacobians -------------------------------------------------------------------------------


def jacrev(
    func: Function,
    argnums: int | tuple[int, ...] = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
) -> Function:
    """The Jacobian by reverse mode: one walk back for each element of the output, all at once.

    Cheap for few outputs. The result has the shape (*output, *input), in the structure of the
    output, and within that of the chosen argument(s).

    Args:
        func: takes and returns tensors.
        argnums: which argument(s) to differentiate by.
        has_aux: whether ``func`` returns ``(output, aux)``.
        chunk_size: so many rows at once.

    >>> import tinygrad_sm as sg
    >>> sg.func.jacrev(lambda x: x * x)(sg.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """

    @functools.wraps(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        chosen = _chosen(args, argnums)
        with local_tape() as tape:
            inputs = mapped(tape.input, chosen)
            out = func(*_put_back(args, argnums, inputs), **kwargs)
            out, aux = _with_aux("jacrev", out) if has_aux else (out, None)
        rows = mapped(lambda o: _like(chosen, _rows(tape, o, leaves(inputs), chunk_size)), out)
        return (rows, mapped(tape.output, aux)) if has_aux else rows

    return jacobian


def _rows(tape: LocalTape, out: Any, inputs: list[Any], chunk_size: int | None) -> list[Any]:
    """The blocks of the Jacobian of one output: its rows are gradients of single elements."""
    shape = tuple(out.array.shape)
    rows = vmap(lambda g: tape.back([out], [g], inputs, keep=True), chunk_size=chunk_size)(
        basis(out)
    )
    return [r.reshape((*shape, *x.array.shape)) for r, x in zip(rows, inputs, strict=True)]


def basis(x: Any) -> Any:
    """One tensor of a shape for each element, with a 1 there and 0 elsewhere: (n, *shape)."""
    n = x.array.size
    return wrap(np.eye(n, dtype=x.array.dtype).reshape(n, *x.array.shape))


def jacfwd(
    func: Function,
    argnums: int | tuple[int, ...] = 0,
    has_aux: bool = False,
    *,
    randomness: str = "error",
) -> Function:
    """The Jacobian by forward mode: one pass for each element of the input, all at once.

    Cheap for few inputs, however many outputs, and nothing is kept for a way back. Result and
    arguments as ``jacrev`` has them; ``randomness`` is ``vmap``'s.
    """

    @functools.wraps(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        chosen = _chosen(args, argnums)
        flat = leaves(chosen)

        def of_leaves(*new: Any) -> Any:
            return func(*_put_back(args, argnums, _like(chosen, list(new))), **kwargs)

        blocks = [_columns(of_leaves, flat, i, has_aux, randomness) for i in range(len(flat))]
        aux = blocks[0][1]
        jac = mapped(lambda *parts: _like(chosen, list(parts)), *(b[0] for b in blocks))
        return (jac, aux) if has_aux else jac

    return jacobian


def _columns(
    func: Function, primals: list[Any], which: int, has_aux: bool, randomness: str
) -> tuple[Any, Any]:
    """The block of the Jacobian by one input: its columns are derivatives along single elements."""
    x = primals[which]

    def column(tangent: Any) -> Any:
        tangents = tuple(tangent if i == which else zeros_like(p) for i, p in enumerate(primals))
        found = jvp(func, tuple(primals), tangents, has_aux=has_aux)
        return found[1:] if has_aux else found[1]

    ends = (-1, None) if has_aux else -1
    found = vmap(column, out_dims=ends, randomness=randomness)(basis(x))
    columns, aux = found if has_aux else (found, None)
    sizes = tuple(x.array.shape)
    return mapped(lambda c: c.reshape((*c.array.shape[:-1], *sizes)), columns), aux


def hessian(func: Function, argnums: int | tuple[int, ...] = 0) -> Function:
    """The matrix of second derivatives: ``jacfwd(jacrev(func))``.

    >>> import tinygrad_sm as sg
    >>> sg.func.hessian(lambda x: (x**3).sum())(sg.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)
