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
    if known(name, how) == "none":
        return loss
    return loss.mean() if how == "mean" else loss.sum()


def known(name: str, how: str) -> str:
    """The reduction, if it is one.

    Raises:
        ValueError: for another word.
    """
    if how not in ("none", "mean", "sum"):
        raise ValueError(
            f"{name}: {how} is not a valid value for reduction: expected 'none', 'mean' or 'sum'"
        )
    return how


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
