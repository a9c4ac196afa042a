"""What public functions share: ``out=``, and a TypeError for an argument that is no tensor."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from . import overlap
from .dtypes import CATEGORY, PYTHON_TYPES
from .tape import Value, is_grad_enabled, wrap, written

# which functions of two operands take a number, and in place of which: see needing_tensors
NUMBERS = {
    "none": """
        arctan2 atan2 dist fmax fmin gcd gammainc gammaincc hypot igamma igammac lcm ldexp logaddexp
        logaddexp2 logical_and logical_or logical_xor maximum minimum nextafter""",
    "second": """
        clamp_max clamp_min copysign eq fmod ge greater greater_equal gt le less less_equal
        lt max min ne not_equal rsub""",
    "either": """
        bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor float_power isin pow
        remainder xlog1py xlogy zeta""",
    "both": "add div divide floor_divide mul multiply sub subtract true_divide",
}

_IN_DTYPE_OF_OUT = ("cumprod", "cumsum", "prod", "sum")  # which compute in the dtype of ``out``


def _dressed_as(function: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """What ``functools.wraps`` does, in a third of the time: an import has some 600 to wrap."""

    def dressed(call: Any) -> Any:
        call.__name__, call.__qualname__ = function.__name__, function.__qualname__
        call.__doc__, call.__module__ = function.__doc__, function.__module__
        call.__dict__.update(function.__dict__)
        call.__wrapped__ = function
        return call

    return dressed


# Each wrapper is cached: one function stays one object, however many names it has.


@functools.cache
def of_tensors(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which raises TypeError where it is given something else than a Tensor."""
    if _takes_out_itself(function):
        return function

    @_dressed_as(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except AttributeError as error:
            _need_tensor(function, error)
            raise

    return call


def _need_tensor(function: Callable[..., Any], error: AttributeError) -> None:
    if isinstance(error.obj, Value) or not hasattr(Value.tensor_type, error.name or ""):
        return
    raise TypeError(
        f"{getattr(function, '__name__', 'function')}(): expected a Tensor, but got "
        f"{type(error.obj).__name__}: make a tensor of it with tensor(...)"
    ) from None


def public(room: dict[str, Any], with_out: str = "", numbers: dict[str, str] | None = None) -> None:
    """Give the functions of a module, its ``globals()``, what all public functions have.

    ``numbers`` lists, by what may be a number (see ``needing_tensors``), functions of two operands.
    """
    taking_out = set(with_out.split())
    allowed = {name: k for k, names in (numbers or {}).items() for name in names.split()}
    for name, function in list(room.items()):
        if type(function) is FunctionType and not name.startswith("_"):
            if name in allowed:
                function = needing_tensors(function, allowed[name])
            wrapped = (takes_out if name in taking_out else of_tensors)(function)
            first = wrapped is not function and wrapped.__module__ == function.__module__
            if first or name == wrapped.__name__:
                wrapped.__module__, wrapped.__qualname__ = room["__name__"], name  # as pickle asks
            room[name] = wrapped


@functools.cache
def needing_tensors(function: Callable[..., Any], numbers: str) -> Callable[..., Any]:
    """The function of two operands, which raises TypeError for a number in place of a tensor.

    ``numbers`` says what may be one: ``"none"``, ``"second"``, ``"either"``, or ``"both"`` at once,
    which then become tensors.
    """
    name = getattr(function, "__name__", "function")

    @_dressed_as(function)
    def call(input: Any, *args: Any, **kwargs: Any) -> Any:
        first = type(input) in PYTHON_TYPES
        second = bool(args) and type(args[0]) in PYTHON_TYPES
        if first and second and numbers == "both":
            input = wrap(np.asarray(input, PYTHON_TYPES[type(input)]))
            args = (wrap(np.asarray(args[0], PYTHON_TYPES[type(args[0])])), *args[1:])
        elif (first and (second or numbers in ("none", "second"))) or (
            second and numbers == "none"
        ):
            position = "input" if first else "other"
            raise TypeError(
                f"{name}(): argument '{position}' must be a Tensor, not a number: make a tensor of "
                "it with tensor(...)"
            )
        return function(input, *args, **kwargs)

    return call


@functools.cache
def takes_out(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with an ``out`` argument: a tensor, or several for several results."""
    if _takes_out_itself(function):
        return function

    @_dressed_as(function)
    def call(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        if out is not None:
            return into(function, out, args, kwargs)
        try:
            return function(*args, **kwargs)
        except AttributeError as error:
            _need_tensor(function, error)
            raise

    return call


def _takes_out_itself(function: Any) -> bool:
    """Whether it is one of the operations made by ``primitive.unary``."""
    return "out" in (function.__kwdefaults__ or ()) and hasattr(function, "primitive")


def into(function: Callable[..., Any], out: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Call the function, and put its results into the tensors of ``out``."""
    name = getattr(function, "__name__", "out")
    targets = out if isinstance(out, tuple | list) else [out]
    _refuse_recording(name, [*args, *kwargs.values(), *targets])
    if name in _IN_DTYPE_OF_OUT and kwargs.get("dtype") is None and isinstance(out, Value):
        kwargs = {**kwargs, "dtype": out.array.dtype}
    result = function(*args, **kwargs)
    results = result if isinstance(result, tuple) else [result]
    if len(results) != len(targets):
        raise TypeError(f"{name}: {len(results)} results for {len(targets)} tensors in out")
    for target, value in zip(targets, results, strict=True):
        _check(name, target, value)
        if target.array.shape == value.array.shape:
            overlap.refuse(name, target.array, [*args, *kwargs.values()])
    for target, value in zip(targets, results, strict=True):
        _fill(target, value.array)
    return type(result)(*targets) if hasattr(result, "_fields") else out


def _refuse_recording(name: str, values: list[Any]) -> None:
    if is_grad_enabled() and any(getattr(v, "requires_grad", False) for v in values):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, "
            "but one of the arguments requires grad: use the result instead, or no_grad()"
        )


def _check(name: str, target: Any, value: Any) -> None:
    if not isinstance(target, Value):
        raise TypeError(f"{name}: out must be a Tensor, not {type(target).__name__}")
    if CATEGORY[value.array.dtype.kind] > CATEGORY[target.array.dtype.kind]:
        raise RuntimeError(
            f"{name}: result type {value.array.dtype} can't be cast to the desired output type "
            f"{target.array.dtype}"
        )
    if target.array.shape == value.array.shape and not target.array.flags.writeable:
        raise RuntimeError(
            f"{name}: more than one element of out (an expanded tensor, or one over read-only "
            "memory) refers to a single memory location: clone() it first"
        )


def _fill(target: Any, array: np.ndarray) -> None:
    """Write into the tensor's memory, or give it new memory where the shape differs."""
    if target.array.shape == array.shape:
        np.copyto(target.array, array, casting="unsafe")
    else:
        target.array = array.astype(target.array.dtype)
    written(target)
