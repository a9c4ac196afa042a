"""What losses share as modules: how the losses of samples are put together."""

from __future__ import annotations

from ...tensor import Tensor
from ..functional.reduction import chosen
from .module import Module


class _Loss(Module):
    """What losses share: how the samples' losses are put together.

    Raises:
        ValueError: for an unknown reduction.
    """

    reductions: tuple[str, ...] = ("none", "mean", "sum")

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__()
        reduction = chosen(size_average, reduce, reduction)
        if reduction not in self.reductions:
            raise ValueError(
                f"{type(self).__name__}: {reduction} is not a valid value for reduction: expected "
                f"one of {self.reductions}"
            )
        self.reduction = reduction


class _WeightedLoss(_Loss):
    """A loss with a factor for each class or sample, kept as the buffer ``weight``."""

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
