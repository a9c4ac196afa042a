"""The cross-entropy of a probability and a target, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..primitive import primitive


def _log(p: Any) -> Any:
    """The logarithm, cut off at -100 so that a wrong certainty has a finite price."""
    return np.maximum(np.log(np.maximum(p, 1e-45)), -100.0)


def _binary_entropy(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        log_p, log_q = (np.maximum(np.log(x), -100).astype(p.dtype) for x in (p, 1 - p))
    return -(y * log_p + (1 - y) * log_q)


binary_entropy = primitive(
    _binary_entropy,
    "``-(y log p + (1 - y) log(1 - p))`` with logarithms cut off at -100.",
    name="binary_cross_entropy",
    family="elementwise",
    p=lambda g, p, y: g * (p - y) / np.maximum(p * (1 - p), 1e-12),
    y=lambda g, p: g * (_log(1 - p) - _log(p)),
)
