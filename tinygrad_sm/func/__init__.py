"""Transforms of functions: derivatives in both modes, and batches; they nest in any order.

>>> import tinygrad_sm as sg
>>> from tinygrad_sm.func import grad, vmap
>>> slopes = vmap(grad(sg.sin))
>>> slopes(sg.zeros(3))
tensor([1., 1., 1.])
"""

from typing import Any as _Any

from ..late import found as _found
from .derivatives import grad, grad_and_value, hessian, jacfwd, jacrev, jvp, linearize, vjp
from .modules import functional_call, stack_module_state
from .vmap import vmap

__all__ = [
    "functional_call",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "replace_all_batch_norm_modules_",
    "stack_module_state",
    "vjp",
    "vmap",
]


def __getattr__(name: str) -> _Any:
    if name == "replace_all_batch_norm_modules_":  # it needs nn, which costs time to import
        return _found("func.batch_norm", name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
