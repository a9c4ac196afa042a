"""Instance normalization."""

from __future__ import annotations

import warnings
from typing import Any

from ...tensor import Tensor
from .. import functional as F
from .batchnorm import _LazyNorm, _NormBase
from .module import rejected


class _InstanceNorm(_NormBase):
    """What the instance norms of all dimensions share."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias
        )

    def forward(self, input: Tensor) -> Tensor:
        """The result, in the input's shape."""
        try:
            self._check_instance(input)
            single = input.array.ndim == self.dimensions[0]
            out = F.instance_norm(
                input.unsqueeze(0) if single else input,
                self.running_mean,
                self.running_var,
                self.weight,
                self.bias,
                self.training or not self.track_running_stats,
                0.0 if self.momentum is None else self.momentum,
                self.eps,
            )
        except Exception as error:
            raise rejected(self, input, error) from error
        return out.squeeze(0) if single else out

    def _check_instance(self, input: Tensor) -> None:
        ndim = input.array.ndim
        if ndim not in self.dimensions:
            expected = " or ".join(f"{n}D" for n in self.dimensions)
            raise ValueError(f"expected {expected} input (got {ndim}D input)")
        channels = input.array.shape[ndim - self.dimensions[0]]
        if channels == self.num_features:
            return
        if self.affine:
            raise ValueError(
                f"expected input's size at dim={ndim - self.dimensions[0]} to match num_features "
                f"({self.num_features}), but got: {channels}."
            )
        warnings.warn(
            f"input's channels ({channels}) do not match num_features ({self.num_features}), which "
            "is not used because affine=False",
            stacklevel=4,
        )


class InstanceNorm1d(_InstanceNorm):
    """Instance normalization of (N, C, L) or (C, L) (Ulyanov et al., 2016); see ``InstanceNorm2d``."""

    dimensions = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Instance normalization of (N, C, H, W) or (C, H, W) (Ulyanov et al., 2016).

    Each channel of each sample is brought to mean 0 and variance 1.

    Args:
        num_features: the number of channels.
        eps: added to the variance.
        momentum: the share of the newest batch in the running statistics.
        affine: whether to multiply by a learned ``weight``, which starts at 1, and to add a
            learned ``bias``, which starts at 0.
        track_running_stats: whether to keep running statistics, for evaluation.
        device: the CPU.
        dtype: of parameters and statistics; float32 by default.
        bias: whether to add a ``bias``, if ``affine``.

    Raises:
        ValueError: when called, for a wrong number of dimensions, or a single value a channel.
    """

    dimensions = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Instance normalization of (N, C, D, H, W) or (C, D, H, W); see ``InstanceNorm2d``."""

    dimensions = (4, 5)


# --- sizes from the first input -----------------------------------------------------------------


class LazyInstanceNorm1d(_LazyNorm, InstanceNorm1d):
    """An ``InstanceNorm1d`` that takes ``num_features`` from the first input's dimension 1."""

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyNorm, InstanceNorm2d):
    """An ``InstanceNorm2d`` that takes ``num_features`` from the first input's dimension 1."""

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyNorm, InstanceNorm3d):
    """An ``InstanceNorm3d`` that takes ``num_features`` from the first input's dimension 1."""

    cls_to_become = InstanceNorm3d
