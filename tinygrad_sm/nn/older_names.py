"""Layers and losses as PyTorch's top level spells them: every argument given, in an older order.

``torch.batch_norm`` and ``torch.lstm`` are what ``nn.functional`` and ``nn`` call there; here they
call these. Where a reduction is a number, 0 is ``"none"``, 1 ``"mean"`` and 2 ``"sum"``; left out,
it is 0 here, as there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..out import public as _public
from ..tensor import Tensor
from . import functional as F
from .modules.module import Module
from .modules.rnn import GRU, LSTM, RNN, RNNBase
from .modules.rnn_cell import GRUCell, LSTMCell, RNNCell
from .packing import PackedSequence

_REDUCTIONS = ("none", "mean", "sum")

# --- normalization --------------------------------------------------------------------------------


def batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = False,
) -> Tensor:
    """``nn.functional.batch_norm``."""
    return F.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


def instance_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = False,
) -> Tensor:
    """``nn.functional.instance_norm``."""
    return F.instance_norm(
        input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps
    )


def norm_except_dim(v: Tensor, pow: int = 2, dim: int = 0) -> Tensor:
    """The norm over all dimensions but one, which stay at size 1; over all of them for dim -1."""
    if dim == -1:
        return v.norm(pow)
    return v.norm(pow, tuple(i for i in range(v.ndim) if i != dim), keepdim=True)


# --- dropout, embedding ----------------------------------------------------------------------------


def alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """``nn.functional.alpha_dropout``."""
    return F.alpha_dropout(input, p, train)


def feature_alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """``nn.functional.feature_alpha_dropout``."""
    return F.feature_alpha_dropout(input, p, train)


def feature_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Dropout of whole channels, for any number of dimensions from 2."""
    if not train or p == 0:
        return input
    shape = (*input.shape[:2], *[1] * (input.ndim - 2))
    return input * F.dropout(input.new_ones(shape), p)


def dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """``nn.functional.dropout``, in place."""
    return F.dropout(input, p, train, inplace=True)


def embedding(
    weight: Tensor,
    indices: Tensor,
    padding_idx: int = -1,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """``nn.functional.embedding``; a padding_idx of -1 is none."""
    padding = None if padding_idx < 0 else padding_idx
    return F.embedding(
        indices, weight, padding, scale_grad_by_freq=scale_grad_by_freq, sparse=sparse
    )


# --- convolution -----------------------------------------------------------------------------------


def convolution(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
) -> Tensor:
    """The convolution, plain or transposed, of as many dimensions as the stride has."""
    n = weight.ndim - 2
    if transposed:
        turned = getattr(F, f"conv_transpose{n}d")
        return turned(input, weight, bias, stride, padding, output_padding, groups, dilation)
    return getattr(F, f"conv{n}d")(input, weight, bias, stride, padding, dilation, groups)


def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: int = 0) -> Tensor:
    """``nn.functional.conv1d`` of (T, N, C) with a weight of (width, C, C_out)."""
    out = F.conv1d(input.permute(1, 2, 0), weight.permute(2, 1, 0), bias, padding=pad)
    return out.permute(2, 0, 1)


# --- losses, whose reduction is a number ----------------------------------------------------------


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    pos_weight: Tensor | None = None,
    reduction: int = 0,
) -> Tensor:
    """``nn.functional.binary_cross_entropy_with_logits``."""
    return F.binary_cross_entropy_with_logits(
        input, target, weight, reduction=_REDUCTIONS[reduction], pos_weight=pos_weight
    )


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0
) -> Tensor:
    """``nn.functional.cosine_embedding_loss``."""
    return F.cosine_embedding_loss(input1, input2, target, margin, reduction=_REDUCTIONS[reduction])


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: int = 0,
    zero_infinity: bool = False,
) -> Tensor:
    """``nn.functional.ctc_loss``."""
    return F.ctc_loss(
        log_probs,
        targets,
        input_lengths,
        target_lengths,
        blank,
        _REDUCTIONS[reduction],
        zero_infinity,
    )


def hinge_embedding_loss(
    input: Tensor, target: Tensor, margin: float = 1.0, reduction: int = 0
) -> Tensor:
    """``nn.functional.hinge_embedding_loss``."""
    return F.hinge_embedding_loss(input, target, margin, reduction=_REDUCTIONS[reduction])


def kl_div(
    input: Tensor, target: Tensor, reduction: int = 0, *, log_target: bool = False
) -> Tensor:
    """``nn.functional.kl_div``."""
    return F.kl_div(input, target, reduction=_REDUCTIONS[reduction], log_target=log_target)


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0
) -> Tensor:
    """``nn.functional.margin_ranking_loss``."""
    return F.margin_ranking_loss(input1, input2, target, margin, reduction=_REDUCTIONS[reduction])


def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: bool, full: bool, eps: float, reduction: int
) -> Tensor:
    """``nn.functional.poisson_nll_loss``."""
    return F.poisson_nll_loss(
        input, target, log_input, full, eps=eps, reduction=_REDUCTIONS[reduction]
    )


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: int = 0,
) -> Tensor:
    """``nn.functional.triplet_margin_loss``."""
    return F.triplet_margin_loss(
        anchor, positive, negative, margin, p, eps, swap, reduction=_REDUCTIONS[reduction]
    )


# --- recurrent layers -----------------------------------------------------------------------------


def _bare(kind: type[Any], **attributes: Any) -> Any:
    """A module with attributes in the place of parameters: none are drawn."""
    made: Any = object.__new__(kind)
    Module.__init__(made)
    made.__dict__.update(attributes)
    return made


def _recurrent(kind: type[RNNBase], mode: str) -> Callable[..., Any]:
    """The layer as a function of (input, state, parameters) or (data, batch_sizes, state, ...)."""

    def layer(input: Tensor, *args: Any, batch_first: bool = False) -> Any:
        packed = isinstance(args[1], Tensor | tuple | list) and not isinstance(args[2], bool)
        sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional = (
            args[:8] if packed else (None, *args[:7])
        )
        batch_first = batch_first if packed or len(args) < 8 else args[7]
        places = num_layers * (2 if bidirectional else 1)
        count = len(params) // places
        hidden = params[1].shape[0] // {"LSTM": 4, "GRU": 3}.get(mode, 1)
        width = params[1].shape[1]
        names = [[f"{place}.{i}" for i in range(count)] for place in range(places)]
        weights = dict(zip((name for row in names for name in row), params, strict=True))
        made = _bare(
            kind,
            mode=mode,
            input_size=params[0].shape[1],
            hidden_size=hidden,
            num_layers=num_layers,
            bias=has_biases,
            batch_first=batch_first,
            dropout=float(dropout),
            bidirectional=bidirectional,
            proj_size=0 if width == hidden else width,
            _all_weights=names,
            weight_ih_l0=params[0],
            **weights,
        )
        made.training = train
        state = tuple(hx) if mode == "LSTM" else hx
        given = input if sizes is None else PackedSequence(input, sizes)
        out, last = made(given, state)
        ends = last if mode == "LSTM" else (last,)
        return (out if sizes is None else out.data, *ends)

    layer.__name__ = layer.__qualname__ = mode.lower()
    layer.__doc__ = f"""``nn.{kind.__name__}`` with the given parameters: its result and last state.

    Called with (input, hx, params, has_biases, num_layers, dropout, train, bidirectional,
    batch_first), or with (data, batch_sizes, hx, params, has_biases, num_layers, dropout, train,
    bidirectional) of a packed sequence.
    """
    return layer


lstm = _recurrent(LSTM, "LSTM")
gru = _recurrent(GRU, "GRU")
rnn_tanh = _recurrent(RNN, "RNN_TANH")
rnn_relu = _recurrent(RNN, "RNN_RELU")


def _cell(name: str, kind: type[Any], **options: Any) -> Callable[..., Any]:
    def cell(
        input: Tensor,
        hx: Any,
        w_ih: Tensor,
        w_hh: Tensor,
        b_ih: Tensor | None = None,
        b_hh: Tensor | None = None,
    ) -> Any:
        made = _bare(
            kind,
            input_size=w_ih.shape[1],
            hidden_size=w_hh.shape[1],
            bias=b_ih is not None,
            weight_ih=w_ih,
            weight_hh=w_hh,
            bias_ih=b_ih,
            bias_hh=b_hh,
            **options,
        )
        return made(input, tuple(hx) if kind is LSTMCell else hx)

    cell.__name__ = cell.__qualname__ = name
    cell.__doc__ = f"``nn.{kind.__name__}`` with the given parameters."
    return cell


lstm_cell = _cell("lstm_cell", LSTMCell)
gru_cell = _cell("gru_cell", GRUCell)
rnn_tanh_cell = _cell("rnn_tanh_cell", RNNCell, nonlinearity="tanh")
rnn_relu_cell = _cell("rnn_relu_cell", RNNCell, nonlinearity="relu")

_public(globals())
