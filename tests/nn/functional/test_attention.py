"""Attention, by one head and by several."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.nn import functional as F

from ..agreement import check_error, check_function, draw

Q, K, V = draw(2, 3, 5, 4), draw(2, 3, 6, 4, seed=1), draw(2, 3, 6, 7, seed=2)
ALLOWED = np.random.default_rng(0).random((5, 6)) > 0.3


def sdpa(**options):
    return lambda m, q, k, v: m.nn.functional.scaled_dot_product_attention(q, k, v, **options)


@pytest.mark.parametrize("options", [{}, {"is_causal": True}, {"scale": 0.3}], ids=str)
def test_options(options):
    check_function(sdpa(**options), Q, K, V)
    check_function(sdpa(**options), Q[0, 0], K[0, 0], V[0, 0])


def test_masks():
    def call(m, q, k, v):
        f = m.nn.functional.scaled_dot_product_attention
        added = m.tensor(draw(3, 5, 6), dtype=q.dtype)
        return [f(q, k, v, m.tensor(ALLOWED)), f(q, k, v, added)]

    check_function(call, Q, K, V)


def test_a_mask_may_be_trained():
    check_function(
        lambda m, q, k, v, mask: m.nn.functional.scaled_dot_product_attention(q, k, v, mask),
        Q, K, V, draw(5, 6),
    )  # fmt: skip


def test_rows_that_see_nothing_are_zeros():
    allowed = ALLOWED.copy()
    allowed[2] = False
    check_function(
        lambda m, q, k, v: m.nn.functional.scaled_dot_product_attention(q, k, v, m.tensor(allowed)),
        Q, K, V,
    )  # fmt: skip


def test_shared_heads():
    check_function(sdpa(enable_gqa=True), draw(2, 6, 5, 4), K, V)


def test_it_is_its_definition():
    q, k, v = (sg.tensor(t) for t in (Q, K, V))
    weights = F.softmax(q @ k.mT / 2, -1)
    np.testing.assert_allclose(
        F.scaled_dot_product_attention(q, k, v).array, (weights @ v).array, rtol=1e-12
    )


def test_dropout():
    sg.manual_seed(0)
    out = F.scaled_dot_product_attention(*(sg.tensor(t) for t in (Q, K, V)), dropout_p=0.5)
    assert not np.allclose(
        out.array, F.scaled_dot_product_attention(*(sg.tensor(t) for t in (Q, K, V))).array
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda m, q, k, v: m.nn.functional.scaled_dot_product_attention(
            q, k, v, m.tensor(ALLOWED), is_causal=True
        ),
        lambda m, q, k, v: m.nn.functional.scaled_dot_product_attention(q, k[..., :3], v),
        lambda m, q, k, v: m.nn.functional.scaled_dot_product_attention(q, k, v[:, :, :5]),
        lambda m, q, k, v: m.nn.functional.scaled_dot_product_attention(q, k.float(), v),
        lambda m, q, k, v: m.nn.functional.scaled_dot_product_attention(
            q, k, v, m.ones(5, 6, dtype=m.int64)
        ),
    ],
)
def test_refusals(call):
    check_error(call, Q, K, V)


def test_a_choice_of_implementation_changes_nothing():
    backends = sg.nn.attention.SDPBackend
    q, k, v = (sg.tensor(t) for t in (Q, K, V))
    expected = F.scaled_dot_product_attention(q, k, v).array
    for choice in (backends.MATH, [backends.FLASH_ATTENTION, backends.MATH]):
        with sg.nn.attention.sdpa_kernel(choice):
            found = F.scaled_dot_product_attention(q, k, v).array
        np.testing.assert_array_equal(found, expected)
    with pytest.raises(AssertionError), sg.nn.attention.sdpa_kernel(["math"]):
        pass


def test_the_result_has_the_querys_layout(torch):
    options = {
        "plain": {},
        "causal": {"is_causal": True},
        "mask": {"attn_mask": np.ones((8, 8), bool)},
        "dropout": {"dropout_p": 0.5},
    }
    for given in options.values():
        strides = []
        for library in (torch, sg):
            x = library.ones(2, 8, 36)
            kwargs = dict(given)
            if "attn_mask" in kwargs:
                kwargs["attn_mask"] = library.tensor(kwargs["attn_mask"])
            q, k, v = (t.view(2, 8, 3, 4).transpose(1, 2) for t in x.split(12, 2))
            attend = library.nn.functional.scaled_dot_product_attention
            outs = [attend(q, k, v, **kwargs), attend(q.contiguous(), k, v, **kwargs)]
            strides.append([out.stride() for out in outs])
        assert strides[0] == strides[1]
    q = sg.randn(2, 8, 3, 4, requires_grad=True)
    heads = q.transpose(1, 2)
    joined = sg.nn.functional.scaled_dot_product_attention(heads, heads, heads)
    joined.transpose(1, 2).view(2, 8, 12).sum().backward()
    assert q.grad.shape == q.shape


@pytest.mark.filterwarnings("ignore:Lower right causal bias")
@pytest.mark.parametrize("name", ["causal_upper_left", "causal_lower_right"])
@pytest.mark.parametrize("size", [(2, 5), (5, 5), (5, 3)])
def test_causal_masks_by_name(torch, name, size):
    found = []
    for library in (torch, sg):
        room = importlib.import_module(f"{library.__name__}.nn.attention.bias")
        bias = getattr(room, name)(*size)
        assert isinstance(bias, library.Tensor)
        assert (bias.seq_len_q, bias.seq_len_kv) == size
        query, keys = (library.arange(4.0 * n).reshape(1, 1, n, 4) / 10 for n in size)
        attend = library.nn.functional.scaled_dot_product_attention
        found.append(attend(query, keys, keys + 1, bias).numpy())
    assert np.allclose(*found, atol=1e-6, equal_nan=True)
