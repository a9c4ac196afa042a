"""3. The order of the walk, and what goes wrong without it.

Run it: ``python examples/learn/03_the_order.py``.
"""

from __future__ import annotations

from itertools import count

from page import badge, claim, heading

import tinygrad_sm as sg

# A node may hand its gradient on only when it is complete: when everything that used its result
# has contributed. Pages 1 and 2 sorted by time, newest first. Why is that right? Everything that
# used a result was computed after it. So going back in time, all users come before the used.

clock = count()


class Number:
    """Page 1's number, with ``+`` and ``*`` alone."""

    def __init__(self, value, parents=(), rules=()):
        self.value, self.parents, self.rules = value, parents, rules
        self.time, self.grad = next(clock), 0.0

    def __add__(self, other):
        return Number(self.value + other.value, (self, other), (lambda g: g, lambda g: g))

    def __mul__(self, other):
        x, y = self.value, other.value
        return Number(x * y, (self, other), (lambda g: g * y, lambda g: g * x))


def newest_first(loss):
    """Every node once, in reverse order of its making."""
    nodes, todo = {loss}, [loss]
    while todo:
        fresh = set(todo.pop().parents) - nodes
        nodes |= fresh
        todo += fresh
    return sorted(nodes, key=lambda n: n.time, reverse=True)


def as_met(loss):
    """Every node once, in the order in which a search from the loss first meets it."""
    order, todo = [], [loss]
    while todo:
        node = todo.pop(0)
        if node not in order:
            order.append(node)
            todo += node.parents
    return order


def backward(loss, order):
    loss.grad = 1.0
    for node in order(loss):
        for parent, rule in zip(node.parents, node.rules, strict=True):
            parent.grad += rule(node.grad)


heading("A diamond")
#         x
#       /   \            y is used twice: at once by the loss, and by way of z.
#      y --- z           Its gradient is complete only when z has handed on its own.
#       \   /
#        loss


def program(x):
    y = x * x
    z = y * x
    return y + z * y


def plain(x):
    return x**2 + x**5


x = Number(1.5)
backward(program(x), newest_first)
claim("in order of time the gradient is right", badge("x", [x.grad], plain, [1.5]))

heading("Break it: visit nodes as they are met")
x = Number(1.5)
backward(program(x), as_met)
claim("the badge turns to a cross", not badge("x", [x.grad], plain, [1.5]))
# y was met as a parent of the loss and handed on what it had, before z's share came.

heading("Break it: follow every way by itself")
# One can do without an order: hand each gradient on at once, along every way. It is right, and the
# number of ways doubles with each step of a chain of diamonds.


def along_every_way(node, g):
    """Returns how many nodes were visited."""
    node.grad += g
    return 1 + sum(
        along_every_way(parent, rule(g))
        for parent, rule in zip(node.parents, node.rules, strict=True)
    )


def chain(x, depth):
    for _ in range(depth):
        x = x + x
    return x


visits = []
for depth in (5, 10, 15):
    x = Number(1.0)
    visits.append(along_every_way(chain(x, depth), 1.0))
    claim(f"depth {depth:2}: gradient {x.grad:.0f}, {visits[-1]:,} visits", x.grad == 2**depth)
claim("five steps more cost 32 times as much", visits[2] // visits[1] == 32)
x = Number(1.0)
loss = chain(x, 15)
backward(loss, newest_first)
claim(
    f"by time: {len(newest_first(loss))} visits", x.grad == 2**15 and len(newest_first(loss)) == 16
)

heading("How the library does it")
# It never looks for an order beforehand: nodes that have something to hand on wait in a heap, and
# the newest comes off first. A graph of a million nodes needs no recursion and no sorting.
t = sg.tensor(1.0, requires_grad=True)
y = t
for _ in range(100_000):
    y = y + 1.0
y.backward()
claim("100,000 steps deep, and no recursion limit is met", t.grad.item() == 1.0)
t = sg.tensor(1.0, dtype=sg.float64, requires_grad=True)
chain(t, 60).backward()
claim("60 diamonds: 2^60 ways, 60 visits", t.grad.item() == 2.0**60)

heading("Exercises")
# 1. y = x + x is recorded twice, for u and for v, with the same arguments. May a framework keep one
#    node for both?
#    It must not matter for the values; but a hook or an in-place write on u would then touch v.
t = sg.tensor(3.0, requires_grad=True)
u, v = t + t, t + t
claim("u and v are two nodes", u.grad_fn is not v.grad_fn)
# 2. An operation with two results, one of which is never used: what is its gradient?
#    Zero, in its shape: the rule is fed zeros for the result that nobody used.
t = sg.tensor([3.0, 1.0, 2.0], requires_grad=True)
first, rest = t.split([1, 2])
first.sum().backward()
claim("the unused piece gets zeros", t.grad.tolist() == [1.0, 0.0, 0.0])
