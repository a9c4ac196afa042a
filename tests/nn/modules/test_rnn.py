"""Recurrent networks, their steps, and packed sequences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_sm as sg
from tinygrad_sm.nn.utils.rnn import (
    PackedSequence,
    pack_padded_sequence,
    pad_packed_sequence,
    pad_sequence,
)

from ..agreement import check_error, check_function, check_layer, draw, made, pytorch

T, N, D, H = 5, 3, 4, 2
X = draw(T, N, D)
KINDS = ["RNN", "LSTM", "GRU"]
OPTIONS = [
    {},
    {"bias": False},
    {"batch_first": True},
    {"num_layers": 2},
    {"bidirectional": True},
    {"num_layers": 3, "bidirectional": True, "dropout": 0.4},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_sequences(kind, options):
    check_layer(lambda m: getattr(m.nn, kind)(D, H, **options), X)


def test_other_forms():
    check_layer(lambda m: m.nn.RNN(D, H, 2, nonlinearity="relu"), X)
    for options in ({}, {"num_layers": 2, "bidirectional": True}, {"bias": False}):
        check_layer(lambda m, o=options: m.nn.LSTM(D, 3, proj_size=2, **o), X)


@pytest.mark.parametrize("kind", KINDS)
def test_a_first_state(kind):
    first = draw(4, N, H, seed=1)

    def call(layer, x, first, other):
        return layer(x, (first, other) if kind == "LSTM" else first)

    check_layer(
        lambda m: getattr(m.nn, kind)(D, H, 2, bidirectional=True),
        X, first, draw(4, N, H, seed=2), call=call,
    )  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_single_sequence(kind):
    def call(layer, x, first):
        return layer(x), layer(x, (first, first) if kind == "LSTM" else first)

    for options in ({}, {"batch_first": True}):
        check_layer(
            lambda m, o=options: getattr(m.nn, kind)(D, H, **o), X[:, 0], draw(1, H), call=call
        )


LENGTHS = [[5, 4, 1], [5, 5, 5], [2, 5, 3], [1, 1, 1]]


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("both", [False, True])
def test_packed_sequences(kind, lengths, both):
    def call(layer, x, first):
        m = sg if isinstance(x, sg.Tensor) else pytorch()
        rnn = m.nn.utils.rnn
        packed = rnn.pack_padded_sequence(x, m.tensor(lengths), enforce_sorted=False)
        out, last = layer(packed, (first, first * 2) if kind == "LSTM" else first)
        return rnn.pad_packed_sequence(out, padding_value=0.5), last

    check_layer(
        lambda m: getattr(m.nn, kind)(D, H, 2, bidirectional=both),
        X, draw(4 if both else 2, N, H), call=call,
    )  # fmt: skip


def test_packed_with_projection_and_dropout():
    def call(layer, x):
        m = sg if isinstance(x, sg.Tensor) else pytorch()
        packed = m.nn.utils.rnn.pack_padded_sequence(x, m.tensor([5, 3, 2]))
        out, last = layer(packed)
        return out.data, last

    check_layer(
        lambda m: m.nn.LSTM(D, 3, 2, proj_size=2, dropout=0.5, bidirectional=True), X, call=call
    )


@settings(max_examples=25)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=5), st.sampled_from(KINDS))
def test_packing_changes_nothing(lengths, kind):
    """Each sequence alone gives what it gives in the batch."""
    sg.manual_seed(0)
    layer = getattr(sg.nn, kind)(2, 3, bidirectional=True).double()
    sequences = [sg.tensor(draw(n, 2, seed=i)) for i, n in enumerate(lengths)]
    packed = sg.nn.utils.rnn.pack_sequence(sequences, enforce_sorted=False)
    out, last = layer(packed)
    for i, (alone, together) in enumerate(
        zip(sequences, sg.nn.utils.rnn.unpack_sequence(out), strict=True)
    ):
        expected, end = layer(alone)
        np.testing.assert_allclose(together.array, expected.array, rtol=1e-12)
        for a, b in zip(last, end, strict=True) if kind == "LSTM" else ((last, end),):
            np.testing.assert_allclose(a.array[:, i], b.array, rtol=1e-12)


@pytest.mark.parametrize("options", [{}, {"bias": False}], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_cells(kind, options):
    def call(layer, x, h, c):
        return layer(x, (h, c) if kind == "LSTM" else h), layer(x)

    for x, h in ((X[0], draw(N, H)), (X[0, 0], draw(H))):
        check_layer(lambda m: getattr(m.nn, f"{kind}Cell")(D, H, **options), x, h, h * 2, call=call)
    check_layer(lambda m: m.nn.RNNCell(D, H, nonlinearity="relu"), X[0])


def test_a_cell_is_a_step():
    sg.manual_seed(0)
    layer = sg.nn.LSTM(D, H).double()
    cell = sg.nn.LSTMCell(D, H).double()
    cell.load_state_dict({k[:-3]: v for k, v in layer.state_dict().items()})
    x = sg.tensor(X)
    out, (_, c) = layer(x)
    state = None
    for t in range(T):
        state = cell(x[t], state)
        np.testing.assert_allclose(out.array[t], state[0].array, rtol=1e-12)
    np.testing.assert_allclose(c.array[0], state[1].array, rtol=1e-12)


def test_a_step_is_a_handful_of_nodes():
    layer = sg.nn.LSTM(D, H)
    counts = []
    for steps in (10, 20):
        out, _ = layer(sg.zeros(steps, N, D))
        seen, stack = set(), [out.grad_fn]
        while stack:
            node = stack.pop()
            if node in seen or not hasattr(node, "parents"):
                continue
            seen.add(node)
            stack += [p for p in node.parents if p is not None]
        counts.append(len(seen))
    assert counts[1] - counts[0] <= 70


def test_dropout_alone_warns_and_nonsense_is_refused():
    with pytest.warns(UserWarning, match="num_layers greater than 1"):
        sg.nn.LSTM(D, H, dropout=0.5)
    for build in (
        lambda m: m.nn.LSTM(D, H, dropout=1.5),
        lambda m: m.nn.GRU(D, 0),
        lambda m: m.nn.GRU(D, H, 0),
        lambda m: m.nn.LSTM(D, H, proj_size=H),
        lambda m: m.nn.RNN(D, H, nonlinearity="gelu"),
    ):
        check_error(build)


@pytest.mark.parametrize("kind", KINDS)
def test_refusals(kind):
    def layer(m, **options):
        return getattr(m.nn, kind)(D, H, **options).double()

    check_error(lambda m, x: layer(m)(x), draw(T, N, D + 1))
    check_error(lambda m, x: layer(m)(x), draw(T, N, D, 1))
    check_error(lambda m, x: layer(m)(x[:0]), X)
    check_error(lambda m, x: getattr(m.nn, f"{kind}Cell")(D, H).double()(x), X)
    check_error(lambda m, x: getattr(m.nn, f"{kind}Cell")(D, H).double()(x), draw(N, D + 1))

    def wrong_state(m, x):
        h = m.zeros(1, N + 1, H, dtype=x.dtype)
        return layer(m)(x, (h, h) if kind == "LSTM" else h)

    check_error(wrong_state, X)


# --- packing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
def test_pack_and_pad(lengths, batch_first):
    x = X.transpose(1, 0, 2) if batch_first else X

    def call(m, x):
        rnn = m.nn.utils.rnn
        packed = rnn.pack_padded_sequence(x, lengths, batch_first, enforce_sorted=False)
        padded, sizes = rnn.pad_packed_sequence(packed, batch_first, -1.5, total_length=7)
        return (
            packed.data,
            packed.batch_sizes,
            packed.sorted_indices,
            packed.unsorted_indices,
            padded,
            sizes,
        )

    check_function(call, x)


def test_ties_keep_their_order():
    packed = pack_padded_sequence(sg.tensor(X), [2, 5, 2], enforce_sorted=False)
    assert packed.sorted_indices.tolist() == [1, 0, 2]


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("side", ["right", "left"])
def test_pad_sequence(batch_first, side):
    def call(m, a, b, c):
        rnn = m.nn.utils.rnn
        padded = rnn.pad_sequence([a, b, c], batch_first, 7.0, side)
        unpadded = rnn.unpad_sequence(padded * 1, m.tensor([2, 4, 1]), batch_first)
        return [padded, *unpadded]

    check_function(call, draw(2, 3), draw(4, 3), draw(1, 3))


def test_pack_sequence():
    def call(m, a, b):
        packed = m.nn.utils.rnn.pack_sequence([a, b])
        return [packed.data, packed.batch_sizes, *m.nn.utils.rnn.unpack_sequence(packed)]

    check_function(call, draw(4, 3), draw(2, 3))


def test_what_a_packed_sequence_can_do():
    packed = pack_padded_sequence(sg.tensor(X), [5, 3, 2])
    assert isinstance(packed, PackedSequence)
    assert packed.float().data.dtype == sg.float32
    assert packed.to(sg.float32).double().data.dtype == sg.float64
    assert packed.cpu() is packed
    assert not packed.is_cuda
    assert packed.sorted_indices is None


@pytest.mark.parametrize(
    "call",
    [
        lambda rnn, m, x: rnn.pack_padded_sequence(x, [5, 5]),
        lambda rnn, m, x: rnn.pack_padded_sequence(x, [5, 3, 0]),
        lambda rnn, m, x: rnn.pack_padded_sequence(x, [2, 5, 3]),
        lambda rnn, m, x: rnn.pad_packed_sequence(rnn.pack_padded_sequence(x, [5, 3, 2]), total_length=4),
        lambda rnn, m, x: rnn.pad_sequence([]),
        lambda rnn, m, x: rnn.pad_sequence([x], padding_side="top"),
        lambda rnn, m, x: rnn.pad_sequence([x, x[..., :2]]),
    ],
)  # fmt: skip
def test_packing_refusals(call):
    check_error(lambda m, x: call(m.nn.utils.rnn, m, x), X)


def test_padding_a_list_of_what_is_made():
    assert pad_sequence([sg.ones(2), sg.ones(3)]).shape == (3, 2)
    padded, sizes = pad_packed_sequence(pack_padded_sequence(made(sg, X), [5, 3, 2]))
    assert sizes.tolist() == [5, 3, 2]
    assert padded.requires_grad
