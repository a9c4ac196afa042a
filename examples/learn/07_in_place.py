"""7. Writing in place, views, and versions.

Run it: ``python examples/learn/07_in_place.py``.
"""

from __future__ import annotations

import numpy as np
from page import badge, claim, heading

import tinygrad_sm as sg

# The tape keeps references, not copies: x * y keeps x and y themselves. If x is written to before
# the walk back, the rule would read the new value, and the gradient would be wrong without a word.
# So every tensor counts its writes, and a node remembers the counts of what it saved.

heading("A count of writes")
x = sg.tensor([1.0, 2.0])
before = x._version
x.add_(1.0)
x[0] = 7.0
claim("two writes, counted", x._version == before + 2)
claim("views share memory and the count", x[:1]._version == x._version)

heading("A write that would spoil a gradient is refused")
w = sg.tensor([3.0, 4.0], requires_grad=True)
x = sg.tensor([1.0, 2.0])
y = w * x  # the rule of w needs x
x.mul_(10.0)
try:
    y.sum().backward()
except RuntimeError as error:
    message = str(error)
claim("the error names the operation", "mul" in message)
claim("and both lines of this file", message.count("07_in_place.py") == 2)

heading("A write that spoils nothing is fine")
y = w + x  # the rule of + needs neither
x.mul_(10.0)
y.sum().backward()
claim("x may change after w + x", w.grad.tolist() == [1.0, 1.0])

heading("Writes are recorded")
# y.mul_(v) is y = y * v, put into y's memory: y gets the node of the product.


def program(w):
    y = w * 1.0
    y[0].mul_(w[1])
    return (y * y).sum()


def plain(w):
    return (w[0] * w[1]) ** 2 + w[1] ** 2


start = np.array([3.0, 4.0])
t = sg.tensor(start, requires_grad=True)
program(t).backward()
claim("the gradient goes through the write", badge("w", [t.grad.numpy()], plain, [start]))

heading("Views")
# A row of a matrix is a view: the same memory, seen otherwise. Writing to the view changes the
# matrix; on the tape the matrix becomes "itself with that row replaced".
base = sg.zeros(2, 2, dtype=sg.float64)
row = base[0]
v = sg.tensor([5.0, 6.0], dtype=sg.float64, requires_grad=True)
row.copy_(v)
claim("the base sees the write", base.tolist() == [[5.0, 6.0], [0.0, 0.0]])
(base * base).sum().backward()
claim("and its gradient reaches v", v.grad.tolist() == [10.0, 12.0])

heading("Leaves")
# A parameter that requires grad must not be written to on the tape: which value would be the leaf?
# An optimizer says no_grad.
w = sg.tensor([1.0], requires_grad=True)
try:
    w.mul_(2.0)
except RuntimeError as error:
    claim("refused, with the way out", "no_grad" in str(error))
claim("and nothing was changed", w.item() == 1.0)
with sg.no_grad():
    w.mul_(2.0)
claim("under no_grad it is allowed", w.item() == 2.0)

heading("Break it: write behind the tape's back")
# t.data is the same memory off the tape, and its writes are not counted. PyTorch has it too.
w = sg.tensor(np.array([3.0]), requires_grad=True)
x = sg.tensor(np.array([2.0]))
y = w * x
x.data = sg.tensor(np.array([100.0]))
y.sum().backward()
honest = badge("w", [w.grad.numpy()], lambda w: (w * 2.0).sum(), [np.array([3.0])])
claim("the badge turns to a cross: the forward pass used 2, the rule read 100", not honest)

heading("Exercises")
# 1. exp keeps its result. What if the result is written to? And its argument?
t = sg.tensor([1.0], requires_grad=True)
e = t.exp()
e.add_(1.0)
try:
    e.sum().backward()
except RuntimeError as error:
    claim("the result: refused, it is what the rule of exp reads", "exp" in str(error))
x = t * 1.0
e = x.exp()
x.add_(1.0)
t.grad = None
e.sum().backward()
claim("the argument: allowed, the rule does not need it", np.isclose(t.grad.item(), np.e))
# 2. An expanded tensor shows one number in many places. May it be written to?
#    No: a write to one place would be seen in all.
try:
    sg.ones(1).expand(3).add_(1.0)
except RuntimeError as error:
    claim("refused: clone it first", "clone" in str(error))
