"""What training needs beside the model: ``data`` brings examples, ``checkpoint`` saves memory."""

from importlib import import_module as _import_module
from typing import Any as _Any

from . import checkpoint, data

__all__ = ["benchmark", "checkpoint", "data", "dlpack", "hooks", "model_zoo", "tensorboard"]


def __getattr__(name: str) -> _Any:
    if name in ("_pytree", "benchmark", "dlpack", "hooks", "model_zoo", "tensorboard"):
        return _import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
