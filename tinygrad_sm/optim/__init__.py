"""Optimizers, which change parameters by their gradients, and schedules of the learning rate."""

from importlib import import_module as _import_module
from typing import Any as _Any

from .adam import Adam
from .adamw import AdamW
from .optimizer import Optimizer
from .sgd import SGD

# imported when first used, so that what a program does not use costs it nothing
_LAZY = {
    "ASGD": "asgd",
    "Adadelta": "adadelta",
    "Adafactor": "adafactor",
    "Adagrad": "adagrad",
    "Adamax": "adamax",
    "LBFGS": "lbfgs",
    "NAdam": "nadam",
    "RAdam": "radam",
    "RMSprop": "rmsprop",
    "Rprop": "rprop",
    "SparseAdam": "sparse_adam",
}
_LAZY_MODULES = ("lr_scheduler", "swa_utils")

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", *_LAZY, *_LAZY_MODULES]


def __getattr__(name: str) -> _Any:
    if name in _LAZY:
        return getattr(_import_module(f"{__name__}.{_LAZY[name]}"), name)
    if name in _LAZY_MODULES:
        return _import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
