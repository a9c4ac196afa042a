"""Connectionist temporal classification."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.nn import functional as F

from ..agreement import check_error, check_function, check_layer, draw

T, N, C = 7, 3, 4
X = draw(T, N, C)
LABELS = np.array([[1, 2, 2], [3, 1, 0], [1, 0, 0]])
SIZES, SPANS = [3, 2, 1], [7, 5, 6]


def loss(m, x, y, spans=SPANS, sizes=SIZES, **options):
    return m.nn.functional.ctc_loss(
        m.nn.functional.log_softmax(x, -1), y, m.tensor(spans), m.tensor(sizes), **options
    )


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("blank", [0, 3])
def test_agrees(reduction, blank):
    labels = np.where(blank == LABELS, 2, LABELS)

    def call(m, x, y):
        return loss(m, x, y, reduction=reduction, blank=blank)

    check_function(call, X, labels, second=False)


def test_forms_of_targets():
    flat = np.array([1, 2, 2, 3, 1, 1])
    check_function(lambda m, x, y: loss(m, x, y), X, flat, second=False)
    check_function(lambda m, x, y: loss(m, x, y, [7], [3]), X[:, 0], LABELS[0], second=False)
    check_function(lambda m, x, y: loss(m, x, y, sizes=[0, 2, 1]), X, LABELS, second=False)


def test_labels_that_do_not_fit():
    for zero in (False, True):
        ours = loss(
            sg, sg.tensor(X), sg.tensor(LABELS), [2, 5, 6], reduction="none", zero_infinity=zero
        )
        assert ours.array[0] == (0 if zero else np.inf)

    def call(m, x, y):
        return loss(m, x, y, [2, 5, 6], zero_infinity=True)

    check_function(call, X, LABELS, second=False)


def test_it_is_the_sum_over_all_paths():
    x = F.log_softmax(sg.tensor(draw(4, 1, 3)), -1)
    target = [1, 2]
    total = 0.0
    for path in product(range(3), repeat=4):
        merged = [c for i, c in enumerate(path) if c and (i == 0 or path[i - 1] != c)]
        if merged == target:
            total += np.exp(sum(x.array[t, 0, c] for t, c in enumerate(path)))
    found = F.ctc_loss(x, sg.tensor([target]), [4], [2], reduction="sum")
    np.testing.assert_allclose(found.item(), -np.log(total), rtol=1e-12)


def test_as_a_layer():
    def call(layer, x):
        m = sg if isinstance(x, sg.Tensor) else __import__("torch")
        log_p = m.nn.functional.log_softmax(x, -1)
        return layer(log_p, m.tensor(LABELS), m.tensor(SPANS), m.tensor(SIZES))

    check_layer(
        lambda m: m.nn.CTCLoss(reduction="sum", zero_infinity=True), X, call=call, second=False
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda m, x, y: loss(m, x, y, blank=9),
        lambda m, x, y: loss(m, x, y, spans=[9, 5, 6]),
        lambda m, x, y: loss(m, x, y, spans=[7, 5]),
        lambda m, x, y: loss(m, x, y, reduction="most"),
    ],
)
def test_refusals(call):
    check_error(call, X, LABELS)
