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
