"""The registry of operation cases, which feeds every test of values and gradients.

A call is a function of a ``torch``-like module and of tensors, so that the same lines run here and
in PyTorch::

    case("exp", lambda m, x: m.exp(x), A)                     # one call, these float64 arrays
    drawn("sum", lambda m, x, **o: x.sum(**o), reductions())  # as many calls as hypothesis draws

A family of operations has a module of cases in this package, which imports them all: a new family
is a new file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis.strategies import SearchStrategy

Call = Callable[..., Any]
FLOATS = ("float32", "float64", "float16")
KINDS = (*FLOATS, "int64", "int32", "int8", "uint8", "bool")
SIGNED = tuple(k for k in KINDS if k != "uint8")  # where PyTorch's sums of bytes overflow


@dataclass(frozen=True, eq=False)
class Case:
    """One call of one operation.

    Attributes:
        op: the public name of what the case exercises.
        call: ``call(m, *tensors)``, with ``m`` this package or PyTorch.
        inputs: the float64 arrays that the tensors are made of.
        second: whether its second derivative is checked.
        smooth: whether differences tell its gradient: not at ties and kinks, nor where it has none.
    """

    op: str
    call: Call
    inputs: tuple[np.ndarray, ...]
    second: bool = True
    smooth: bool = True

    def __str__(self) -> str:
        shapes = "_".join("x".join(map(str, x.shape)) or "0d" for x in self.inputs)
        return f"{self.op}-{shapes}"


@dataclass(frozen=True)
class Drawn:
    """Many calls of one operation.

    Attributes:
        op: the public name of what it exercises.
        call: ``call(m, *tensors, **options)``.
        strategy: draws ``(arrays, options)``, the arrays float64 and without ties. Options may be
            wrong ones: then this package and PyTorch must both raise.
        smooth: whether differences tell the gradient for all that is drawn.
        ugly: whether ties, zeros, infinities and NaN may take the place of the values.
        kinds: the dtypes that are tried.
        mixed: whether the arrays of one call may have different dtypes.
        kinder: whether a gradient may be a number where PyTorch's is NaN.
        rtol: how near values and gradients must be to PyTorch's in float64.
    """

    op: str
    call: Call
    strategy: SearchStrategy[tuple[tuple[np.ndarray, ...], dict[str, Any]]]
    smooth: bool = True
    ugly: bool = True
    kinds: tuple[str, ...] = KINDS
    mixed: bool = True
    kinder: bool = False
    rtol: float = 1e-9

    def __str__(self) -> str:
        return self.op


CASES: list[Case] = []
DRAWN: list[Drawn] = []


def case(
    op: str, call: Call, *inputs: np.ndarray, second: bool = True, smooth: bool = True
) -> None:
    """Add one call of an operation."""
    CASES.append(Case(op, call, inputs, second and smooth, smooth))


def drawn(op: str, call: Call, strategy: SearchStrategy[Any], **traits: Any) -> None:
    """Add an operation with a strategy that draws the arrays and options of its calls."""
    DRAWN.append(Drawn(op, call, strategy, **traits))


# --- arrays that many cases share -----------------------------------------------------------------


def normal(*shape: int, seed: int = 0, positive: bool = False) -> np.ndarray:
    """Normal numbers of a shape; ``positive`` ones are at least 0.3."""
    x = np.asarray(np.random.default_rng([seed, *shape]).normal(size=shape))
    return np.abs(x) + 0.3 if positive else x


A, B = normal(3, 4), normal(3, 4, seed=1)
P, Q = normal(3, 4, positive=True), normal(3, 4, seed=1, positive=True)
ROW, COLUMN, SCALAR = normal(4, seed=2), normal(3, 1, seed=3), normal(seed=4)
EMPTY = np.zeros((0, 4))
CUBE = normal(2, 3, 4)
ZEROS = np.array([[1.5, 0.0, -2.0, 0.5], [0.0, 0.0, 3.0, 1.0], [1.0, 2.0, -1.0, 0.5]])
TIES = np.array([[1.0, 2.0, 2.0, 0.0], [0.0, 0.0, 0.0, 0.0], [-1.0, 3.0, 3.0, 3.0]])
STRIDED = normal(8, 6)[::-2, ::2]
IMAGES = normal(2, 4, 7, 6)
