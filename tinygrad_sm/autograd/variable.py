"""Where PyTorch has ``Variable``."""

from ..typed_tensors import Variable

__all__ = ["Variable"]
