"""10. How the library does it, file by file: one line of a program, followed all the way.

Run it: ``python examples/learn/10_the_library.py``.
"""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import numpy as np
from page import badge, claim, heading

import tinygrad_sm as sg
from tinygrad_sm import tape
from tinygrad_sm.ops import elementwise

ROOT = Path(inspect.getfile(sg)).parent

heading("The map")
# Imports point one way: a file knows those above it in this list, and none below.
MAP = [
    "dtypes.py",
    "tape.py",
    "primitive.py",
    "ops/elementwise.py",
    "ops/shape.py",
    "ops/reduction.py",
    "ops/linear_algebra.py",
    "ops/softmax.py",
    "ops/convolution.py",
    "ops/fused.py",
    "ops/in_place.py",
    "numpy_protocol.py",
    "tensor.py",
    "autograd/__init__.py",
    "nn/modules/module.py",
    "optim/optimizer.py",
    "utils/data/dataloader.py",
]
for name in MAP:
    about = ast.get_docstring(ast.parse((ROOT / name).read_text(encoding="utf-8"))) or ""
    claim(f"{name:26} {about.splitlines()[0]}", about)

heading("1. A tensor is an array and a place on the tape (tensor.py, tape.py)")
x = sg.tensor([0.5, -1.0, 2.0], dtype=sg.float64, requires_grad=True)
claim("the array is NumPy's", type(x.array) is np.ndarray)
claim("a leaf's place is the mark LEAF", x.node is tape.LEAF)

heading("2. An operation is a function and its rules (primitive.py, ops/)")
y = x.exp()
op = y.grad_fn.op
claim("Tensor.exp is ops.elementwise.exp", type(x).exp is elementwise.exp)
claim("whose forward function is np.exp", op.forward is np.exp)
claim("and whose rule is one line", len(inspect.getsource(op.rules["x"]).splitlines()) == 1)
print("   ", inspect.getsource(op.rules["x"]).strip())

heading("3. Running it leaves a node (tape.py)")
node = y.grad_fn
claim("the node's parent is the leaf", node.parents[0] is x)
claim("it saved what the rule names: out", len(node.saved) == 1 and node.saved[0] is y.array)
claim(
    "as an array, not as the tensor: no cycle, so it dies with the last reference",
    not isinstance(node.saved[0], sg.Tensor),
)
claim("it knows the line of this file", "10_the_library" in tape.describe_line(node.where))

heading("4. Backward walks from the newest node to the oldest (tape.py)")
z = y * x
loss = z.sum()
orders = [n.order for n in (loss.grad_fn, z.grad_fn, y.grad_fn)]
claim("newest first", orders == sorted(orders, reverse=True))
loss.backward()


def plain(x):
    return (np.exp(x) * x).sum()


claim("and the leaf has its gradient", badge("x", [x.grad.numpy()], plain, [x.detach().numpy()]))
claim("what was saved is gone", y.grad_fn.saved is None)

heading("5. The same rule, fed tensors, is recorded (numpy_protocol.py)")
rule = op.rules["x"]
g, out = sg.ones(2, requires_grad=True), sg.tensor([3.0, 4.0])
claim("on arrays: an array", type(rule(np.ones(2), np.array([3.0, 4.0]))) is np.ndarray)
claim("on tensors: a tensor with a node", rule(g, out).grad_fn is not None)

heading("6. Layers and optimizers know nothing of all that (nn/, optim/)")
sg.manual_seed(0)
model = sg.nn.Sequential(sg.nn.Linear(2, 16), sg.nn.Tanh(), sg.nn.Linear(16, 2))
optimizer = sg.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
points = sg.rand(200, 2)
labels = ((points[:, 0] > 0.5) ^ (points[:, 1] > 0.5)).long()  # xor: no straight line parts it
for _ in range(300):
    loss = sg.nn.functional.cross_entropy(model(points), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
right = (model(points).argmax(1) == labels).float().mean().item()
claim(f"xor is learned: {right:.0%} of the points", right > 0.95)

heading("Break it: add an operation with a wrong rule, and mend it")
wrong = sg.primitive(lambda x: x * x * x, name="cube", x=lambda g, x: 3 * x * g)
mended = sg.primitive(lambda x: x * x * x, name="cube", x=lambda g, x: 3 * x * x * g)
for name, cube, good in (("wrong", wrong, False), ("mended", mended, True)):
    t = sg.tensor(np.array([1.5, -2.0]), requires_grad=True)
    cube(t).sum().backward()
    shown = badge(name, [t.grad.numpy()], lambda x: (x * x * x).sum(), [np.array([1.5, -2.0])])
    claim(f"the {name} rule's badge", shown == good)

heading("Exercises")
# 1. where(x > 0, log(x), 0) at x = 0: the branch is not taken, yet its gradient is nan. Why?
#    The rule of where hands 0 to the dead branch, and log's rule divides it by 0: 0/0. Guard the
#    argument, not the result: log(where(x > 0, x, 1)).
with np.errstate(all="ignore"):
    t = sg.tensor([0.0, 2.0], requires_grad=True)
    sg.where(t > 0, t.log(), 0.0).sum().backward()
    claim("nan leaks from the dead branch", t.grad.isnan().tolist() == [True, False])
    #    How would one find it in a program of a thousand lines? Anomaly mode names line and cause.
    try:
        with sg.autograd.detect_anomaly():
            sg.where(t > 0, t.log(), 0.0).sum().backward()
    except RuntimeError as error:
        claim("anomaly mode explains it", "not taken by where" in str(error))
t = sg.tensor([0.0, 2.0], requires_grad=True)
sg.where(t > 0, sg.where(t > 0, t, 1.0).log(), 0.0).sum().backward()
claim("guarded: 0 and 1/2", t.grad.tolist() == [0.0, 0.5])
# 2. The standard deviation of equal numbers, and of a single number: values and gradients?
#    0 with gradient 0; and nan, since n - 1 = 0 numbers are left to average over.
t = sg.ones(3, requires_grad=True)
t.std().backward()
claim("0, with gradient 0", t.grad.tolist() == [0.0, 0.0, 0.0])
with np.errstate(all="ignore"):
    claim("nan for one number", sg.ones(1).std().isnan().item())
# 3. An int64 tensor meets a float32 one. What comes of it?
#    float32, as in PyTorch; NumPy alone would make it float64.
claim("float32", (sg.arange(3) * sg.ones(3)).dtype == sg.float32)
# 4. A window of max_pool2d holds equal pixels. Who gets the gradient?
#    The first.
image = sg.ones(1, 1, 2, 2, requires_grad=True)
sg.nn.functional.max_pool2d(image, 2).sum().backward()
claim("the first of equals", image.grad.flatten().tolist() == [1.0, 0.0, 0.0, 0.0])
# 5. How do you know that a gradient check works at all?
#    Plant an error, and see it found: a check that never fails has checked nothing.
t = sg.rand(3, dtype=sg.float64).requires_grad_()
claim("gradcheck passes the mended cube", sg.autograd.gradcheck(mended, (t,)))
claim("and fails the wrong one", not sg.autograd.gradcheck(wrong, (t,), raise_exception=False))
# 6. A rule of cumprod that divides by x is right on random numbers from (0, 1). How is it caught?
#    By ugly values: zeros, ties, negatives, infinities, empty. Draw them on purpose.
dividing = sg.primitive(
    lambda x: np.cumprod(x),
    name="dividing",
    x=lambda g, x, out: np.cumsum((g * out)[::-1])[::-1] / x,
)
ugly = sg.tensor([2.0, 0.0, 3.0], dtype=sg.float64, requires_grad=True)
claim("it passes on pretty numbers", sg.autograd.gradcheck(dividing, (t,)))
with np.errstate(all="ignore"):
    found = sg.autograd.gradcheck(dividing, (ugly,), raise_exception=False)
claim("and fails on a zero", not found)
