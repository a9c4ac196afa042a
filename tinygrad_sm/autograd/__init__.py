"""Derivatives on request: ``grad``, ``backward``, new operations, and checks of derivatives.

The simplest way to add an operation is ``primitive``: its forward function, and one rule an
argument. What it makes works at any order, in forward mode, under ``vmap`` and in every tool::

    cube = primitive(lambda x: x * x * x, name="cube", x=lambda g, x: 3 * x * x * g)

``Function`` is PyTorch's way, for what needs more than that: state between the two ways, results
that are not differentiable, writes in place.
"""

from ..primitive import primitive
from ..tape import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
)
from ..typed_tensors import Variable
from . import forward_ad, functional, graph
from .check import GradcheckError, gradcheck, gradgradcheck
from .function import Function, once_differentiable
from .gradients import backward, grad

__all__ = [
    "Function",
    "GradcheckError",
    "Variable",
    "backward",
    "enable_grad",
    "forward_ad",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "is_grad_enabled",
    "no_grad",
    "once_differentiable",
    "primitive",
    "set_grad_enabled",
]
