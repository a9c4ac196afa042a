"""9. Forward mode, and when it wins.

Run it: ``python examples/learn/09_forward_mode.py``.
"""

from __future__ import annotations

import math

import numpy as np
from page import badge, claim, heading

import tinygrad_sm as sg
from tinygrad_sm import func

# The chain rule is a product of derivatives, and a product can be taken from either end. Reverse
# mode begins at the loss and carries a gradient back: what does the loss get from this? Forward
# mode begins at an input and carries a tangent along: what does this get from the input?

heading("A number with a tangent, in twenty lines")


class Dual:
    """``value + tangent * e`` with ``e * e = 0``: arithmetic that differentiates (Clifford, 1873)."""

    def __init__(self, value: float, tangent: float = 0.0) -> None:
        self.value, self.tangent = value, tangent

    def __add__(self, other: Dual) -> Dual:
        return Dual(self.value + other.value, self.tangent + other.tangent)

    def __mul__(self, other: Dual) -> Dual:
        tangent = self.tangent * other.value + self.value * other.tangent
        return Dual(self.value * other.value, tangent)

    def exp(self) -> Dual:
        out = math.exp(self.value)
        return Dual(out, self.tangent * out)


def program(x, y):
    u = x * y
    return u + u.exp()


by_x = program(Dual(0.5, 1.0), Dual(-1.2)).tangent
by_y = program(Dual(0.5), Dual(-1.2, 1.0)).tangent


def plain(x, y):
    return x * y + math.exp(x * y)


claim("one run an input", badge("x and y", [by_x, by_y], plain, [0.5, -1.2]))
# No tape: a tangent lives as long as its number. Memory does not grow with the length of the
# program; but each input costs a run of its own.

heading("The same rules, transposed")
# A rule is linear in g: it multiplies by the transposed Jacobian of its operation. Forward mode
# multiplies by the Jacobian itself. For an elementwise operation the Jacobian is diagonal, and a
# diagonal matrix is its own transpose: lambda g, out: g * out is the forward rule of exp as it is.
# So the library needs no second table.


def f(x):
    return (x * x).sum(0).exp() + x[0]


x = sg.tensor([0.1, -0.4, 0.3], dtype=sg.float64)
direction = sg.tensor([1.0, 2.0, -1.0], dtype=sg.float64)
value, tangent = func.jvp(f, (x,), (direction,))
gradient = func.grad(f)(x)
claim(
    "the tangent is the gradient's product with the direction",
    np.isclose(tangent.item(), (gradient * direction).sum().item(), rtol=1e-14),
)

heading("When it wins")
# A function from n numbers to m has an m x n Jacobian. Forward mode makes a column a run, reverse
# mode a row a run. One input and many outputs: forward. Many inputs and one loss: reverse.


def tall(x):
    """One number to a thousand."""
    return sg.sin(x * sg.arange(1000.0, dtype=sg.float64))


x = sg.tensor(0.3, dtype=sg.float64)
column = func.jacfwd(tall)(x)
_, once = func.jvp(tall, (x,), (sg.ones((), dtype=sg.float64),))
claim(
    "1 -> 1,000: one forward run is the whole Jacobian", np.allclose(column.numpy(), once.numpy())
)
rows = func.jacrev(tall)(x)
claim("reverse mode finds the same, by 1,000 walks", np.allclose(rows.numpy(), column.numpy()))

heading("Together: forward over reverse")
# A Hessian is the Jacobian of a gradient. The gradient has many inputs and one output: reverse. Its
# derivative along one direction is one forward run over it: a Hessian-vector product.
A = sg.tensor([[3.0, 1.0], [1.0, 2.0]], dtype=sg.float64)


def bowl(w):
    return (w @ A @ w).tanh()


w = sg.tensor([0.3, -0.2], dtype=sg.float64)
v = sg.tensor([1.0, -1.0], dtype=sg.float64)
_, hv = func.jvp(func.grad(bowl), (w,), (v,))
claim("H v, without H", np.allclose(hv.numpy(), func.hessian(bowl)(w).numpy() @ v.numpy()))

heading("Break it")
# A product has two ways; a tangent that takes one of them alone is the classic mistake.


class Broken(Dual):
    def __mul__(self, other):
        return Broken(self.value * other.value, self.tangent * other.value)


wrong = [
    (Broken(0.5, 1.0) * Broken(-1.2)).tangent,
    (Broken(0.5) * Broken(-1.2, 1.0)).tangent,
]
claim("the badge turns to a cross", not badge("x y", wrong, lambda x, y: x * y, [0.5, -1.2]))

heading("Exercises")
# 1. What is the tangent of a sum over an axis? And which rule transposes to it?
#    The sum of the tangents: summing is linear, and a linear function is its own derivative. Its
#    reverse rule, broadcasting, is its transpose.
m = sg.rand(3, 4, dtype=sg.float64)
t = sg.rand(3, 4, dtype=sg.float64)
_, tangent = func.jvp(lambda m: m.sum(0), (m,), (t,))
claim("the sum of the tangents", np.allclose(tangent.numpy(), t.numpy().sum(0)))
# 2. The derivative of cumsum's running sums is a triangular matrix of ones. What does its transpose
#    do to a gradient?
#    It sums from the other end.
x = sg.zeros(4, requires_grad=True)
(x.cumsum(0) * sg.tensor([1.0, 10.0, 100.0, 1000.0])).sum().backward()
claim("sums from the end", x.grad.tolist() == [1111.0, 1110.0, 1100.0, 1000.0])
