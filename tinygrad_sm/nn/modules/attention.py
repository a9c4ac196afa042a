"""Attention by several heads as a layer."""

from __future__ import annotations

from typing import Any

from ...ops.creation import empty
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .linear import NonDynamicallyQuantizableLinear
from .module import Module


class MultiheadAttention(Module):
    """Attention by several heads, each of which sees projections of its own.

    Vaswani et al., 2017, section 3.2.2.

    Args:
        embed_dim: width E of queries and results.
        num_heads: the number of heads, which divides E.
        dropout: the dropped share of the weights in training.
        bias: whether the projections have biases.
        add_bias_kv: whether a learned key and value stand behind all others.
        add_zero_attn: whether a key and a value of zeros stand behind all others.
        kdim: width of the keys; E by default.
        vdim: width of the values; E by default.
        batch_first: whether inputs are (N, L, E) instead of (L, N, E).
        device: the CPU.
        dtype: of the parameters; float32 by default.

    Raises:
        ValueError: for sizes that are not positive.
        AssertionError: if the heads do not divide E, as in PyTorch.

    >>> import tinygrad_sm as sg
    >>> attention = sg.nn.MultiheadAttention(16, 4, batch_first=True)
    >>> x = sg.randn(2, 5, 16)
    >>> out, weights = attention(x, x, x)
    >>> out.shape, weights.shape
    (tinygrad_sm.Size([2, 5, 16]), tinygrad_sm.Size([2, 5, 5]))
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and "
                f"num_heads={num_heads} instead"
            )
        super().__init__()
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == self.vdim == embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        if embed_dim % num_heads:
            raise AssertionError(
                f"embed_dim must be divisible by num_heads, got {embed_dim} and {num_heads}"
            )
        made: dict[str, Any] = {"device": device, "dtype": dtype}
        separate = None if self._qkv_same_embed_dim else (embed_dim, self.kdim, self.vdim)
        for i, name in enumerate(("q_proj_weight", "k_proj_weight", "v_proj_weight")):
            weight = Parameter(empty(embed_dim, separate[i], **made)) if separate else None
            self.register_parameter(name, weight)
        together = None if separate else Parameter(empty(3 * embed_dim, embed_dim, **made))
        self.register_parameter("in_proj_weight", together)
        self.register_parameter(
            "in_proj_bias", Parameter(empty(3 * embed_dim, **made)) if bias else None
        )
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, **made)
        for name in ("bias_k", "bias_v"):
            extra = Parameter(empty(1, 1, embed_dim, **made)) if add_bias_kv else None
            self.register_parameter(name, extra)
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for weight in (
            self.in_proj_weight,
            self.q_proj_weight,
            self.k_proj_weight,
            self.v_proj_weight,
        ):
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        for extra in (self.bias_k, self.bias_v):
            if extra is not None:
                init.xavier_normal_(extra)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """The mixed values, and how they were mixed.

        Args:
            query: (L, N, E), or (N, L, E) with ``batch_first``, or (L, E).
            key: (S, N, kdim) or as above.
            value: (S, N, vdim) or as above.
            key_padding_mask: (N, S) or (S,): True, or -inf, for keys that are left out.
            need_weights: whether to return the weights.
            attn_mask: (L, S) or (N heads, L, S): True for what is left out, or added to scores.
            average_attn_weights: whether the weights are the mean over the heads.
            is_causal: that ``attn_mask`` is the causal one; a hint.

        Returns:
            (L, N, E) or as above, and the weights (N, L, S), (N, heads, L, S) or ``None``.
        """
        if query.array.ndim not in (2, 3):
            raise AssertionError(
                f"MultiheadAttention: query should be unbatched 2D or batched 3D but received "
                f"{query.array.ndim}-D query tensor"
            )
        swapped = self.batch_first and query.array.ndim == 3
        if swapped:  # one tensor stays one, so that it is projected in one product
            moved = {id(t): t.transpose(0, 1) for t in (query, key, value)}
            query, key, value = (moved[id(t)] for t in (query, key, value))
        out, weights = F.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return (out.transpose(0, 1) if swapped else out), weights
