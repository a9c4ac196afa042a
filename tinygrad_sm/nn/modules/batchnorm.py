"""Batch normalization."""

from __future__ import annotations

from typing import Any

from ...distributed.groups import get_world_size, is_initialized
from ...ops.creation import ones, tensor, zeros
from ...tape import no_grad
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import UninitializedBuffer, UninitializedParameter
from .affine import register_affine, reset_affine
from .lazy import LazyModuleMixin
from .module import Module, rejected


class _NormBase(Module):
    """A weight, a bias and running statistics, one of each a channel."""

    dimensions: tuple[int, ...] = ()

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        register_affine(self, (num_features,), affine, bias, device, dtype)
        tracked = track_running_stats
        sizes: dict[str, Any] = {"device": device, "dtype": dtype}
        self.register_buffer("running_mean", zeros(num_features, **sizes) if tracked else None)
        self.register_buffer("running_var", ones(num_features, **sizes) if tracked else None)
        self.register_buffer("num_batches_tracked", tensor(0) if tracked else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget the batches seen: mean 0, variance 1."""
        if self.track_running_stats:
            init.zeros_(self.running_mean)
            init.ones_(self.running_var)
            init.zeros_(self.num_batches_tracked)

    def reset_parameters(self) -> None:
        """Start anew: weight 1, bias 0, no batches seen."""
        self.reset_running_stats()
        reset_affine(self)

    def _check(self, input: Tensor) -> None:
        shape = tuple(input.array.shape)
        if len(shape) not in self.dimensions:
            expected = " or ".join(f"{n}D" for n in self.dimensions)
            raise ValueError(f"expected {expected} input (got {len(shape)}D input, shape {shape})")
        if shape[1] != self.num_features:
            raise RuntimeError(
                f"expected {self.num_features} channels in dimension 1, but the input has shape "
                f"{shape}"
            )

    def extra_repr(self) -> str:
        """The channels and the options."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, bias={self.bias is not None}, "
            f"track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_NormBase):
    """What the batch norms of all dimensions share."""

    def forward(self, input: Tensor) -> Tensor:
        """The result, in the input's shape."""
        tracking = self.training and self.track_running_stats
        use_running = tracking or not self.training
        try:
            self._check(input)
            out = F.batch_norm(
                input,
                self.running_mean if use_running else None,
                self.running_var if use_running else None,
                self.weight,
                self.bias,
                self.training or self.running_mean is None,
                self._momentum(),
                self.eps,
            )
        except Exception as error:
            raise rejected(self, input, error) from error
        if tracking and self.num_batches_tracked is not None:
            with no_grad():
                self.num_batches_tracked.add_(1)
        return out

    def _momentum(self) -> float:
        """The share of this batch in the running statistics."""
        if self.momentum is not None:
            return self.momentum
        return (
            0.0 if self.num_batches_tracked is None else 1 / (self.num_batches_tracked.item() + 1)
        )


class BatchNorm1d(_BatchNorm):
    """Batch normalization of (N, C) or (N, C, L) (Ioffe and Szegedy, 2015).

    Arguments and errors as ``BatchNorm2d`` has them.
    """

    dimensions = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Batch normalization of (N, C, H, W) (Ioffe and Szegedy, 2015).

    Each channel is brought to mean 0 and variance 1: in training, by the batch's own mean and
    variance, which are also mixed into running ones; in evaluation, by the running ones.

    Args:
        num_features: the number of channels, the input's second dimension.
        eps: added to the variance.
        momentum: the share of the newest batch in the running statistics; ``None`` for the plain
            mean of all batches.
        affine: whether to multiply by a learned ``weight``, which starts at 1.
        track_running_stats: whether to keep running statistics; else the batch's own are always
            used.
        device: the CPU.
        dtype: of parameters and statistics; float32 by default.
        bias: whether to add a learned ``bias``, which starts at 0, if ``affine``.

    Raises:
        ValueError: when called, for a wrong number of dimensions, or in training for a single
            value a channel.
    """

    dimensions = (4,)


class BatchNorm3d(_BatchNorm):
    """Batch normalization of (N, C, D, H, W) (Ioffe and Szegedy, 2015).

    Arguments and errors as ``BatchNorm2d`` has them.
    """

    dimensions = (5,)


class SyncBatchNorm(_BatchNorm):
    """Batch normalization over the batches of all processes together; here, over one's own.

    On one process it is batch normalization of (N, C, ...); ``process_group`` is not used.
    Arguments as ``BatchNorm2d`` has them.

    Raises:
        ValueError: when called, for fewer than 2 dimensions, or in training on several processes,
            as in PyTorch on the CPU.
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any = None,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias
        )
        self.process_group = process_group

    def _check(self, input: Tensor) -> None:
        if input.array.ndim < 2:
            raise ValueError(f"expected at least 2D input (got {input.array.ndim}D input)")
        if self.training and is_initialized() and get_world_size(self.process_group) > 1:
            raise ValueError(
                "SyncBatchNorm expected input tensor to be on a GPU: statistics are not gathered "
                "from several processes on the CPU. Use BatchNorm2d, or train on one process"
            )

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """The module, in which each BatchNorm is replaced by a SyncBatchNorm of its state.

        Args:
            module: a model, which is changed, or a BatchNorm, for which another one is returned.
            process_group: kept by the new layers.
        """
        if isinstance(module, _BatchNorm):
            twin = cls(
                module.num_features,
                module.eps,
                module.momentum,
                module.affine,
                module.track_running_stats,
                process_group,
            )
            twin._parameters.update(module._parameters)
            twin._buffers.update(module._buffers)
            return twin.train(module.training)
        for name, child in list(module.named_children()):
            module.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return module


# --- sizes from the first input -----------------------------------------------------------------


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
