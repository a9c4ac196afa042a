"""CUDA's switches: they can be set, and have no effect."""

from __future__ import annotations


class matmul:
    """Switches of matrix products on a GPU."""

    allow_tf32 = False
    allow_fp16_reduced_precision_reduction = True
    allow_bf16_reduced_precision_reduction = True


def is_built() -> bool:
    """False: there is no GPU."""
    return False


def flash_sdp_enabled() -> bool:
    """False: attention has one implementation here."""
    return False


def enable_flash_sdp(enabled: bool) -> None:
    """Do nothing: attention has one implementation here."""


mem_efficient_sdp_enabled = math_sdp_enabled = flash_sdp_enabled
enable_mem_efficient_sdp = enable_math_sdp = enable_flash_sdp
