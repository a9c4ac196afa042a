"""Errors that say where in a model they came up: ``in body.2, Linear(...): ...``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...lines import in_package

if TYPE_CHECKING:
    from .module import Module


def locate(error: Exception, module: Module) -> None:
    """Put the path of the failing layer, as seen from ``module``, in front of the message.

    Each module that an error passes on its way out knows more of the path than the one before.
    What the user's own code raised is left as it is.
    """
    found = error.__dict__.get("_raised_in")
    if found is None:
        if len(error.args) != 1 or type(error.args[0]) is not str or not _is_ours(error):
            return
        found = error.__dict__["_raised_in"] = (module, error.args[0])
    layer, message = found
    path = next((path for path, m in module.named_modules() if m is layer), "")
    if path:
        called = "" if message.startswith(type(layer).__name__) else f"{type(layer).__name__}: "
        error.args = (f"in {path}, {called}{message}",)


def _is_ours(error: Exception) -> bool:
    """Whether this package raised it, and no function of the user's."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and in_package(trace.tb_frame.f_code)
