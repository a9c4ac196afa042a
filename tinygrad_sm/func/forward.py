"""Forward mode: a value with its tangent, and the forward derivative of every operation.

There is no second table of rules. A rule is linear in ``g``, so the derivative of an operation
along a tangent is the transpose of its rule, and that is one of three things:

- the operation itself, where it is linear in an argument (``linear=`` in its definition);
- the rule itself, where the operation is elementwise: a diagonal is its own transpose;
- else the transpose of the rule, by recording it on a short tape that is walked back at once.

Nothing is kept, so memory does not grow with the depth of the function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .. import tape
from ..primitive import Primitive
from ..tape import LEAF, Value, alias, enable_grad, is_grad_enabled, packing, shape_of, walk, wrap
from .levels import Graded, Wrapped, lowered, matched, opened, wrapped_at


class Dual(Wrapped):
    """A value and its derivative along one direction: ``inner`` is the primal."""

    __slots__ = ("tangent",)
    _copied = (*Wrapped._copied, "tangent")

    def __init__(self, inner: Any, level: int, node: Any = None, tangent: Any = None) -> None:
        super().__init__(inner, level, node)
        moved = matched(zeros_like(inner) if tangent is None else tangent, inner)
        self.tangent = moved if _lies_as(moved.array, inner.array) else _laid_as(moved, inner.array)

    def run(self, op: Primitive, call: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """The operation on the primals, and its derivative along the tangents."""
        level = self.level
        primals = [lowered(a, level) for a in args]
        out = call(*primals)
        tangents = {
            i: a.tangent
            for i, a in enumerate(args)
            if wrapped_at(a, level) and op.differentiable >> i & 1
        }
        first = out[0] if op.several else out
        if not tangents or first.array.dtype.kind != "f":
            return out
        moved = _derivative(op, call, primals, tangents, out)
        if op.several:
            return tuple(Dual(o, level, None, t) for o, t in zip(out, moved, strict=True))
        return Dual(out, level, None, fitted(moved, out))

    def parts(self) -> tuple[Any, ...]:
        """Primal and tangent."""
        return self.inner, self.tangent

    def store(self, value: Any) -> None:
        """Write primal and tangent into this value's memory."""
        super().store(value)
        tangent = value.tangent if wrapped_at(value, self.level) else zeros_like(value)
        self.tangent.copy_(tangent)

    def before_write(self) -> Any:
        """Primal and tangent in memory of their own."""
        old = super().before_write()
        old.tangent = self.tangent.clone()
        return old

    def share(self, view: Any, seen_through: Callable[[Any, Any], Any]) -> None:
        """Let primal and tangent of a view be views."""
        super().share(view, seen_through)
        seen_through(self.tangent, view.tangent)


def _lies_as(a: Any, b: Any) -> bool:
    """Whether two arrays of one shape have their axes in one order in memory."""
    return a.strides == b.strides or _order(a) == _order(b)


def _order(x: Any) -> list[int]:
    """The axes, from the longest step in memory to the shortest; those of size 1 have none."""
    steps = [abs(s) if n > 1 else 0 for s, n in zip(x.strides, x.shape, strict=True)]
    return sorted(range(len(steps)), key=lambda i: (steps[i] == 0, -steps[i]))


def _laid_as(t: Any, like: Any) -> Any:
    """A copy that lies in memory as ``like`` does: what is a view of one is a view of the other."""
    order = _order(like)
    return t.permute(order).contiguous().permute(*np.argsort(order).tolist())


@contextmanager
def short_tape() -> Iterator[int]:
    """A level on which something is recorded and walked back at once: nothing of it is packed."""
    token = packing.set(())
    try:
        with opened() as level, enable_grad():
            yield level
    finally:
        packing.reset(token)


def zeros_like(x: Any) -> Any:
    """Zeros of a tensor's shape and dtype; 0 for a number."""
    if not hasattr(x, "shape"):
        return 0
    like = x.array if isinstance(x, Value) else x
    return wrap(np.zeros(like.shape, like.dtype))


def ones_like(x: Any) -> Any:
    """Ones of a tensor's shape and dtype."""
    return wrap(np.ones(x.array.shape, x.array.dtype))


def fitted(t: Any, out: Any) -> Any:
    """A tangent in the shape and dtype of its primal."""
    if t.array.shape != out.array.shape:
        t = t.expand(tuple(out.array.shape)).clone()
    return t if t.array.dtype == out.array.dtype else t.to(out.array.dtype)


def _derivative(
    op: Primitive,
    call: Callable[..., Any],
    primals: list[Any],
    tangents: dict[int, Any],
    out: Any,
) -> Any:
    if op.linear:
        return _of_linear(op, call, primals, tangents)
    if op.family == "elementwise":
        return _of_elementwise(op, primals, tangents, out)
    return _of_transposed(op, primals, tangents, out)


def _of_linear(
    op: Primitive, call: Callable[..., Any], primals: list[Any], tangents: dict[int, Any]
) -> Any:
    """The operation itself, with a tangent in the place of its argument."""
    left = dict(tangents)
    total: Any = None
    for group in op.linear:
        names = group.split("+")
        places = [i for i in range(len(primals)) if op.parameter_at(i) in names]
        if not any(i in left for i in places):
            continue
        given = list(primals)
        for i in places:
            given[i] = left.pop(i) if i in left else zeros_like(primals[i])
        share = call(*given)
        if total is None:
            total = share
        else:
            total = (
                [a + b for a, b in zip(total, share, strict=True)] if op.several else total + share
            )
    return total


def _of_elementwise(op: Primitive, primals: list[Any], tangents: dict[int, Any], out: Any) -> Any:
    """The rule itself: each element's derivative is a number, and a number is its own transpose."""
    total: Any = None
    for i, tangent in tangents.items():
        share = _run_rule(op, 1 << i, primals, out, tangent)[0][1]
        if share is tangent:  # a write into the result must not reach the argument
            share = tangent.clone()
        total = share if total is None else total + share
    return total if isinstance(total, Value) else wrap(total)


def _run_rule(
    op: Primitive, mask: int, primals: list[Any], out: Any, g: Any
) -> list[tuple[int, Any]]:
    """What the rules of the arguments in ``mask`` return for ``g``, as (argument, result)."""
    plan = op.plan(mask, len(primals))
    values = [*primals, out]
    if any(p >= len(values) for p in plan.save):
        raise NotImplementedError(
            f"{op.name}: its rule names a residual, which forward mode and vmap cannot give: add "
            "definition=, the same result from other operations"
        )
    saved = [values[p] for p in plan.save]
    results = []
    for (rule, names), position in zip(plan.rules, plan.positions, strict=False):
        named = (saved[k] if k >= 0 else shape_of(primals[position]) for k in names)
        results.append((position, rule(g, *named)))
    return list(zip(plan.positions, results[0][1], strict=True)) if plan.spread else results


def _of_transposed(op: Primitive, primals: list[Any], tangents: dict[int, Any], out: Any) -> Any:
    """The transpose of the rules: record them, as functions of ``g``, and walk back."""
    outer = is_grad_enabled()
    if not outer:
        primals = [alias(p) if isinstance(p, Value) else p for p in primals]
    with short_tape() as level:
        outs = out if op.several else (out,)
        g = [Graded(ones_like(o), level, LEAF) for o in outs]
        mask = sum(1 << i for i in tangents)
        ran = _run_rule(op, mask, primals, out, g if op.several else g[0])
        pairs = [(r, tangents[i], primals[i]) for i, r in ran if i in tangents]
        roots = [(tape.fit(r, p), t) for r, t, p in pairs if wrapped_at(r, level)]
        found = walk(
            [r for r, _ in roots], [t for _, t in roots], targets=g, record=outer, level=level
        )
    moved = [zeros_like(o) if m is None else m for o, m in zip(outs, found, strict=True)]
    return moved if op.several else moved[0]
