"""A trace in Graphviz's language: what feeds what, with a cluster for each call of a module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_STYLES = {
    "op": 'shape=box, style="rounded"',
    "leaf": "shape=ellipse",
    "input": "shape=ellipse, style=dashed",
    "earlier": "shape=ellipse, style=dotted",
}


def as_dot(document: dict[str, Any]) -> str:
    """The forward graph."""
    lines = [f"digraph {_quoted(document['title'])} {{", "  rankdir=TB;", "  node [fontsize=11];"]
    lines += _group(document, -1, "  ")
    for number, row in enumerate(document["rows"]):
        for argument in row.get("args", ()):
            if argument["source"] >= 0:
                label = _quoted(argument["name"])
                lines.append(f"  r{argument['source']} -> r{number} [label={label}, fontsize=9];")
    return "\n".join([*lines, "}"]) + "\n"


def _group(document: dict[str, Any], group: int, indent: str) -> Iterator[str]:
    for number, row in enumerate(document["rows"]):
        if row["group"] == group:
            yield f"{indent}r{number} [label={_label(document, row)}, {_STYLES[row['kind']]}];"
    for number, child in enumerate(document["groups"]):
        if child["parent"] == group:
            yield f"{indent}subgraph cluster_{number} {{"
            name = f"{child['path']} ({child['class']})" if child["path"] else child["class"]
            yield f"{indent}  label={_quoted(name)};"
            yield from _group(document, number, indent + "  ")
            yield f"{indent}}}"


def _label(document: dict[str, Any], row: dict[str, Any]) -> str:
    shape = tuple(document["values"][row["outs"][0]]["shape"])
    words = [row.get("op", ""), row["name"] or ("" if row.get("op") else row["kind"]), str(shape)]
    return _quoted("\n".join(word for word in words if word))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
