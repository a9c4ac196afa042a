"""2. From numbers to arrays, and why broadcasting means summing.

Run it: ``python examples/learn/02_broadcasting_means_summing.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count

import numpy as np
from page import badge, claim, heading

import tinygrad_sm as sg

# The tape of page 1 holds one number a node. A layer of a network has a million of them, and Python
# is slow for each; so a node shall hold an array, and a rule be one line of NumPy. Nothing else
# changes, except for one thing, which this page is about.

clock = count()


class Array:
    """The node of page 1 with an array in it; ``fit`` is what this page adds."""

    fit: Callable[[np.ndarray, tuple[int, ...]], np.ndarray]

    def __init__(self, value, parents: Sequence[Array] = (), rules: Sequence[Callable] = ()):
        self.value = np.asarray(value, float)
        self.parents, self.rules, self.time = parents, rules, next(clock)
        self.grad = np.zeros_like(self.value)

    def __add__(self, other: Array) -> Array:
        out = self.value + other.value
        return type(self)(out, (self, other), (lambda g: g, lambda g: g))

    def __mul__(self, other: Array) -> Array:
        x, y = self.value, other.value
        return type(self)(x * y, (self, other), (lambda g: g * y, lambda g: g * x))

    def sum(self) -> Array:
        shape = self.value.shape
        return type(self)(self.value.sum(), (self,), (lambda g: np.broadcast_to(g, shape),))

    def backward(self) -> None:
        nodes, todo = {self}, [self]
        while todo:
            fresh = set(todo.pop().parents) - nodes
            nodes |= fresh
            todo += fresh
        self.grad = np.ones_like(self.value)
        for node in sorted(nodes, key=lambda n: n.time, reverse=True):
            for parent, rule in zip(node.parents, node.rules, strict=True):
                parent.grad = parent.grad + type(self).fit(rule(node.grad), parent.value.shape)


heading("A bias is used once for every row")
# NumPy adds a row b of shape (3,) to a matrix x of shape (4, 3) by using b four times: it is
# *broadcast*. A number used four times has four ways to the loss, and the chain rule adds over all
# ways. So the gradient of b is the sum of what comes back along the four rows.


def unbroadcast(g: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sum over the axes along which an argument of ``shape`` was repeated."""
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))  # axes that were put in front
    ones = tuple(i for i, n in enumerate(shape) if n == 1 and g.shape[i] != 1)
    return g.sum(axis=ones, keepdims=True)  # axes of size 1 that were stretched


class Right(Array):
    fit = staticmethod(unbroadcast)


def program(x, w, b):
    return ((x * w + b) * (x * w + b)).sum()


def plain(x, w, b):
    return ((x * w + b) ** 2).sum()


rng = np.random.default_rng(0)
start = [rng.normal(size=s) for s in ((4, 3), (4, 1), (3,))]
x, w, b = (Right(a) for a in start)
program(x, w, b).backward()
shapes = [n.grad.shape for n in (x, w, b)]
claim("each gradient has its argument's shape", shapes == [(4, 3), (4, 1), (3,)])
claim("and is right", badge("x, w, b", [n.grad for n in (x, w, b)], plain, start))

heading("In the library the engine does it, not the rule")
# The rule of a product stays x=lambda g, y: g * y. What was broadcast, the engine sees from the
# shapes, so that no rule can forget it.
tensors = [sg.tensor(a, requires_grad=True) for a in start]
program(*tensors).backward()
claim(
    "tinygrad_sm agrees to the last digits",
    all(
        np.allclose(t.grad.numpy(), n.grad, rtol=1e-14)
        for t, n in zip(tensors, (x, w, b), strict=True)
    ),
)

heading("The other way round: a sum's gradient is broadcast")
# Summing and broadcasting are each other's transpose: what one does forward, the other does back.
ones = sg.ones(2, 3, requires_grad=True)
(ones.sum(0) * sg.tensor([1.0, 10.0, 100.0])).sum().backward()
claim(
    "each row gets the whole gradient of the sums", ones.grad.tolist() == [[1.0, 10.0, 100.0]] * 2
)

heading("Break it")
# Remove the sum. NumPy is helpful and broadcasts b.grad to (4, 3) without a word: a gradient of the
# wrong shape, and an update that would turn one bias into four.


class Forgetful(Array):
    fit = staticmethod(lambda g, shape: g)


x, w, b = (Forgetful(a) for a in start)
program(x, w, b).backward()
claim("the badge turns to a cross", not badge("b", [x.grad, w.grad, b.grad], plain, start))


class Averaging(Array):
    """The right shape is not enough: a mean instead of the sum."""

    fit = staticmethod(lambda g, shape: unbroadcast(g, shape) * np.prod(shape) / g.size)


x, w, b = (Averaging(a) for a in start)
program(x, w, b).backward()
claim("and again", not badge("b", [x.grad, w.grad, b.grad], plain, start))

heading("Exercises")
# 1. A loss subtracts predictions of shape (n, 1) from labels of shape (n,). What happens?
#    They broadcast to (n, n): every prediction is compared with every label. No error; the gradient
#    even has the right shape; the model learns the mean of the labels.
predictions, labels = sg.zeros(3, 1, requires_grad=True), sg.tensor([1.0, 2.0, 6.0])
((predictions - labels) ** 2).mean().backward()
g = predictions.grad
claim("all three gradients pull to the mean, 3", g.tolist() == [[-2.0]] * 3)
# 2. einsum("nd,nn->d"): a letter that occurs twice in one operand takes a diagonal. What comes back
#    to the matrix off its diagonal?
#    Nothing: it was not used.
m = sg.ones(2, 2, requires_grad=True)
sg.einsum("nd,nn->d", sg.tensor([[1.0, 2.0], [3.0, 4.0]]), m).sum().backward()
claim("gradients on the diagonal alone", m.grad.tolist() == [[3.0, 0.0], [0.0, 7.0]])
#    And "ii->", the trace? Ones on the diagonal. And where an operand has size 1 along a letter that
#    is longer in another? It was broadcast, so its gradient is a sum, as above.
m = sg.ones(2, 2, requires_grad=True)
sg.einsum("ii->", m).backward()
claim("the trace gives the identity", m.grad.tolist() == [[1.0, 0.0], [0.0, 1.0]])
narrow = sg.ones(1, 3, requires_grad=True)
sg.einsum("nd,nd->", narrow, sg.ones(2, 3)).backward()
claim("an operand of size 1 gets the sum of both rows", narrow.grad.tolist() == [[2.0, 2.0, 2.0]])
# 3. What are the sum, the product and the mean of an empty tensor?
#    0, 1 and nan: nothing added, nothing multiplied, and 0 / 0.
empty = sg.zeros(0)
claim("0, 1 and nan", (empty.sum().item(), empty.prod().item()) == (0, 1) and empty.mean().isnan())
#    And a number, a tensor without axes? It broadcasts to anything, and gets the sum of it all.
number = sg.tensor(2.0, requires_grad=True)
(number * sg.ones(2, 3)).sum().backward()
claim("6, in the shape ()", number.grad.shape == () and number.grad.item() == 6.0)
# 4. x is read backwards, or every second row of it. Where does the gradient go?
#    To the places that were read: a view's rule writes into zeros of x's own shape.
t = sg.arange(4.0, requires_grad=True)
(t.flip(0)[::2] * sg.tensor([1.0, 10.0])).sum().backward()
claim("3 and 1 were read, in this order", t.grad.tolist() == [0.0, 10.0, 0.0, 1.0])
#    NumPy's own [::-1] walks the memory backwards, and .T across it. Do values and gradients care?
backwards = np.arange(6.0).reshape(2, 3)[::-1].T
t = sg.from_numpy(backwards).requires_grad_()
(t.T * sg.from_numpy(backwards.T)).sum().backward()
claim("no: order in memory is no part of a value", t.grad.tolist() == backwards.tolist())
# 5. A convolution of stride 2 over 4 numbers with a kernel of 3: what of the last number?
#    No window reaches it, so nothing depends on it: its gradient is 0, and it is not forgotten.
t = sg.ones(1, 1, 4, requires_grad=True)
sg.nn.functional.conv1d(t, sg.ones(1, 1, 3), stride=2).sum().backward()
claim("a gradient for all four", t.grad.flatten().tolist() == [1.0, 1.0, 1.0, 0.0])
#    Does it stay right with gaps in the kernel, channels in groups, and more padding on one side?
image = sg.rand(1, 2, 7, dtype=sg.float64).requires_grad_()
kernel = sg.rand(2, 1, 2, dtype=sg.float64).requires_grad_()


def lopsided(image, kernel):
    padded = sg.nn.functional.pad(image, (2, 1))
    return sg.nn.functional.conv1d(padded, kernel, stride=3, dilation=2, groups=2)


claim("finite differences say so", sg.autograd.gradcheck(lopsided, (image, kernel)))
