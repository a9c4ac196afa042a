"""Backward a second time: which value was carried over from a graph that is gone already.

A graph is freed by its first walk. The second one stops at the newest node that was freed; what
lies above it is new, so the results that pass from the one into the other are what the program
kept, and their names are looked for where it keeps things.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Sequence
from typing import Any

from .lines import describe_line, number_of, quote_line, variables
from .reached import latest

_SHOWN = 3  # values named; more are counted
_AGAIN = "To go through one graph twice on purpose, pass retain_graph=True to the first backward."


def second_backward(freed: Any, roots: Sequence[Any]) -> str:
    """The message for a walk from ``roots`` that came to a node which an earlier one had freed."""
    start = (
        f"backward a second time through {freed.op.name} (result of shape {freed.shape}, "
        f"recorded at {describe_line(freed.where)}): what it had saved was freed by the first "
        "backward, even if an error stopped that one midway. "
    )
    carried = _carried_over(freed, roots)
    if not carried:
        return (
            f"{start}Nothing was computed since: compute the loss anew in each step, and call "
            f"backward once on it. {_AGAIN}"
        )
    held = _names_of(list(carried))
    names = {n: held.get(n) or _assigned(n.where, user.where) for n, user in carried.items()}
    told = list(dict.fromkeys(_told(n, user, names[n]) for n, user in carried.items()))
    more = f"; and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    cut = _cut([(name, node.op.several) for node, name in names.items()])
    return (
        f"{start}Carried over from then: {'; '.join(told[:_SHOWN])}{more}. If it is a state kept "
        f"from the step before, cut it off: {cut}. If two losses share it, add them up and call "
        f"backward once. {_AGAIN}"
    )


def _cut(found: list[tuple[str, bool]]) -> str:
    """How to cut values off, by name, each with whether its operation has other results too."""
    name, several = next((pair for pair in found if pair[0]), ("", False))
    if not name:
        return "detach() it"
    if sum(other == name for other, _ in found) > 1:
        return f"{name} = tuple(t.detach() for t in {name})"
    return f"{name} = {name}.detach()" + (", and what came with it likewise" if several else "")


def _carried_over(freed: Any, roots: Sequence[Any]) -> dict[Any, Any]:
    """The freed nodes that a new one used, newest first, each with the new one."""
    carried: dict[Any, Any] = {}
    seen = set(roots)
    stack = list(roots)
    while stack:
        node = stack.pop()
        if type(node) is not type(freed) or _is_old(node, freed):
            continue
        for parent in map(_maker, node.parents):
            if type(parent) is type(freed) and _is_old(parent, freed):
                carried.setdefault(parent, node)
            elif parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return dict(sorted(carried.items(), key=lambda item: -item[0].order))


def _is_old(node: Any, freed: Any) -> bool:
    """Whether the walk that freed a node had passed this one, freed or with nothing to free."""
    if node.saved is None:
        return node.order <= freed.order
    return not node.saved and node.order < latest[1]


def _maker(node: Any) -> Any:
    """The node itself, or the one of whose several results it is one."""
    picks = getattr(node, "op", None) is not None and node.op.name == "pick"
    return node.parents[0] if picks else node


def _told(node: Any, user: Any, name: str) -> str:
    called = f"{name}, " if name else ""
    return (
        f"{called}the result of {node.op.name} of shape {node.shape}, made at "
        f"{quote_line(node.where)} and used by {user.op.name} at {quote_line(user.where)}"
    )


def _assigned(made: Any, used: Any) -> str:
    """The variable that one line assigns and another uses, such as ``h`` in ``h = cell(x, h)``."""
    targets = [_names_in(t, ast.Store) for s in _statements(made, ast.Assign) for t in s.targets]
    loads = [_names_in(s, ast.Load) for s in _statements(used, ast.stmt)]
    known = {name for names in loads for name in names}
    return next((name for names in targets for name in names if name in known), "")


def _statements(where: Any, kind: Any) -> list[Any]:
    """The statements of a kind on a line, without those that hold statements themselves."""
    if where is None:
        return []
    number = number_of(where)
    try:
        tree = ast.parse("".join(linecache.getlines(where[0].co_filename)))
    except SyntaxError:
        return []
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, kind)
        and node.lineno <= number <= (node.end_lineno or 0)
        and not hasattr(node, "body")
    ]


def _names_in(tree: ast.AST, context: type) -> list[str]:
    kinds = (ast.Name, ast.Attribute, ast.Subscript)
    found = (n for n in ast.walk(tree) if isinstance(n, kinds) and isinstance(n.ctx, context))
    return [ast.unparse(n) for n in found]


def _names_of(nodes: Sequence[Any]) -> dict[Any, str]:
    """What the program that called calls the results of nodes, where it still holds them."""
    names: dict[Any, str] = {}
    for name, value in variables():
        if hasattr(type(value), "node"):  # asks no object that answers every question itself
            maker = _maker(value.node)
            if any(maker is node for node in nodes):
                names.setdefault(maker, name)
    return names
