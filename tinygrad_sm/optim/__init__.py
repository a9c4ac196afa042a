"""Optimizers, which change parameters by their gradients, and schedules of the learning rate."""

from importlib import import_module
from typing import Any

from .adam import Adam
from .adamw import AdamW
from .optimizer import Optimizer
from .sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "lr_scheduler"]


def __getattr__(name: str) -> Any:
    if name == "lr_scheduler":  # imported when first used: a sixth of the package's import time
        return import_module(f"{__name__}.lr_scheduler")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
