"""Forward mode by hand: dual tensors, a value with its tangent.

>>> import tinygrad_sm as sg
>>> from tinygrad_sm.autograd import forward_ad
>>> with forward_ad.dual_level():
...     x = forward_ad.make_dual(sg.tensor(3.0), sg.tensor(1.0))
...     forward_ad.unpack_dual(x * x).tangent
tensor(6.)
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ..func.forward import Dual
from ..tape import active, tick
from ..tensor import Tensor

_levels: list[int] = []


class UnpackedDualTensor(NamedTuple):
    """What ``unpack_dual`` returns; the tangent is ``None`` where there is none."""

    primal: Any
    tangent: Any


def enter_dual_level() -> int:
    """Open a level, in which dual tensors can be made; returns it.

    Raises:
        RuntimeError: within another: levels do not nest here; ``func.jvp`` does.
    """
    if _levels:
        raise RuntimeError(
            "Nested forward mode AD is not supported at the moment: use func.jvp, which nests"
        )
    level = tick()
    active.append(level)
    _levels.append(level)
    return level


def exit_dual_level(*, level: int | None = None) -> None:
    """Close the level.

    Raises:
        RuntimeError: if none is open.
    """
    if not _levels:
        raise RuntimeError("Trying to exit a forward AD level but no level is open")
    active.remove(_levels.pop())


class dual_level:
    """A level for the length of a ``with`` block."""

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *exc: object) -> None:
        exit_dual_level()


def make_dual(tensor: Any, tangent: Any, *, level: int | None = None) -> Any:
    """A dual tensor of a primal and a tangent of the same shape.

    Raises:
        RuntimeError: outside of a level, or if shapes differ.
    """
    if not _levels:
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to "
            "enter_dual_level() first."
        )
    if tensor.array.shape != tangent.array.shape:
        raise RuntimeError(
            f"make_dual: the tangent has shape {tuple(tangent.shape)}, the primal "
            f"{tuple(tensor.shape)}: they must be equal"
        )
    return Dual(tensor, _levels[-1], None, tangent)


def unpack_dual(tensor: Any, *, level: int | None = None) -> UnpackedDualTensor:
    """The primal and the tangent."""
    if isinstance(tensor, Dual) and _levels and tensor.level == _levels[-1]:
        return UnpackedDualTensor(tensor.inner, tensor.tangent)
    if not isinstance(tensor, Tensor):
        raise TypeError(f"unpack_dual: expected a Tensor, not {type(tensor).__name__}")
    return UnpackedDualTensor(tensor, None)
