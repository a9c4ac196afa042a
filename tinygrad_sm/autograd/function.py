"""``Function``: an operation with both ways written by hand, as in PyTorch.

Where forward and rules are plain mathematics, ``primitive`` is shorter and gives more.
"""

from __future__ import annotations

import functools
import warnings
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..func.levels import newest
from ..ops.in_place import check_writable, rebase
from ..primitive import Primitive, primitive, record
from ..tape import Value, alias, is_grad_enabled, no_grad, outputs_of, packing, wrap, written
from ..tensor import Tensor
from .lifted_function import APPLY


class FunctionCtx:
    """What ``forward`` leaves for ``backward``; any attribute may be set on it.

    Attributes:
        needs_input_grad: for each argument, whether its gradient will be asked for.
    """

    needs_input_grad: tuple[bool, ...] = ()
    _saved: Sequence[Any] = ()
    _versions: tuple[int, ...] | None = ()  # None once hooks have packed what was saved
    _places: tuple[int, ...] = ()  # for each saved tensor, which result it is, or -1
    _results: tuple[Any, ...] = ()  # of each: shape, dtype and whether it is on the tape, or None
    _dirty: tuple[Any, ...] = ()
    _fixed: tuple[Any, ...] = ()
    _node: Callable[[], Any] | None = None
    _materialize = True

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep inputs, outputs or other tensors; writes to them in between are noticed.

        Raises:
            TypeError: for what is neither a tensor nor ``None``.
        """
        for t in tensors:
            if t is not None and not isinstance(t, Tensor):
                raise TypeError(
                    f"save_for_backward can only save tensors, but got a {type(t).__name__}: keep "
                    "it as an attribute, ctx.name = ..."
                )
        self._saved = tensors
        self._versions = tuple(0 if t is None else t.version[0] for t in tensors)

    save_for_forward = save_for_backward

    def mark_dirty(self, *tensors: Any) -> None:
        """Say which arguments ``forward`` wrote into and returns."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """Say which results have no gradient."""
        self._fixed = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether gradients that do not arrive are given as zeros (the default) or ``None``."""
        self._materialize = value

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What was saved, outputs in their place on the tape.

        Raises:
            RuntimeError: if one was written to since.
        """
        saved = tuple(self._saved)
        for t, version in zip(saved, self._versions or (), strict=self._versions is not None):
            if t is not None and t.version[0] != version:
                raise RuntimeError(
                    "one of the variables needed for gradient computation has been modified by an "
                    f"inplace operation: a tensor of shape {tuple(t.shape)} that a Function saved "
                    f"is at version {t.version[0]}; expected version {version} instead"
                )
        node = None if self._node is None else self._node()
        if node is None:
            return saved
        return tuple(_in_place(t, i, node) for t, i in zip(saved, self._places, strict=True))

    @property
    def saved_variables(self) -> tuple[Any, ...]:
        """``saved_tensors`` by an older name, which is warned about."""
        warnings.warn(
            "'saved_variables' is deprecated; use 'saved_tensors'", DeprecationWarning, stacklevel=2
        )
        return self.saved_tensors

    def settle(self, results: Sequence[Any]) -> None:
        """Note which of the saved tensors are results, and let hooks pack what was saved.

        A result is saved without its node, which would be a cycle.
        """
        known = {id(o): i for i, o in enumerate(results) if not any(o is t for t in self._fixed)}
        self._places = tuple(known.get(id(t), -1) for t in self._saved)
        if own := packing.get():
            self._saved, self._versions = own[-1](self._saved), None

    def adopt(self, made: Any, placed: Any) -> None:
        """Take results that were run below, with their place on the tapes there, for those made."""
        known = dict(zip(map(id, _listed(made)), _listed(placed), strict=True))
        self._saved = tuple(known.get(id(t), t) for t in self._saved)
        self._versions = tuple(0 if t is None else t.version[0] for t in self._saved)


def _in_place(t: Any, place: int, node: Any) -> Any:
    """A saved result with its node; another saved tensor as it is."""
    if place < 0:
        return t
    if not node.op.several:
        return alias(t, node)
    return outputs_of(node, [t] * len(node.shape))[place]


def _listed(out: Any) -> list[Any]:
    return list(out) if isinstance(out, tuple | list) else [out]


class Function:
    """The base of operations whose forward and backward are written by hand.

    A subclass defines static methods: ``forward(ctx, *args)``, or ``forward(*args)`` and
    ``setup_context(ctx, inputs, output)``; and ``backward(ctx, *grads)``, which returns a gradient
    (or ``None``) for each argument. It is called by ``apply``. Nothing in ``forward`` is recorded.

    ``backward`` made of operations on tensors can itself be differentiated. From it come forward
    mode, unless there is a ``jvp(ctx, *tangents)``, and ``vmap``, unless there is a
    ``vmap(info, in_dims, *args)`` that returns ``(output, out_dims)``.

    >>> import tinygrad_sm as sg
    >>> class Cube(sg.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x**3
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return 3 * x**2 * g
    >>> x = sg.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor(12.)
    """

    generate_vmap_rule = False
    _operations: dict[bool, Primitive]

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """The result; every subclass defines it."""
        raise NotImplementedError(
            "You must implement the forward function for custom autograd.Function."
        )

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Save what ``backward`` needs, where ``forward`` takes no ``ctx``."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradient of each argument; every subclass that is differentiated defines it."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom "
            "autograd.Function to use it with backward mode AD."
        )

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        """The derivative along tangents, ``None`` for arguments that have none."""
        raise NotImplementedError("jvp is not implemented: it is taken from backward.")

    @staticmethod
    def vmap(info: Any, in_dims: Any, *args: Any) -> Any:
        """The function of a batch."""
        raise NotImplementedError("vmap is not implemented: it is taken from forward and backward.")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._operations = {}
        if "vjp" in cls.__dict__:
            type.__setattr__(cls, "backward", cls.__dict__["vjp"])

    @classmethod
    def defines(cls, method: str) -> bool:
        """Whether the subclass has its own version of a static method."""
        return getattr(cls, method) is not getattr(Function, method)

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run the function; the result is recorded if an argument requires grad."""
        top = newest(args)
        if top is not None:
            return APPLY[type(top)](top, cls, args)
        ctx, out = cls.run(args)
        return cls.placed(ctx, args, out)

    @classmethod
    def run(cls, args: tuple[Any, ...]) -> tuple[FunctionCtx, Any]:
        """The forward function, off the tape, and what it left for the way back."""
        ctx = FunctionCtx()
        ctx.needs_input_grad = tuple(isinstance(a, Tensor) and a.requires_grad for a in args)
        with no_grad():
            if cls.defines("setup_context"):
                out = cls.forward(*args)
                cls.setup_context(ctx, args, out)
            else:
                out = cls.forward(ctx, *args)
        return ctx, out

    @classmethod
    def placed(cls, ctx: FunctionCtx, args: tuple[Any, ...], out: Any, level: int = 0) -> Any:
        """The result on the tape of a level, if an argument is."""
        several = isinstance(out, tuple | list)
        outs = tuple(out) if several else (out,)
        for t in ctx._dirty:
            check_writable(t, cls.__name__)
            written(t)
        on_tape = [isinstance(a, Value) and a.level == level and a.node is not None for a in args]
        tensors = [isinstance(o, Value) and o.array.dtype.kind == "f" for o in outs]
        if not any(on_tape) or not is_grad_enabled() or not any(tensors):
            return out
        mask = sum(1 << i for i, on in enumerate(on_tape) if on)
        kept = [o for o, is_tensor in zip(outs, tensors, strict=True) if is_tensor]
        ctx._results = tuple(
            (o.array.shape, o.array.dtype, is_tensor) if isinstance(o, Value) else None
            for o, is_tensor in zip(outs, tensors, strict=True)
        )
        op = cls._operation(several)
        shown = tuple(o.array for o in kept)
        node = record(op, mask, args, shown if several else shown[0], (ctx,))
        node.parents = [p if on else None for p, on in zip(node.parents, on_tape, strict=True)]
        ctx._node = weakref.ref(node)
        ctx.settle(kept)
        placed = iter(outputs_of(node, kept) if several else (alias(kept[0], node),))
        results = tuple(
            _returned(ctx, o, next(placed)) if is_tensor else o
            for o, is_tensor in zip(outs, tensors, strict=True)
        )
        return results if several else results[0]

    @classmethod
    def _operation(cls, several: bool) -> Primitive:
        if several not in cls._operations:
            op = Primitive(
                lambda *args: None,
                {"args": functools.partial(_back, cls)},
                name=cls.__name__,
                residuals=("ctx",),
                several=several,
            )
            op.node_name = f"{cls.__name__}Backward"
            op.takes_none = True
            cls._operations[several] = op
        return cls._operations[several]


def _returned(ctx: FunctionCtx, made: Any, placed: Any) -> Any:
    """What the caller gets of a result: itself if written in place, else off or on the tape."""
    if any(made is t for t in ctx._fixed):
        return made
    if any(made is t for t in ctx._dirty):
        rebase(made, placed)
        return made
    placed.version = made.version
    return placed


def _back(cls: type[Function], g: Any, ctx: Any) -> list[Any]:
    """The rule of a Function: its backward, fed Tensors, its results as the walk wants them."""
    given = _incoming(ctx, g)
    lifted = any(isinstance(x, Value) for x in given)
    shown = (x if x is None or isinstance(x, Value) else wrap(x) for x in given)
    found = cls.backward(ctx, *shown)
    grads = list(found) if isinstance(found, tuple | list) else [found]
    wanted = len(ctx.needs_input_grad)
    if len(grads) > wanted and all(x is None for x in grads[wanted:]):
        grads = grads[:wanted]
    if len(grads) != wanted:
        raise RuntimeError(
            f"function {cls.__name__}Backward returned an incorrect number of gradients (expected "
            f"{wanted}, one for each argument of forward, got {len(grads)})"
        )
    if lifted:
        return grads
    # views, into which the walk does not add: the function may hold, or return twice, what it made
    return [None if x is None else (x.array if isinstance(x, Value) else x).view() for x in grads]


def _incoming(ctx: Any, g: Any) -> list[Any]:
    """A gradient for each of the results of ``forward``; ``None`` where there is, and can be, none."""
    arrived = iter(g if type(g) is list else [g])
    given = [next(arrived) if known and known[2] else None for known in ctx._results]
    if not ctx._materialize:
        return given
    return [
        np.zeros(known[0], known[1]) if x is None and known else x
        for x, known in zip(given, ctx._results, strict=True)
    ]


def _refuse(g: Any) -> Any:
    raise RuntimeError(
        "trying to differentiate twice a function that was marked with @once_differentiable"
    )


_once = primitive(lambda x, *sources: x.copy(), name="once_differentiable", sources=_refuse)


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a ``backward`` that works on arrays: its results cannot be differentiated again."""

    @functools.wraps(backward)
    def once(ctx: Any, *grads: Any) -> Any:
        with no_grad():
            found = backward(ctx, *grads)
        if not is_grad_enabled():
            return found
        sources = [g for g in (*grads, *ctx._saved) if isinstance(g, Value) and g.node is not None]
        if not sources:
            return found
        results = found if isinstance(found, tuple | list) else (found,)
        guarded = tuple(x if x is None else _once(x, *sources) for x in results)
        return guarded if isinstance(found, tuple | list) else guarded[0]

    return once
