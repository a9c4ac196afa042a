"""Layers that are looked up rather than computed."""

from __future__ import annotations

from typing import Any

from ...ops.creation import empty
from ...tape import no_grad
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module, rejected


class Embedding(Module):
    """A table of vectors, looked up by index.

    The vectors start normal, of mean 0 and standard deviation 1.

    Args:
        num_embeddings: rows of the table.
        embedding_dim: width of each.
        padding_idx: a row that starts at 0 and is never trained; counted from the end if
            negative.
        max_norm: rows of a larger norm are scaled down to it when they are looked up.
        norm_type: the order of that norm.
        scale_grad_by_freq: divide each row's gradient by how often it was looked up.
        sparse: accepted; gradients are dense, which changes no value.
        device: the CPU.
        dtype: of the table; float32 by default.

    Shapes: integers (...) to (..., embedding_dim); the weight is
    (num_embeddings, embedding_dim).

    Raises:
        AssertionError: for a padding_idx that is no row, as PyTorch does.

    >>> import tinygrad_sm as sg
    >>> sg.nn.Embedding(10, 3)(sg.tensor([[1, 2, 4, 5], [4, 3, 2, 9]])).shape
    tinygrad_sm.Size([2, 4, 3])
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise AssertionError(
                f"Embedding: padding_idx must be within num_embeddings ({num_embeddings}), not "
                f"{padding_idx}"
            )
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse
        if _weight is None:
            table = empty(num_embeddings, embedding_dim, device=device, dtype=dtype)
            self.weight = Parameter(table, requires_grad=not _freeze)
            self.reset_parameters()
        else:
            self.weight = Parameter(_weight, requires_grad=not _freeze)

    def reset_parameters(self) -> None:
        """Draw the vectors anew, and set that of ``padding_idx`` to 0."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx] = 0

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Embedding:
        """An Embedding whose table shares the memory of a given one.

        Args:
            embeddings: the table (rows, width).
            freeze: leave it as it is in training.
            padding_idx: as above; its row stays as given.
            max_norm: as above.
            norm_type: as above.
            scale_grad_by_freq: as above.
            sparse: as above.

        Raises:
            AssertionError: if the table is no matrix, as PyTorch does.
        """
        if embeddings.ndim != 2:
            raise AssertionError(
                "Embedding.from_pretrained: expected a table (rows, width), not shape "
                f"{tuple(embeddings.shape)}"
            )
        rows, width = embeddings.shape
        return cls(
            rows,
            width,
            padding_idx=padding_idx,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            sparse=sparse,
            _weight=embeddings,
            _freeze=freeze,
        )

    def forward(self, input: Tensor) -> Tensor:
        """Integers (...) to (..., embedding_dim)."""
        try:
            return F.embedding(
                input,
                self.weight,
                self.padding_idx,
                self.max_norm,
                self.norm_type,
                self.scale_grad_by_freq,
                self.sparse,
            )
        except Exception as error:
            raise rejected(self, input, error) from error

    def extra_repr(self) -> str:
        """The sizes of the table, and the options that are set."""
        parts = [f"{self.num_embeddings}, {self.embedding_dim}"]
        if self.padding_idx is not None:
            parts.append(f"padding_idx={self.padding_idx}")
        if self.max_norm is not None:
            parts.append(f"max_norm={self.max_norm}")
        if self.norm_type != 2:
            parts.append(f"norm_type={self.norm_type}")
        if self.scale_grad_by_freq:
            parts.append(f"scale_grad_by_freq={self.scale_grad_by_freq}")
        if self.sparse:
            parts.append("sparse=True")
        return ", ".join(parts)


class EmbeddingBag(Module):
    """Sums, means or maxima of bags of vectors from a table; see ``F.embedding_bag``.

    Args:
        num_embeddings: rows of the table.
        embedding_dim: width of each.
        max_norm: as ``Embedding`` has it.
        norm_type: as ``Embedding`` has it.
        scale_grad_by_freq: as ``Embedding`` has it; not with ``"max"``.
        mode: ``"sum"``, ``"mean"`` or ``"max"``.
        sparse: accepted; gradients are dense.
        include_last_offset: whether ``offsets`` ends with the length of the input.
        padding_idx: an index that bags do not count.
        device: the CPU.
        dtype: of the table; float32 by default.
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise AssertionError(
                f"EmbeddingBag: padding_idx must be within num_embeddings ({num_embeddings})"
            )
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        self.mode = mode
        self.sparse = sparse
        self.include_last_offset = include_last_offset
        if _weight is None:
            table = empty(num_embeddings, embedding_dim, device=device, dtype=dtype)
            self.weight = Parameter(table)
            self.reset_parameters()
        else:
            self.weight = Parameter(_weight)

    def reset_parameters(self) -> None:
        """Draw the vectors anew, and set that of ``padding_idx`` to 0."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx] = 0

    @classmethod
    def from_pretrained(
        cls, embeddings: Tensor, freeze: bool = True, **options: Any
    ) -> EmbeddingBag:
        """An EmbeddingBag whose table shares the memory of a given one; options as above.

        Raises:
            AssertionError: if the table is no matrix, as PyTorch does.
        """
        if embeddings.ndim != 2:
            raise AssertionError(
                "EmbeddingBag.from_pretrained: expected a table (rows, width), not shape "
                f"{tuple(embeddings.shape)}"
            )
        rows, width = embeddings.shape
        bag = cls(rows, width, _weight=embeddings, **options)
        bag.weight.requires_grad = not freeze
        return bag

    def forward(
        self,
        input: Tensor,
        offsets: Tensor | None = None,
        per_sample_weights: Tensor | None = None,
    ) -> Tensor:
        """Indices (bags, size), or (n,) cut by ``offsets``, to (bags, embedding_dim)."""
        try:
            return F.embedding_bag(
                input,
                self.weight,
                offsets,
                self.max_norm,
                self.norm_type,
                self.scale_grad_by_freq,
                self.mode,
                self.sparse,
                per_sample_weights,
                self.include_last_offset,
                self.padding_idx,
            )
        except Exception as error:
            raise rejected(self, input, error) from error

    def extra_repr(self) -> str:
        """The sizes of the table, and the options that are set."""
        parts = [f"{self.num_embeddings}, {self.embedding_dim}"]
        if self.max_norm is not None:
            parts.append(f"max_norm={self.max_norm}")
        if self.norm_type != 2:
            parts.append(f"norm_type={self.norm_type}")
        if self.scale_grad_by_freq:
            parts.append(f"scale_grad_by_freq={self.scale_grad_by_freq}")
        parts.append(f"mode={self.mode!r}")
        if self.padding_idx is not None:
            parts.append(f"padding_idx={self.padding_idx}")
        return ", ".join(parts)
