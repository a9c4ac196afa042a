"""Writing into a tensor, and what views of it see."""

from typing import Any

from .registry import ROW, A, B, case


def _in_place_view(m: Any, x: Any, y: Any) -> Any:
    base = x * 1.0
    base[0].mul_(y[1])
    base[1:, 2] += y[0, 0]
    base[2] = y[2] * base[0].clone()
    return base


def _written_from_nothing(m: Any, x: Any) -> Any:
    base = m.zeros(3, 4, dtype=x.dtype)
    base[1] = x[0] * x[1]
    column = base[:, 1]
    early = base[1]
    column.mul_(3.0)
    base = base + early
    return base.sum(0) + column.sum()


case("setitem", _in_place_view, A, B)
case("setitem", _written_from_nothing, A)
case("copy_", lambda m, x, y: (x * 1.0).copy_(y) * x, A, ROW)
