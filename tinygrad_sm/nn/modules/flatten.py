"""Layers that only change the shape."""

from __future__ import annotations

from collections.abc import Sequence

from ...tensor import Tensor
from .module import Module


class Flatten(Module):
    """Dimensions ``start_dim`` to ``end_dim`` made one; by default all but the first.

    >>> import tinygrad_sm as sg
    >>> sg.nn.Flatten()(sg.zeros(32, 1, 5, 5)).shape
    tinygrad_sm.Size([32, 25])
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        """The input in its new shape."""
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """The dimensions."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """One dimension made several.

    Args:
        dim: the dimension.
        unflattened_size: the sizes that it becomes; -1 for one to be worked out.

    Raises:
        TypeError: for a dimension or sizes that are no integers.

    >>> import tinygrad_sm as sg
    >>> sg.nn.Unflatten(1, (2, 5))(sg.zeros(32, 10)).shape
    tinygrad_sm.Size([32, 2, 5])
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        if not isinstance(dim, int):
            raise TypeError(
                f"Unflatten: dim must be an int, not {type(dim).__name__}: dimensions have no "
                "names here"
            )
        if not isinstance(unflattened_size, tuple | list) or not all(
            isinstance(size, int) for size in unflattened_size
        ):
            raise TypeError(
                f"Unflatten: unflattened_size must be a tuple of ints, but got {unflattened_size!r}"
            )
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        """The input in its new shape.

        Raises:
            IndexError: if the dimension is not there.
            RuntimeError: if the sizes do not multiply up to that of the dimension.
        """
        shape = tuple(input.shape)
        if not -len(shape) <= self.dim < len(shape):
            raise IndexError(f"{self!r}: dimension out of range for an input of shape {shape}")
        place = self.dim % len(shape)
        try:
            return input.reshape(*shape[:place], *self.unflattened_size, *shape[place + 1 :])
        except RuntimeError as error:
            raise RuntimeError(
                f"{self!r}: the sizes {list(self.unflattened_size)} don't multiply up to "
                f"{shape[place]}, the size of dimension {self.dim} of an input of shape {shape}"
            ) from error

    def extra_repr(self) -> str:
        """The dimension and its sizes."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
