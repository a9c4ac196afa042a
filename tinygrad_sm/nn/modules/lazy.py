"""Lazy modules: layers that take the size of their input from the first one that they are given."""

from __future__ import annotations

from typing import Any

from ...ops.creation import tensor
from ...tape import no_grad
from ...tensor import Tensor
from ..parameter import UninitializedBuffer, UninitializedParameter, is_lazy
from .batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d, _NormBase
from .conv import (
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
    _check_groups,
    _Conv,
    _ConvNd,
    _ConvTranspose,
    _Sizes,
)
from .instancenorm import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from .linear import Linear
from .module import Module


class LazyModuleMixin(Module):
    """A module that makes its parameters when it is first called.

    A subclass starts with uninitialized parameters and defines ``initialize_parameters``, which
    gives them their shapes by the arguments of the call. After that the module is one of the class
    ``cls_to_become``. An optimizer may be given the parameters before: they stay the same objects.
    """

    cls_to_become: type | None = None

    def has_uninitialized_params(self) -> bool:
        """Whether parameters or buffers of its own still wait for their shapes."""
        return any(is_lazy(t) for t in (*self._parameters.values(), *self._buffers.values()))

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Give the parameters their shapes; a subclass defines it.

        Raises:
            NotImplementedError: here.
        """
        raise NotImplementedError(
            f"initialize_parameters is not implemented for {type(self).__name__}"
        )

    def _materialize(self, name: str, shape: tuple[int, ...]) -> None:
        """Give a parameter or buffer its shape, if it waits for one."""
        waiting = getattr(self, name)
        if is_lazy(waiting):
            waiting.materialize(shape)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Make the parameters, then run ``forward``, with the module's hooks around it."""
        self.initialize_parameters(*args, **kwargs)
        if self.has_uninitialized_params():
            raise RuntimeError(
                f"module {type(self).__name__} has not been fully initialized: "
                "initialize_parameters must materialize every parameter"
            )
        if self.cls_to_become is not None:
            self.__class__ = self.cls_to_become
        return Module.__call__(self, *args, **kwargs)


class LazyLinear(LazyModuleMixin, Linear):
    """A ``Linear`` whose ``in_features`` is the size of the first input's last dimension.

    Args:
        out_features: size of the result's last dimension.
        bias: whether to add a bias.
        device: the CPU.
        dtype: of the parameters; float32 by default.

    >>> import tinygrad_sm as sg
    >>> layer = sg.nn.LazyLinear(3)
    >>> layer(sg.zeros(2, 5)).shape, layer
    (tinygrad_sm.Size([2, 3]), Linear(in_features=5, out_features=3, bias=True))
    """

    cls_to_become = Linear

    def __init__(
        self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(0, 0, False)
        self.out_features = out_features
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw weight and bias anew, once there are any."""
        if not self.has_uninitialized_params() and self.in_features:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Take ``in_features`` from the input."""
        started = not self.has_uninitialized_params()
        self.in_features = input.shape[-1]
        if started:
            return
        with no_grad():
            self._materialize("weight", (self.out_features, self.in_features))
            self._materialize("bias", (self.out_features,))
            self.reset_parameters()


class _LazyConvNd(LazyModuleMixin, _ConvNd):
    """What lazy convolutions of all dimensions, and their transposes, share."""

    def _start(self, out_channels: int, bias: bool, device: Any, dtype: Any) -> None:
        """Put uninitialized parameters in the places of the empty ones."""
        self.out_channels = out_channels
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw weight and bias anew, once there are any."""
        if not self.has_uninitialized_params() and self.in_channels:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor, *args: Any, **kwargs: Any) -> None:
        """Take ``in_channels`` from the input."""
        started = not self.has_uninitialized_params()
        self.in_channels = self._channels_of(input)
        if started:
            return
        _check_groups(type(self).__name__, self.in_channels, self.out_channels, self.groups)
        with no_grad():
            self._materialize("weight", self._weight_shape())
            self._materialize("bias", (self.out_channels,))
            self.reset_parameters()

    def _channels_of(self, input: Tensor) -> int:
        n = self.dimensions
        if input.ndim not in (n + 1, n + 2):
            raise RuntimeError(
                f"Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to "
                f"{type(self).__name__}, but got input of size: {tuple(input.shape)}"
            )
        return int(input.shape[-n - 1])


class _LazyConv(_LazyConvNd, _Conv):
    """What lazy convolutions of all dimensions share."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: _Sizes,
        stride: _Sizes = 1,
        padding: str | _Sizes = 0,
        dilation: _Sizes = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)
        self._start(out_channels, bias, device, dtype)


class LazyConv1d(_LazyConv, Conv1d):
    """A ``Conv1d`` whose ``in_channels`` are those of the first input; see ``LazyConv2d``."""

    cls_to_become = Conv1d


class LazyConv2d(_LazyConv, Conv2d):
    """A ``Conv2d`` whose ``in_channels`` are those of the first input.

    Arguments as ``Conv2d`` has them, without ``in_channels``.

    Raises:
        RuntimeError: when called, for a wrong number of dimensions.
        ValueError: when called, for groups that do not divide the channels.
    """

    cls_to_become = Conv2d


class LazyConv3d(_LazyConv, Conv3d):
    """A ``Conv3d`` whose ``in_channels`` are those of the first input; see ``LazyConv2d``."""

    cls_to_become = Conv3d


class _LazyConvTranspose(_LazyConvNd, _ConvTranspose):
    """What lazy transposed convolutions of all dimensions share."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: _Sizes,
        stride: _Sizes = 1,
        padding: _Sizes = 0,
        output_padding: _Sizes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: _Sizes = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            0,
            0,
            kernel_size,
            stride,
            padding,
            output_padding,
            groups,
            False,
            dilation,
            padding_mode,
        )
        self._start(out_channels, bias, device, dtype)


class LazyConvTranspose1d(_LazyConvTranspose, ConvTranspose1d):
    """A ``ConvTranspose1d`` that takes ``in_channels`` from the first input; see ``LazyConv2d``."""

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConvTranspose, ConvTranspose2d):
    """A ``ConvTranspose2d`` that takes ``in_channels`` from the first input; see ``LazyConv2d``."""

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyConvTranspose, ConvTranspose3d):
    """A ``ConvTranspose3d`` that takes ``in_channels`` from the first input; see ``LazyConv2d``."""

    cls_to_become = ConvTranspose3d


class _LazyNorm(LazyModuleMixin, _NormBase):
    """What lazy batch and instance norms of all dimensions share."""

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, False, False)
        self.affine = affine
        self.track_running_stats = track_running_stats
        if affine:
            self.weight = UninitializedParameter(device=device, dtype=dtype)
            if bias:
                self.bias = UninitializedParameter(device=device, dtype=dtype)
        if track_running_stats:
            self.running_mean = UninitializedBuffer(device=device, dtype=dtype)
            self.running_var = UninitializedBuffer(device=device, dtype=dtype)
            self.num_batches_tracked = tensor(0)

    def reset_parameters(self) -> None:
        """Start anew, once there are parameters: weight 1, bias 0, no batches seen."""
        if not self.has_uninitialized_params() and self.num_features:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Take ``num_features`` from the input."""
        started = not self.has_uninitialized_params()
        self.num_features = input.shape[1]
        if started:
            return
        for name in (*self._parameters, *self._buffers):
            self._materialize(name, (self.num_features,))
        self.reset_parameters()


class LazyBatchNorm1d(_LazyNorm, BatchNorm1d):
    """A ``BatchNorm1d`` that takes ``num_features`` from the first input's dimension 1."""

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, BatchNorm2d):
    """A ``BatchNorm2d`` that takes ``num_features`` from the first input's dimension 1."""

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNorm, BatchNorm3d):
    """A ``BatchNorm3d`` that takes ``num_features`` from the first input's dimension 1."""

    cls_to_become = BatchNorm3d


class LazyInstanceNorm1d(_LazyNorm, InstanceNorm1d):
    """An ``InstanceNorm1d`` that takes ``num_features`` from the first input's dimension 1."""

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyNorm, InstanceNorm2d):
    """An ``InstanceNorm2d`` that takes ``num_features`` from the first input's dimension 1."""

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyNorm, InstanceNorm3d):
    """An ``InstanceNorm3d`` that takes ``num_features`` from the first input's dimension 1."""

    cls_to_become = InstanceNorm3d
