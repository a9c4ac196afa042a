"""6. The softmax and its cross-entropy: derived, fused and stable.

Run it: ``python examples/learn/06_softmax_and_its_loss.py``. The lesson that introduces softmax is
``examples/softmax_regression.py``; this page looks at how a framework computes it.
"""

from __future__ import annotations

import numpy as np
from page import badge, claim, heading

import tinygrad_sm as sg
from tinygrad_sm.nn import functional as F

heading("Derived")
# a_i = e^(z_i) / S with S = sum_j e^(z_j). Then da_i/dz_j = a_i (1 if i = j else 0) - a_i a_j, and
# for a gradient g of a:
#
#     dz_j = sum_i g_i da_i/dz_j = a_j g_j - a_j sum_i g_i a_i = a_j (g_j - sum_i g_i a_i)
#
# In NumPy that is one line, and needs only the result: out * (g - (g * out).sum()).


def softmax(z):
    t = np.exp(z)
    return t / t.sum()


z = np.array([5.0, 2.0, -1.0, 3.0])
weights = np.array([1.0, -2.0, 0.5, 3.0])
out = softmax(z)
dz = out * (weights - (weights * out).sum())
claim("the slide's numbers", [round(v, 3) for v in out] == [0.842, 0.042, 0.002, 0.114])
claim("the rule is right", badge("softmax", [dz], lambda z: (weights * softmax(z)).sum(), [z]))
claim("its gradient sums to 0: a shift changes nothing", abs(dz.sum()) < 1e-15)

heading("With the loss it becomes yhat - y")
# L = -ln a_k gives g_i = -1/a_k for i = k and 0 elsewhere. Put in:
#
#     dz_j = a_j (g_j + 1) = a_j - (1 if j = k else 0)
k = 0
dz = out - np.eye(4)[k]
claim("yhat - y is right", badge("-ln a[0]", [dz], lambda z: -np.log(softmax(z)[k]), [z]))
t = sg.tensor(z, requires_grad=True)
F.cross_entropy(t, sg.tensor(k)).backward()
claim("tinygrad_sm gives the same", np.allclose(t.grad.numpy(), dz, rtol=1e-14))

heading("Fused: one node for four")
# max, exp, sum, log and a pick are five passes over the scores and as many arrays kept; the fused
# operation keeps the probabilities alone. Its definition stands beside it in ops/fused.py, and is
# what the second derivative and the tests use.
steps = -(t - t.exp().sum().log())[k]
nodes, todo = set(), [steps.grad_fn]
while todo:
    node = todo.pop()
    if node not in nodes and hasattr(node, "next_functions"):
        nodes.add(node)
        todo += [parent for parent, _ in node.next_functions if parent is not None]
claim(f"written out it is {len(nodes)} nodes or more", len(nodes) >= 5)
fused = F.cross_entropy(t[None], sg.tensor([k]))
claim("the value is the same", np.isclose(fused.item(), steps.item(), rtol=1e-14))

heading("Stable")
# e^1000 overflows. Softmax does not change if the largest score is subtracted first; then the
# largest exponent is 0 and nothing overflows.
big = z + 1000
with np.errstate(all="ignore"):
    claim("by the definition: nan", np.isnan(softmax(big)).any())
claim("shifted: right", np.allclose(softmax(big - big.max()), out))
claim("the library does it by itself", np.allclose(sg.softmax(sg.tensor(big), 0).numpy(), out))
# And the logarithm belongs inside: log(softmax(z)) of a very unlikely class is log(0).
far = np.array([0.0, -1000.0])
with np.errstate(divide="ignore"):
    claim("log of softmax: -inf", np.log(softmax(far))[1] == -np.inf)
claim("log_softmax: -1000", sg.log_softmax(sg.tensor(far), 0)[1].item() == -1000.0)

heading("Break it")
# The shift must be by the row's own maximum, along the same axis; and the sum in the rule as well.
table = np.array([[1.0, 2.0, 0.5], [0.3, -1.0, 2.0]])
g = np.array([[1.0, 0.0, 2.0], [0.5, 1.5, -1.0]])


def rows(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def loss(z):
    return (g * rows(z)).sum()


a = rows(table)
right = a * (g - (g * a).sum(1, keepdims=True))
wrong_axis = a * (g - (g * a).sum(0, keepdims=True))
no_sum = a * g * (1 - a)  # the diagonal of the Jacobian alone: a common mistake
claim("along the rows: a tick", badge("axis 1", [right], loss, [table]))
claim("along the columns: a cross", not badge("axis 0", [wrong_axis], loss, [table]))
claim("without the off-diagonal terms: a cross", not badge("no sum", [no_sum], loss, [table]))

heading("Exercises")
# 1. logsumexp of a row of -inf: its value, and its gradient?
#    log 0 = -inf; the gradient is 0 here, where the definition would give nan.
t = sg.tensor([-np.inf, -np.inf], requires_grad=True)
sg.logsumexp(t, 0).backward()
claim("-inf, and gradient 0", t.grad.tolist() == [0.0, 0.0])
# 2. Feed softmax's result to cross_entropy, which takes scores. What goes wrong?
#    Nothing fails. But probabilities lie in [0, 1], and softmax of those is never far from uniform:
#    the loss cannot fall below that of scores 1 and 0.
perfect = sg.tensor([[1.0, 0.0, 0.0, 0.0]])
floor = F.cross_entropy(perfect, sg.tensor([0])).item()
claim(f"even a perfect answer costs {floor:.3f}", 0.7 < floor < 0.8)
# 3. All targets are ignored: what is the mean loss, and its gradient?
#    A mean over nothing: nan. The gradient is 0, since no score matters.
t = sg.zeros(2, 3, requires_grad=True)
nothing = F.cross_entropy(t, sg.tensor([-100, -100]))
nothing.backward()
claim("nan, and gradient 0", nothing.isnan().item() and not t.grad.any())
# 4. A label that is no class?
#    An error that names the label and its row, before anything is computed.
try:
    F.cross_entropy(t, sg.tensor([0, 7]))
except Exception as error:
    claim("both are named", "Target 7" in str(error) and "row 1" in str(error))
# 5. Scores of -10000 and 10000: what are softmax, logsumexp and their gradients?
#    Finite: only differences to the largest score are ever given to exp.
t = sg.tensor([-1e4, 1e4], requires_grad=True)
sg.logsumexp(t, 0).backward()
claim("logsumexp is the maximum here", sg.logsumexp(t, 0).item() == 1e4)
claim(
    "and its gradient is softmax, 0 and 1", t.grad.tolist() == t.softmax(0).tolist() == [0.0, 1.0]
)
