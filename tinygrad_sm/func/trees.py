"""Nested tuples, lists and dicts of tensors: what functions take and return."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def children(tree: Any) -> list[Any] | None:
    """What a tuple, list or dict holds, in order; ``None`` for a leaf."""
    if isinstance(tree, tuple | list):
        return list(tree)
    if isinstance(tree, dict):
        return list(tree.values())
    return None


def rebuilt(tree: Any, parts: list[Any]) -> Any:
    """A container of the kind and keys of ``tree`` with other contents."""
    if isinstance(tree, dict):
        new = dict(zip(tree, parts, strict=True))
        return new if type(tree) is dict else type(tree)(new)
    if hasattr(tree, "_fields"):
        return type(tree)(*parts)
    return type(tree)(parts)


def leaves(tree: Any) -> list[Any]:
    """All leaves, in order; ``None`` is one."""
    return list(_walk(tree))


def _walk(tree: Any) -> Iterator[Any]:
    parts = children(tree)
    if parts is None:
        yield tree
    else:
        for part in parts:
            yield from _walk(part)


def mapped(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """The tree of what ``function`` makes of its leaves, and of those of trees of one structure."""
    parts = children(tree)
    if parts is None:
        return function(tree, *others)
    beside = [_aligned(tree, other, len(parts)) for other in others]
    return rebuilt(tree, [mapped(function, *group) for group in zip(parts, *beside, strict=True)])


def _aligned(tree: Any, other: Any, count: int) -> list[Any]:
    parts = children(other)
    if parts is None or len(parts) != count or isinstance(tree, dict) != isinstance(other, dict):
        raise ValueError(f"expected the structure of {_outline(tree)}, not of {_outline(other)}")
    return [other[key] for key in tree] if isinstance(tree, dict) else parts


def spread(tree: Any, prefix: Any) -> Any:
    """A value for each leaf from a prefix: a value that stands where a subtree is, is for all of it.

    Raises:
        ValueError: if the prefix has another structure than the tree.
    """
    parts = children(tree)
    above = children(prefix)
    if above is None:
        return mapped(lambda _: prefix, tree)
    if parts is None:
        raise ValueError(f"{_outline(prefix)} for a single value")
    return rebuilt(
        tree, [spread(a, b) for a, b in zip(parts, _aligned(tree, prefix, len(parts)), strict=True)]
    )


def _outline(tree: Any) -> str:
    parts = children(tree)
    return "*" if parts is None else f"{type(tree).__name__} of {len(parts)}"
