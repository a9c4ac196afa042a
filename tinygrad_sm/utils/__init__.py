"""What training needs beside the model: ``data`` brings examples, ``checkpoint`` saves memory."""

from . import checkpoint, data

__all__ = ["checkpoint", "data"]
