"""Pooling layers: one number for each window of lines, images and volumes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...tensor import Tensor
from .. import functional as F
from .module import Module, rejected
from .utils import _ntuple, _pair, _single, _triple

_Sizes = int | tuple[int, ...]


class _Pool(Module):
    """A function of windows."""

    _function: Callable[..., Any]

    def _options(self) -> tuple[Any, ...]:
        """What the function is given after its input."""
        raise NotImplementedError

    def forward(self, input: Tensor) -> Any:
        """(N, C, ...) or (C, ...) to the same with fewer places."""
        try:
            return self._function(input, *self._options())
        except Exception as error:
            raise rejected(self, input, error) from error


# --- the largest ----------------------------------------------------------------------------------


class _MaxPoolNd(_Pool):
    def __init__(
        self,
        kernel_size: _Sizes,
        stride: _Sizes | None = None,
        padding: _Sizes = 0,
        dilation: _Sizes = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def _options(self) -> tuple[Any, ...]:
        return (
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            self.ceil_mode,
            self.return_indices,
        )

    def extra_repr(self) -> str:
        """The window."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPoolNd):
    """The largest of each window of lines; see ``MaxPool2d``."""

    _function = staticmethod(F.max_pool1d)


class MaxPool2d(_MaxPoolNd):
    """The largest pixel of each window; a tie goes to the first.

    Args:
        kernel_size: height and width of the window; one number, or a pair.
        stride: steps between windows; the window's size by default.
        padding: how many pixels that are never the largest are added on each side.
        dilation: distance between the pixels of a window.
        return_indices: return also where each maximum stood, as an index into the flat image.
        ceil_mode: let the last windows reach beyond the edge.

    Shapes: (N, C, H, W) or (C, H, W) to (N, C, H', W') or (C, H', W').

    >>> import tinygrad_sm as sg
    >>> sg.nn.MaxPool2d(2)(sg.arange(16.0).reshape(1, 4, 4))
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """

    _function = staticmethod(F.max_pool2d)


class MaxPool3d(_MaxPoolNd):
    """The largest of each window of volumes; see ``MaxPool2d``."""

    _function = staticmethod(F.max_pool3d)


class _MaxUnpoolNd(Module):
    _function: Callable[..., Tensor]
    _each = staticmethod(_single)

    def __init__(
        self, kernel_size: _Sizes, stride: _Sizes | None = None, padding: _Sizes = 0
    ) -> None:
        super().__init__()
        self.kernel_size = self._each(kernel_size)
        self.stride = self._each(kernel_size if stride is None else stride)
        self.padding = self._each(padding)

    def forward(
        self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None
    ) -> Tensor:
        """The largest at their old places, zeros elsewhere."""
        try:
            return self._function(
                input, indices, self.kernel_size, self.stride, self.padding, output_size
            )
        except Exception as error:
            raise rejected(self, input, error) from error

    def extra_repr(self) -> str:
        """The window."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpoolNd):
    """Undoes ``MaxPool1d`` as far as possible."""

    _function = staticmethod(F.max_unpool1d)


class MaxUnpool2d(_MaxUnpoolNd):
    """Undoes ``MaxPool2d`` as far as possible: the largest at their old places, zeros elsewhere."""

    _function = staticmethod(F.max_unpool2d)
    _each = staticmethod(_pair)


class MaxUnpool3d(_MaxUnpoolNd):
    """Undoes ``MaxPool3d`` as far as possible."""

    _function = staticmethod(F.max_unpool3d)
    _each = staticmethod(_triple)


# --- means ------------------------------------------------------------------------------------------


class _AvgPoolNd(_Pool):
    def __init__(
        self,
        kernel_size: _Sizes,
        stride: _Sizes | None = None,
        padding: _Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def _options(self) -> tuple[Any, ...]:
        return (
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

    def extra_repr(self) -> str:
        """The window."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_AvgPoolNd):
    """The mean of each window of lines; arguments as ``AvgPool2d``'s, but for the divisor."""

    _function = staticmethod(F.avg_pool1d)

    def __init__(
        self,
        kernel_size: _Sizes,
        stride: _Sizes | None = None,
        padding: _Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__(
            _single(kernel_size),
            _single(kernel_size if stride is None else stride),
            _single(padding),
            ceil_mode,
            count_include_pad,
        )

    def _options(self) -> tuple[Any, ...]:
        return super()._options()[:-1]


class AvgPool2d(_AvgPoolNd):
    """The mean of each window.

    Args:
        kernel_size: height and width of the window; one number, or a pair.
        stride: steps between windows; the window's size by default.
        padding: how many zeros are added on each side.
        ceil_mode: let the last windows reach beyond the edge.
        count_include_pad: count the added zeros in the mean.
        divisor_override: divide by this number instead of the window's size.

    Shapes: (N, C, H, W) or (C, H, W) to (N, C, H', W') or (C, H', W').
    """

    _function = staticmethod(F.avg_pool2d)


class AvgPool3d(_AvgPoolNd):
    """The mean of each window of volumes; see ``AvgPool2d``."""

    _function = staticmethod(F.avg_pool3d)


# --- norms ------------------------------------------------------------------------------------------


class _LPPoolNd(_Pool):
    def __init__(
        self,
        norm_type: float,
        kernel_size: _Sizes,
        stride: _Sizes | None = None,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def _options(self) -> tuple[Any, ...]:
        return float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode

    def extra_repr(self) -> str:
        """The order and the window."""
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPoolNd):
    """The p-norm of each window of lines."""

    _function = staticmethod(F.lp_pool1d)


class LPPool2d(_LPPoolNd):
    """The p-norm of each window of images: ``sum(x^p)^(1/p)``."""

    _function = staticmethod(F.lp_pool2d)


class LPPool3d(_LPPoolNd):
    """The p-norm of each window of volumes."""

    _function = staticmethod(F.lp_pool3d)


# --- at random places ---------------------------------------------------------------------------------


class _FractionalMaxPoolNd(_Pool):
    dimensions = 0

    def __init__(
        self,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        name, each = type(self).__name__, _ntuple(self.dimensions)
        if (output_size is None) == (output_ratio is None):
            raise ValueError(
                f"{name} requires specifying either an output size, or a pooling ratio: only one "
                "of output_size and output_ratio"
            )
        self.kernel_size = each(kernel_size)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else each(output_size)
        self.output_ratio = None if output_ratio is None else each(output_ratio)
        if not all(0 < ratio < 1 for ratio in self.output_ratio or ()):
            raise ValueError(f"{name}: output_ratio must be between 0 and 1 (got {output_ratio})")

    def _options(self) -> tuple[Any, ...]:
        return (
            self.kernel_size,
            self.output_size,
            self.output_ratio,
            self.return_indices,
            self._random_samples,
        )


class FractionalMaxPool2d(_FractionalMaxPoolNd):
    """The largest of windows of images at random places, so that sizes shrink by a fraction.

    Graham, 2014.

    Args:
        kernel_size: height and width of the windows; one number, or a pair.
        output_size: height and width of the result.
        output_ratio: in place of the size, its ratio to the input's, between 0 and 1.
        return_indices: return also where each largest stood, as an index into the flat image.

    Shapes: (N, C, H, W) or (C, H, W) to (N, C, H', W') or (C, H', W').

    Raises:
        ValueError: unless one of size and ratio is given, or for a ratio out of range.
    """

    dimensions = 2
    _function = staticmethod(F.fractional_max_pool2d)


class FractionalMaxPool3d(_FractionalMaxPoolNd):
    """The largest of boxes of volumes at random places; see ``FractionalMaxPool2d``."""

    dimensions = 3
    _function = staticmethod(F.fractional_max_pool3d)


# --- to a given size ----------------------------------------------------------------------------------


class _AdaptiveAvgPoolNd(_Pool):
    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def _options(self) -> tuple[Any, ...]:
        return (self.output_size,)

    def extra_repr(self) -> str:
        """The size of the result."""
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    """Means of bins of lines, chosen so that the result has a given size."""

    _function = staticmethod(F.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    """Means of windows that are chosen so that the result has a given size.

    Args:
        output_size: height and width of the result; one number, or a pair in which ``None``
            keeps the input's.

    Shapes: (N, C, H, W) or (C, H, W) to (N, C, H', W') or (C, H', W').
    """

    _function = staticmethod(F.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd):
    """Means of boxes of volumes, chosen so that the result has a given size."""

    _function = staticmethod(F.adaptive_avg_pool3d)


class _AdaptiveMaxPoolNd(_Pool):
    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def _options(self) -> tuple[Any, ...]:
        return self.output_size, self.return_indices

    def extra_repr(self) -> str:
        """The size of the result."""
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    """The largest of bins of lines, chosen so that the result has a given size."""

    _function = staticmethod(F.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    """The largest of boxes of images, chosen so that the result has a given size."""

    _function = staticmethod(F.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    """The largest of boxes of volumes, chosen so that the result has a given size."""

    _function = staticmethod(F.adaptive_max_pool3d)
