"""A rule's line of Python as mathematics: a small tree that text and MathML are made from.

A tree is a list whose first element says what it is: ``["id", name]``, ``["num", text]``,
``["op", sign]``, ``["row", *parts]``, ``["paren", x]``, ``["frac", x, y]``, ``["sup", x, y]``,
``["sub", x, y]``, ``["sqrt", x]``, ``["abs", x]``, ``["partial", x]`` (the loss's derivative by
x), ``["fn", name, *arguments]``, ``["test", x]`` (1 where it holds, else 0),
``["cases", condition, x, y]``, ``["code", text]``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

Tree = list[Any]

_SUM, _PRODUCT, _SIGN, _ATOM = 1, 2, 3, 4
_COMPARE = {
    ast.Eq: "=", ast.NotEq: "≠", ast.Lt: "<", ast.LtE: "≤", ast.Gt: ">", ast.GtE: "≥",
    ast.Is: "is", ast.IsNot: "is not", ast.In: "∈", ast.NotIn: "∉",
}  # fmt: skip
_TESTS = {
    "equal": "=", "not_equal": "≠", "less": "<", "less_equal": "≤", "greater": ">",
    "greater_equal": "≥",
}  # fmt: skip
_FUNCTIONS = {"log": "ln", "maximum": "max", "minimum": "min", "sign": "sgn", "floor_divide": "⌊÷⌋"}
_CONSTANTS = {"pi": "π", "inf": "∞"}
_GREEK = {"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "lambd": "λ", "eps": "ε"}
_TRANSPOSED = {"_mT", "mT", "T"}


def equations(tree: ast.AST | None, argument: str) -> list[Tree]:
    """A rule as lines of mathematics, the last of which gives the gradient of ``argument``."""
    left = ["partial", ["id", argument]]
    if isinstance(tree, ast.Lambda):
        return [["row", left, ["op", "="], _convert(tree.body, 0)]]
    if isinstance(tree, ast.FunctionDef):
        return _lines(tree.body, left)
    return []


def _lines(body: list[ast.stmt], left: Tree) -> list[Tree]:
    lines: list[Tree] = []
    for statement in body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        lines += _statement(statement, left)
    return lines


def _statement(statement: ast.stmt, left: Tree) -> list[Tree]:
    if isinstance(statement, ast.Return) and statement.value is not None:
        return [["row", left, ["op", "="], _convert(statement.value, 0)]]
    if isinstance(statement, ast.Assign):
        target = _convert(statement.targets[0], 0)
        return [["row", target, ["op", "="], _convert(statement.value, 0)]]
    if isinstance(statement, ast.AugAssign):
        sign = {ast.Add: "+=", ast.Sub: "−=", ast.Mult: "⊙=", ast.Div: "÷="}
        op = sign.get(type(statement.op), "?=")
        return [["row", _convert(statement.target, 0), ["op", op], _convert(statement.value, 0)]]
    if isinstance(statement, ast.If):
        test = [["row", ["op", "if "], _convert(statement.test, 0), ["op", ":"]]]
        otherwise = [["row", ["op", "else:"]]] if statement.orelse else []
        return [
            *test, *_lines(statement.body, left), *otherwise, *_lines(statement.orelse, left)
        ]  # fmt: skip
    return [["code", ast.unparse(statement)]]


def _convert(node: ast.AST, level: int) -> Tree:
    """The tree of an expression, in parentheses where ``level`` binds more tightly than it."""
    handler: Callable[[Any], tuple[Tree, int]] | None = _HANDLERS.get(type(node))
    tree, own = handler(node) if handler else (["code", ast.unparse(node)], _ATOM)
    return ["paren", tree] if own < level else tree


def _binary(node: ast.BinOp) -> tuple[Tree, int]:
    a, b = node.left, node.right
    match node.op:
        case ast.Add():
            return ["row", _convert(a, _SUM), ["op", "+"], _convert(b, _SUM)], _SUM
        case ast.Sub():
            return ["row", _convert(a, _SUM), ["op", "−"], _convert(b, _PRODUCT)], _SUM
        case ast.Mult():
            sign = " " if _is_number(a) and not _is_number(b) else "⊙"
            return ["row", _convert(a, _PRODUCT), ["op", sign], _convert(b, _SIGN)], _PRODUCT
        case ast.MatMult():
            return _product(a, b)
        case ast.Div():
            return ["frac", _convert(a, 0), _convert(b, 0)], _SIGN
        case ast.Pow():
            return ["sup", _convert(a, _ATOM), _convert(b, 0)], _SIGN
        case ast.BitAnd():
            return ["row", _convert(a, _SIGN), ["op", "∧"], _convert(b, _SIGN)], _PRODUCT
    return ["code", ast.unparse(node)], _SUM


def _product(a: ast.AST, b: ast.AST) -> tuple[Tree, int]:
    """A matrix product: the factors side by side."""
    return ["row", _convert(a, _PRODUCT), ["op", " "], _convert(b, _SIGN)], _PRODUCT


def _is_number(node: ast.AST) -> bool:
    if isinstance(node, ast.UnaryOp):
        return _is_number(node.operand)
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def _unary(node: ast.UnaryOp) -> tuple[Tree, int]:
    sign = {ast.USub: "−", ast.UAdd: "+", ast.Invert: "¬", ast.Not: "not"}[type(node.op)]
    return ["row", ["op", sign], _convert(node.operand, _SIGN)], _PRODUCT


def _name(node: ast.Name) -> tuple[Tree, int]:
    return ["id", node.id], _ATOM


def _constant(node: ast.Constant) -> tuple[Tree, int]:
    if isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return ["num", f"{node.value:g}"], _ATOM
    return ["code", repr(node.value)], _ATOM


def _attribute(node: ast.Attribute) -> tuple[Tree, int]:
    if isinstance(node.value, ast.Name) and node.value.id in ("np", "math"):
        return ["num", _CONSTANTS.get(node.attr, node.attr)], _ATOM
    if node.attr in _TRANSPOSED:
        return _transposed(node.value)
    return ["fn", node.attr, _convert(node.value, 0)], _ATOM


def _transposed(node: ast.AST) -> tuple[Tree, int]:
    return ["sup", _convert(node, _ATOM), ["op", "⊤"]], _SIGN


def _subscript(node: ast.Subscript) -> tuple[Tree, int]:
    index = node.slice
    if ast.unparse(index) in ("(:, None)", "..., None", ":, None", "(..., None)"):
        return _convert(node.value, _ATOM), _ATOM
    return ["sub", _convert(node.value, _ATOM), ["code", ast.unparse(index).strip("()")]], _ATOM


def _compare(node: ast.Compare) -> tuple[Tree, int]:
    sign = _COMPARE[type(node.ops[0])]
    parts = ["row", _convert(node.left, _SUM), ["op", sign], _convert(node.comparators[0], _SUM)]
    return parts, 0


def _choice(node: ast.IfExp) -> tuple[Tree, int]:
    return ["cases", _convert(node.test, 0), _convert(node.body, 0), _convert(node.orelse, 0)], 0


def _call(node: ast.Call) -> tuple[Tree, int]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
    arguments = list(node.args)
    of_numpy = isinstance(node.func, ast.Name) or (
        isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("np", "math")
    )
    if not of_numpy and isinstance(node.func, ast.Attribute):
        if name == "astype":
            return _convert(node.func.value, _SIGN), _SIGN
        arguments = [node.func.value, *arguments]
    return _function(name, arguments, node)


def _function(name: str, arguments: list[Any], node: ast.Call) -> tuple[Tree, int]:
    first = arguments[0] if arguments else None
    if name in _TESTS and len(arguments) == 2:
        a, b = [_convert(x, _SUM) for x in arguments]
        return ["test", ["row", a, ["op", _TESTS[name]], b]], _ATOM
    if name in ("sum", "_total") and first is not None:
        return ["row", ["op", "∑"], _convert(first, _SIGN)], _PRODUCT
    if name in ("matmul", "matrix_product"):
        return _product(arguments[0], arguments[1])
    if name in ("flat_product", "_left_product"):
        return _product(ast.Attribute(arguments[0], "mT"), arguments[1])
    if name == "masked":
        a, b = [_convert(x, _SIGN) for x in arguments]
        return ["row", a, ["op", "⊙"], b], _PRODUCT
    if name == "where" and len(arguments) == 3:
        parts = [_convert(x, 0) for x in arguments]
        return ["cases", *parts], 0
    if name in ("_mT", "swapaxes") and first is not None:
        return _transposed(first)
    wrappers: dict[str, Tree] = {"exp": ["sup", ["id", "e"]], "sqrt": ["sqrt"], "abs": ["abs"]}
    if name in wrappers and len(arguments) == 1:
        return [*wrappers[name], _convert(arguments[0], 0)], _ATOM if name != "exp" else _SIGN
    if name == "pow" and len(arguments) == 2:
        return ["sup", _convert(arguments[0], _ATOM), _convert(arguments[1], 0)], _SIGN
    keywords = [
        ["row", ["op", f"{k.arg}="], _convert(k.value, 0)]
        for k in node.keywords
        if k.arg not in ("keepdims", "axis", "dtype")
    ]
    shown = _FUNCTIONS.get(name, name.strip("_"))
    return ["fn", shown, *(_convert(x, 0) for x in arguments), *keywords], _ATOM


def _starred(node: ast.Starred) -> tuple[Tree, int]:
    return ["row", _convert(node.value, 0), ["op", "…"]], _ATOM


_HANDLERS: dict[type, Callable[[Any], tuple[Tree, int]]] = {
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.Name: _name,
    ast.Constant: _constant,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Compare: _compare,
    ast.IfExp: _choice,
    ast.Call: _call,
    ast.Starred: _starred,
}


def shown_name(name: str) -> str:
    """A name as mathematics has it: Greek letters where it spells one."""
    return _GREEK.get(name, name.strip("_"))


def as_text(tree: Tree) -> str:
    """A tree on one line of Unicode."""
    kind, *parts = tree
    if kind == "id":
        return shown_name(parts[0])
    if kind in ("num", "op", "code"):
        return str(parts[0])
    if kind == "fn":
        return f"{parts[0]}({', '.join(as_text(p) for p in parts[1:])})"
    inner = [as_text(p) for p in parts]
    if kind == "row":
        return _spaced(tree, inner)
    patterns = {
        "paren": "({})", "frac": "{}/{}", "sup": "{}^{}", "sub": "{}[{}]", "sqrt": "√({})",
        "abs": "|{}|", "partial": "∂L/∂{}", "test": "[{}]", "cases": "{1} where {0}, else {2}",
    }  # fmt: skip
    if kind == "frac" or (kind == "sup" and inner[1] != "⊤"):
        inner = [_grouped(p, text) for p, text in zip(parts, inner, strict=True)]
    if kind == "sup" and inner[1] == "⊤":
        return f"{inner[0]}ᵀ"
    return patterns[kind].format(*inner)


def _grouped(tree: Tree, text: str) -> str:
    return f"({text})" if tree[0] in ("row", "frac", "cases") else text


def _spaced(tree: Tree, inner: list[str]) -> str:
    """Parts of a row with spaces around what stands between two; none after a sign in front."""
    text = ""
    for i, (part, shown) in enumerate(zip(tree[1:], inner, strict=True)):
        between = part[0] == "op" and 0 < i < len(inner) - 1
        text += f" {shown} " if between and shown.strip() else shown
    return text
