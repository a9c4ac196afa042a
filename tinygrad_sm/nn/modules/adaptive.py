"""A softmax over many classes, of which few are frequent."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from ...ops.shape import cat
from ...ops.softmax import log_softmax
from ...tensor import Tensor
from .container import ModuleList, Sequential
from .linear import Linear
from .module import Module


class _ASMoutput(NamedTuple):
    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """Log-probabilities of many classes that are sorted by frequency (Grave et al., 2017).

    The head has the frequent classes and one place for each cluster of rarer ones. A cluster
    spreads its own probability over its classes, by a projection that is narrower the rarer they
    are, and is computed for the samples of its classes alone.

    Args:
        in_features: size of the input's last dimension.
        n_classes: the number of classes.
        cutoffs: where the clusters begin: increasing, from 1 to ``n_classes - 1``.
        div_value: cluster i has ``in_features / div_value**i`` features, counted from 1.
        head_bias: whether the head has a bias.
        device: the CPU.
        dtype: of the parameters; float32 by default.

    Shapes: (N, in_features) and labels (N,), or (in_features,) and a label, to ``output``, each
    label's log-probability, (N,) or (), and ``loss``, minus their mean.

    Raises:
        ValueError: for cutoffs that are no such numbers.

    >>> import tinygrad_sm as sg
    >>> layer = sg.nn.AdaptiveLogSoftmaxWithLoss(16, 20, [5, 10], div_value=2)
    >>> layer(sg.zeros(3, 16), sg.tensor([1, 7, 19])).output.shape
    tinygrad_sm.Size([3])
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        cutoffs = list(cutoffs)
        ends = [0, *cutoffs, n_classes]
        if not cutoffs or any(int(a) != a or a >= b for a, b in pairwise(ends)):
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing "
                f"order, where each value is between 1 and n_classes-1, but got {cutoffs} for "
                f"{n_classes} classes"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*cutoffs, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = cutoffs[0]
        self.n_clusters = len(cutoffs)
        self.head_size = self.shortlist_size + self.n_clusters
        sizes: dict[str, Any] = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, head_bias, **sizes)
        self.tail = ModuleList()
        for i, (low, high) in enumerate(pairwise(self.cutoffs), 1):
            width = int(in_features // div_value**i)
            self.tail.append(
                Sequential(
                    Linear(in_features, width, bias=False, **sizes),
                    Linear(width, high - low, bias=False, **sizes),
                )
            )

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        for layer in (self.head, *(part for cluster in self.tail for part in cluster)):
            layer.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> _ASMoutput:
        """The labels' log-probabilities and their loss, as ``(output, loss)``.

        Raises:
            RuntimeError: for shapes that do not fit, or labels out of range.
        """
        self._check(input_, target_)
        single = target_.ndim == 0
        input = input_.unsqueeze(0) if single else input_
        target = target_.unsqueeze(0) if single else target_
        head = log_softmax(self.head(input), 1)
        place, low = target.clamp(max=self.shortlist_size - 1), self.shortlist_size
        within = input.new_zeros(len(target))
        for i, cluster in enumerate(self.tail):
            high = self.cutoffs[i + 1]
            rows = ((target >= low) & (target < high)).nonzero().squeeze(1)
            if rows.numel():
                inner = log_softmax(cluster(input.index_select(0, rows)), 1)
                label = (target[rows] - low).unsqueeze(1)
                within = within.index_copy(0, rows, inner.gather(1, label).squeeze(1))
                place = place.index_fill(0, rows, self.shortlist_size + i)
            low = high
        output = within + head.gather(1, place.unsqueeze(1)).squeeze(1)
        loss = (-output).mean()
        return _ASMoutput(output.squeeze(0) if single else output, loss)

    def _check(self, input: Tensor, target: Tensor) -> None:
        if target.ndim > 1:
            raise RuntimeError(
                "0D or 1D target tensor expected, multi-target not supported, but got shape "
                f"{target.array.shape}"
            )
        if input.ndim != target.ndim + 1 or input.array.shape[:-1] != target.array.shape:
            raise RuntimeError(
                "Input and target should have the same size in the batch dimension: expected (N, "
                "features) and (N,), or (features,) and (), but got "
                f"{input.array.shape} and {target.array.shape}"
            )
        labels = target.array
        if labels.size and not 0 <= labels.min() <= labels.max() < self.n_classes:
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range "
                f"[{labels.min()}, {labels.max()}] were found."
            )

    def log_prob(self, input: Tensor) -> Tensor:
        """(N, in_features) to the log-probabilities of all classes, (N, n_classes)."""
        head = log_softmax(self.head(input), 1)
        parts = [head[:, : self.shortlist_size]]
        for i, cluster in enumerate(self.tail):
            place = self.shortlist_size + i
            parts.append(log_softmax(cluster(input), 1) + head[:, place : place + 1])
        return cat(parts, 1)

    def predict(self, input: Tensor) -> Tensor:
        """(N, in_features) to the likeliest class of each sample, (N,)."""
        return self.log_prob(input).argmax(1)
