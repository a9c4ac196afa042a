"""``out=``: the result of any operation put into a tensor that the caller has."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .dtypes import CATEGORY
from .tape import Value, is_grad_enabled, written


def takes_out(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with an ``out`` argument: a tensor, or several for several results."""

    @functools.wraps(function)
    def call(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        if out is None:
            return function(*args, **kwargs)
        name = getattr(function, "__name__", "out")
        targets = out if isinstance(out, tuple | list) else [out]
        _refuse_recording(name, [*args, *kwargs.values(), *targets])
        result = function(*args, **kwargs)
        results = result if isinstance(result, tuple) else [result]
        if len(results) != len(targets):
            raise TypeError(f"{name}: {len(results)} results for {len(targets)} tensors in out")
        for target, value in zip(targets, results, strict=True):
            _check_kind(name, target, value)
        for target, value in zip(targets, results, strict=True):
            _fill(target, value.array)
        return type(result)(*targets) if hasattr(result, "_fields") else out

    return call


def _refuse_recording(name: str, values: list[Any]) -> None:
    if is_grad_enabled() and any(isinstance(v, Value) and v.node is not None for v in values):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, "
            "but one of the arguments requires grad: use the result instead, or no_grad()"
        )


def _check_kind(name: str, target: Any, value: Any) -> None:
    if not isinstance(target, Value):
        raise TypeError(f"{name}: out must be a Tensor, not {type(target).__name__}")
    if CATEGORY[value.array.dtype.kind] > CATEGORY[target.array.dtype.kind]:
        raise RuntimeError(
            f"{name}: result type {value.array.dtype} can't be cast to the desired output type "
            f"{target.array.dtype}"
        )


def _fill(target: Any, array: np.ndarray) -> None:
    """Write into the tensor's memory, or give it new memory where the shape differs."""
    if target.array.shape == array.shape:
        np.copyto(target.array, array, casting="unsafe")
    else:
        target.array = array.astype(target.array.dtype)
    written(target)
