"""Layers and losses as functions, with PyTorch's names, signatures and defaults."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ops import activation, convolution, elementwise, fused, shape
from ..ops.elementwise import sigmoid, tanh, where
from ..ops.indexing import getitem
from ..ops.linear_algebra import matmul
from ..ops.random import default_generator, sample
from ..ops.softmax import log_softmax as _log_softmax
from ..ops.softmax import softmax as _softmax
from ..tape import no_grad, values_of, wrap, written
from ..tensor import Tensor

__all__ = [
    "adaptive_avg_pool2d", "avg_pool2d", "batch_norm", "binary_cross_entropy",
    "binary_cross_entropy_with_logits", "conv2d", "cross_entropy", "dropout", "elu", "embedding",
    "gelu", "l1_loss", "layer_norm", "leaky_relu", "linear", "log_softmax", "logsigmoid",
    "max_pool2d", "mse_loss", "nll_loss", "one_hot", "pad", "relu", "rms_norm",
    "scaled_dot_product_attention", "sigmoid", "silu", "softmax", "softplus", "tanh",
]  # fmt: skip

# --- linear layers and activations ------------------------------------------------------------------


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``input weight^T + bias``.

    Args:
        input: (..., in_features).
        weight: (out_features, in_features), or (in_features,).
        bias: (out_features,) or ``None``.

    Raises:
        RuntimeError: if features or dtypes differ.
    """
    x, w = input.array, weight.array
    if not x.ndim or x.shape[-1] != w.shape[-1]:
        raise RuntimeError(
            f"linear: the input has shape {x.shape}, but the weight {w.shape} expects "
            f"{w.shape[-1]} features in the last dimension: flatten the input, or change "
            "in_features"
        )
    if x.dtype != w.dtype:
        raise RuntimeError(
            f"linear: expected input and weight of one dtype, but got {input.dtype} and "
            f"{weight.dtype}: convert the input with .to(weight.dtype)"
        )
    if bias is not None and w.ndim == 2 and bias.array.shape == w.shape[:1]:
        return fused.linear(input, weight, bias)
    out = matmul(input, weight.t())
    return out if bias is None else out + bias


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """The positive part."""
    return input.relu_() if inplace else elementwise.relu(input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """``x`` where positive, else ``negative_slope * x``."""
    return activation.leaky_relu(input, negative_slope)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """``x Phi(x)``; ``approximate="tanh"`` for the faster form.

    Raises:
        RuntimeError: for another ``approximate``.
    """
    if approximate not in ("none", "tanh"):
        raise RuntimeError(f"gelu: approximate must be 'none' or 'tanh', not {approximate!r}")
    return activation.gelu_tanh(input) if approximate == "tanh" else activation.gelu(input)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """``x sigmoid(x)``, also known as swish."""
    return activation.silu(input)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """``x`` where positive, else ``alpha (exp(x) - 1)`` (Clevert et al., 2015)."""
    return activation.elu(input, alpha)


def softplus(input: Tensor, beta: float = 1, threshold: float = 20) -> Tensor:
    """``log(1 + exp(beta x)) / beta``, and ``x`` itself where ``beta x > threshold``."""
    return activation.softplus(input, beta, threshold)


def logsigmoid(input: Tensor) -> Tensor:
    """``log(sigmoid(x))``, finite everywhere."""
    return -activation.softplus(-input, 1, math.inf)


def softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """Softmax along ``dim``; see ``tinygrad_sm.softmax``."""
    return _softmax(input, _implicit(input) if dim is None else dim, dtype)


def log_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """The logarithm of softmax along ``dim``."""
    return _log_softmax(input, _implicit(input) if dim is None else dim, dtype)


def _implicit(input: Tensor) -> int:
    return 0 if input.array.ndim in (0, 1, 3) else 1


# --- losses -------------------------------------------------------------------------------------------


def _reduce(name: str, loss: Any, reduction_: str) -> Tensor:
    if reduction_ == "none":
        return loss
    if reduction_ == "mean":
        return loss.mean()
    if reduction_ == "sum":
        return loss.sum()
    raise ValueError(f"{name}: {reduction_} is not a valid value for reduction")


def _classes_last(name: str, input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Scores as (rows, classes) and labels as (rows,), from (n, classes, d1, ...) and (n, d1, ...)."""
    shape_, labels = input.array.shape, target.array.shape
    expected = shape_[:1] + shape_[2:] if len(shape_) > 1 else ()
    if not shape_ or labels != expected:
        raise ValueError(
            f"{name}: scores of shape {shape_} need labels of shape {expected}, not {labels}: "
            "scores are (N, classes, ...), labels (N, ...)"
        )
    if len(shape_) == 1:
        return input.unsqueeze(0), target.reshape(1)
    if len(shape_) > 2:
        order = (0, *range(2, len(shape_)), 1)
        return input.permute(*order).reshape(-1, shape_[1]), target.reshape(-1)
    return input, target


def _check_labels(name: str, labels: np.ndarray, classes: int, ignore_index: int) -> np.ndarray:
    """Which labels count.

    Raises:
        IndexError: for a label that is no class, naming its row.
    """
    if labels.dtype.kind not in "iu":
        raise RuntimeError(f"{name}: expected int64 labels, not {labels.dtype}: use .long()")
    kept = labels != ignore_index
    bad = kept & ((labels < 0) | (labels >= classes))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise IndexError(
            f"{name}: Target {labels[row]} is out of bounds: row {row} has it, but there are "
            f"{classes} classes (0 to {classes - 1})"
        )
    return kept


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """``-log softmax(input)`` at the right class: the loss of softmax regression.

    Args:
        input: scores (N, C), (C,) or (N, C, d1, ...), before any softmax.
        target: labels (N,), (), (N, d1, ...) as int64; or probabilities in the input's shape.
        weight: a factor for each class, (C,).
        size_average: ignored.
        ignore_index: a label that is left out.
        reduce: ignored.
        reduction: ``"mean"`` (over the weights of the labels), ``"sum"`` or ``"none"``.
        label_smoothing: how much of the target is spread evenly over all classes.

    Raises:
        ValueError: if shapes do not fit.
        IndexError: for a label out of range, naming label and row.
    """
    if target.array.dtype.kind == "f":
        return _soft_cross_entropy(input, target, weight, reduction, label_smoothing)
    if label_smoothing or reduction != "mean":
        log_p = _log_softmax(input, 1 if input.array.ndim > 1 else 0)
        hard = nll_loss(log_p, target, weight, None, ignore_index, None, reduction)
        if not label_smoothing:
            return hard
        smooth = _smooth_loss(log_p, target, weight, ignore_index, reduction)
        return hard * (1 - label_smoothing) + smooth * (label_smoothing / _classes(input))
    if target.level:  # under vmap, labels differ by sample
        return nll_loss(
            _log_softmax(input, 1 if input.array.ndim > 1 else 0),
            target,
            weight,
            None,
            ignore_index,
        )
    scores, labels = _classes_last("cross_entropy", input, target)
    classes = scores.array.shape[1]
    kept = _check_labels("cross_entropy", labels.array, classes, ignore_index)
    safe = np.where(kept, labels.array, 0)
    scale = kept.astype(scores.array.dtype)
    if weight is not None:
        scale = scale * weight.array[safe]
    with np.errstate(invalid="ignore", divide="ignore"):
        total = scale.sum()
        if not total:
            return scores.sum() * 0.0 + math.nan
        return fused.cross_entropy(scores, np.arange(len(safe)), safe, scale / total)


def _classes(input: Tensor) -> int:
    return input.array.shape[1 if input.array.ndim > 1 else 0]


def _soft_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None, reduction_: str, smoothing: float
) -> Tensor:
    if input.array.shape != target.array.shape:
        raise ValueError(
            f"cross_entropy: probabilities need the scores' shape {input.array.shape}, not "
            f"{target.array.shape}"
        )
    axis = 1 if input.array.ndim > 1 else 0
    if smoothing:
        target = target * (1 - smoothing) + smoothing / _classes(input)
    log_p = _log_softmax(input, axis)
    if weight is not None:
        log_p = log_p * weight.reshape(-1, *(1,) * (input.array.ndim - 1 - axis))
    loss = -(log_p * target).sum(axis)
    if reduction_ == "mean":
        return loss.sum() / max(loss.array.size, 1)
    return _reduce("cross_entropy", loss, reduction_)


def _smooth_loss(
    log_p: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction_: str
) -> Tensor:
    scores, labels = _classes_last("cross_entropy", log_p, target)
    kept = labels.array != ignore_index
    weighted = scores if weight is None else scores * weight
    loss = -weighted.sum(1) * wrap(kept.astype(scores.array.dtype))
    if reduction_ == "none":
        return loss.reshape(target.array.shape)
    if reduction_ == "sum":
        return loss.sum()
    safe = np.where(kept, labels.array, 0)
    counts = kept if weight is None else kept * weight.array[safe]
    return loss.sum() / float(counts.sum())


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """Minus the log-probability of the right class; arguments as ``cross_entropy``'s."""
    scores, labels = _classes_last("nll_loss", input, target)
    kept = _check_labels("nll_loss", values_of(labels), scores.array.shape[1], ignore_index)
    if target.level:
        return _nll_of_batch(scores, labels, weight, ignore_index, reduction)
    safe = np.where(kept, labels.array, 0)
    scale = kept.astype(scores.array.dtype)
    if weight is not None:
        scale = scale * weight.array[safe]
    picked = getitem(scores, (np.arange(len(safe)), safe))
    loss = where(wrap(kept), -picked * wrap(scale), 0.0)
    if reduction == "none":
        return loss.reshape(target.array.shape)
    if reduction == "sum":
        return loss.sum()
    if reduction != "mean":
        raise ValueError(f"nll_loss: {reduction} is not a valid value for reduction")
    total = float(scale.sum())
    return loss.sum() / total if total else loss.sum() * 0.0 + math.nan


def _nll_of_batch(
    scores: Tensor, labels: Tensor, weight: Tensor | None, ignore_index: int, reduction: str
) -> Tensor:
    """``nll_loss`` by operations alone, for labels that differ by sample under ``vmap``."""
    kept = labels != ignore_index
    safe = where(kept, labels, 0)
    factor = kept.to(scores.dtype)
    if weight is not None:
        factor = factor * weight[safe]
    loss = -scores.gather(1, safe.unsqueeze(1)).squeeze(1) * factor
    if reduction == "mean":
        return loss.sum() / factor.sum()
    return _reduce("nll_loss", loss, reduction)


def _pair_loss(name: str, input: Tensor, target: Tensor) -> None:
    try:
        np.broadcast_shapes(input.array.shape, target.array.shape)
    except ValueError:
        raise RuntimeError(
            f"{name}: shapes {input.array.shape} and {target.array.shape} do not broadcast: the "
            "target should have the input's shape"
        ) from None


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean of squared differences."""
    _pair_loss("mse_loss", input, target)
    return _reduce("mse_loss", (input - target).square(), reduction)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean of absolute differences."""
    _pair_loss("l1_loss", input, target)
    return _reduce("l1_loss", (input - target).abs(), reduction)


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """``-(y log p + (1 - y) log(1 - p))`` of probabilities, logarithms cut off at -100.

    Raises:
        ValueError: if shapes differ.
        RuntimeError: for a probability outside [0, 1].
    """
    _same_shape("binary_cross_entropy", input, target)
    if np.any((input.array < 0) | (input.array > 1)):
        raise RuntimeError(
            "binary_cross_entropy: all elements of input should be between 0 and 1: pass "
            "probabilities, or use binary_cross_entropy_with_logits"
        )
    with np.errstate(divide="ignore"):
        log_p, log_q = input.log().clamp(min=-100), (1 - input).log().clamp(min=-100)
    loss = -(target * log_p + (1 - target) * log_q)
    return _reduce("binary_cross_entropy", loss if weight is None else loss * weight, reduction)


def _same_shape(name: str, input: Tensor, target: Tensor) -> None:
    if input.array.shape != target.array.shape:
        raise ValueError(
            f"{name}: the target has shape {target.array.shape}, the input {input.array.shape}: "
            "they must be equal (a squeeze() is often missing)"
        )


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Binary cross-entropy of scores, before any sigmoid; finite everywhere."""
    _same_shape("binary_cross_entropy_with_logits", input, target)
    miss = activation.softplus(-input, 1, math.inf)
    factor = 1.0 if pos_weight is None else (pos_weight - 1) * target + 1
    loss = (1 - target) * input + miss * factor
    return _reduce(
        "binary_cross_entropy_with_logits", loss if weight is None else loss * weight, reduction
    )


# --- normalization ---------------------------------------------------------------------------------


def _check_normalized(name: str, input: Tensor, normalized_shape: Sequence[int]) -> tuple[int, ...]:
    tail = tuple(normalized_shape)
    if not tail or input.array.shape[-len(tail) :] != tail:
        raise RuntimeError(
            f"{name}: normalized_shape={list(tail)} expects an input of shape [*, "
            f"{', '.join(map(str, tail))}], but got {input.array.shape}"
        )
    return tail


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Each sample brought to mean 0 and variance 1 over its last dimensions, then scaled.

    Ba, Kiros and Hinton, 2016.
    """
    tail = _check_normalized("layer_norm", input, normalized_shape)
    kind = input.array.dtype
    if weight is None:
        weight = wrap(np.ones(tail, kind))
    if bias is None:
        bias = wrap(np.zeros(tail, kind))
    if len(tail) == 1:
        return fused.layer_norm(input, weight, bias, eps)
    flat = input.reshape(*input.array.shape[: -len(tail)], -1)
    out = fused.layer_norm(flat, weight.reshape(-1), bias.reshape(-1), eps)
    return out.reshape(input.array.shape)


def rms_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """Each sample divided by its root mean square, then scaled (Zhang and Sennrich, 2019)."""
    tail = _check_normalized("rms_norm", input, normalized_shape)
    eps = float(np.finfo(input.array.dtype).eps) if eps is None else eps
    axes = tuple(range(-len(tail), 0))
    out = input * ((input * input).mean(axes, keepdim=True) + eps).rsqrt()
    return out if weight is None else out * weight


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Each channel brought to mean 0 and variance 1 over the batch (Ioffe and Szegedy, 2015).

    In training the batch's own statistics are used and, without a graph, mixed into the running
    ones (the variance unbiased there).

    Raises:
        ValueError: in training with one value a channel, which has no variance.
    """
    ndim = input.array.ndim
    axes = (0, *range(2, ndim))
    shape_ = (1, -1, *(1,) * (ndim - 2))
    if training or running_mean is None:
        count = input.array.size // max(input.array.shape[1], 1)
        if training and count == 1:
            raise ValueError(
                "batch_norm: expected more than 1 value per channel when training, got input size "
                f"{input.array.shape}"
            )
        mean = input.mean(axes, keepdim=True)
        centred = input - mean
        var = (centred * centred).mean(axes, keepdim=True)
        if running_mean is not None and running_var is not None:
            _mix(running_mean, mean.array.reshape(-1), momentum)
            _mix(running_var, var.array.reshape(-1) * (count / (count - 1)), momentum)
    else:
        assert running_var is not None
        centred = input - running_mean.reshape(shape_)
        var = running_var.reshape(shape_)
    scale = (var + eps).rsqrt()
    out = centred * (scale if weight is None else scale * weight.reshape(shape_))
    return out if bias is None else out + bias.reshape(shape_)


def _mix(running: Tensor, new: np.ndarray, momentum: float) -> None:
    with no_grad():
        running.array[...] = (1 - momentum) * running.array + momentum * new
        written(running)


# --- embedding, dropout, one-hot -------------------------------------------------------------------


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Rows of ``weight`` (entries, width) by index: (...) to (..., width).

    Raises:
        IndexError: for an index that is no row, naming it.
    """
    index = values_of(input)
    if index.dtype.kind not in "iu":
        raise RuntimeError(f"embedding: expected int indices, not {index.dtype}: use .long()")
    rows = weight.array.shape[0]
    bad = (index < 0) | (index >= rows)
    if bad.any():
        raise IndexError(
            f"embedding: index {index[bad].flat[0]} is out of range: there are {rows} rows"
        )
    if max_norm is not None or scale_grad_by_freq:
        raise NotImplementedError("embedding: max_norm and scale_grad_by_freq are not implemented")
    out = getitem(weight, input)
    if padding_idx is None:
        return out
    frozen = (input == padding_idx % rows).unsqueeze(-1)
    return where(frozen, out.detach(), out)


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """In training, zero with probability ``p`` and scale the rest by ``1 / (1 - p)``.

    Srivastava et al., 2014.

    Raises:
        ValueError: for a probability outside [0, 1].
    """
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0:
        return input
    kind = input.array.dtype

    def draw(sizes: tuple[int, ...]) -> np.ndarray:
        draws = default_generator.uniform(math.prod(sizes), np.dtype(np.float32))
        mask = (draws >= p).astype(kind).reshape(sizes)
        if p < 1:
            mask *= kind.type(1 / (1 - p))
        return mask

    return input * sample(draw, tuple(input.array.shape))


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Labels (...) as int64 rows (..., classes) with a single 1.

    Raises:
        RuntimeError: for a negative label, or one not smaller than ``num_classes``.
    """
    labels = values_of(tensor)
    if labels.dtype != np.int64:
        raise RuntimeError(f"one_hot: expected int64 labels, not {labels.dtype}: use .long()")
    if labels.size == 0 and num_classes <= 0:
        raise RuntimeError("one_hot: cannot infer the number of classes from no labels")
    classes = int(labels.max()) + 1 if num_classes == -1 else num_classes
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        raise RuntimeError(
            f"one_hot: class values must be in [0, {classes}), but they reach from "
            f"{labels.min()} to {labels.max()}"
        )
    return (tensor.unsqueeze(-1) == np.arange(classes)).long()


# --- convolution, pooling, padding --------------------------------------------------------------------


def _two(value: Any) -> tuple[int, int]:
    if isinstance(value, int):
        return value, value
    values = tuple(int(v) for v in value)
    return values if len(values) == 2 else (values[0], values[0])  # type: ignore[return-value]


def _images(name: str, input: Tensor) -> Tensor:
    if input.array.ndim not in (3, 4):
        raise RuntimeError(
            f"{name}: expected images (N, C, H, W) or (C, H, W), but got shape {input.array.shape}"
        )
    return input if input.array.ndim == 4 else input.unsqueeze(0)


def _check_fit(name: str, input: Tensor, kernel: Any, pad: Any, dilation: Any = (1, 1)) -> None:
    for i in (0, 1):
        size = input.array.shape[2 + i] + pad[i][0] + pad[i][1]
        reach = dilation[i] * (kernel[i] - 1) + 1
        if reach > size:
            raise RuntimeError(
                f"{name}: calculated output size is too small: the padded input has size {size} "
                f"in dimension {2 + i}, but the kernel reaches over {reach}"
            )


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Images correlated with kernels.

    Args:
        input: (N, C, H, W) or (C, H, W).
        weight: (out, C / groups, kh, kw).
        bias: (out,) or ``None``.
        stride: step of the window, one number or two.
        padding: zeros around the images: one number, two, ``"same"`` or ``"valid"``.
        dilation: distance between the kernel's pixels.
        groups: channels are cut into so many groups that do not mix.

    Raises:
        RuntimeError: if channels, sizes or dtypes do not fit.
    """
    x = _images("conv2d", input)
    out_channels, per_group, *kernel = weight.array.shape
    if x.array.shape[1] != per_group * groups or out_channels % groups:
        raise RuntimeError(
            f"conv2d: given groups={groups} and weight of size {weight.array.shape}, expected "
            f"input of shape {input.array.shape} to have {per_group * groups} channels, but got "
            f"{x.array.shape[1]} channels instead"
        )
    if x.array.dtype != weight.array.dtype:
        raise RuntimeError(
            f"conv2d: input is {input.dtype}, weight is {weight.dtype}: convert one with .to(...)"
        )
    steps, gaps = _two(stride), _two(dilation)
    pad = _conv_padding(padding, kernel, steps, gaps)
    _check_fit("conv2d", x, kernel, pad, gaps)
    out = convolution.conv2d(x, weight, steps, pad, gaps, groups)
    if bias is not None:
        out = out + bias.reshape(1, -1, 1, 1)
    return out if input.array.ndim == 4 else out.squeeze(0)


def _conv_padding(padding: Any, kernel: Any, stride: Any, dilation: Any) -> Any:
    if padding == "valid":
        return ((0, 0), (0, 0))
    if padding == "same":
        if stride != (1, 1):
            raise RuntimeError("conv2d: padding='same' is not supported for strided convolutions")
        totals = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        return tuple((t // 2, t - t // 2) for t in totals)
    return tuple((p, p) for p in _two(padding))


def max_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest pixel of each window; a tie goes to the first.

    Raises:
        RuntimeError: if the padding is more than half the kernel, or the kernel larger than the
            image.
    """
    x = _images("max_pool2d", input)
    kernel, gaps = _two(kernel_size), _two(dilation)
    steps = kernel if stride is None else _two(stride)
    pad = _pool_padding("max_pool2d", x, kernel, steps, padding, ceil_mode, gaps)
    out = convolution.max_pool(x, kernel, steps, pad, gaps)
    out = out if input.array.ndim == 4 else out.squeeze(0)
    if not return_indices:
        return out
    places = wrap(convolution.max_pool_places(x.array, kernel, steps, pad, gaps))
    return out, places.reshape(out.array.shape)


def _pool_padding(
    name: str,
    x: Tensor,
    kernel: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    gaps: Any = (1, 1),
) -> Any:
    pads = _two(padding)
    if any(p > k // 2 for p, k in zip(pads, kernel, strict=True)):
        raise RuntimeError(
            f"{name}: pad should be at most half of effective kernel size, but got pad={pads} and "
            f"kernel_size={kernel}"
        )
    result = []
    for i in (0, 1):
        size, extra = x.array.shape[2 + i], 0
        if ceil_mode:
            free = size + 2 * pads[i] - gaps[i] * (kernel[i] - 1) - 1
            steps = -(-free // stride[i])
            if steps * stride[i] >= size + pads[i]:
                steps -= 1
            extra = max(steps * stride[i] - free, 0)
        result.append((pads[i], pads[i] + extra))
    _check_fit(name, x, kernel, result, gaps)
    return tuple(result)


def avg_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window."""
    x = _images("avg_pool2d", input)
    kernel = _two(kernel_size)
    steps = kernel if stride is None else _two(stride)
    pad = _pool_padding("avg_pool2d", x, kernel, steps, padding, ceil_mode)
    total = convolution.sum_pool(x, kernel, steps, pad)
    count: Any = float(divisor_override or kernel[0] * kernel[1])
    if divisor_override is None and (
        ceil_mode or (not count_include_pad and _two(padding) != (0, 0))
    ):
        count = wrap(_window_sizes(x, kernel, steps, pad, _two(padding), count_include_pad))
    out = total / count
    return out if input.array.ndim == 4 else out.squeeze(0)


def _window_sizes(
    x: Tensor, kernel: Any, stride: Any, pad: Any, own: Any, include: bool
) -> np.ndarray:
    """How many pixels each window counts: not those that ``ceil_mode`` adds beyond the padding."""
    ones = np.ones((1, 1, *x.array.shape[2:]), x.array.dtype)
    if include:
        ones = convolution.padded(ones, tuple((p, p) for p in own), 1.0)
        pad = tuple((0, after - p) for (_, after), p in zip(pad, own, strict=True))
    return convolution.sum_pool(ones, kernel, stride, pad)


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """Means of windows chosen such that the result has ``output_size``."""
    x = _images("adaptive_avg_pool2d", input)
    wanted = (output_size,) * 2 if isinstance(output_size, int) else tuple(output_size)
    sizes = x.array.shape[2:]
    goal = [s if w is None else w for w, s in zip(wanted, sizes, strict=True)]
    if all(s % g == 0 for s, g in zip(sizes, goal, strict=True)):
        out = avg_pool2d(x, tuple(s // g for s, g in zip(sizes, goal, strict=True)))
    else:
        rows, cols = (_bins(s, g) for s, g in zip(sizes, goal, strict=True))
        lines = [
            shape.stack([x[:, :, a:b, c:d].mean((2, 3)) for c, d in cols], -1) for a, b in rows
        ]
        out = shape.stack(lines, -2)
    return out if input.array.ndim == 4 else out.squeeze(0)


def _bins(size: int, count: int) -> list[tuple[int, int]]:
    return [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]


def pad(
    input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> Tensor:
    """More elements around: ``pad`` = (before, after) of the last dimension, then the one before.

    Negative numbers cut off. Modes: ``constant``, ``reflect``, ``replicate``, ``circular``.

    Raises:
        RuntimeError: for an odd count of numbers, or more pairs than dimensions.
        NotImplementedError: for another mode.
    """
    ndim = input.array.ndim
    if len(pad) % 2 or len(pad) // 2 > ndim:
        raise RuntimeError(
            f"pad: expected pairs for at most {ndim} dimensions, but got {tuple(pad)}"
        )
    modes = {"constant": None, "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    if mode not in modes:
        raise NotImplementedError(f"pad: mode {mode!r}; known are {list(modes)}")
    for i in range(len(pad) // 2):
        before, after = int(pad[2 * i]), int(pad[2 * i + 1])
        if before or after:
            input = _pad_axis(input, -1 - i, before, after, modes[mode], value or 0.0)
    return input


def _pad_axis(
    input: Tensor, axis: int, before: int, after: int, mode: str | None, value: float
) -> Tensor:
    size = input.array.shape[axis]
    if mode is None:
        kept = input.narrow(axis, max(-before, 0), size + min(before, 0) + min(after, 0))
        parts = [kept]
        for extra, place in ((before, 0), (after, len(parts))):
            if extra > 0:
                block = list(kept.array.shape)
                block[axis] = extra
                filler = wrap(np.full(block, value, kept.array.dtype))
                parts.insert(0 if place == 0 else len(parts), filler)
        return shape.cat(parts, axis) if len(parts) > 1 else kept
    limit = size - 1 if mode == "reflect" else size
    if mode != "edge" and max(before, after) > limit:
        raise RuntimeError(f"pad: ({before}, {after}) is too much for size {size} in mode {mode}")
    order = np.pad(np.arange(size), (max(before, 0), max(after, 0)), mode=mode)
    order = order[max(-before, 0) : len(order) - max(-after, 0)]
    return input.index_select(axis, wrap(order))


# --- attention --------------------------------------------------------------------------------------


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

    Args:
        query: (..., L, E).
        key: (..., S, E).
        value: (..., S, V).
        attn_mask: (..., L, S): bool (True: take part) or added to the scores.
        dropout_p: dropped share of the weights.
        is_causal: each row sees only columns up to its own.
        scale: factor of the scores; ``1 / sqrt(E)`` by default.
        enable_gqa: repeat keys and values for groups of query heads.
    """
    if enable_gqa:
        times = query.array.shape[-3] // key.array.shape[-3]
        spread = np.repeat(np.arange(key.array.shape[-3]), times)
        key, value = key.index_select(-3, wrap(spread)), value.index_select(-3, wrap(spread))
    factor = 1 / math.sqrt(query.array.shape[-1]) if scale is None else scale
    scores = matmul(query * factor, key.transpose(-2, -1))
    rows, columns = scores.array.shape[-2:]
    if is_causal:
        if attn_mask is not None:
            raise RuntimeError(
                "scaled_dot_product_attention: give attn_mask or is_causal, not both"
            )
        hidden = np.triu(np.full((rows, columns), -np.inf, scores.array.dtype), 1)
        scores = scores + wrap(hidden)
    elif attn_mask is not None:
        if attn_mask.array.dtype.kind == "b":
            attn_mask = wrap(np.where(attn_mask.array, 0, -np.inf).astype(scores.array.dtype))
        scores = scores + attn_mask
    return matmul(dropout(_softmax(scores, -1), dropout_p, dropout_p > 0), value)
