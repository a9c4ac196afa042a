"""An operation cannot be added without its cases."""

from __future__ import annotations

import functools
import sys
import warnings
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import FunctionType, SimpleNamespace

import pytest
from hypothesis import Phase, given, settings

import tinygrad_sm as sg
from tinygrad_sm import ops, primitive
from tinygrad_sm.primitive import Primitive

from ..cases import CASES, DRAWN
from ..cases import __path__ as cases_path
from ..checks import leaf, outcome
from ..nn.test_older_names import CALLS, RECURRENT

HERE = str(Path(cases_path[0]))

# What is public and no operation: settings, state and memory, tested where their own room is.
NO_OPERATION = {
    "are_deterministic_algorithms_enabled", "clear_autocast_cache", "compile", "default_generator",
    "enable_grad", "from_dlpack", "from_numpy", "get_autocast_cpu_dtype", "get_autocast_dtype",
    "get_autocast_gpu_dtype", "get_default_device", "get_default_dtype",
    "get_float32_matmul_precision", "get_num_interop_threads", "get_num_threads", "get_rng_state",
    "inference_mode", "initial_seed", "is_anomaly_check_nan_enabled", "is_anomaly_enabled",
    "is_autocast_cache_enabled", "is_autocast_cpu_enabled", "is_autocast_enabled",
    "is_deterministic_algorithms_warn_only_enabled", "is_grad_enabled", "is_warn_always_enabled",
    "keep_freed_memory", "load", "manual_seed", "no_grad", "primitive", "save", "seed",
    "set_anomaly_enabled", "set_autocast_cache_enabled", "set_autocast_cpu_dtype",
    "set_autocast_cpu_enabled", "set_autocast_dtype", "set_autocast_enabled",
    "set_autocast_gpu_dtype", "set_default_device", "set_default_dtype", "set_default_tensor_type",
    "set_float32_matmul_precision", "set_flush_denormal", "set_grad_enabled",
    "set_num_interop_threads", "set_num_threads", "set_printoptions", "set_rng_state",
    "set_warn_always", "use_deterministic_algorithms", "vmap",
}  # fmt: skip
# The tape, memory, and the devices and dtypes that there are not.
NO_OPERATION_METHODS = {
    "backward", "bfloat16", "cpu", "cuda", "data_ptr", "detach", "detach_", "dim", "element_size",
    "is_contiguous", "is_floating_point", "item", "nelement", "numel", "numpy", "pin_memory",
    "register_hook", "register_post_accumulate_grad_hook", "requires_grad_", "retain_grad",
    "share_memory_", "size", "stride", "tolist", "type", "type_as", "untyped_storage", "xpu",
}  # fmt: skip


def public_functions(room) -> set[str]:
    names = getattr(room, "__all__", None) or [n for n in dir(room) if not n.startswith("_")]
    return {n for n in names if isinstance(getattr(room, n), FunctionType)}


def methods() -> set[str]:
    own = {n for n, f in vars(sg.Tensor).items() if isinstance(f, FunctionType)}
    return {n for n in own if not n.startswith("_")} - NO_OPERATION_METHODS


class Watched:
    """A module whose functions tell ``seen`` when a case calls them."""

    def __init__(self, room, seen):
        self._room = room
        self._seen = seen

    def __getattr__(self, name):
        value = getattr(self._room, name)
        if isinstance(value, FunctionType):
            self._seen.add(name)
        return value


@pytest.fixture(scope="module")
def called():
    """The names of functions and methods that the cases themselves call, each run once."""
    functions, seen = set(), set()
    module = Watched(sg, functions)
    module.nn = SimpleNamespace(functional=Watched(sg.nn.functional, functions))
    patch = pytest.MonkeyPatch()
    for name, method in list(vars(sg.Tensor).items()):
        if isinstance(method, FunctionType):
            patch.setattr(sg.Tensor, name, _noticed(method, name, seen))
    try:
        for case in CASES:
            case.call(module, *(leaf(sg, x) for x in case.inputs))
        for drawn in DRAWN:
            inputs, options = _example(drawn.strategy)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # some names are old ones
                outcome(module, drawn.call, [leaf(sg, x) for x in inputs], options)
    finally:
        patch.undo()
    functions |= {call[0] for call in CALLS.values()} | {name for _, name in RECURRENT}
    functions.add("native_channel_shuffle")  # without a gradient: tested among the lower names
    return functions, seen


def _noticed(method, name, seen):
    @functools.wraps(method)
    def wrapper(*args, **kwargs):
        if sys._getframe(1).f_code.co_filename.startswith(HERE):
            seen.add(name)
        return method(*args, **kwargs)

    return wrapper


def _example(strategy):
    """Some example of a strategy: the first one."""
    found = []
    first = settings(max_examples=1, phases=[Phase.generate], database=None, derandomize=True)
    first(given(strategy)(lambda drawn: found.append(drawn)))()
    return found[0]


def missing(room, names, called):
    """Those of the names whose function no case called, under this name or another."""
    functions, seen = called
    covered = {id(getattr(sg, n, None)) for n in functions}
    covered |= {id(getattr(sg.nn.functional, n, None)) for n in functions}
    covered |= {id(vars(sg.Tensor)[n]) for n in seen}
    return sorted(n for n in names if id(getattr(room, n)) not in covered)


def test_every_public_function_has_a_case(called):
    of_operations = ("linalg.older_names", "nn.functional")
    others = [names for room, names in sg._ELSEWHERE.items() if room not in of_operations]
    elsewhere = set(" ".join(others).split())  # tested where they are defined
    assert missing(sg, public_functions(sg) - NO_OPERATION - elsewhere, called) == []


def test_every_function_of_layers_and_losses_has_a_case(called):
    room = sg.nn.functional
    assert missing(room, public_functions(room), called) == []


def test_every_method_that_is_an_operation_has_a_case(called):
    assert missing(sg.Tensor, methods(), called) == []


FORMS = [
    "abs",
    "add",
    "addmm",
    "all",
    "amax",
    "amin",
    "any",
    "argmax",
    "argmin",
    "argsort",
    "bernoulli",
    "bmm",
    "cat",
    "chunk",
    "clamp",
    "clone",
    "cos",
    "cumsum",
    "div",
    "dot",
    "einsum",
    "eq",
    "erf",
    "exp",
    "flatten",
    "flip",
    "gather",
    "ge",
    "gt",
    "index_select",
    "isnan",
    "le",
    "log",
    "log_softmax",
    "logical_and",
    "logical_not",
    "logical_or",
    "logsumexp",
    "lt",
    "masked_fill",
    "matmul",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "mm",
    "mul",
    "multinomial",
    "mv",
    "narrow",
    "ne",
    "neg",
    "outer",
    "permute",
    "pow",
    "prod",
    "ravel",
    "reciprocal",
    "reshape",
    "rsqrt",
    "scatter_add",
    "select",
    "sigmoid",
    "sign",
    "sin",
    "softmax",
    "sort",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "sub",
    "sum",
    "t",
    "tanh",
    "topk",
    "transpose",
    "tril",
    "triu",
    "true_divide",
    "unbind",
    "unsqueeze",
    "var",
    "where",
    "broadcast_to",
    "contiguous",
    "expand",
    "repeat",
    "view",
    "type",
    "to",
    "T",
    "mT",
    "add_",
    "mul_",
    "sub_",
    "div_",
    "zero_",
    "copy_",
    "fill_",
    "clamp_",
    "exp_",
    "pow_",
    "sqrt_",
    "neg_",
    "masked_fill_",
    "scatter_add_",
    "relu_",
    "tanh_",
    "sigmoid_",
    "arange",
    "linspace",
    "zeros",
    "ones",
    "full",
    "eye",
    "empty",
    "zeros_like",
    "ones_like",
    "full_like",
    "empty_like",
    "rand_like",
    "randn_like",
    "randint_like",
    "rand",
    "randn",
    "randint",
    "randperm",
    "manual_seed",
]


@pytest.mark.parametrize("name", FORMS)
def test_function_and_method_exist_where_pytorch_has_them(name):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    assert hasattr(sg, name) >= (hasattr(torch, name) and not name.endswith("_"))
    assert hasattr(sg.Tensor, name) >= hasattr(torch.Tensor, name)


def primitives() -> dict[str, list[Primitive]]:
    """Every primitive with rules in the package's rooms, by name."""
    rooms = [import_module(f"{ops.__name__}.{m.name}") for m in iter_modules(ops.__path__)]
    found: dict[str, list[Primitive]] = {}
    for room in (*rooms, primitive):
        for value in vars(room).values():
            op = value if isinstance(value, Primitive) else getattr(value, "primitive", None)
            if isinstance(op, Primitive) and op.rules:
                known = found.setdefault(op.name, [])
                if not any(op is other for other in known):
                    known.append(op)
    return found


# Those that stand only in the rules of others, and so on the tape of second derivatives alone.
OF_SECOND_DERIVATIVES = {
    "convolution_input", "convolution_weight", "max_pool2d_input", "max_pool2d_read",
    "avg_pool2d_input", "collect", "masked", "spread", "unfold_backward",
}  # fmt: skip
IN_TESTS_OF_NN = {"gru_cell", "lstm_cell", "lstm_gates"}  # each with its planted faults


def test_every_primitive_runs_in_some_case(monkeypatch):
    seen = set()
    plan = Primitive.plan

    def noticed(self, mask, count, tensors=0):
        seen.add(self.name)
        return plan(self, mask, count, tensors)

    for op in (op for known in primitives().values() for op in known):
        op._plans.clear()
    monkeypatch.setattr(Primitive, "plan", noticed)
    for case in CASES:
        case.call(sg, *(leaf(sg, x) for x in case.inputs))
    assert set(primitives()) - seen - OF_SECOND_DERIVATIVES - IN_TESTS_OF_NN == set()
