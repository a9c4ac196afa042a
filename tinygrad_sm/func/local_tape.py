"""The part of the tape that belongs to one call of ``grad`` or ``vjp``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..tape import (
    LEAF,
    Node,
    active,
    alias,
    enable_grad,
    entry,
    is_grad_enabled,
    stand_in,
    tick,
    walk,
    wrap,
)
from ..tensor import Tensor
from .forward import zeros_like
from .levels import Graded, Wrapped, lowered, on_tape, opened, wrapped_at


class LocalTape:
    """What one call of ``grad`` or ``vjp`` recorded, from its inputs to its outputs.

    Where no other transform is at work the inputs are aliases on the ordinary tape. Inside of one
    they are a level of their own, so that the tapes of the two are never taken for each other.
    """

    def __init__(self, level: int = 0) -> None:
        self.level = level
        self.record = is_grad_enabled()
        self.start = tick()

    def input(self, x: Any) -> Any:
        """An input to differentiate by.

        Raises:
            TypeError: for what is no tensor.
            RuntimeError: for a tensor of integers.
        """
        if not isinstance(x, Tensor):
            raise TypeError(
                f"expected tensors to differentiate by, not {type(x).__name__}: choose them with "
                "argnums, or make a tensor of the number"
            )
        if x.array.dtype.kind != "f":
            raise RuntimeError(f"can only differentiate by floating tensors, not {x.array.dtype}")
        if self.level:
            return Graded(x, self.level, entry(x, None))
        outside = x if x.node is LEAF else x.node
        return stand_in(x, outside if self.record else None)

    def output(self, x: Any) -> Any:
        """A result as the outside sees it: off this tape, but on those that it was on before."""
        if self.level:
            return lowered(x, self.level)
        if not isinstance(x, Tensor):
            return x
        return x if self.record and self._leads_outside([x]) else alias(x)

    def back(self, roots: list[Any], seeds: list[Any], inputs: list[Any], keep: bool) -> list[Any]:
        """The gradients of the inputs: zeros where nothing arrives."""
        pairs = [(r, s) for r, s in zip(roots, seeds, strict=True) if self._is_on(r)]
        record = is_grad_enabled() and (
            bool(self.level) or any(on_tape(s) for s in seeds) or self._leads_outside(roots)
        )
        lifted = record or self.level or any(isinstance(s, Wrapped) for s in seeds)
        found = walk(
            [r for r, _ in pairs],
            [s if lifted else s.array for _, s in pairs],
            targets=[x.node for x in inputs],
            keep=keep or record,
            record=record,
            level=self.level,
        )
        return [
            zeros_like(lowered(x, self.level))
            if g is None
            else lowered(g, self.level)
            if isinstance(g, Tensor)
            else wrap(g.copy())
            for g, x in zip(found, inputs, strict=True)
        ]

    def _is_on(self, x: Any) -> bool:
        return x.node is not None and (not self.level or wrapped_at(x, self.level))

    def _leads_outside(self, roots: list[Any]) -> bool:
        """Whether something on this tape depends on what was on a tape before."""
        seen = set()
        stack = [r if r.node is LEAF else r.node for r in roots if r.node is not None]
        while stack:
            node = stack.pop()
            if not isinstance(node, Node) or node.order < self.start:
                return True
            if node not in seen:
                seen.add(node)
                stack += [p for p in node.parents if p is not None]
        return False


@contextmanager
def local_tape() -> Iterator[LocalTape]:
    """A tape for the length of a function's run; it records even within ``no_grad``."""
    if not active:
        tape = LocalTape()
        with enable_grad():
            yield tape
        return
    with opened() as level:
        tape = LocalTape(level)
        with enable_grad():
            yield tape
