"""How the losses of samples become one."""

from __future__ import annotations

import warnings
from typing import Any

from ...tensor import Tensor


def reduced(name: str, loss: Any, how: str) -> Tensor:
    """The losses put together: ``"mean"``, ``"sum"``, or ``"none"`` for all of them.

    Raises:
        ValueError: for another word.
    """
    if how == "none":
        return loss
    if how == "mean":
        return loss.mean()
    if how == "sum":
        return loss.sum()
    raise ValueError(
        f"{name}: {how} is not a valid value for reduction: expected 'none', 'mean' or 'sum'"
    )


def chosen(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """The reduction asked for, perhaps in the two older arguments, which are warned about."""
    if size_average is None and reduce is None:
        return reduction
    together = "sum" if size_average is False else "mean"
    meant = "none" if reduce is False else together
    warnings.warn(
        f"size_average and reduce are deprecated: please use reduction={meant!r} instead",
        stacklevel=3,
    )
    return meant
