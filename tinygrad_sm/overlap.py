"""Writes into memory that is read: refused where PyTorch refuses them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .tape import Value

# what PyTorch reads after it began to write, so that not even the very same memory may be given
REREADING = frozenset(
    [
        "cat",
        "column_stack",
        "concat",
        "concatenate",
        "cross",
        "dstack",
        "gather",
        "hstack",
        "index_select",
        "masked_select",
        "row_stack",
        "scatter",
        "scatter_add",
        "scatter_reduce",
        "stack",
        "take",
        "take_along_dim",
        "vstack",
    ]
)
# what PyTorch lets be written into a part of what it reads
FREE = frozenset(
    [
        "addmm_",
        "addmv_",
        "amax",
        "amin",
        "baddbmm_",
        "addbmm_",
        "bmm",
        "fill_",
        "logsumexp",
        "masked_fill_",
        "matmul",
        "mean",
        "mm",
        "mv",
        "norm",
        "prod",
        "std",
        "sum",
        "tril",
        "triu",
        "var",
    ]
)


def refuse(name: str, target: np.ndarray, sources: Any) -> None:
    """Refuse to write into memory of which the sources, tensors or sequences of them, read a part.

    As in PyTorch, this is told only of arrays without gaps.

    Raises:
        RuntimeError: before anything is written.
    """
    for source in sources:
        if isinstance(source, tuple | list):
            refuse(name, target, source)
        elif isinstance(source, Value) and not source.level and _clash(name, target, source.array):
            raise RuntimeError(
                f"{name}: unsupported operation: some elements of the input tensor, of shape "
                f"{source.array.shape}, and of the written-to tensor, of shape {target.shape}, refer "
                "to a single memory location. Please clone() the tensor before performing the "
                "operation"
            )


def _clash(name: str, target: Any, source: Any) -> bool:
    if not np.may_share_memory(target, source):
        return False
    if not (target.flags.forc and source.flags.forc and target.size and source.size):
        return False
    one, other = ((a.ctypes.data, a.shape, a.strides) for a in (target, source))
    return name in REREADING if one == other else name not in FREE
