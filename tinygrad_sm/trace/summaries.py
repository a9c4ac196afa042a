"""What a page shows of an array: its numbers where there are few, else statistics and pictures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .values import Kept

LISTED = 256  # up to so many elements are listed
ROWS, COLUMNS, BARS = 14, 28, 24  # the most cells of a heat map, and bars of a histogram


def number(x: float, digits: int = 7) -> Any:
    """A number that JSON can hold: what is not finite becomes a string."""
    if math.isfinite(x):
        return int(x) if x == int(x) and abs(x) < 1e15 else float(f"{x:.{digits}g}")
    return "nan" if math.isnan(x) else "inf" if x > 0 else "-inf"


def summary(kept: Kept) -> dict[str, Any]:
    """One entry of ``values``: see ``schema.md``."""
    entry: dict[str, Any] = {
        "shape": list(kept.shape),
        "dtype": str(kept.dtype),
        "bytes": kept.nbytes,
    }
    array = kept.numbers()
    if kept.array is None:
        entry["sampled"] = int(array.size)
    if kept.array is not None and array.size <= LISTED:
        digits = 17 if kept.dtype == np.float64 else 9
        entry["data"] = [number(float(x), digits) for x in array.reshape(-1).tolist()]
        return entry
    return entry | _statistics(array) | _pictures(array, kept.array is not None)


def _statistics(array: np.ndarray) -> dict[str, Any]:
    numbers = array.astype(np.float64) if array.dtype.kind in "biu" else array
    entry: dict[str, Any] = {"nan": 0, "inf": 0}
    finite = np.isfinite(numbers)
    if not finite.all():
        entry["nan"] = int(np.isnan(numbers).sum())
        entry["inf"] = int(array.size - finite.sum() - entry["nan"])
        entry["first"] = int(np.argmin(finite))
        numbers = numbers[finite]
    if not numbers.size:
        return entry
    mean = numbers.mean(dtype=np.float64)
    return entry | {
        "min": number(float(numbers.min())),
        "max": number(float(numbers.max())),
        "mean": number(float(mean)),
        "std": number(float(np.sqrt(np.square(numbers - mean).mean(dtype=np.float64)))),
        "zeros": int(numbers.size - np.count_nonzero(numbers)),
    }


def _pictures(array: np.ndarray, whole: bool) -> dict[str, Any]:
    numbers = array.reshape(-1).astype(np.float64)
    finite = numbers[np.isfinite(numbers)]
    if not finite.size:
        return {}
    low, high = float(finite.min()), float(finite.max())
    spread = high - low
    if not spread or not math.isfinite(spread):
        counts = [int(finite.size)]
    else:
        bars = np.minimum((finite - low) * (BARS / spread), BARS - 1).astype(np.int64)
        counts = np.bincount(bars, minlength=BARS).tolist()
    entry: dict[str, Any] = {"histogram": counts}
    if whole:
        entry["heat"] = _heat(array)
    return entry


def _heat(array: np.ndarray) -> dict[str, Any]:
    """Means over blocks of the array seen as a matrix, as parts of the largest: -99 to 99."""
    columns = array.shape[-1] if array.ndim > 1 else min(array.size, COLUMNS)
    if array.ndim < 2:
        usable = array.size // columns * columns
        matrix = array.reshape(-1)[:usable].reshape(1, -1)
    else:
        matrix = array.reshape(-1, columns)
    with np.errstate(all="ignore"):
        cells = _blocks(_blocks(matrix.astype(np.float64), ROWS, 0), COLUMNS, 1)
        finite = np.abs(cells[np.isfinite(cells)])
        largest = float(finite.max()) if finite.size else 0.0
        parts = np.rint(cells / (largest or 1.0) * 99)
    shown = [None if not math.isfinite(x) else int(x) for x in parts.reshape(-1).tolist()]
    return {"columns": cells.shape[1], "largest": number(largest), "cells": shown}


def _blocks(matrix: np.ndarray, most: int, axis: int) -> np.ndarray:
    size = matrix.shape[axis]
    if size <= most:
        return matrix
    starts = np.arange(most) * size // most
    lengths = np.diff(np.append(starts, size))
    sums = np.add.reduceat(matrix, starts, axis)
    means: np.ndarray = sums / (lengths[:, None] if axis == 0 else lengths)
    return means


def is_finite(kept: Kept) -> bool:
    """Whether all elements that were kept are finite."""
    return kept.dtype.kind != "f" or bool(np.isfinite(kept.numbers()).all())


def has_nan(kept: Kept) -> bool:
    """Whether some element that was kept is NaN."""
    return kept.dtype.kind == "f" and bool(np.isnan(kept.numbers()).any())
