"""Layers that add margins around lines, images and volumes."""

from __future__ import annotations

from ...tensor import Tensor
from .. import functional as F
from .module import Module, rejected

_Margins = int | tuple[int, ...]


class _Pad(Module):
    """A margin around the last dimensions; what it holds is said by the subclass.

    Args:
        padding: one number for all sides, or (before, after) for the last dimension, then for the
            one before it, and so on. Negative numbers cut off.
    """

    dimensions = 0
    mode = "constant"

    def __init__(self, padding: _Margins) -> None:
        super().__init__()
        sides = 2 * self.dimensions
        self.padding = (padding,) * sides if isinstance(padding, int) else tuple(padding)

    def forward(self, input: Tensor) -> Tensor:
        """The input with its margin."""
        try:
            return F.pad(input, self.padding, self.mode, self._value())
        except Exception as error:
            raise rejected(self, input, error) from error

    def _value(self) -> float | None:
        return None

    def extra_repr(self) -> str:
        """The widths of the margin."""
        return f"{self.padding}"


class _ConstantPad(_Pad):
    """A margin of one number.

    Args:
        padding: one number for all sides, or (before, after) for the last dimension, then for the
            one before it, and so on. Negative numbers cut off.
        value: what the margin holds.
    """

    def __init__(self, padding: _Margins, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def _value(self) -> float:
        return self.value

    def extra_repr(self) -> str:
        """The widths of the margin and its value."""
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad):
    """A margin of one number around lines (..., W)."""

    dimensions = 1


class ConstantPad2d(_ConstantPad):
    """A margin of one number around images (..., H, W)."""

    dimensions = 2


class ConstantPad3d(_ConstantPad):
    """A margin of one number around volumes (..., D, H, W)."""

    dimensions = 3


class ZeroPad1d(_Pad):
    """A margin of zeros around lines (..., W)."""

    dimensions = 1


class ZeroPad2d(_Pad):
    """A margin of zeros around images (..., H, W).

    >>> import tinygrad_sm as sg
    >>> sg.nn.ZeroPad2d((1, 0, 0, 1))(sg.ones(1, 1, 2))
    tensor([[[0., 1., 1.],
             [0., 0., 0.]]])
    """

    dimensions = 2


class ZeroPad3d(_Pad):
    """A margin of zeros around volumes (..., D, H, W)."""

    dimensions = 3


class ReflectionPad1d(_Pad):
    """A margin that mirrors lines (..., W) at their ends, which are not repeated."""

    dimensions = 1
    mode = "reflect"


class ReflectionPad2d(_Pad):
    """A margin that mirrors images (..., H, W) at their edges, which are not repeated."""

    dimensions = 2
    mode = "reflect"


class ReflectionPad3d(_Pad):
    """A margin that mirrors volumes (..., D, H, W) at their faces, which are not repeated."""

    dimensions = 3
    mode = "reflect"


class ReplicationPad1d(_Pad):
    """A margin that repeats the ends of lines (..., W)."""

    dimensions = 1
    mode = "replicate"


class ReplicationPad2d(_Pad):
    """A margin that repeats the edges of images (..., H, W)."""

    dimensions = 2
    mode = "replicate"


class ReplicationPad3d(_Pad):
    """A margin that repeats the faces of volumes (..., D, H, W)."""

    dimensions = 3
    mode = "replicate"


class _CircularPad(_Pad):
    """A margin that goes on at the other end.

    Raises:
        ValueError: when called, for a wrong number of dimensions.
    """

    mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        """The input with its margin."""
        n = self.dimensions
        if input.ndim not in (n + 1, n + 2):
            raise ValueError(f"expected {n + 1}D or {n + 2}D input (got {input.ndim}D input)")
        return super().forward(input)


class CircularPad1d(_CircularPad):
    """A margin that goes on at the other end of lines (..., W)."""

    dimensions = 1


class CircularPad2d(_CircularPad):
    """A margin that goes on at the opposite edge of images (..., H, W)."""

    dimensions = 2


class CircularPad3d(_CircularPad):
    """A margin that goes on at the opposite face of volumes (..., D, H, W)."""

    dimensions = 3
