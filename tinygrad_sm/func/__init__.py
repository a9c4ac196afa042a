"""Transforms of functions: derivatives in both modes, and batches; they nest in any order.

>>> import tinygrad_sm as sg
>>> from tinygrad_sm.func import grad, vmap
>>> slopes = vmap(grad(sg.sin))
>>> slopes(sg.zeros(3))
tensor([1., 1., 1.])
"""

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
    "stack_module_state",
    "vjp",
    "vmap",
]
