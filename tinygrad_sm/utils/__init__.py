"""What training needs beside the model: ``data``, which brings examples in batches."""

from . import data

__all__ = ["data"]
