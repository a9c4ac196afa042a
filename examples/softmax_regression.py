"""Softmax regression, from four scores to a classifier: a lesson that runs.

It follows the softmax lesson of a course on neural networks, in its notation: z are the scores of
the last layer, t = e^z, a = t / sum(t) are the probabilities (also called yhat), y is what is true.
Read the file from top to bottom. Each section is a function that computes what it tells, prints it
and checks it: a claim that does not hold stops the lesson. No result is typed in; the slide's
numbers stand here only to be compared with.

    python examples/softmax_regression.py            # a few seconds
    python examples/softmax_regression.py --quick    # smaller data, fewer steps

Three pictures go to ``runs/softmax-regression`` (``--out`` names another folder).
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import inspect
import textwrap
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import softmax_regression_pictures as pictures

import tinygrad_sm as sg
from tinygrad_sm import nn, optim
from tinygrad_sm.nn import functional as F
from tinygrad_sm.utils.data import DataLoader, TensorDataset


class Lesson:
    """Prints numbered sections, and counts the claims that were checked."""

    def __init__(self, out: Path, quick: bool = False) -> None:
        self.out = out
        self.quick = quick
        self.sections = 0
        self.checks = 0
        self.pictures: list[str] = []

    def section(self, title: str) -> None:
        """Begin the next section."""
        self.sections += 1
        heading = f"{self.sections}. {title}"
        print(f"\n{heading}\n{'-' * len(heading)}")

    def say(self, text: str) -> None:
        """Print a paragraph."""
        print(textwrap.dedent(text).removeprefix("\n").rstrip(" "), end="")

    def picture(self, name: str) -> Path:
        """Return where the picture of this name goes, and remember that there is one."""
        self.pictures.append(name)
        return self.out / name

    def check(self, claim: str, holds: bool) -> None:
        """Print that a claim holds, or stop the lesson because it does not."""
        if not holds:
            raise AssertionError(f"section {self.sections}: this should hold and does not: {claim}")
        self.checks += 1
        print(f"  [ok] {claim}")

    def agree(self, claim: str, one: Any, other: Any, within: float) -> None:
        """Check that two results are the same up to ``within``, and print how close they are."""
        gap = float(np.max(np.abs(np.asarray(one) - np.asarray(other))))
        self.check(f"{claim} (largest difference {gap:.1e})", gap <= within)


def row(values: Any, digits: int = 3) -> str:
    """Format numbers on one line."""
    return "[" + ", ".join(f"{value:.{digits}f}" for value in np.asarray(values).ravel()) + "]"


# --- 1. Scores become probabilities ---------------------------------------------------------------

SCORES = np.array([5.0, 2.0, -1.0, 3.0])  # z of the slide


def softmax_by_hand(z: np.ndarray) -> np.ndarray:
    """Softmax as the slide defines it: t = e^z, then a = t / sum(t)."""
    t = np.exp(z)
    return t / t.sum()


def scores_to_probabilities(lesson: Lesson) -> None:
    """Work the slide's example by hand, and compare it with the library's softmax."""
    lesson.section("From scores to probabilities")
    z, t = SCORES, np.exp(SCORES)
    a = t / t.sum()
    lesson.say(f"""
        The last layer gives each of C = 4 classes a score. Softmax makes the scores positive
        (t = e^z) and lets them share 1 (a = t / sum of t): now they are probabilities.

          z        = {row(z, 0)}
          t = e^z  = {row(t, 1)}
          sum of t = {t.sum():.1f}
          a        = {row(a)}

    """)
    lesson.check("t is the slide's, to its digits", row(t, 1) == "[148.4, 7.4, 0.4, 20.1]")
    lesson.check("so is the sum, 176.3", f"{t.sum():.1f}" == "176.3")
    lesson.check("so is a", row(a) == "[0.842, 0.042, 0.002, 0.114]")
    lesson.agree("the four probabilities sum to 1", a.sum(), 1.0, within=1e-15)
    ours = sg.softmax(sg.tensor(z, dtype=sg.float64), dim=0)
    lesson.agree("sg.softmax(z, dim=0) gives the same", ours, a, within=1e-15)


# --- 2. Why it is called soft ---------------------------------------------------------------------


def hardmax(z: np.ndarray) -> np.ndarray:
    """1 for the largest score, 0 for the others."""
    return np.eye(len(z))[z.argmax()]


def why_soft(lesson: Lesson) -> None:
    """Put hardmax beside softmax, and go from one to the other by temperature."""
    lesson.section("Why it is called soft: hardmax and temperature")
    z = sg.tensor(SCORES, dtype=sg.float64)
    temperatures = (0.05, 0.5, 1.0, 2.0, 5.0, 1000.0)
    table = {T: sg.softmax(z / T, dim=0).numpy() for T in temperatures}
    lesson.say("""
        Hardmax gives everything to the largest score; softmax only gives it the most. Between
        them lies a dial, the temperature T: a = softmax(z / T). Cold is hard, hot is uniform.

    """)
    print(f"  hardmax    {row(hardmax(SCORES))}")
    for temperature, a in table.items():
        print(f"  T = {temperature:<6g} {row(a)}  {'#' * round(24 * a.max())}")
    print()
    lesson.agree("T = 0.05 is hardmax", table[0.05], hardmax(SCORES), within=1e-12)
    lesson.agree("T = 1 is softmax itself", table[1.0], softmax_by_hand(SCORES), within=1e-15)
    lesson.agree("T = 1000 is nearly 1/4 for each", table[1000.0], np.full(4, 0.25), within=2e-3)
    largest = [a.max() for a in table.values()]
    lesson.check("the hotter, the less for the largest score", bool((np.diff(largest) < 0).all()))
    same_order = all((a.argsort() == SCORES.argsort()).all() for a in table.values())
    lesson.check("no temperature changes the order of the classes", same_order)


# --- 3. Large scores ------------------------------------------------------------------------------


def large_scores(lesson: Lesson) -> None:
    """Show that z + 1000 breaks the definition as typed, and not the library."""
    lesson.section("Large scores: subtract the largest first")
    z = (SCORES + 1000).astype(np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        naive = softmax_by_hand(z)
    shifted = softmax_by_hand(z - z.max())
    ours = sg.softmax(sg.tensor(z), dim=0)
    lesson.say(f"""
        Adding the same number to every score multiplies every t by the same factor, which cancels
        in a = t / sum(t). A computer needs help to see it: e^1000 is more than a float can hold.

          at z + 1000, by the definition        {row(naive)}
          the same, max(z) subtracted first     {row(shifted)}
          sg.softmax(z + 1000)                  {row(ours)}

    """)
    a = softmax_by_hand(SCORES)
    lesson.check(
        "by the definition, e^1000 is inf and inf / inf is nan", bool(np.isnan(naive).all())
    )
    lesson.agree("subtracting max(z) first gives softmax(z)", shifted, a, within=1e-7)
    lesson.agree("sg.softmax(z + 1000) gives it by itself", ours, a, within=1e-7)
    low = sg.softmax(sg.tensor(z - 2000), dim=0)
    lesson.agree("and sg.softmax(z - 1000), where each e^z is 0", low, a, within=1e-7)
    cost = F.cross_entropy(sg.tensor(z), sg.tensor(2)).item()
    lesson.agree("the loss of class 2 at z + 1000 is -ln a[2]", cost, -np.log(a[2]), within=1e-6)


# --- 4. Two classes -------------------------------------------------------------------------------


def softmax_of_two(z: sg.Tensor, y: sg.Tensor) -> sg.Tensor:
    """The loss of softmax regression with C = 2, for scores (m, 2) and labels (m,)."""
    return F.cross_entropy(z, y)


def logistic(z: sg.Tensor, y: sg.Tensor) -> sg.Tensor:
    """The loss of logistic regression, for the score of class 1 alone, (m,), and labels (m,)."""
    yhat = sg.sigmoid(z)
    return -(y * sg.log(yhat) + (1 - y) * sg.log(1 - yhat)).mean()


def two_classes(lesson: Lesson, rng: np.random.Generator) -> None:
    """Show that C = 2 is logistic regression in value, in gradient and while training."""
    lesson.section("Two classes: logistic regression")
    lesson.say("""
        With C = 2, divide numerator and denominator by e^z1:

          a1 = e^z1 / (e^z0 + e^z1) = 1 / (1 + e^-(z1 - z0)) = sigmoid(z1 - z0)

        Only the difference of the scores counts. So softmax regression with two classes is
        logistic regression, whose one score is z1 - z0 and whose weights are w1 - w0.

    """)
    scores = sg.tensor(rng.normal(size=(200, 2)), requires_grad=True)
    difference = (scores[:, 1] - scores[:, 0]).detach().requires_grad_()
    labels = sg.tensor(rng.integers(2, size=200))
    a1, yhat = sg.softmax(scores, dim=1)[:, 1], sg.sigmoid(difference)
    lesson.agree("value: a1 = sigmoid(z1 - z0)", a1.detach(), yhat.detach(), within=1e-15)

    one, other = softmax_of_two(scores, labels), logistic(difference, labels)
    lesson.agree("the loss is the same", one.item(), other.item(), within=1e-14)
    one.backward()
    other.backward()
    lesson.agree("gradient: dz1 = dz", scores.grad[:, 1], difference.grad, within=1e-15)
    lesson.agree("and dz0 = -dz", scores.grad[:, 0], -difference.grad, within=1e-15)

    x = sg.tensor(rng.normal(size=(200, 2)))
    labels = (x[:, 0] + x[:, 1] > 0).long()
    W = sg.zeros(2, 2, dtype=sg.float64, requires_grad=True)
    w = sg.zeros(2, dtype=sg.float64, requires_grad=True)
    for _ in range(50):  # softmax moves w1 and w0 apart: twice a step of logistic regression
        for weight, cost, rate in (
            (W, softmax_of_two(x @ W.T, labels), 0.5),
            (w, logistic(x @ w, labels), 1.0),
        ):
            cost.backward()
            with sg.no_grad():
                weight -= rate * weight.grad
            weight.grad = None
    learned = (W[1] - W[0]).detach()
    lesson.agree("trained 50 steps, w1 - w0 = w", learned, w.detach(), within=1e-12)
    print(f"       softmax  w1 - w0 = {row(learned, 6)}")
    print(f"       logistic w       = {row(w.detach(), 6)}")


# --- 5. The loss ----------------------------------------------------------------------------------

CAT = np.array([0.0, 1.0, 0.0, 0.0])  # y: other, cat, dog, chick
YHAT = np.array([0.3, 0.2, 0.1, 0.4])  # a prediction that is not sure of the cat


def the_loss(lesson: Lesson) -> None:
    """Work the loss of the cat example."""
    lesson.section("The loss of one cat")
    loss = -(CAT * np.log(YHAT)).sum()
    lesson.say(f"""
        L(yhat, y) = - sum over j of y_j ln(yhat_j): minus the log of the probability given to
        what is true, for y is 0 elsewhere. Learning makes that probability large.

          y    = {row(CAT, 0)}   a cat
          yhat = {row(YHAT, 1)}
          L    = -ln {YHAT[1]} = {loss:.3f}

    """)
    lesson.check("the loss is 1.609", f"{loss:.3f}" == "1.609")
    z = sg.tensor(np.log(YHAT))  # scores with this softmax: softmax(ln p) = p
    lesson.agree("softmax(ln yhat) = yhat", sg.softmax(z, dim=0), YHAT, within=1e-15)
    by_label = F.cross_entropy(z, sg.tensor(1)).item()
    by_one_hot = F.cross_entropy(z, sg.tensor(CAT)).item()
    lesson.agree("F.cross_entropy(z, 1) gives it from scores and label", by_label, loss, 1e-15)
    lesson.agree("F.cross_entropy(z, y) from scores and one-hot y", by_one_hot, loss, 1e-15)


# --- 6. The gradient ------------------------------------------------------------------------------


def loss_of_scores(z: np.ndarray, y: np.ndarray) -> float:
    """The loss as a function of the scores, by the definition."""
    return float(-(y * np.log(softmax_by_hand(z))).sum())


def gradient_by_tape(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The gradient of the loss by the scores, as tinygrad_sm's tape finds it."""
    scores = sg.tensor(z, requires_grad=True)
    F.cross_entropy(scores, sg.tensor(y)).backward()
    return scores.grad.numpy()


def finite_differences(
    f: Callable[[np.ndarray], float], z: np.ndarray, step: float = 1e-5
) -> np.ndarray:
    """The gradient of ``f`` at ``z`` by central differences: no calculus at all."""
    nudges = step * np.eye(len(z))
    return np.array([(f(z + nudge) - f(z - nudge)) / (2 * step) for nudge in nudges])


def the_gradient(lesson: Lesson, rng: np.random.Generator) -> None:
    """Derive dz = yhat - y, and find it by hand, by the tape and by finite differences."""
    lesson.section("The gradient: dz = yhat - y")
    lesson.say("""
        Write the loss in the scores. As ln yhat_j = z_j - ln(e^z_1 + ... + e^z_C) and y sums to 1,

          L = - sum_j y_j ln yhat_j = - sum_j y_j z_j + ln(e^z_1 + ... + e^z_C)

        Differentiate by one score z_i. The first term leaves -y_i. The logarithm leaves one over
        the sum, times the derivative of the sum, e^z_i: together e^z_i / sum = yhat_i. So

          dz_i = yhat_i - y_i

        What is predicted minus what is true. Three ways to find it for the cat:
    """)
    z = np.log(YHAT)
    by_hand, by_tape = YHAT - CAT, gradient_by_tape(z, CAT)
    by_differences = finite_differences(lambda z: loss_of_scores(z, CAT), z)
    print(f"\n  yhat - y, by hand      {row(by_hand, 9)}")
    print(f"  cost.backward()        {row(by_tape, 9)}")
    print(f"  finite differences     {row(by_differences, 9)}\n")
    lesson.agree("the tape agrees with the hand", by_tape, by_hand, within=1e-15)
    lesson.agree("finite differences agree with the hand", by_differences, by_hand, within=1e-9)

    tape_gap, difference_gap = [], []
    for _ in range(100):
        z = rng.normal(0, 2, 5)
        y = rng.dirichlet(np.ones(5))  # any y that sums to 1, one-hot or not
        by_hand = softmax_by_hand(z) - y
        tape_gap.append(gradient_by_tape(z, y) - by_hand)
        numeric = finite_differences(lambda z, y=y: loss_of_scores(z, y), z)
        difference_gap.append(numeric - by_hand)
    lesson.agree("the tape, for 100 drawn z and y", tape_gap, 0.0, within=1e-14)
    lesson.agree("finite differences, for the same 100", difference_gap, 0.0, within=1e-8)


# --- 7. Columns and rows --------------------------------------------------------------------------


def course_pass(
    W: np.ndarray, b: np.ndarray, X: np.ndarray, Y: np.ndarray
) -> dict[str, np.ndarray]:
    """Forward and backward as the course writes them: X (n, m), Y (C, m), W (C, n), b (C, 1)."""
    m = X.shape[1]
    Z = W @ X + b
    T = np.exp(Z)
    A = T / T.sum(axis=0, keepdims=True)
    J = -np.sum(Y * np.log(A)) / m
    dZ = A - Y
    dW = dZ @ X.T / m
    db = dZ.sum(axis=1, keepdims=True) / m
    return {"Z": Z, "A": A, "J": J, "dZ": dZ, "dW": dW, "db": db}


def columns_and_rows(lesson: Lesson, rng: np.random.Generator) -> None:
    """Translate the course's orientation into ours, and check every line of the translation."""
    lesson.section("The course keeps examples in columns, we keep them in rows")
    m, n, classes = 6, 3, 4
    X, W = rng.normal(size=(n, m)), rng.normal(size=(classes, n))
    b, labels = rng.normal(size=(classes, 1)), rng.integers(classes, size=m)
    Y = np.eye(classes)[:, labels]
    course = course_pass(W, b, X, Y)

    layer = nn.Linear(n, classes, dtype=sg.float64)
    layer.load_state_dict({"weight": sg.tensor(W), "bias": sg.tensor(b[:, 0])})
    x, y = sg.tensor(X.T.copy()), sg.tensor(labels)
    z = layer(x)
    z.retain_grad()
    a = sg.softmax(z, dim=1)
    cost = F.cross_entropy(z, y)
    cost.backward()

    table: Sequence[tuple[str, str, Any, str, Any]] = (
        ("inputs", "X", X, "x = X^T", x),
        ("labels", "Y, one-hot", Y, "y, class numbers", y),
        ("weights", "W", W, "layer.weight = W", layer.weight),
        ("biases", "b", b, "layer.bias", layer.bias),
        ("scores", "Z = W X + b", course["Z"], "z = x W^T + b", z),
        ("probabilities", "A, softmax down", course["A"], "softmax(z, dim=1)", a),
        ("cost", "J = -sum(Y ln A)/m", course["J"], "cross_entropy(z, y)", cost),
        ("dJ/dscores", "dZ = A - Y", course["dZ"], "z.grad = (a - y)/m", z.grad),
        ("dJ/dweights", "dW = dZ X^T / m", course["dW"], "layer.weight.grad", layer.weight.grad),
        ("dJ/dbiases", "db = sum(dZ) / m", course["db"], "layer.bias.grad", layer.bias.grad),
    )
    lesson.say(f"""
        Both are right; mixing them is the classic mistake. In the course, X is (n, m): a column
        is an example. In NumPy, PyTorch and here, x is (m, n): a row is an example, so that
        x[0] is the first one. Transpose, and each formula becomes the other. Here with
        m = {m} examples, n = {n} features and C = {classes} classes.
    """)
    print(f"\n  {'':15}{'the course: columns':28}ours: rows")
    for name, theirs, their_value, ours, our_value in table:
        shapes = str(their_value.shape), str(tuple(our_value.shape))
        print(f"  {name:15}{theirs:20}{shapes[0]:8}{ours:20}{shapes[1]}")
    lesson.say("""

        One thing to know: the course leaves 1/m out of dZ and puts it into dW and db. The tape
        knows only the cost, a mean, so its z.grad has 1/m in it and nothing is left to divide.

    """)
    lesson.agree("z = Z^T", z.detach(), course["Z"].T, within=1e-14)
    lesson.agree("a = A^T", a.detach(), course["A"].T, within=1e-14)
    lesson.agree("cost = J", cost.item(), course["J"], within=1e-14)
    lesson.agree("z.grad = dZ^T / m", z.grad, course["dZ"].T / m, within=1e-14)
    lesson.agree("weight.grad = dW", layer.weight.grad, course["dW"], within=1e-14)
    lesson.agree("bias.grad = db", layer.bias.grad, course["db"][:, 0], within=1e-14)


# --- 8. The framework does backprop ---------------------------------------------------------------


def train(
    model: nn.Module, examples: DataLoader, optimizer: optim.Optimizer, passes: int
) -> list[float]:
    """Gradient descent. Returns the cost of every step."""
    costs = []
    for _ in range(passes):
        for x, y in examples:
            cost = F.cross_entropy(model(x), y)  # the forward pass: ours to write
            optimizer.zero_grad()
            cost.backward()  # backprop: the framework's
            optimizer.step()  # W = W - rate * dW, b = b - rate * db
            costs.append(cost.item())
    return costs


def costs_by_hand(
    weights: Sequence[np.ndarray], x: np.ndarray, y: np.ndarray, steps: int, rate: float
) -> list[float]:
    """Train one hidden layer in plain NumPy, every derivative found on paper. ``y`` is one-hot."""
    W1, b1, W2, b2 = (weight.copy() for weight in weights)
    m, costs = len(x), []
    for _ in range(steps):
        a1 = np.tanh(x @ W1.T + b1)
        t = np.exp(a1 @ W2.T + b2)
        a2 = t / t.sum(axis=1, keepdims=True)
        costs.append(float(-np.sum(y * np.log(a2)) / m))
        dz2 = (a2 - y) / m
        dz1 = (dz2 @ W2) * (1 - a1 * a1)  # tanh' = 1 - tanh^2
        W2 -= rate * (dz2.T @ a1)
        b2 -= rate * dz2.sum(axis=0)
        W1 -= rate * (dz1.T @ x)
        b1 -= rate * dz1.sum(axis=0)
    return costs


def costs_by_framework(
    framework: Any,
    weights: Sequence[np.ndarray],
    x: np.ndarray,
    labels: np.ndarray,
    steps: int,
    rate: float,
) -> list[float]:
    """Train the same in ``framework``: tinygrad_sm or torch, not a line differs."""
    W1, b1, W2, b2 = parameters = [framework.tensor(w, requires_grad=True) for w in weights]
    inputs, targets = framework.tensor(x), framework.tensor(labels)
    optimizer = framework.optim.SGD(parameters, lr=rate)
    costs = []
    for _ in range(steps):
        z = framework.tanh(inputs @ W1.T + b1) @ W2.T + b2
        cost = framework.nn.functional.cross_entropy(z, targets)
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
        costs.append(cost.item())
    return costs


def three_ways(lesson: Lesson, rng: np.random.Generator) -> None:
    """Show the training loop, and train one model by hand, by tinygrad_sm and by PyTorch."""
    lesson.section("Write the forward pass, let the framework do backprop")
    lesson.say("""
        From here on, we write forward passes and the tape differentiates. All models of the next
        sections are trained by this one function:

    """)
    print(textwrap.indent(inspect.getsource(train), "    "))
    lesson.say("""
        Does it do what you would have done? Here is one model, a hidden layer of 8 tanh units and
        a softmax over 4 classes, trained from the same weights three ways: in NumPy with every
        derivative by hand, in tinygrad_sm, and in PyTorch where it is installed.

    """)
    x, labels = pinwheel(4, 40, rng)
    weights = [rng.normal(0, 0.5, shape) for shape in ((8, 2), (8,), (4, 8), (4,))]
    steps, rate = 40 if lesson.quick else 100, 0.5
    ways = {
        "NumPy by hand": costs_by_hand(weights, x, np.eye(4)[labels], steps, rate),
        "tinygrad_sm": costs_by_framework(sg, weights, x, labels, steps, rate),
    }
    if importlib.util.find_spec("torch"):
        torch = importlib.import_module("torch")
        ways["PyTorch"] = costs_by_framework(torch, weights, x, labels, steps, rate)
    print("  step  " + "".join(f"{name:20}" for name in ways) + "largest difference")
    for step in [*range(5), *range(9, steps, 10)]:
        costs = [way[step] for way in ways.values()]
        print(f"  {step + 1:4}  " + "".join(f"{cost:<20.15f}" for cost in costs), end="")
        print(f"{max(costs) - min(costs):.1e}")
    if "PyTorch" not in ways:
        print("  (PyTorch is not installed here, so its column is left out.)")
    print()
    hand, *others = ways.items()
    for name, costs in others:
        lesson.agree(f"{name}: {steps} costs as by hand", costs, hand[1], within=1e-12)
    lesson.check("and the cost went down", hand[1][-1] < 0.8 * hand[1][0])


# --- 9. Straight boundaries, and bent ones --------------------------------------------------------

REACH = 1.15  # how far the plane is looked at


def pinwheel(
    classes: int, each: int, rng: np.random.Generator, twist: float = 2.2
) -> tuple[np.ndarray, np.ndarray]:
    """Points on the arms of a turning wheel, one arm a class: x (m, 2) float64, labels (m,)."""
    labels = np.repeat(np.arange(classes), each)
    radius = rng.uniform(0.15, 1.0, len(labels))
    angle = 2 * np.pi * labels / classes + twist * radius
    angle += rng.normal(0, 0.7 / classes, len(labels))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), labels


def scores_of(model: nn.Module) -> Callable[[np.ndarray], np.ndarray]:
    """The model as a function from points (k, n) to scores (k, C), in NumPy."""

    def scores(points: np.ndarray) -> np.ndarray:
        with sg.no_grad():
            return model(sg.tensor(points)).numpy()

    return scores


def boundary_points(
    scores: Callable[[np.ndarray], np.ndarray], across: int = 61
) -> dict[tuple[int, int], np.ndarray]:
    """Find points where the two largest scores tie, by asking the model only for its scores.

    Two neighbours on a grid that get different answers have a boundary between them; halving the
    segment forty times finds it.

    Returns:
        For each pair of classes that meet, the points (k, 2) of their boundary.
    """
    side = np.linspace(-REACH, REACH, across)
    grid = np.stack(np.meshgrid(side, side), -1)
    answer = scores(grid.reshape(-1, 2)).argmax(1).reshape(across, across)
    one = np.concatenate([grid[:, :-1].reshape(-1, 2), grid[:-1].reshape(-1, 2)])
    two = np.concatenate([grid[:, 1:].reshape(-1, 2), grid[1:].reshape(-1, 2)])
    i = np.concatenate([answer[:, :-1].ravel(), answer[:-1].ravel()])
    j = np.concatenate([answer[:, 1:].ravel(), answer[1:].ravel()])
    one, two, i, j = (array[i != j] for array in (one, two, i, j))
    each = np.arange(len(i))
    for _ in range(40):
        middle = (one + two) / 2
        z = scores(middle)
        before = (z[each, i] > z[each, j])[:, None]
        one, two = np.where(before, middle, one), np.where(before, two, middle)
    wins = z.max(1) - z[each, i] < 1e-9  # not where a third class is above both
    pairs = np.sort(np.stack([i, j], 1), axis=1)
    return {
        (int(a), int(b)): middle[wins & (pairs == (a, b)).all(1)]
        for a, b in np.unique(pairs, axis=0)
    }


def largest_bend(boundaries: Iterable[np.ndarray]) -> float:
    """How far a point of a boundary lies from the straight line that fits that boundary best."""
    bends = [0.0]
    for points in boundaries:
        if len(points) > 2:
            centred = points - points.mean(0)
            across_the_line = np.linalg.svd(centred)[2][-1]
            bends.append(float(np.abs(centred @ across_the_line).max()))
    return max(bends)


def fit_plane(hidden: int, x: np.ndarray, labels: np.ndarray, steps: int) -> pictures.Panel:
    """Train on points in the plane, without a hidden layer (``hidden`` 0) or with one."""
    classes = int(labels.max()) + 1
    layers = [nn.Linear(2, hidden), nn.Tanh()] if hidden else []
    model = nn.Sequential(*layers, nn.Linear(hidden or 2, classes)).double()
    inputs, targets = sg.tensor(x), sg.tensor(labels)
    everything = [(inputs, targets)]  # full batch
    train(model, everything, optim.Adam(model.parameters(), lr=0.05), steps)
    scores = scores_of(model)
    accuracy = float((scores(x).argmax(1) == labels).mean())
    return pictures.Panel(x, labels, scores, accuracy)


def straight_and_bent(lesson: Lesson, rng: np.random.Generator) -> None:
    """Train with and without a hidden layer for C = 3, 4, 5, 6, and measure the boundaries."""
    lesson.section("Without a hidden layer, boundaries are straight; with one, they bend")
    lesson.say("""
        Classes i and j tie where z_i = z_j. Without a hidden layer, z_i = w_i x + b_i, so that is
        (w_i - w_j) x + (b_i - b_j) = 0: a straight line, for any number of classes. A hidden layer
        bends the plane first. The data is a wheel of radius 1 with C twisted arms. We ask the
        trained models for nothing but scores, find where they tie, fit a straight line to each
        boundary, and measure how far the boundary strays from it.

          C    no hidden layer            one hidden layer of 16 tanh units
               right     largest bend     right     largest bend
    """)
    steps = 150 if lesson.quick else 400
    straight, bent, bends = [], [], []
    for classes in (3, 4, 5, 6):
        x, labels = pinwheel(classes, 60, rng)
        panels = fit_plane(0, x, labels, steps), fit_plane(16, x, labels, steps)
        bend = [largest_bend(boundary_points(panel.scores).values()) for panel in panels]
        straight.append(panels[0])
        bent.append(panels[1])
        bends.append(bend)
        print(
            f"  {classes}    {panels[0].accuracy:<10.1%}{bend[0]:<17.1e}"
            f"{panels[1].accuracy:<10.1%}{bend[1]:.2f}"
        )
    print()
    lesson.check("straight: no boundary bends by 1e-9", max(b[0] for b in bends) < 1e-9)
    lesson.check("bent: some boundary of each bends by 0.05", min(b[1] for b in bends) > 0.05)
    better = all(b.accuracy > s.accuracy for s, b in zip(straight, bent, strict=True))
    lesson.check("bending gets more examples right, for every C", better)
    pictures.draw_boundaries(lesson.picture("boundaries.png"), straight, bent, REACH)


# --- 10. Three ways downhill ----------------------------------------------------------------------


def descend(
    name: str, data: TensorDataset, batch: int, rate: float, passes: int
) -> pictures.Descent:
    """Train softmax regression from zero with steps of ``batch`` examples."""
    x, y = data.tensors
    model = nn.Linear(x.shape[1], int(y.max()) + 1)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    examples = DataLoader(data, batch_size=batch, shuffle=True)
    optimizer = optim.SGD(model.parameters(), lr=rate)

    def cost_of_all() -> float:
        with sg.no_grad():
            return F.cross_entropy(model(x), y).item()

    step_costs, pass_costs = [], [cost_of_all()]
    for _ in range(passes):
        step_costs += train(model, examples, optimizer, 1)
        pass_costs.append(cost_of_all())
    return pictures.Descent(name, batch, step_costs, pass_costs)


def three_descents(lesson: Lesson, rng: np.random.Generator) -> None:
    """Draw the cost of full-batch, mini-batch and stochastic gradient descent."""
    lesson.section("Full batch, mini-batch, stochastic: three ways downhill")
    points, labels = pinwheel(4, 128, rng)
    m, passes, rate = len(points), 5 if lesson.quick else 15, 0.5
    data = TensorDataset(sg.tensor(points, dtype=sg.float32), sg.tensor(labels))
    lesson.say(f"""
        Softmax regression on {m} examples, three times, at the same learning rate ({rate}). What
        differs is how many examples a step looks at. A pass over the data is the same sums each
        time, but full batch makes one step of them, and one example at a time makes {m}.

                              examples   steps     cost after   cost higher than
                              a step     a pass    {passes:<2} passes    at the step before
    """)
    full, mini, stochastic = descents = [
        descend("Full batch", data, m, rate, passes),
        descend("Mini-batches of 32", data, 32, rate, passes),
        descend("Stochastic", data, 1, rate, passes),
    ]
    rises = [float((np.diff(d.step_costs) > 0).mean()) for d in descents]
    for d, up in zip(descents, rises, strict=True):
        print(f"  {d.name:20}{d.batch:<11}{m // d.batch:<10}{d.pass_costs[-1]:<13.3f}{up:.0%}")
    print()
    lesson.agree("all start from ln 4", [d.pass_costs[0] for d in descents], np.log(4), 1e-6)
    lesson.check("full batch sees the cost go down at every step", rises[0] == 0)
    lesson.check("the others see it go up and down", min(rises[1:]) > 0.2)
    lesson.check(
        "and yet are further down after as many passes",
        max(mini.pass_costs[-1], stochastic.pass_costs[-1]) < full.pass_costs[-1],
    )
    pictures.draw_descents(lesson.picture("descents.png"), descents)


# --- 11. Other, cat, dog or chick -----------------------------------------------------------------


def classify_icons(lesson: Lesson, rng: np.random.Generator) -> None:
    """Train the classifier of the course's four classes, with and without a hidden layer."""
    lesson.section("Other, cat, dog or chick?")
    m, passes = (2000, 6) if lesson.quick else (4000, 15)
    images, labels = pictures.draw_icons(m, rng)
    new_images, new_labels = pictures.draw_icons(m // 4, rng)
    inputs, new_inputs = (sg.tensor(i.reshape(len(i), -1) - 0.5) for i in (images, new_images))
    n, classes = inputs.shape[1], len(pictures.CLASSES)
    examples = DataLoader(TensorDataset(inputs, sg.tensor(labels)), batch_size=32, shuffle=True)
    models = {
        "no hidden layer": nn.Sequential(nn.Linear(n, classes)),
        "one hidden layer": nn.Sequential(nn.Linear(n, 64), nn.ReLU(), nn.Linear(64, classes)),
    }
    lesson.say(f"""
        Icons of {pictures.SIZE} x {pictures.SIZE} pixels in three colours, so n = {n} features: {m} to learn from and {m // 4} new
        ones to be asked about. Each is mirrored or not, shifted, noisy, by day or by night. By
        night the animal is brighter than the sky, by day darker: weighing pixels one by one does
        not get far, and a hidden layer of 64 relu units does.

    """)
    accuracies = {}
    for name, model in models.items():
        costs = train(model, examples, optim.Adam(model.parameters(), lr=3e-3), passes)
        with sg.no_grad():
            probabilities = sg.softmax(model(new_inputs), dim=1).numpy()
        accuracies[name] = float((probabilities.argmax(1) == new_labels).mean())
        last = np.mean(costs[-len(examples) :])
        print(
            f"  {name:18}cost {costs[0]:.3f} -> {last:.3f}   new icons right: {accuracies[name]:.1%}"
        )
    print()
    without, within = accuracies.values()
    lesson.agree("every row of probabilities sums to 1", probabilities.sum(1), 1.0, within=1e-5)
    lesson.check("with the hidden layer, more than 90% of new icons are right", within > 0.9)
    lesson.check("without it, at least 10% fewer are", without < within - 0.1)
    pictures.draw_answers(
        lesson.picture("icons.png"), new_images, new_labels, probabilities, without
    )


# --- The lesson -----------------------------------------------------------------------------------


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Softmax regression: a lesson that runs.")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("runs/softmax-regression"),
        help="folder for the pictures (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of everything drawn (default: 0)")
    parser.add_argument("--quick", action="store_true", help="smaller data and fewer steps")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Give the whole lesson."""
    options = parse(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    sg.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    lesson = Lesson(options.out, options.quick)
    scores_to_probabilities(lesson)
    why_soft(lesson)
    large_scores(lesson)
    two_classes(lesson, rng)
    the_loss(lesson)
    the_gradient(lesson, rng)
    columns_and_rows(lesson, rng)
    three_ways(lesson, rng)
    straight_and_bent(lesson, rng)
    three_descents(lesson, rng)
    classify_icons(lesson, rng)
    print(f"\nPictures in {options.out}: {', '.join(lesson.pictures)}")
    print(f"all {lesson.checks} checks passed")


if __name__ == "__main__":
    main()
