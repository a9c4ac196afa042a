"""The handles of hooks."""

from ..hooks import RemovableHandle

__all__ = ["RemovableHandle"]
