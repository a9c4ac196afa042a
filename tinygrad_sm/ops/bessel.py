"""Modified Bessel functions of orders 0 and 1: Abramowitz and Stegun, chapter 9."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..primitive import Operation, unary


@np.errstate(all="ignore")
def _scaled(x: Any, order: int) -> Any:
    """``exp(-|x|) I(x)``: the series (9.6.10) up to 30, beyond it the asymptotic one (9.7.1)."""
    x64 = np.asarray(x, np.float64)
    size = np.abs(x64)
    near, far = np.minimum(size, 30.0), np.maximum(size, 30.0)
    term = total = (near / 2) ** order
    for k in range(1, 80):
        term = term * (near * near / 4) / (k * (k + order))
        total = total + term
    wave = tail = np.ones_like(far)
    for k in range(1, 30):
        wave = wave * ((2 * k - 1) ** 2 - 4 * order**2) / (8 * k * far)
        tail = tail + wave
    out = np.where(size < 30, np.exp(-near) * total, tail / np.sqrt(2 * math.pi * far))
    if order == 1:
        out = np.copysign(out, x64)
    return np.where(np.isnan(x64), x64, out)


def _forward(order: int, scaled: bool) -> Any:
    @np.errstate(all="ignore")
    def forward(x: Any) -> Any:
        out = _scaled(x, order)
        if not scaled:
            out = out * np.exp(np.abs(np.asarray(x, np.float64)))
        return out.astype(np.asarray(x).dtype)

    return forward


def _over(out: Any, x: Any) -> Any:
    """``out / x``, and at 0 its limit, a half."""
    zero = np.equal(x, 0)
    return np.where(zero, 0.5, out / np.where(zero, 1.0, x))


i0: Operation = unary(
    _forward(0, False),
    "The modified Bessel function of order 0.",
    name="i0",
    to_float=True,
    x=lambda g, x: g * i1(x),
)
i0e: Operation = unary(
    _forward(0, True),
    "``exp(-|input|) * i0(input)``",
    name="i0e",
    to_float=True,
    x=lambda g, x, out: g * (i1e(x) - np.sign(x) * out),
)
i1: Operation = unary(
    _forward(1, False),
    "The modified Bessel function of order 1.",
    name="i1",
    to_float=True,
    x=lambda g, x, out: g * (i0(x) - _over(out, x)),
)
i1e: Operation = unary(
    _forward(1, True),
    "``exp(-|input|) * i1(input)``",
    name="i1e",
    to_float=True,
    x=lambda g, x, out: g * (i0e(x) - np.sign(x) * out - _over(out, x)),
)
