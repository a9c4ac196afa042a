"""Attention layers and Transformers."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg

from ..agreement import check_error, check_layer, draw, pytorch

Q, K, V = draw(5, 3, 4), draw(6, 3, 4, seed=1), draw(6, 3, 4, seed=2)
SEEN = np.random.default_rng(0).random((5, 6)) > 0.7
ENDED = np.array([[False] * 6, [False] * 5 + [True], [False] * 3 + [True] * 3])


def library(x):
    return sg if isinstance(x, sg.Tensor) else pytorch()


@pytest.mark.parametrize(
    "options",
    [{}, {"bias": False}, {"add_bias_kv": True}, {"add_zero_attn": True}, {"dropout": 0.4},
     {"add_bias_kv": True, "add_zero_attn": True, "bias": False}],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("need", [False, True])  # without weights, PyTorch has no second derivative
def test_attention(options, masked, need):
    def call(layer, q, k, v):
        m = library(q)
        masks = {}
        if masked:
            masks = {"key_padding_mask": m.tensor(ENDED), "attn_mask": m.tensor(SEEN)}
        return layer(q, k, v, need_weights=need, **masks)

    check_layer(
        lambda m: m.nn.MultiheadAttention(4, 2, **options), Q, K, V,
        call=call, second=need,
    )  # fmt: skip


def test_other_widths_and_layouts():
    k, v = draw(3, 6, 3, seed=1), draw(3, 6, 5, seed=2)
    check_layer(
        lambda m: m.nn.MultiheadAttention(4, 2, kdim=3, vdim=5, batch_first=True),
        Q.transpose(1, 0, 2), k, v,
    )  # fmt: skip
    check_layer(lambda m: m.nn.MultiheadAttention(4, 2), Q[:, 0], K[:, 0], V[:, 0])


def test_self_attention_and_weights_by_head():
    def call(layer, x):
        m = library(x)
        mask = m.nn.Transformer.generate_square_subsequent_mask(5, dtype=x.dtype)
        return layer(x, x, x, attn_mask=mask, is_causal=True, average_attn_weights=False)

    check_layer(lambda m: m.nn.MultiheadAttention(4, 2), Q, call=call)

    def shared(layer, q, kv):
        return layer(q, kv, kv)

    check_layer(lambda m: m.nn.MultiheadAttention(4, 2), Q, K, call=shared)


def test_masks_of_each_head():
    masks = np.random.default_rng(1).normal(size=(6, 5, 6))

    def call(layer, q, k, v, mask):
        return layer(q, k, v, attn_mask=mask)

    check_layer(lambda m: m.nn.MultiheadAttention(4, 2), Q, K, V, masks, call=call)


@pytest.mark.parametrize(
    "options",
    [{}, {"norm_first": True}, {"activation": "gelu", "batch_first": True}, {"bias": False},
     {"dropout": 0.0}],
    ids=str,
)  # fmt: skip
def test_layers(options):
    options = {"dim_feedforward": 7, **options}

    def encode(layer, x):
        m = library(x)
        size = x.shape[1] if options.get("batch_first") else x.shape[0]
        mask = m.nn.Transformer.generate_square_subsequent_mask(size, dtype=x.dtype)
        return layer(x), layer(x, src_mask=mask)

    second = options.get("dropout") != 0.0  # PyTorch then has no second derivative
    check_layer(
        lambda m: m.nn.TransformerEncoderLayer(4, 2, **options), Q, call=encode, second=second
    )
    order = (1, 0, 2) if options.get("batch_first") else (0, 1, 2)
    inputs = Q.transpose(order), K.transpose(order)
    check_layer(lambda m: m.nn.TransformerDecoderLayer(4, 2, **options), *inputs, second=second)


def test_stacks():
    def build(m):
        layer = m.nn.TransformerEncoderLayer(4, 2, 7)
        return m.nn.TransformerEncoder(layer, 2, m.nn.LayerNorm(4), enable_nested_tensor=False)

    def call(layer, x):
        return layer(x, src_key_padding_mask=library(x).tensor(ENDED[:, :5]))

    check_layer(build, Q, call=call)

    def build_decoder(m):
        return m.nn.TransformerDecoder(m.nn.TransformerDecoderLayer(4, 2, 7), 2)

    check_layer(build_decoder, Q, K)


@pytest.mark.parametrize("batch_first", [False, True])
def test_transformer(batch_first):
    def call(model, src, tgt):
        m = library(src)
        size = tgt.shape[1] if batch_first else tgt.shape[0]
        mask = m.nn.Transformer.generate_square_subsequent_mask(size, dtype=src.dtype)
        return model(src, tgt, tgt_mask=mask)

    inputs = (K.transpose(1, 0, 2), Q.transpose(1, 0, 2)) if batch_first else (K, Q)
    check_layer(
        lambda m: m.nn.Transformer(4, 2, 2, 1, 7, dropout=0.2, batch_first=batch_first),
        *inputs, call=call, warns=True,
    )  # fmt: skip


def test_evaluation_is_pytorchs_too():
    check_layer(
        lambda m: m.nn.TransformerEncoderLayer(4, 2, 7, batch_first=True),
        Q, training=False, second=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "call",
    [
        lambda m, q, k, v: m.nn.MultiheadAttention(4, 2).double()(q[..., :3], k, v),
        lambda m, q, k, v: m.nn.MultiheadAttention(4, 2).double()(q, k[:4], v),
        lambda m, q, k, v: m.nn.MultiheadAttention(4, 2).double()(
            q, k, v, attn_mask=m.zeros(5, 5, dtype=q.dtype)
        ),
        lambda m, q, k, v: m.nn.MultiheadAttention(4, 2).double()(
            q, k, v, key_padding_mask=m.zeros(2, 6, dtype=m.bool)
        ),
        lambda m, q, k, v: m.nn.MultiheadAttention(4, 2).double()(q, k, v, is_causal=True),
        lambda m, q, k, v: m.nn.TransformerEncoderLayer(4, 2, activation="tanh"),
        lambda m, q, k, v: m.nn.Transformer(4, 2, 1, 1, 4).double()(q[:, :2], k),
        lambda m, q, k, v: m.nn.Transformer(4, 2, 1, 1, 4).double()(q[..., :2], k),
    ],
)
def test_refusals(call):
    check_error(call, Q, K, V)
