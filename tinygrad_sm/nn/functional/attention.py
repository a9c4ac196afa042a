"""Attention: values mixed in proportion to how well their keys fit a query."""

from __future__ import annotations

import math

import numpy as np

from ...ops.creation import zeros
from ...ops.elementwise import where
from ...ops.linear_algebra import matmul
from ...ops.shape import cat, chunk
from ...ops.softmax import softmax
from ...tape import values_of, wrap
from ...tensor import Tensor
from .dropout import dropout
from .linear import linear


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """``softmax(q k^T / sqrt(width) + mask) v`` (Vaswani et al., 2017, equation 1).

    A row of which the mask leaves nothing gives zeros.

    Args:
        query: (..., L, E).
        key: (..., S, E).
        value: (..., S, V).
        attn_mask: (..., L, S): bool (True: take part) or added to the scores.
        dropout_p: dropped share of the weights.
        is_causal: each row sees only columns up to its own.
        scale: factor of the scores; ``1 / sqrt(E)`` by default.
        enable_gqa: repeat keys and values for groups of query heads.

    Raises:
        RuntimeError: if shapes or dtypes do not fit, or both a mask and ``is_causal`` are given.
    """
    if is_causal and attn_mask is not None:
        raise RuntimeError(
            "scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True"
        )
    _check_widths(query, key, value)
    if enable_gqa:
        key, value = (_repeated(t, query.array.shape[-3]) for t in (key, value))
    factor = 1 / math.sqrt(query.array.shape[-1]) if scale is None else scale
    scores = matmul(query * factor, key.transpose(-2, -1))
    hidden = None
    if is_causal:
        hidden = _causal(scores.array.shape[-2:], scores.array.dtype)
    elif attn_mask is not None:
        hidden = _added("scaled_dot_product_attention", attn_mask, scores.array.dtype, keep=True)
    weights = _weights(scores, hidden)
    mixed = matmul(dropout(weights, dropout_p, dropout_p > 0), value)
    if dropout_p > 0 or (attn_mask is not None and attn_mask.requires_grad):
        return mixed
    return _laid_out_as(query, mixed)


def _laid_out_as(query: Tensor, mixed: Tensor) -> Tensor:
    """The result in the query's order of memory: heads inside of rows, if they are so there.

    As in PyTorch, so that ``out.transpose(1, 2).view(...)`` joins the heads that were split.
    """
    shape, strides = query.array.shape, query.array.strides
    if len(shape) != 4 or 1 in shape[1:3] or strides[1] >= strides[2]:
        return mixed
    return mixed.transpose(1, 2).contiguous().transpose(1, 2)


def _check_widths(query: Tensor, key: Tensor, value: Tensor) -> None:
    q, k, v = query.array.shape, key.array.shape, value.array.shape
    kinds = {t.array.dtype for t in (query, key, value)}
    if min(len(q), len(k), len(v)) < 2 or q[-1] != k[-1] or k[-2] != v[-2] or len(kinds) > 1:
        raise RuntimeError(
            f"scaled_dot_product_attention: query {q}, key {k} and value {v} of "
            f"{', '.join(map(str, kinds))} do not fit: expected (..., L, E), (..., S, E) and "
            "(..., S, V) of one dtype"
        )


def _repeated(t: Tensor, heads: int) -> Tensor:
    """Each head of keys or values as often as there are query heads for it."""
    own = t.array.shape[-3]
    if heads % own:
        raise RuntimeError(
            f"scaled_dot_product_attention: {heads} query heads cannot share {own} heads of keys "
            "and values evenly"
        )
    return t.index_select(-3, wrap(np.repeat(np.arange(own), heads // own)))


def _causal(sizes: tuple[int, ...], kind: np.dtype) -> Tensor:
    """0 up to the diagonal, -inf above it."""
    return wrap(np.triu(np.full(sizes, -np.inf, kind), 1))


def _added(name: str, mask: Tensor, kind: np.dtype, keep: bool) -> Tensor:
    """A mask as numbers to add to scores; ``keep``: what True means in a bool mask."""
    if mask.array.dtype.kind == "b":
        return where(mask == keep, 0.0, -np.inf).to(kind)
    if mask.array.dtype.kind != "f":
        raise RuntimeError(
            f"{name}: only bool and floating types of masks are supported, not {mask.dtype}"
        )
    return mask if mask.array.dtype == kind else mask.to(kind)


def _weights(scores: Tensor, hidden: Tensor | None) -> Tensor:
    """Softmax of masked scores; zeros in rows where nothing is left."""
    if hidden is None:
        return softmax(scores, -1)
    if not np.isneginf(values_of(hidden)).all(-1).any():
        return softmax(scores + hidden, -1)
    full = (hidden == -np.inf).all(-1, keepdim=True).expand(tuple(scores.array.shape))
    return softmax((scores + hidden).masked_fill(full, 0.0), -1).masked_fill(full, 0.0)


# --- several heads --------------------------------------------------------------------------------


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Attention by several heads, each of which sees projections of its own.

    Vaswani et al., 2017, section 3.2.2. ``nn.MultiheadAttention`` says what its arguments mean.

    Args:
        query: (L, N, E) or (L, E).
        key: (S, N, Ek) or (S, Ek).
        value: (S, N, Ev) or (S, Ev).
        embed_dim_to_check: E.
        num_heads: the number of heads, which divides E.
        in_proj_weight: the projections of queries, keys and values one below the other, (3 E, E).
        in_proj_bias: (3 E,).
        bias_k: a key, (1, 1, E), that stands behind all others.
        bias_v: its value.
        add_zero_attn: put a key and a value of zeros behind all others.
        dropout_p: the dropped share of the weights in training.
        out_proj_weight: (E, E).
        out_proj_bias: (E,).
        training: whether to drop weights.
        key_padding_mask: (N, S) or (S,): True, or -inf, for keys that are left out.
        need_weights: whether to return the weights.
        attn_mask: (L, S) or (N heads, L, S): True for what is left out, or added to the scores.
        use_separate_proj_weight: whether the projections are given one by one.
        q_proj_weight: (E, E).
        k_proj_weight: (E, Ek).
        v_proj_weight: (E, Ev).
        static_k: projected keys (N heads, S, E / heads), in place of ``key``.
        static_v: projected values, in place of ``value``.
        average_attn_weights: whether the weights that are returned are the mean over the heads.
        is_causal: that ``attn_mask`` is the causal one; a hint.

    Returns:
        (L, N, E) or (L, E), and the weights (N, L, S) or ``None``.

    Raises:
        RuntimeError, AssertionError: as in PyTorch, if shapes do not fit.
    """
    batched = query.array.ndim == 3
    if not batched:
        query, key, value = (t.unsqueeze(1) for t in (query, key, value))
        if key_padding_mask is not None:
            key_padding_mask = key_padding_mask.unsqueeze(0)
    length, count, width = query.array.shape
    _check_sizes(query, key, value, embed_dim_to_check, num_heads)
    if is_causal and attn_mask is None:
        raise RuntimeError("Need attn_mask if specifying the is_causal hint.")
    if use_separate_proj_weight:
        assert q_proj_weight is not None
        assert k_proj_weight is not None
        assert v_proj_weight is not None
        parts = _separately(
            (query, key, value), (q_proj_weight, k_proj_weight, v_proj_weight), in_proj_bias
        )
    else:
        assert in_proj_weight is not None
        parts = _together(query, key, value, in_proj_weight, in_proj_bias)
    kind = query.array.dtype
    mask = _score_mask(attn_mask, key_padding_mask, kind, count, num_heads, length, key)
    q, k, v = parts
    extra = 0
    if bias_k is not None and bias_v is not None:
        k, v = (cat([t, b.expand(1, count, width)], 0) for t, b in ((k, bias_k), (v, bias_v)))
        extra += 1
    heads = num_heads, width // num_heads
    q, k, v = (t.reshape(len(t), count, *heads).permute(1, 2, 0, 3) for t in (q, k, v))
    if static_k is not None:
        k = static_k.reshape(count, num_heads, -1, heads[1])
    if static_v is not None:
        v = static_v.reshape(count, num_heads, -1, heads[1])
    if add_zero_attn:
        nothing = zeros(count, num_heads, 1, heads[1], dtype=query.dtype)
        k, v = cat([k, nothing], 2), cat([v, nothing], 2)
        extra += 1
    if mask is not None and extra:
        mask = cat([mask, zeros(*mask.array.shape[:-1], extra, dtype=query.dtype)], -1)
    scores = matmul(q * math.sqrt(1 / heads[1]), k.transpose(-2, -1))
    weights = softmax(scores if mask is None else scores + mask, -1)
    weights = dropout(weights, dropout_p, training)
    mixed = matmul(weights, v).permute(2, 0, 1, 3).reshape(length * count, width)
    out = linear(mixed, out_proj_weight, out_proj_bias).reshape(length, count, -1)
    if not batched:
        out = out.squeeze(1)
    if not need_weights:
        return out, None
    shown = weights.mean(1) if average_attn_weights else weights
    return out, shown if batched else shown.squeeze(0)


def _check_sizes(query: Tensor, key: Tensor, value: Tensor, embed_dim: int, num_heads: int) -> None:
    width = query.array.shape[-1]
    if width != embed_dim:
        raise AssertionError(f"was expecting embedding dimension of {embed_dim}, but got {width}")
    if width % num_heads:
        raise AssertionError(f"embed_dim {width} not divisible by num_heads {num_heads}")
    if key.array.shape[:2] != value.array.shape[:2]:
        raise AssertionError(
            f"key's sequence and batch dims {key.array.shape[:2]} do not match value's "
            f"{value.array.shape[:2]}"
        )


def _together(
    query: Tensor, key: Tensor, value: Tensor, weight: Tensor, bias: Tensor | None
) -> tuple[Tensor, ...]:
    """Projections by one matrix: in one product as far as the inputs are the same."""
    width = query.array.shape[-1]
    if query is key and key is value:
        return chunk(linear(query, weight, bias), 3, -1)
    if key is value:
        first = None if bias is None else bias[:width]
        rest = None if bias is None else bias[width:]
        pair = chunk(linear(key, weight[width:], rest), 2, -1)
        return (linear(query, weight[:width], first), *pair)
    q, k, v = chunk(weight, 3, 0)
    return _separately((query, key, value), (q, k, v), bias)


def _separately(
    inputs: tuple[Tensor, ...], weights: tuple[Tensor, ...], bias: Tensor | None
) -> tuple[Tensor, ...]:
    biases = (None, None, None) if bias is None else chunk(bias, 3, 0)
    return tuple(linear(x, w, b) for x, w, b in zip(inputs, weights, biases, strict=True))


def _score_mask(
    attn_mask: Tensor | None,
    key_padding_mask: Tensor | None,
    kind: np.dtype,
    count: int,
    heads: int,
    length: int,
    key: Tensor,
) -> Tensor | None:
    """Both masks as one that is added to scores (N, heads, L, S)."""
    size = key.array.shape[0]
    mask = None
    if attn_mask is not None:
        mask = _added("attn_mask", attn_mask, kind, keep=False)
        shape = mask.array.shape
        if shape not in ((length, size), (count * heads, length, size)):
            raise RuntimeError(
                f"The shape of the attn_mask is {shape}, but should be {(length, size)} or "
                f"{(count * heads, length, size)}."
            )
        lead = (1, 1) if len(shape) == 2 else (count, heads)
        mask = mask.reshape(*lead, length, size)
    if key_padding_mask is not None:
        padding = _added("key_padding_mask", key_padding_mask, kind, keep=False)
        if padding.array.shape != (count, size):
            raise AssertionError(
                f"expecting key_padding_mask shape of {(count, size)}, but got "
                f"{padding.array.shape}"
            )
        padding = padding.reshape(count, 1, 1, size)
        mask = padding if mask is None else mask + padding
        mask = mask.expand(count, mask.array.shape[1], length, size)
    return mask
