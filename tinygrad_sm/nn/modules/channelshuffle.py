"""Channels dealt out to other groups."""

from __future__ import annotations

from ...tensor import Tensor
from .. import functional as F
from .module import Module, rejected


class ChannelShuffle(Module):
    """Channels (N, C, ...) dealt out: those of one group go to all others (Zhang et al., 2018)."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        """The result, in the input's shape."""
        try:
            return F.channel_shuffle(input, self.groups)
        except Exception as error:
            raise rejected(self, input, error) from error

    def extra_repr(self) -> str:
        """The number of groups."""
        return f"groups={self.groups}"
