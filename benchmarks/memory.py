"""How much memory this process has, and had at most."""

from __future__ import annotations

import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def resident_bytes() -> int:
    """Bytes of physical memory in use now; where only the peak is known, the peak."""
    return _status("VmRSS") if _STATUS.exists() else _peak_by_resource()


def peak_bytes() -> int:
    """The most bytes of physical memory that this process ever used.

    Linux's own counter, not ``getrusage``: that one starts at the size of the parent process.
    """
    return _status("VmHWM") if _STATUS.exists() else _peak_by_resource()


def _status(field: str) -> int:
    for line in _STATUS.read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) * 1024
    raise RuntimeError(f"{_STATUS} has no {field}")


def _peak_by_resource() -> int:
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
