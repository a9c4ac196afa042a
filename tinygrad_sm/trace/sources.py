"""Lines of source: those of the program, and those of the rules, with their place in the file."""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import os
import textwrap
from types import CodeType
from typing import Any

_PACKAGE = os.path.dirname(os.path.dirname(__file__))


class Line:
    """A place in a file.

    Attributes:
        file: the path as it is shown, relative to the working folder or to the package.
        line: counted from 1; 0 if unknown.
        last: the line on which the expression ends.
        column, end: where the expression begins and ends on those lines, in characters.
        function: the name of the function that it is in.
    """

    def __init__(self, filename: str, code: CodeType, instruction: int) -> None:
        self.filename = filename
        self.file = shown_path(filename)
        self.function = code.co_name
        self.line = self.last = code.co_firstlineno
        self.column = self.end = -1
        positions = next(_from(code.co_positions(), instruction // 2), None)
        if positions is not None and positions[0] is not None:
            self.line, last, column, end = positions
            self.last = last or self.line
            text = linecache.getline(filename, self.line)
            text_end = linecache.getline(filename, self.last)
            self.column = _characters(text, column)
            self.end = _characters(text_end, end)


def _from(positions: Any, start: int) -> Any:
    for i, position in enumerate(positions):
        if i >= start:
            yield position


def _characters(text: str, column: int | None) -> int:
    """A column in characters, which Python counts in UTF-8 bytes."""
    return -1 if column is None else len(text.encode()[:column].decode(errors="ignore"))


@functools.lru_cache(maxsize=4096)
def line_of(where: tuple[CodeType, int] | None) -> Line | None:
    """The place that ``tape.user_line`` noted."""
    return None if where is None else Line(where[0].co_filename, *where)


def shown_path(filename: str) -> str:
    """A path that says nothing of the machine: relative to here or to the package, or bare."""
    path = os.path.abspath(filename)
    for root, prefix in ((_PACKAGE, os.path.basename(_PACKAGE)), (os.getcwd(), "")):
        if path.startswith(root + os.sep):
            return os.path.join(prefix, os.path.relpath(path, root)).replace(os.sep, "/")
    return os.path.basename(filename)


class RuleSource:
    """A rule as it is written.

    Attributes:
        code: its text, such as ``x=lambda g, out: g * out``; empty if there is no source.
        file, line: where it stands.
        tree: the function's syntax tree, or ``None``.
        doc: the docstring of a rule that is a named function.
    """

    def __init__(self, code: str, file: str, line: int, tree: Any, doc: str) -> None:
        self.code = code
        self.file = file
        self.line = line
        self.tree = tree
        self.doc = doc


@functools.lru_cache(maxsize=1024)
def rule_source(rule: Any) -> RuleSource:
    """Find a rule's own line: not the statement around it, but the rule alone."""
    code = getattr(inspect.unwrap(rule), "__code__", None)
    if code is None:
        return RuleSource("", "", 0, None, "")
    lines = linecache.getlines(code.co_filename)
    file = shown_path(code.co_filename)
    node, around = _find(code, "".join(lines))
    if node is None:
        return RuleSource("", file, code.co_firstlineno, None, "")
    doc = ast.get_docstring(node) or "" if isinstance(node, ast.FunctionDef) else ""
    text = _text_of(lines, around)
    return RuleSource(text, file, around.lineno, node, doc)


@functools.lru_cache(maxsize=64)
def _parsed(source: str) -> list[tuple[Any, Any]]:
    """Every function in a file, each with the keyword argument that it is, if it is one."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    around = {id(n.value): n for n in ast.walk(tree) if isinstance(n, ast.keyword)}
    kinds = (ast.Lambda, ast.FunctionDef)
    return [(n, around.get(id(n), n)) for n in ast.walk(tree) if isinstance(n, kinds)]


def _find(code: CodeType, source: str) -> tuple[Any, Any]:
    """The syntax tree of a code object, by the place of what it contains."""
    places = [p for p in code.co_positions() if p[0] is not None and p[2] is not None and p[3]]
    inside = [p for p in places if p[2] or p[3]]
    best: tuple[Any, Any] = (None, None)
    for node, around in _parsed(source):
        if isinstance(node, ast.Lambda):
            first, last = node.body.lineno, node.body.end_lineno or 0
            same = node.lineno == code.co_firstlineno and code.co_name == "<lambda>"
            within = all(
                (first, node.body.col_offset) <= (p[0], p[2])
                and (p[1], p[3]) <= (last, node.body.end_col_offset)
                for p in inside
            )
            if same and within and inside:
                best = (node, around)
        elif node.name == code.co_name:
            decorators = [d.lineno for d in node.decorator_list]
            if code.co_firstlineno in (node.lineno, *decorators):
                return node, node
    return best


def _text_of(lines: list[str], node: Any) -> str:
    """The source of a node, without the indentation and the docstring that it has there."""
    chosen = lines[node.lineno - 1 : node.end_lineno]
    encoded = chosen[-1].encode()[: node.end_col_offset]
    chosen[-1] = encoded.decode()
    indent = len(chosen[0]) - len(chosen[0].lstrip())
    start = len(chosen[0].encode()[: node.col_offset].decode())
    chosen[0] = " " * indent + chosen[0][start:]
    if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
        doc = node.body[0]
        first, last = doc.lineno - node.lineno, (doc.end_lineno or doc.lineno) - node.lineno
        del chosen[first : last + 1]
    return textwrap.dedent("".join(chosen)).rstrip()
