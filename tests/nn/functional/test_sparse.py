"""Tables that are looked up, and labels as rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_sm as sg
from tinygrad_sm.nn import functional as F

from ..agreement import check_error, check_function, draw, pytorch

TABLE = draw(7, 3)
INDEX = np.array([[1, 2, 2, 5], [4, 1, 6, 0]])


@pytest.mark.parametrize(
    "options",
    [{}, {"padding_idx": 2}, {"padding_idx": -1}, {"scale_grad_by_freq": True},
     {"padding_idx": 1, "scale_grad_by_freq": True}],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("index", [INDEX, INDEX[0], np.array(3), INDEX[:0]])
def test_embedding(options, index):
    second = "scale_grad_by_freq" not in options and index.size > 0
    check_function(
        lambda m, i, w: m.nn.functional.embedding(i, w, **options) ** 2, index, TABLE, second=second
    )


@pytest.mark.parametrize("order", [1.0, 2.0, np.inf])
def test_max_norm_changes_the_table_itself(order):
    torch = pytorch()
    ours, theirs = sg.tensor(TABLE), torch.tensor(TABLE)
    a = F.embedding(sg.tensor(INDEX), ours, max_norm=1.0, norm_type=order)
    b = torch.nn.functional.embedding(torch.tensor(INDEX), theirs, max_norm=1.0, norm_type=order)
    np.testing.assert_allclose(a.array, b.numpy(), rtol=1e-12)
    np.testing.assert_allclose(ours.array, theirs.numpy(), rtol=1e-12)
    assert ours._version == 1
    np.testing.assert_array_equal(ours.array[3], TABLE[3])


@given(st.lists(st.integers(0, 4), max_size=12), st.integers(0, 3))
def test_gradient_counts_each_look(index, width):
    table = sg.zeros(5, width, requires_grad=True)
    F.embedding(sg.tensor(index, dtype=sg.int64), table).sum().backward()
    counts = np.bincount(np.array(index, int), minlength=5)
    np.testing.assert_array_equal(table.grad.array, np.repeat(counts[:, None], width, 1))


BAGS = [
    (np.array([[1, 2, 2], [4, 1, 6]]), None, {}),
    (np.array([1, 2, 2, 5, 4, 1]), [0, 2, 2], {}),
    (np.array([1, 2, 2, 5, 4, 1]), [0, 2, 5, 6], {"include_last_offset": True}),
    (np.array([1, 2, 2, 5, 4, 1]), [0, 1, 6], {"padding_idx": 2}),
    (np.array([[1, 2, 2], [2, 2, 2]]), None, {"padding_idx": 2}),
]


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize(("index", "offsets", "options"), BAGS)
def test_bags(mode, index, offsets, options):
    def call(m, i, w):
        starts = None if offsets is None else m.tensor(offsets)
        return m.nn.functional.embedding_bag(i, w, starts, mode=mode, **options)

    check_function(call, index, TABLE, second=False)


def test_weighted_bags():
    for index, offsets, options in BAGS:

        def call(m, i, w, s, offsets=offsets, options=options):
            starts = None if offsets is None else m.tensor(offsets)
            return m.nn.functional.embedding_bag(
                i, w, starts, mode="sum", per_sample_weights=s, **options
            )

        check_function(call, index, TABLE, draw(*index.shape), second=False)


def test_one_hot():
    for index in (INDEX, np.array(3), np.array([[0]])):
        check_function(lambda m, i: m.nn.functional.one_hot(i), index)
        check_function(lambda m, i: m.nn.functional.one_hot(i, 9), index)
    check_function(lambda m, i: m.nn.functional.one_hot(i, 4), INDEX[:0])


@pytest.mark.parametrize(
    ("call", "inputs"),
    [
        (lambda m, i, w: m.nn.functional.embedding(i + 5, w), (INDEX, TABLE)),
        (lambda m, i, w: m.nn.functional.embedding(i - 5, w), (INDEX, TABLE)),
        (lambda m, i, w: m.nn.functional.embedding(w, w), (INDEX, TABLE)),
        (lambda m, i, w: m.nn.functional.embedding(i, w, padding_idx=7), (INDEX, TABLE)),
        (lambda m, i, w: m.nn.functional.embedding(i, w[0]), (INDEX, TABLE)),
        (lambda m, i, w: m.nn.functional.embedding_bag(i[0], w), (INDEX, TABLE)),
        (lambda m, i, w: m.nn.functional.embedding_bag(i, w, m.tensor([0])), (INDEX, TABLE)),
        (lambda m, i, w: m.nn.functional.embedding_bag(i, w, mode="min"), (INDEX, TABLE)),
        (lambda m, i, w: m.nn.functional.embedding_bag(i, w, per_sample_weights=w), (INDEX, TABLE)),
        (lambda m, i: m.nn.functional.one_hot(i - 1), (INDEX,)),
        (lambda m, i: m.nn.functional.one_hot(i, 6), (INDEX,)),
        (lambda m, i: m.nn.functional.one_hot(i.float()), (INDEX,)),
        (lambda m, i: m.nn.functional.one_hot(i[:0]), (INDEX,)),
    ],
)
def test_refusals(call, inputs):
    check_error(call, *inputs)
