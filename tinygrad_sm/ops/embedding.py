"""Rows of a table, by index."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..primitive import primitive
from .indexing import collect


def _share(g: Any, share: Any) -> Any:
    return g if share is None else g * share


embedding = primitive(
    lambda weight, index, share: weight[index],
    "Rows of ``weight`` (entries, width) at ``index`` (...); ``share`` (..., 1), or None for 1, is "
    "how much of each row's gradient counts.",
    name="embedding",
    linear=("weight",),
    weight=lambda g, index, share, shape: collect(_share(g, share), index, shape),
)


def frequency_shares(index: np.ndarray, rows: int, kind: np.dtype) -> np.ndarray:
    """One over how often each index occurs."""
    return (1 / np.bincount(index.reshape(-1), minlength=rows)[index]).astype(kind)
