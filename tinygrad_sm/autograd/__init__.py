"""Derivatives on request: ``grad``, ``backward``, new operations, and checks of derivatives.

The simplest way to add an operation is ``primitive``: its forward function, and one rule an
argument. What it makes works at any order, in forward mode, under ``vmap`` and in every tool::

    cube = primitive(lambda x: x * x * x, name="cube", x=lambda g, x: 3 * x * x * g)

``Function`` is PyTorch's way, for what needs more than that: state between the two ways, results
that are not differentiable, writes in place.
"""

from importlib import import_module as _import_module
from typing import Any as _Any

from ..primitive import primitive
from ..tape import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
)
from ..typed_tensors import Variable
from . import graph
from .function import Function, once_differentiable
from .gradients import backward, grad

__all__ = [
    "Function",
    "GradcheckError",
    "Variable",
    "anomaly_mode",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "forward_ad",
    "functional",
    "grad",
    "grad_mode",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "is_grad_enabled",
    "no_grad",
    "once_differentiable",
    "primitive",
    "profiler",
    "set_detect_anomaly",
    "set_grad_enabled",
    "variable",
]

# imported when first used, so that what a program does not use costs it nothing
_LAZY = dict.fromkeys(("GradcheckError", "gradcheck", "gradgradcheck"), "check")
_LAZY.update(dict.fromkeys(("detect_anomaly", "set_detect_anomaly"), "anomaly_mode"))
_LAZY_MODULES = ("anomaly_mode", "forward_ad", "functional", "grad_mode", "profiler", "variable")


def __getattr__(name: str) -> _Any:
    if name in _LAZY:
        return getattr(_import_module(f"{__name__}.{_LAZY[name]}"), name)
    if name in _LAZY_MODULES:
        return _import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
