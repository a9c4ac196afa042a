"""8. Second derivatives: record the walk back as well.

Run it: ``python examples/learn/08_second_derivatives.py``.
"""

from __future__ import annotations

import numpy as np
from page import badge, claim, heading

import tinygrad_sm as sg

# A rule is a line of NumPy: lambda g, y: g * y. Fed arrays, it computes. Fed tensors, it computes
# and is *recorded*, since tensors answer NumPy's protocols. So the gradient is a result like any
# other, with a tape of its own, and can be differentiated again. That is create_graph=True.

heading("The derivative of a derivative")
x = sg.tensor(1.3, dtype=sg.float64, requires_grad=True)
y = x**3 * x.exp()
orders = [y]
for _ in range(4):
    (slope,) = sg.autograd.grad(orders[-1], x, create_graph=True)
    orders.append(slope)
# Leibniz: the nth derivative of x^3 e^x is e^x (x^3 + 3n x^2 + 3n(n-1) x + n(n-1)(n-2)).
for n, value in enumerate(orders):
    paper = np.exp(1.3) * (1.3**3 + 3 * n * 1.3**2 + 3 * n * (n - 1) * 1.3 + n * (n - 1) * (n - 2))
    claim(f"order {n}: {value.item():.6f}, as on paper", np.isclose(value.item(), paper))

heading("The curvature of a loss")
# The Hessian of f(w), row by row: the gradient of each element of the gradient.
A = sg.tensor([[3.0, 1.0], [1.0, 2.0]], dtype=sg.float64)


def f(w):
    return (w @ A @ w).tanh()


w = sg.tensor([0.3, -0.2], dtype=sg.float64, requires_grad=True)
(g,) = sg.autograd.grad(f(w), w, create_graph=True)
rows = [sg.autograd.grad(element, w, retain_graph=True)[0].numpy() for element in g]
hessian = np.stack(rows)


def first_slope(a, b):
    """The first element of the gradient, from the first order alone."""
    w = sg.tensor(np.array([a, b]), requires_grad=True)
    return sg.autograd.grad(f(w), w)[0][0].item()


claim("it is symmetric", np.allclose(hessian, hessian.T))
claim("its first row is right", badge("row 0", list(hessian[0]), first_slope, [0.3, -0.2]))

heading("A product with the Hessian costs no more than a gradient")
# (d/dw) (grad f . v) = H v: one more walk, and H itself is never made.
v = sg.tensor([1.0, -1.0], dtype=sg.float64)
(g,) = sg.autograd.grad(f(w), w, create_graph=True)
(hv,) = sg.autograd.grad((g * v).sum(), w)
claim("H v without H", np.allclose(hv.numpy(), hessian @ v.numpy()))

heading("Newton's method")
# Where the loss is a parabola, one step by the inverse Hessian lands at its lowest point.
b = np.array([1.0, -2.0])
w = sg.zeros(2, dtype=sg.float64, requires_grad=True)
loss = 0.5 * (w @ A @ w) - (w * sg.tensor(b)).sum()
(g,) = sg.autograd.grad(loss, w, create_graph=True)
H = np.stack([sg.autograd.grad(e, w, retain_graph=True)[0].numpy() for e in g])
step = np.linalg.solve(H, g.detach().numpy())
claim("one step solves A w = b", np.allclose(A.numpy() @ (w.detach().numpy() - step), b))

heading("Break it: a rule that leaves the tape")
# np.asarray takes the values and forgets the tape. The first derivative is right; the second is not
# there, since the tape never saw how the first was made.
leaky = sg.primitive(
    lambda x: x * x * x, name="leaky_cube", x=lambda g, x: g * (3 * np.asarray(x) * np.asarray(x))
)
x = sg.tensor(np.array([2.0]), requires_grad=True)
(first,) = sg.autograd.grad(leaky(x).sum(), x, create_graph=True)
claim("the first is right: 12", first.item() == 12.0)
(second,) = sg.autograd.grad(first.sum(), x, allow_unused=True) if first.requires_grad else (None,)
found = 0.0 if second is None else second.item()
claim("the second: a cross", not badge("12", [found], lambda x: 3 * x * x, [2.0]))

heading("Exercises")
# 1. The second derivative of relu, and of |x|?
#    0 wherever it exists; the kink has none.
x = sg.tensor([-1.0, 2.0], requires_grad=True)
(g,) = sg.autograd.grad((x.relu() ** 2).sum(), x, create_graph=True)
(gg,) = sg.autograd.grad(g.sum(), x)
claim("relu(x)^2 bends only where x > 0", gg.tolist() == [0.0, 2.0])
# 2. The norm of a vector has no derivative at the origin. What is answered there?
#    0, like |x| at 0; the formula x / |x| would give nan.
x = sg.zeros(3, requires_grad=True)
x.norm().backward()
claim("0 at the origin", x.grad.tolist() == [0.0, 0.0, 0.0])
# 3. sigmoid at -700: e^700 is near the end of float64. Are value and both derivatives finite?
x = sg.tensor([-700.0, 700.0], dtype=sg.float64, requires_grad=True)
(g,) = sg.autograd.grad(x.sigmoid().sum(), x, create_graph=True)
(gg,) = sg.autograd.grad(g.sum(), x)
claim("all finite", bool(np.isfinite(g.detach().numpy()).all() and np.isfinite(gg.numpy()).all()))
#    And of the other stable formulas?
for name in ("softplus", "logsigmoid", "tanh", "silu", "gelu"):
    function = getattr(sg.nn.functional, name)
    (g,) = sg.autograd.grad(function(x).sum(), x, create_graph=True)
    (gg,) = sg.autograd.grad(g.sum(), x)
    claim(f"{name} is straight out there: bends by 0", gg.tolist() == [0.0, 0.0])
