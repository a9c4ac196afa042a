"""The dtype of a result, for every pair of dtypes and of kinds of operand, against PyTorch."""

from __future__ import annotations

import itertools
import operator

import numpy as np
import pytest

import tinygrad_sm as sg

torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")

DTYPES = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]
NUMBERS = {"int": 2, "float": 1.5, "bool": True}
OPERANDS = [*itertools.product(DTYPES, ["tensor", "0-d"]), *((n, "number") for n in NUMBERS)]
ARITHMETIC = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow"]
COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge"]
IN_PLACE = ["iadd", "isub", "imul", "itruediv"]


def operand(m, name, rank):
    if rank == "number":
        return NUMBERS[name]
    return m.tensor([1, 1] if rank == "tensor" else 1, dtype=getattr(m, name))


def outcome(m, function, pair):
    try:
        out = function(*(operand(m, *x) for x in pair))
    except (RuntimeError, TypeError) as error:
        return error
    return str(out.dtype).partition(".")[2], np.asarray(out).tolist()


@pytest.mark.parametrize("name", ARITHMETIC + COMPARISONS + IN_PLACE)
def test_every_pair(name):
    function = getattr(operator, name)
    for pair in itertools.product(OPERANDS, OPERANDS):
        ranks = [rank for _, rank in pair]
        if ranks == ["number"] * 2 or (name in IN_PLACE and ranks[0] == "number"):
            continue
        ours, theirs = (outcome(m, function, pair) for m in (sg, torch))
        if isinstance(theirs, NotImplementedError):
            continue  # a kernel that PyTorch lacks
        if isinstance(theirs, Exception):
            assert type(ours) is type(theirs), pair
        else:
            assert ours == theirs, pair


@pytest.mark.parametrize("name", ["pow", "floor_divide", "remainder", "fmod"])
def test_bools_have_no_power_and_no_whole_division(name):
    b = sg.tensor([True, False])
    for call in (
        lambda: getattr(sg, name)(b, b),
        lambda: getattr(b, name)(b),
        lambda: getattr(b.clone(), f"{name}_")(b),
    ):
        with pytest.raises(NotImplementedError, match=f'"{name}" not implemented for bool'):
            call()
    assert (b**True).dtype == sg.bool
    assert (b**2).dtype == (b // 2).dtype == (b % 2).dtype == sg.int64
    for mode in ("floor", "trunc"):
        with pytest.raises(NotImplementedError):
            sg.div(b, b, rounding_mode=mode)


@pytest.mark.parametrize("name", ["sum", "prod", "cumsum", "cumprod", "nansum"])
@pytest.mark.parametrize("kind", ["int8", "int32", "float16", "float64"])
def test_a_dtype_that_is_asked_for_is_that_of_the_result(name, kind):
    arguments = (0,) if name.startswith("cum") else ()
    for given in ("bool", "int64", "float32"):
        found = [
            getattr(m, name)(m.ones(2, dtype=getattr(m, given)), *arguments, dtype=getattr(m, kind))
            for m in (sg, torch)
        ]
        assert (
            str(found[0].dtype).rpartition(".")[2] == str(found[1].dtype).rpartition(".")[2] == kind
        )
        assert found[0].tolist() == found[1].tolist()
