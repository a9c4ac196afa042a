"""Batch norms that ``vmap`` can run: without running statistics, which samples would all write to."""

from __future__ import annotations

from ..nn import Module
from ..nn.modules.batchnorm import _BatchNorm


def replace_all_batch_norm_modules_(root: Module) -> Module:
    """Take the running statistics from every batch norm of a module, in place; returns the module.

    They then use those of the batch alone, in ``eval()`` too.

    >>> import tinygrad_sm as sg
    >>> net = sg.func.replace_all_batch_norm_modules_(sg.nn.Sequential(sg.nn.BatchNorm1d(3)))
    >>> sg.vmap(net)(sg.rand(5, 4, 3)).shape
    tinygrad_sm.Size([5, 4, 3])
    """
    for part in root.modules():
        if isinstance(part, _BatchNorm) and part.track_running_stats:
            part.running_mean = part.running_var = part.num_batches_tracked = None
            part.track_running_stats = False
    return root
