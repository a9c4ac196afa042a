"""Public names take PyTorch's arguments: the same names, order, kinds and defaults."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")

MODULES = ("func", "autograd", "autograd.functional", "autograd.graph", "utils.checkpoint")

# Differ on purpose: private arguments left out, defaults of other devices, what only annotations
# tell, and classes that nobody but the tape makes.
OTHERWISE = {
    "func.jacrev",  # _preallocate_and_copy
    "autograd.Function",
    "autograd.Variable",
    "autograd.enable_grad",
    "autograd.no_grad",
    "autograd.variable",  # a module here; PyTorch's raises an error
    "autograd.graph.GradientEdge",
    "autograd.graph.Node",
    "autograd.graph.RemovableHandle",
    "autograd.graph.save_on_cpu",  # device_type="cpu"
    "utils.checkpoint.checkpoint",  # preserve_rng_state is in PyTorch's **kwargs
    "utils.checkpoint.CheckpointError",
}
WANTED = {
    "func": {"grad", "grad_and_value", "vjp", "jvp", "linearize", "jacrev", "jacfwd", "hessian",
             "vmap", "functional_call", "stack_module_state"},
    "autograd": {"grad", "backward", "Function", "gradcheck", "gradgradcheck"},
    "autograd.functional": {"vjp", "jvp", "jacobian", "hessian", "hvp", "vhp"},
    "autograd.graph": {"saved_tensors_hooks", "save_on_cpu", "register_multi_grad_hook",
                       "increment_version", "get_gradient_edge", "Node", "GradientEdge"},
    "utils.checkpoint": {"checkpoint", "checkpoint_sequential"},
}  # fmt: skip


def parameters(function):
    return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]


@pytest.mark.parametrize("module", MODULES)
def test_signatures_are_pytorchs(module):
    theirs, ours = (import_module(f"{root}.{module}") for root in ("torch", "tinygrad_sm"))
    names = {n for n in dir(theirs) if not n.startswith("_") and hasattr(ours, n)}
    assert names >= WANTED[module]
    compared = set()
    for name in names:
        function = getattr(theirs, name)
        public = getattr(function, "__module__", "").startswith("torch")
        if not callable(function) or not public or f"{module}.{name}" in OTHERWISE:
            continue
        assert parameters(getattr(ours, name)) == parameters(function), name
        compared.add(name)
    assert compared >= {n for n in WANTED[module] if f"{module}.{n}" not in OTHERWISE}
