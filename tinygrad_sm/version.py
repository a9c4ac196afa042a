"""Versions: the package's own, and that of PyTorch whose names it has."""

from __future__ import annotations

from .torch_version import TorchVersion

package = "0.1.0"
# as programs for PyTorch ask for it; this package's own is its local part
__version__ = TorchVersion(f"2.13.0+tinygrad_sm.{package}")
cuda: str | None = None
hip: str | None = None
rocm: str | None = None
xpu: str | None = None
debug = False
git_version = "unknown"
