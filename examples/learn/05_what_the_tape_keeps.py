"""5. Saved values and memory: what a rule names is what the tape keeps.

Run it: ``python examples/learn/05_what_the_tape_keeps.py``.
"""

from __future__ import annotations

import gc
import weakref

import numpy as np
from page import badge, claim, heading

import tinygrad_sm as sg

# The rule of a product needs the other factor; that of a sum needs nothing; that of exp needs its
# result and not its argument. Whatever a rule needs has to live until the walk back comes by. That
# is why training takes more memory than prediction.

heading("Ask the tape")


def kept(tensor: sg.Tensor) -> list[tuple[int, ...]]:
    """The shapes of the arrays that a tensor's node has saved."""
    arrays = [getattr(value, "array", value) for value in tensor.grad_fn.saved]
    return [a.shape for a in arrays if isinstance(a, np.ndarray)]


x = sg.rand(100, 100, requires_grad=True)
y = sg.rand(100, 100, requires_grad=True)
claim("x + y keeps nothing", kept(x + y) == [])
claim("x * y keeps both", kept(x * y) == [(100, 100)] * 2)
claim("x * 2 keeps only the number 2", kept(x * 2) == [])
claim("exp(x) keeps its result", kept(x.exp()) == [(100, 100)])
claim("a sum keeps nothing: its shape is enough", kept(x.sum()) == [])
constant = sg.rand(100, 100)
claim("x * constant keeps the constant alone", kept(x * constant) == [(100, 100)])

heading("The rule decides")
# The same function with three different rules. All are right; they differ in what they keep.
from_out = sg.primitive(np.tanh, name="tanh_out", x=lambda g, out: g * (1 - out * out))
from_x = sg.primitive(np.tanh, name="tanh_x", x=lambda g, x: g / (np.cosh(x) * np.cosh(x)))
start = [np.linspace(-2.0, 2.0, 5)]
for name, op in (("out", from_out), ("x", from_x)):
    t = sg.tensor(start[0], requires_grad=True)
    result = op(t)
    result.sum().backward()
    right = badge(f"tanh by {name}", [t.grad.numpy()], lambda x: np.tanh(x).sum(), start)
    claim(f"the rule that names {name} is right", right)
# In a chain tanh(W tanh(W x)) each result is needed by the next product anyway: the rule that names
# `out` keeps one array where the rule that names `x` keeps two.

heading("When it is let go")
hidden = (x * y).exp()
watched = weakref.ref(hidden.grad_fn)
loss = hidden.sum()
del hidden
claim("while the loss lives, the tape lives", watched() is not None)
loss.backward()
claim("after backward what was saved is gone", watched().saved is None)
gc.disable()
del loss
claim("without the loss the tape is gone, at once: no cycles", watched() is None)
gc.enable()
with sg.no_grad():
    claim("under no_grad nothing is recorded", (x * y).grad_fn is None)

heading("Break it: a loss that is never let go")
# total += loss keeps every step's tape alive, by way of total's own. A number is enough: .item().
w = sg.ones(10, requires_grad=True)
total = sg.tensor(0.0)
tapes = []
for _ in range(5):
    loss = (w * w).sum()
    tapes.append(weakref.ref(loss.grad_fn))
    total = total + loss
del loss
claim("five tapes are still alive", all(t() is not None for t in tapes))
del total
claim("and die with the total", all(t() is None for t in tapes))
number = 0.0
for _ in range(5):
    loss = (w * w).sum()
    tapes.append(weakref.ref(loss.grad_fn))
    number += loss.item()
del loss
claim("with .item() none is left over", all(t() is None for t in tapes))

heading("Break it: a tape that keeps too little")
# A rule that reads its value when backward comes by, instead of keeping it, finds what is there *then*.
holder = {"x": start[0]}
careless = sg.primitive(lambda x: x * x, name="careless", x=lambda g: 2 * holder["x"] * g)
t = sg.tensor(start[0], requires_grad=True)
loss = careless(t).sum()
holder["x"] = start[0] + 1.0  # the next batch has come in meanwhile
loss.backward()
right = badge("not kept", [t.grad.numpy()], lambda x: (x * x).sum(), start)
claim("the badge turns to a cross: what a rule reads must be kept for it", not right)

heading("Exercises")
# 1. backward() twice through one graph: what happens?
#    The second finds nothing saved, and says so; retain_graph=True keeps it.
loss = (w * w).sum()
loss.backward()
try:
    loss.backward()
except RuntimeError as error:
    claim("the error names retain_graph", "retain_graph" in str(error))
# 2. Batch norm keeps a running mean of its inputs' means. Why must it be taken off the tape?
#    Else the mean of step 1000 holds the tapes of the 999 steps before.
norm = sg.nn.BatchNorm1d(3)
norm(sg.rand(4, 3, requires_grad=True))
claim("the running mean holds no graph", norm.running_mean.grad_fn is None)
# 3. A chain of 100,000 operations: why does letting it go not exhaust the stack?
#    Each node holds the one before it, so freeing the last frees them all, one inside the other; the
#    interpreter (its trashcan) breaks such chains up, and the walk itself uses a heap.
chain = w
for _ in range(100_000):
    chain = chain + 1.0
end = weakref.ref(chain.grad_fn)
del chain
claim("gone, and the program still runs", end() is None)
