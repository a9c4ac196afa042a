"""1. A tape for single numbers, in forty lines.

Run it: ``python examples/learn/01_a_scalar_tape.py``. Read it from top to bottom; what a comment
says, the next lines compute.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import count

from page import badge, claim, heading

import tinygrad_sm as sg

# A program computes a number in steps: u = x * y, v = exp(u), loss = u + v. The chain rule says how
# the loss changes with x: go from the loss back to x, multiply the derivatives on the way, and add
# over all ways. So each step has to remember two things: where its arguments came from, and how to
# turn the gradient of its result into gradients of its arguments. That is a node of the tape.

clock = count()


class Number:
    """A number that remembers how it was computed."""

    def __init__(
        self,
        value: float,
        parents: Sequence[Number] = (),
        rules: Sequence[Callable[[float], float]] = (),
    ) -> None:
        self.value = value
        self.parents = parents  # where the arguments came from
        self.rules = rules  # one an argument: from the result's gradient to the argument's
        self.time = next(clock)  # when it was computed
        self.grad = 0.0

    def __add__(self, other: Number) -> Number:
        return Number(self.value + other.value, (self, other), (lambda g: g, lambda g: g))

    def __mul__(self, other: Number) -> Number:
        x, y = self.value, other.value
        return Number(x * y, (self, other), (lambda g: g * y, lambda g: g * x))

    def exp(self) -> Number:
        out = math.exp(self.value)
        return Number(out, (self,), (lambda g: g * out,))

    def log(self) -> Number:
        x = self.value
        return Number(math.log(x), (self,), (lambda g: g / x,))

    def backward(self) -> None:
        """Walk from here back to the beginning, the newest node first."""
        nodes, todo = {self}, [self]
        while todo:
            fresh = set(todo.pop().parents) - nodes
            nodes |= fresh
            todo += fresh
        self.grad = 1.0  # how the loss changes with itself
        for node in sorted(nodes, key=lambda n: n.time, reverse=True):
            for parent, rule in zip(node.parents, node.rules, strict=True):
                parent.grad += rule(node.grad)


heading("A program, and its gradient")


def program(x, y):
    """The same lines for numbers that remember and, below, for plain ones."""
    u = x * y
    return u + u.exp()


x, y = Number(0.5), Number(-1.2)
loss = program(x, y)
loss.backward()
print(f"  loss = {loss.value:.6f}, dloss/dx = {x.grad:.6f}, dloss/dy = {y.grad:.6f}")


def plain(x: float, y: float) -> float:
    return x * y + math.exp(x * y)


claim("the value is that of plain floats", loss.value == plain(0.5, -1.2))
claim("the gradient is right", badge("x and y", [x.grad, y.grad], plain, [0.5, -1.2]))

heading("By hand, and by the library")
# On paper: dloss/dx = y + y e^(xy) and dloss/dy = x + x e^(xy).
by_hand = -1.2 * (1 + math.exp(-0.6))
claim(f"on paper, dloss/dx = {by_hand:.6f}", math.isclose(x.grad, by_hand))
a = sg.tensor(0.5, dtype=sg.float64, requires_grad=True)
b = sg.tensor(-1.2, dtype=sg.float64, requires_grad=True)
program(a, b).backward()  # the very same function
claim("tinygrad_sm finds the same two numbers", (a.grad.item(), b.grad.item()) == (x.grad, y.grad))

heading("One walk, however many arguments")
# A finite difference costs a run of the program for each argument. The walk back visits each node
# once: all gradients cost about as much as the program itself. That is why reverse mode trains
# networks: many parameters, one loss.
numbers = [Number(0.01 * i) for i in range(1000)]
total = numbers[0]
for n in numbers[1:]:
    total = total + n * n
visited = sum(1 for _ in range(total.time - numbers[0].time + 1))
total.backward()
claim(
    f"1,000 gradients from one walk over {visited:,} nodes",
    all(math.isclose(n.grad, 2 * n.value) for n in numbers[1:]) and numbers[0].grad == 1.0,
)

heading("Break it")
# Give multiplication the wrong rule: the other factor is forgotten in one of the two.


class Broken(Number):
    """Multiplies rightly, and differentiates wrongly."""

    def __mul__(self, other: Number) -> Number:
        y = other.value
        return Number(self.value * y, (self, other), (lambda g: g * y, lambda g: g * y))


x, y = Broken(0.5), Broken(-1.2)
(x * y).backward()
claim(
    "the badge turns to a cross",
    not badge("x y", [x.grad, y.grad], lambda x, y: x * y, [0.5, -1.2]),
)

heading("Exercises")
# 1. What is the derivative of x^0 at x = 0, and of 0^y at y = 2?
#    x^0 is 1 everywhere, so 0; and 0^y is 0 for every y > 0, so 0 as well. The formulas y x^(y-1)
#    and x^y ln x would give 0 * inf = nan for both.
x = sg.tensor([0.0], requires_grad=True)
(x**0).sum().backward()
claim("x^0 is flat at 0", x.grad.tolist() == [0.0])
y = sg.tensor([2.0], requires_grad=True)
sg.pow(sg.tensor([0.0]), y).sum().backward()
claim("0^y is flat at y = 2", y.grad.tolist() == [0.0])
# 2. |x| has no derivative at 0. What shall a framework answer?
#    0: the middle of the slopes -1 and 1, and the one that lets a zero rest.
x = sg.tensor([-2.0, 0.0, 3.0], requires_grad=True)
x.abs().sum().backward()
claim("the answers at -2, 0 and 3 are -1, 0 and 1", x.grad.tolist() == [-1.0, 0.0, 1.0])
# 3. And relu at 0? What does relu make of nan?
#    0 by custom; and nan stays nan: a fault must not be painted over.
x = sg.tensor([0.0], requires_grad=True)
sg.relu(x).sum().backward()
claim("relu'(0) = 0", x.grad.tolist() == [0.0])
claim("relu(nan) is nan", sg.relu(sg.tensor(float("nan"))).isnan().item())
