"""Optimizers for several processes, by PyTorch's name."""

from ..optim.zero import ZeroRedundancyOptimizer

__all__ = ["ZeroRedundancyOptimizer"]
