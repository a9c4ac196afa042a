"""Switches of PyTorch's backends, of which none is here: they are kept, and have no effect."""

from __future__ import annotations

from . import cuda, cudnn, mkl, mkldnn, mps

__all__ = ["cuda", "cudnn", "mkl", "mkldnn", "mps"]
