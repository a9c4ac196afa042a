"""PyTorch's names for how elements lie in memory. Tensors here are strided; NumPy sees to the rest."""

from __future__ import annotations


class layout:
    """Whether a tensor is dense (``strided``) or of a kind that does not exist here."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"tinygrad_sm.{self.name}"

    def __reduce__(self) -> str:
        return self.name


class memory_format(layout):
    """An order of dimensions in memory; accepted everywhere, and of no effect on values."""

    __slots__ = ()


strided = layout("strided")
sparse_coo, sparse_csr, jagged = layout("sparse_coo"), layout("sparse_csr"), layout("jagged")
contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")
