"""Losses as modules: each is the function of ``nn.functional`` and its options.

``reduction`` is ``"mean"``, ``"sum"`` or ``"none"`` for a loss per sample. ``size_average`` and
``reduce`` are PyTorch's older way to say the same, and are warned about.
"""

from __future__ import annotations

import warnings

from ...tensor import Tensor
from .. import functional as F
from .module import Module


class _Loss(Module):
    """What losses share: how the samples' losses are put together.

    Raises:
        ValueError: for an unknown reduction.
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__()
        if size_average is not None or reduce is not None:
            reduction = _older_reduction(size_average, reduce)
        if reduction not in ("none", "mean", "sum"):
            raise ValueError(
                f"{type(self).__name__}: {reduction} is not a valid value for reduction: expected "
                "'none', 'mean' or 'sum'"
            )
        self.reduction = reduction


def _older_reduction(size_average: bool | None, reduce: bool | None) -> str:
    """What the older arguments mean; each is true unless said otherwise."""
    together = "sum" if size_average is False else "mean"
    reduction = "none" if reduce is False else together
    warnings.warn(
        f"size_average and reduce are deprecated: please use reduction={reduction!r} instead",
        stacklevel=4,
    )
    return reduction


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


class CrossEntropyLoss(_WeightedLoss):
    """``-log softmax(input)`` at the right class: the loss of softmax regression.

    Args:
        weight: a factor for each class, (C,).
        size_average: see the module.
        ignore_index: a label that is left out.
        reduce: see the module.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        label_smoothing: how much of the target is spread evenly over all classes.

    >>> import tinygrad_sm as sg
    >>> scores = sg.tensor([[5.0, 2.0, -1.0, 3.0]])
    >>> sg.nn.CrossEntropyLoss()(scores, sg.tensor([0]))
    tensor(0.1719)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of scores (N, C, ...) and labels (N, ...), or probabilities (N, C, ...)."""
        return F.cross_entropy(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(_WeightedLoss):
    """Minus the log-probability of the right class; for the output of ``LogSoftmax``.

    Args:
        weight: a factor for each class, (C,).
        size_average: see the module.
        ignore_index: a label that is left out.
        reduce: see the module.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of log-probabilities (N, C, ...) and labels (N, ...)."""
        return F.nll_loss(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
        )


class MSELoss(_Loss):
    """Squared differences."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of two tensors of one shape."""
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(_Loss):
    """Absolute differences."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of two tensors of one shape."""
        return F.l1_loss(input, target, reduction=self.reduction)


class BCELoss(_WeightedLoss):
    """Binary cross-entropy of probabilities; for the output of ``Sigmoid``."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of probabilities and targets in [0, 1], of one shape."""
        return F.binary_cross_entropy(input, target, weight=self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_WeightedLoss):
    """Binary cross-entropy of scores, before any sigmoid; finite everywhere.

    Args:
        weight: a factor for each element of the loss.
        size_average: see the module.
        reduce: see the module.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        pos_weight: a factor for the positive class of each output.
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of scores and targets in [0, 1], of one shape."""
        return F.binary_cross_entropy_with_logits(
            input,
            target,
            weight=self.weight,
            reduction=self.reduction,
            pos_weight=self.pos_weight,
        )
