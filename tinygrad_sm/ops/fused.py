"""Operations fused for speed, each beside its definition in terms of others."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..primitive import primitive
from ..tape import wrap
from .elementwise import rsqrt
from .kernels import matrix_product, row_sums, softmax_rows
from .softmax import log_softmax


def _linear(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    out: np.ndarray = matrix_product(x, weight.T)
    out += bias
    return out


def flat_product(g: Any, x: Any) -> Any:
    """``g^T x`` over all leading dimensions: the gradient of a weight (out, in)."""
    if len(g.shape) != 2:
        rows = math.prod(g.shape[:-1])
        g, x = g.reshape(rows, g.shape[-1]), x.reshape(rows, x.shape[-1])
    return np.matmul(g.T, x)


linear = primitive(
    _linear,
    "``x weight^T + bias``: rows of features (..., in) to (..., out).",
    name="addmm",
    linear=("x+bias", "weight+bias"),
    x=lambda g, weight: matrix_product(g, weight),
    weight=lambda g, x: flat_product(g, x),
    bias=lambda g: g,
)

# --- layer normalization (Ba, Kiros and Hinton, 2016) ---------------------------------------------


def _mean(x: Any) -> Any:
    if type(x) is np.ndarray and x.shape[-1]:
        return row_sums(x) / x.shape[-1]
    return np.sum(x, axis=-1, keepdims=True) / x.shape[-1]


def layer_norm_definition(x: Any, weight: Any, bias: Any, eps: float) -> Any:
    """``(x - mean) / sqrt(var + eps) * weight + bias`` over the last dimension."""
    centred = x - _mean(x)
    return centred * rsqrt(_mean(centred * centred) + eps) * weight + bias


def _layer_norm(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float) -> Any:
    hat = x - _mean(x)
    variance = np.einsum("...i,...i->...", hat, hat)[..., None] / x.shape[-1]
    scale = (1 / np.sqrt(variance + eps)).astype(x.dtype)
    hat *= scale
    out = hat * weight
    out += bias
    return out, hat, scale


def _layer_norm_rule(g: Any, weight: Any, hat: Any, scale: Any) -> Any:
    h = g * weight
    return scale * (h - _mean(h) - hat * _mean(h * hat))


layer_norm = primitive(
    _layer_norm,
    name="native_layer_norm",
    residuals=("hat", "scale"),
    definition=layer_norm_definition,
    x=_layer_norm_rule,
    weight=lambda g, hat: g * hat,
    bias=lambda g: g,
)

# --- cross-entropy of indices ----------------------------------------------------------------------


def cross_entropy_definition(logits: Any, rows: Any, target: Any, scale: Any) -> Any:
    """``-sum(scale * log_softmax(logits)[rows, target])``: a scale a row, or one for all."""
    return -(log_softmax(logits, -1)[rows, target] * wrap(scale)).sum()


def _cross_entropy(logits: np.ndarray, rows: Any, target: Any, scale: Any) -> Any:
    probabilities, top, total = softmax_rows(logits)
    weighted = (logits[rows, target] - top[:, 0] - np.log(total[:, 0])) * scale
    if scale.ndim:
        weighted = np.where(scale == 0, 0, weighted).astype(logits.dtype)
    return -np.add.reduce(weighted), probabilities


def _cross_entropy_rule(g: Any, rows: Any, target: Any, scale: Any, probabilities: Any) -> Any:
    """``yhat - y``, row by row: the line that the whole lesson of softmax regression leads to."""
    weights = (g * scale).astype(probabilities.dtype)
    out = probabilities * weights.reshape(-1, 1)
    out[rows, target] -= weights
    return out


cross_entropy = primitive(
    _cross_entropy,
    name="nll_loss",
    residuals=("probabilities",),
    definition=cross_entropy_definition,
    logits=_cross_entropy_rule,
)
