"""``autograd.Function`` under the transforms: what ``apply`` does with wrapped arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..func.batched import Batch, Batched
from ..func.forward import Dual, fitted, short_tape, zeros_like
from ..func.levels import Graded, Wrapped, lowered, opened, wrapped_at
from ..func.vmap import moved as moved_dim
from ..func.vmap import randomness_at
from ..ops.random import get_rng_state, set_rng_state
from ..tape import LEAF, Value, fit, is_grad_enabled, walk


class VmapInfo(NamedTuple):
    """What a ``vmap`` staticmethod is told."""

    batch_size: int
    randomness: str


def _results(out: Any) -> tuple[Any, ...]:
    return tuple(out) if isinstance(out, tuple | list) else (out,)


def _like(out: Any, parts: list[Any]) -> Any:
    return tuple(parts) if isinstance(out, tuple | list) else parts[0]


def _below(cls: Any, args: tuple[Any, ...]) -> tuple[Any, Callable[..., Any]]:
    """The results below a level, and a way to run ``forward`` again that draws the same numbers."""
    state = get_rng_state()
    out = cls.apply(*args)

    def run_again(args: tuple[Any, ...]) -> Any:
        now = get_rng_state()
        set_rng_state(state)
        try:
            return cls.run(args)
        finally:
            set_rng_state(now)

    return out, run_again


def _at_level(
    cls: Any, level: int, args: tuple[Any, ...], out: Any, run_again: Callable[..., Any]
) -> Any:
    """Results of a level, recorded on its tape if an argument is on it."""
    on_tape = any(wrapped_at(a, level) and a.node is not None for a in args)
    if not on_tape or not is_grad_enabled():
        return out
    ctx, made = run_again(args)
    ctx.adopt(made, out)
    return cls.placed(ctx, args, out, level)


def apply_graded(self: Wrapped, cls: Any, args: tuple[Any, ...]) -> Any:
    """Run below, then record here."""
    level = self.level
    below, run_again = _below(cls, tuple(lowered(a, level) for a in args))
    shown = [Graded(o, level) if isinstance(o, Value) else o for o in _results(below)]
    return _at_level(cls, level, args, _like(below, shown), run_again)


def apply_dual(self: Dual, cls: Any, args: tuple[Any, ...]) -> Any:
    """Run on the primals; tangents by ``jvp``, or by the transpose of ``backward``."""
    level = self.level
    primals = tuple(lowered(a, level) for a in args)
    below, run_again = _below(cls, primals)
    outs = _results(below)
    ctx, made = run_again(primals)
    ctx.adopt(made, below)
    tangents = [a.tangent if wrapped_at(a, level) else None for a in args]
    if cls.defines("jvp"):
        moved = list(_results(cls.jvp(ctx, *tangents)))
    else:
        moved = _transposed(cls, ctx, outs, primals, tangents)
    shown = [
        Dual(o, level, None, None if t is None else fitted(t, o)) if _differentiable(o) else o
        for o, t in zip(outs, moved, strict=True)
    ]
    return _at_level(cls, level, args, _like(below, shown), run_again)


def _differentiable(x: Any) -> bool:
    return isinstance(x, Value) and x.array.dtype.kind == "f"


def _transposed(cls: Any, ctx: Any, outs: Any, primals: Any, tangents: list[Any]) -> list[Any]:
    """``backward`` is linear in what it is given: record it, and walk back through it."""
    outer = is_grad_enabled()
    with short_tape() as level:
        g = [_unknown(o, level) for o in outs]
        found = _results(cls.backward(ctx, *g))
        pairs = [
            (fit(r, p), t)
            for r, p, t in zip(found, primals, tangents, strict=True)
            if t is not None and wrapped_at(r, level)
        ]
        targets = [x for x in g if wrapped_at(x, level)]
        moved = iter(
            walk(
                [r for r, _ in pairs],
                [t for _, t in pairs],
                targets=targets,
                record=outer,
                level=level,
            )
        )
        return [next(moved) if wrapped_at(x, level) else None for x in g]


def _unknown(out: Any, level: int) -> Any:
    """The gradient of a result, to be differentiated by; what has none is given zeros or ``None``."""
    if _differentiable(out):
        return Graded(zeros_like(out), level, LEAF)
    return zeros_like(out) if isinstance(out, Value) else None


def apply_batched(self: Batched, cls: Any, args: tuple[Any, ...]) -> Any:
    """Run on the batch below, by the Function's ``vmap``, or by forward and backward on batches."""
    level = self.level
    size = self.inner.array.shape[0]
    has_batch = tuple(wrapped_at(a, level) for a in args)
    below = tuple(lowered(a, level) for a in args)
    if cls.defines("vmap"):
        return _by_its_vmap(cls, level, size, has_batch, below)
    out = _of_batches(cls, level, size, has_batch).apply(*below)
    return _like(out, [Batched(o, level) if isinstance(o, Value) else o for o in _results(out)])


def _by_its_vmap(cls: Any, level: int, size: int, has_batch: Any, below: Any) -> Any:
    dims = tuple(0 if batched else None for batched in has_batch)
    out, out_dims = cls.vmap(VmapInfo(size, randomness_at(level)), dims, *below)
    outs = _results(out)
    ends = out_dims if isinstance(out_dims, tuple | list) else (out_dims,) * len(outs)
    return _like(
        out,
        [
            o if d is None else Batched(moved_dim(o, d, 0), level)
            for o, d in zip(outs, ends, strict=True)
        ],
    )


def _of_batches(cls: Any, level: int, size: int, has_batch: tuple[bool, ...]) -> Any:
    """The Function of whole batches whose forward and backward are those of one sample, batched."""
    batch = Batch(size, level)

    def forward(ctx: Any, *args: Any) -> Any:
        with opened(level):
            wrapped = tuple(
                Batched(a, level) if b else a for a, b in zip(args, has_batch, strict=True)
            )
            ctx.inner, out = cls.run(wrapped)
            ctx.save_for_backward(*(lowered(t, level) for t in ctx.inner._saved))
            ctx.has_batch = tuple(wrapped_at(t, level) for t in ctx.inner._saved)
            ctx.set_materialize_grads(ctx.inner._materialize)
            ctx.mark_dirty(*(lowered(t, level) for t in ctx.inner._dirty))
            outs = [batch.full(o) if isinstance(o, Value) else o for o in _results(out)]
            fixed = [any(o is t for t in ctx.inner._fixed) for o in _results(out)]
            ctx.mark_non_differentiable(*(o for o, f in zip(outs, fixed, strict=True) if f))
            return _like(out, outs)

    def backward(ctx: Any, *grads: Any) -> Any:
        with opened(level):
            pairs = zip(ctx.saved_tensors, ctx.has_batch, strict=True)
            saved = (Batched(t, level) if b else t for t, b in pairs)
            ctx.inner.save_for_backward(*saved)
            given = (Batched(g, level) if isinstance(g, Value) else g for g in grads)
            found = _results(cls.backward(ctx.inner, *given))
            return tuple(
                None if g is None else batch.full(g) if b else batch.full(g).sum(0)
                for g, b in zip(found, has_batch, strict=True)
            )

    statics = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    base = cls.__mro__[-2]  # Function itself
    return type(cls.__name__, (base,), statics)


APPLY: dict[type, Callable[..., Any]] = {
    Graded: apply_graded,
    Dual: apply_dual,
    Batched: apply_batched,
}
