"""4. Why gradients add: ``+=`` and never ``=``.

Run it: ``python examples/learn/04_gradients_add.py``.
"""

from __future__ import annotations

import numpy as np
from page import badge, claim, heading

import tinygrad_sm as sg

# If x reaches the loss by two ways, moving x moves the loss by both. The chain rule adds them; so a
# gradient is a sum over uses, and every place where a gradient arrives says +=.

heading("Three ways to use something twice")
# Twice in one operation, in two operations, and twice as an element of one array.
x = sg.tensor(3.0, dtype=sg.float64, requires_grad=True)
(x * x).backward()
claim("x * x: 3 + 3", x.grad.item() == 6.0)
x.grad = None
(x.exp() + 2 * x).backward()
claim("exp(x) + 2x", badge("x", [x.grad.item()], lambda x: np.exp(x) + 2 * x, [3.0]))
table = sg.tensor([1.0, 2.0, 3.0], dtype=sg.float64, requires_grad=True)
table[[0, 0, 2]].sum().backward()
claim("an index that occurs twice adds twice", table.grad.tolist() == [2.0, 0.0, 1.0])
# An embedding is such a table: a word that occurs five times in a batch gets five contributions.

heading("Break it")
# NumPy's out[index] += g reads, adds and writes once for each *place*, so the second contribution
# overwrites the first. np.add.at adds for each *occurrence*.
g, index = np.ones(3), [0, 0, 2]
wrong, right = np.zeros(3), np.zeros(3)
wrong[index] += g
np.add.at(right, index, g)


def plain(table):
    return table[index].sum()


start = [np.array([1.0, 2.0, 3.0])]
claim("np.add.at is right", badge("add.at", [right], plain, start))
claim("out[index] += g is not", not badge("+=", [wrong], plain, start))


# And the engine itself, with = for +=:
def two_ways(assign):
    gradients = {"x": 0.0}
    for contribution in (np.exp(0.5), 2.0):  # what comes back by exp(x), and by 2x
        gradients["x"] = contribution if assign else gradients["x"] + contribution
    return gradients["x"]


def both(x):
    return np.exp(x) + 2 * x


claim("+= is right", badge("+=", [two_ways(assign=False)], both, [0.5]))
claim("= keeps the last way alone", not badge("=", [two_ways(assign=True)], both, [0.5]))

heading("Leaves add over calls of backward, too")
# So that a batch too large for memory can be cut: backward on each part, then one step. It is also
# why a training loop says zero_grad().
w = sg.tensor([1.0, -2.0], requires_grad=True)
x = sg.arange(12.0).reshape(6, 2)
(x @ w).pow(2).sum().backward()
whole = w.grad.clone()
w.grad = None
for part in x.split(2):
    (part @ w).pow(2).sum().backward()
claim("three parts add up to the whole", w.grad.tolist() == whole.tolist())
(x @ w).pow(2).sum().backward()
claim("without zero_grad the next step would see double", w.grad.tolist() == (2 * whole).tolist())

heading("Whose array is it?")
# The rule of + hands the *same* array to both arguments. An engine that adds in place into what it
# did not make itself would change the other's gradient behind its back.
a = sg.ones(3, requires_grad=True)
b = sg.ones(3, requires_grad=True)
total = a + b
(total.sum() + (2 * a).sum()).backward()
claim("a got 1 + 2, and b only 1", a.grad.tolist() == [3.0] * 3 and b.grad.tolist() == [1.0] * 3)
a.grad.mul_(100)
claim("nor do the two share memory afterwards", b.grad.tolist() == [1.0] * 3)

heading("Exercises")
# 1. Two elements tie for the maximum. Who gets the gradient?
#    amax and maximum share it; max(dim) and sort return an index, and the gradient goes there.
t = sg.tensor([2.0, 2.0, 1.0], requires_grad=True)
t.amax().backward()
claim("amax shares", t.grad.tolist() == [0.5, 0.5, 0.0])
t.grad = None
sg.maximum(t, sg.tensor([2.0, 0.0, 3.0])).sum().backward()
claim("maximum halves at a tie", t.grad.tolist() == [0.5, 1.0, 0.0])
t.grad = None
t.max(0).values.backward()
claim("max(dim) takes the first", t.grad.tolist() == [1.0, 0.0, 0.0])
# 2. clamp(x, 0, 1) at x = 1 exactly: does the gradient pass?
#    Yes: the bound itself is inside.
t = sg.tensor([0.5, 1.0, 1.5], requires_grad=True)
t.clamp(0, 1).sum().backward()
claim("1 at the bound, 0 beyond", t.grad.tolist() == [1.0, 1.0, 0.0])
# 3. The product of [2, 0, 3]: what is its gradient? And of [2, 0, 0]?
#    Each element's is the product of the *others*: [0, 6, 0], and all zeros. out / x would divide
#    by zero.
for values, expected in (([2.0, 0.0, 3.0], [0.0, 6.0, 0.0]), ([2.0, 0.0, 0.0], [0.0, 0.0, 0.0])):
    t = sg.tensor(values, requires_grad=True)
    t.prod().backward()
    claim(f"prod of {values}: {expected}", t.grad.tolist() == expected)
#    The running products of [2, 0, 3]: which of them depend on the zero, and how?
t = sg.tensor([2.0, 0.0, 3.0], requires_grad=True)
t.cumprod(0).sum().backward()
claim("cumprod does not divide either", t.grad.tolist() == [1.0, 2.0 + 2.0 * 3.0, 0.0])
# 4. Equal numbers are sorted. Does each get its own gradient back?
#    Yes: sort is stable and returns an index, so that the k-th of equals is told from the others.
t = sg.tensor([1.0, 1.0, 0.0], requires_grad=True)
(t.sort().values * sg.tensor([1.0, 10.0, 100.0])).sum().backward()
claim("by index, in order", t.grad.tolist() == [10.0, 100.0, 1.0])
t.grad = None
t.topk(1).values.sum().backward()
claim("topk takes one of the equals, and only one", sorted(t.grad.tolist()) == [0.0, 0.0, 1.0])
# 5. u = v + w hands the very same array to both. What if v then adds another contribution in place?
#    w's gradient would change with it: a tape adds in place only into arrays that it made itself.
v, w = sg.ones(2, requires_grad=True), sg.ones(2, requires_grad=True)
(v + w).sum().backward()
v.grad += 5.0
claim("v's gradient and w's are two arrays", w.grad.tolist() == [1.0, 1.0])
