"""What makes a NumPy function and its rules an operation.

A rule is a function of ``g``, the gradient that arrives, and of whatever else it names: arguments
of the forward function, ``out`` (its result), a residual (a by-product that the forward function
returns beside its result) or ``shape`` (the shape of the argument whose gradient it is). What a
rule names is exactly what the tape saves::

    exp = unary(np.exp, "The exponential ...", x=lambda g, out: g * out)

The engine fits what a rule returns to its argument: it sums over axes that were broadcast,
broadcasts along axes that were reduced, and keeps the dtype.

An operation fed no Tensor at all is its NumPy function, so rules may use operations on arrays.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from . import tape
from .dtypes import CATEGORY, PYTHON_TYPES, as_float, promote
from .floating_point import silent
from .lines import ours, user_line
from .out import into
from .tape import (
    LEAF,
    Node,
    Value,
    active,
    is_grad_enabled,
    output_of,
    outputs_of,
    packers,
    packing,
    shape_of,
    tick,
    wrap,
)

Rule = Callable[..., Any]
Operation = Callable[..., Any]
_getframe = sys._getframe
_new = object.__new__
ndarray = np.ndarray
_PLAN_FILE = f"{__file__}: a plan"  # within the package, so that none is taken for a user's line


class Plan:
    """For one choice of arguments that need a gradient: what to save and which rules to run.

    Attributes:
        save: positions, in (arguments, result, residuals), of what is kept.
        rules: the rules, each with the places in ``saved`` of its inputs (-1: the shape).
        pull: runs the rules: a function of (g, saved values, parents). Of arguments that were given
            as Tensors it takes the arrays.
        keep: a node's parents and what it saves: a function of (arguments, result, residuals).
        mask: which arguments need a gradient (bit i: argument i).
        positions: which arguments the rules are for.
        out: where ``saved`` holds the result, or -1.
        spread: whether one rule returns the gradients of all of a ``*args`` parameter.
        count: how many arguments the forward function was given.
    """

    __slots__ = (
        "count",
        "keep",
        "mask",
        "out",
        "positions",
        "pull",
        "rules",
        "save",
        "spread",
    )

    def __init__(self, op: Primitive, mask: int, count: int, tensors: int) -> None:
        self.mask = mask
        self.count = count
        self.positions = tuple(i for i in range(count) if mask >> i & 1)
        chosen = [op.rule_at(i) for i in self.positions]
        self.spread = op.star is not None and any(i >= op.star for i in self.positions)
        if self.spread:
            self.positions = tuple(range(op.star or 0, count))
            chosen = chosen[:1]
        names = [op.inputs_of(rule, count) for rule in chosen]
        save = dict.fromkeys(range(count) if op.definition else ())
        for wanted in names:
            save.update(dict.fromkeys(p for p in wanted if p >= 0))
        self.save = tuple(save)
        place = {position: i for i, position in enumerate(self.save)}
        place[-1] = -1
        self.rules = tuple(
            (rule, tuple(place[p] for p in wanted))
            for rule, wanted in zip(chosen, names, strict=True)
        )
        self.out = place.get(count, -1)
        self.pull = self._puller(tensors)
        self.keep = self._keeper()

    def _puller(self, tensors: int) -> Callable[[Any, Sequence[Any], Any], Sequence[Any]]:
        """All rules as one function: ``lambda g, saved, parents: (rule0(g, saved[0].array), ...)``."""
        calls = []
        arrays = [".array" if p < self.count and tensors >> p & 1 else "" for p in self.save]
        for i, (_, places) in enumerate(self.rules):
            given = [
                f"saved[{p}]{arrays[p]}" if p >= 0 else f"shape_of(parents[{i}])" for p in places
            ]
            calls.append(f"rule{i}({', '.join(['g', *given])})")
        body = calls[0] if self.spread else f"({_listed(calls)})"
        rules = {f"rule{i}": rule for i, (rule, _) in enumerate(self.rules)}
        names = {"shape_of": shape_of, **rules}
        return _written_out(f"lambda g, saved, parents: {body}", names)

    def _keeper(self) -> Callable[[Sequence[Any], Any, Sequence[Any]], tuple[Any, Any]]:
        """Parents, and what to save, as one function of arguments, result and residuals."""
        n = self.count
        place = "place({0})" if self.spread else "({0} if {0}.node is LEAF else {0}.node)"
        parents = [place.format(f"args[{p}]") for p in self.positions]
        saved = [
            f"args[{p}]" if p < n else "out" if p == n else f"residuals[{p - n - 1}]"
            for p in self.save
        ]
        body = f"({_listed(parents)}), ({_listed(saved)})"
        names = {"place": _place, "LEAF": LEAF}
        return _written_out(f"lambda args, out, residuals: ({body})", names)


def _listed(parts: list[str]) -> str:
    return "".join(f"{part}, " for part in parts)


def _written_out(source: str, names: dict[str, Any]) -> Any:
    """A function from its source: it runs at every step of the tape, where loops would show."""
    return eval(compile(source, _PLAN_FILE, "eval"), names)


class Primitive:
    """An operation's forward function, its rules and its name."""

    def __init__(
        self,
        forward: Callable[..., Any],
        rules: dict[str, Rule],
        *,
        name: str | None = None,
        residuals: tuple[str, ...] = (),
        several: bool = False,
        definition: Callable[..., Any] | None = None,
        linear: tuple[str, ...] = (),
        family: str = "",
    ) -> None:
        self.forward = forward
        self.rules = rules
        self.name = name or forward.__name__
        self.residuals = residuals
        self.several = several
        self.definition = definition
        self.linear = linear
        self.takes_none = False  # whether rules are told of results whose gradient never came
        self.family = family
        self.node_name = "".join(p.capitalize() for p in self.name.split("_")) + "Backward0"
        self.parameters, self.star = _parameters(forward)
        unknown = set(rules) - set(self.parameters)
        if unknown:
            raise TypeError(f"{self.name} has rules for {unknown}, which are not its arguments")
        self._plans: dict[int, Plan] = {}
        self.differentiable = sum(1 << i for i, p in enumerate(self.parameters) if p in rules)
        if self.star is not None and self.parameters[self.star] in rules:
            self.differentiable |= -1 << self.star

    def plan(self, mask: int, count: int, tensors: int = 0) -> Plan:
        """The plan for the arguments in ``mask`` (bit i: argument i), made once.

        ``tensors`` says, in the same way, which arguments were given, and are saved, as Tensors.
        """
        key = 1 << 2 * count | mask << count | tensors
        found = self._plans.get(key)
        if found is None:
            found = self._plans[key] = Plan(self, mask, count, tensors)
        return found

    def rule_at(self, position: int) -> Rule:
        """The rule of the argument at a position."""
        return self.rules[self.parameter_at(position)]

    def parameter_at(self, position: int) -> str:
        """The name of the parameter that takes the argument at a position."""
        return self.parameters[position if self.star is None else min(position, self.star)]

    def inputs_of(self, rule: Rule, count: int) -> list[int]:
        """Positions in (arguments, result, residuals) of what a rule names after ``g``."""
        known = {name: i for i, name in enumerate(self.parameters)}
        known.update({"shape": -1, "out": count})
        known.update({name: count + 1 + i for i, name in enumerate(self.residuals)})
        wanted = _parameters(rule)[0][1:]
        for name in wanted:
            if name not in known:
                raise TypeError(f"a rule of {self.name} names {name!r}: it has {list(known)}")
        return [known[name] for name in wanted]


def _parameters(forward: Callable[..., Any]) -> tuple[tuple[str, ...], int | None]:
    """The names of a function's parameters, and where ``*args`` begin."""
    if isinstance(forward, np.ufunc):
        return ("x", "y")[: forward.nin], None
    if type(forward) is FunctionType and not hasattr(forward, "__wrapped__"):
        code = forward.__code__  # a tenth of what a signature costs, which each import would pay
        starred = code.co_flags & inspect.CO_VARARGS
        names = code.co_varnames[: code.co_argcount + bool(starred)]
        if not code.co_kwonlyargcount:
            return names, code.co_argcount if starred else None
    parameters = inspect.signature(forward).parameters
    star = [i for i, p in enumerate(parameters.values()) if p.kind is p.VAR_POSITIONAL]
    return tuple(parameters), star[0] if star else None


def record(
    op: Primitive,
    mask: int,
    args: tuple[Any, ...],
    out: Any,
    residuals: Any = (),
    kept: Any = None,
) -> Node:
    """A node for an operation that ran: ``args`` as they were given, ``out`` as arrays.

    What rules find as ``out`` is ``kept``, where it is given.
    """
    tensors = sum(1 << i for i, a in enumerate(args) if isinstance(a, Value))
    plan = op.plan(mask, len(args), tensors)
    return node_of(op, plan, args, out, residuals, kept=kept, depth=3)


def node_of(
    op: Primitive,
    plan: Plan,
    args: tuple[Any, ...],
    out: Any,
    residuals: Any = (),
    *,
    kept: Any = None,
    depth: int = 2,
) -> Node:
    """A node by a plan, at the user's line: ``depth`` frames up, or beyond."""
    parents, saved = plan.keep(args, out if kept is None else kept, residuals)
    if packers and (own := packing.get()):
        saved = own[-1](saved)
    if op.several:
        shape: Any = tuple(o.shape for o in out)
        dtype: Any = tuple(o.dtype for o in out)
    else:
        shape, dtype = out.shape, out.dtype
    frame = _getframe(depth)
    code = frame.f_code
    where = user_line(depth + 1) if ours[code.co_filename] else (code, frame.f_lasti)
    node: Node = _new(Node)  # what Node(...) does, in half the time
    node.op = op
    node.plan = plan
    node.parents = parents
    node.saved = saved
    node.shape = shape
    node.dtype = dtype
    node.where = where
    node.order = tick()
    node.hooks = node.result = None
    if tape.tracer is not None:
        tape.tracer.recorded(node, args, out, residuals)
    return node


def _place(argument: Any) -> Any:
    """What a node's parent is for an argument: the tensor, if it is a leaf, or its node."""
    node = argument.node if isinstance(argument, Value) else None
    return argument if node is LEAF else node


def refresh(t: Value) -> None:
    """Look at the base again if the memory that a view shares was written to since."""
    view = t.window
    if view is not None and view.seen != t.version[0]:
        view.seen = t.version[0]
        base = view.root()
        t.node = None if base.node is None else record(LOOK, 1, (base, view.look), t.array)


def primitive(
    forward: Callable[..., Any],
    doc: str = "",
    *,
    name: str | None = None,
    residuals: tuple[str, ...] = (),
    several: bool = False,
    definition: Callable[..., Any] | None = None,
    linear: tuple[str, ...] = (),
    family: str = "",
    **rules: Rule,
) -> Operation:
    """An operation from a function of arrays and a rule for each argument.

    Args:
        forward: the function; its arguments are given by position, arrays or options.
        doc: the operation's docstring.
        name: its name in messages and ``grad_fn``; the function's by default.
        residuals: names of what ``forward`` returns after its result, for the rules' use.
        several: whether the result is a tuple; a rule's ``g`` is then a list, and so is ``out``.
        definition: for a fused operation, the same result from other operations. It takes the
            rules' place where the backward walk is itself recorded.
        linear: arguments in which the operation is linear, each alone, so that it is its own
            forward derivative; ``"x+y"`` names those in which it is linear together.
        family: what a batch axis in front means. ``"elementwise"``: the operation acts on each
            element alone (and each rule, then, is its own transpose: that too is a forward
            derivative). ``"trailing"``: its axes are counted from the end, so nothing changes.
            Without it an operation is batched by a rule of its own, or sample by sample.
        **rules: by name of the argument. A rule for a ``*args`` parameter returns a list.

    Raises:
        TypeError: if a rule is for, or names, something that the operation does not have.

    >>> import numpy as np, tinygrad_sm as sg
    >>> cube = primitive(lambda x: x * x * x, name="cube", x=lambda g, x: 3 * x * x * g)
    >>> x = sg.tensor([1.0, 2.0], requires_grad=True)
    >>> cube(x).sum().backward()
    >>> x.grad
    tensor([ 3., 12.])
    """
    op = Primitive(
        forward,
        rules,
        name=name,
        residuals=residuals,
        several=several,
        definition=definition,
        linear=linear,
        family=family,
    )

    lays_out = family != "elementwise"

    def call(*args: Any) -> Any:
        if active and (lifted := tape.lift(op, call, args)) is not None:
            return lifted
        arrays = []
        mask = tensors = 0
        for i, a in enumerate(args):
            if isinstance(a, Value):
                tensors |= 1 << i
                if a.window is not None:
                    refresh(a)
                if a.node is not None:
                    mask |= 1 << i
                a = a.array
            arrays.append(a)
        if not tensors:
            out = forward(*arrays)
            return out[0] if residuals else out
        out = silent.run(forward, *arrays)
        extra = ()
        if residuals:
            out, *extra = out
        mask &= op.differentiable
        if not several:
            if type(out) is not np.ndarray:
                out = np.asarray(out)
            if lays_out and not out.flags.c_contiguous:
                out = _laid_out(out, arrays)
            if mask and is_grad_enabled() and out.dtype.kind == "f":
                plan = op.plan(mask, len(args), tensors)
                return output_of(node_of(op, plan, args, out, extra), out)
            return wrap(out)
        if mask and is_grad_enabled():
            plan = op.plan(mask, len(args), tensors)
            return outputs_of(node_of(op, plan, args, out, extra), out)
        return tuple(wrap(o) for o in out)

    return _dress(call, op, doc)


def _laid_out(out: np.ndarray, given: list[Any]) -> np.ndarray:
    """A result of an operation's own in the order of its elements, as ``view`` wants it; not a view."""
    for a in given:
        if type(a) is np.ndarray and np.may_share_memory(a, out):
            return out
    return np.ascontiguousarray(out)


def _dress(call: Any, op: Primitive, doc: str) -> Operation:
    call.__name__ = call.__qualname__ = op.name
    call.__doc__ = doc
    call.primitive = op
    return call


def unary(
    forward: Callable[..., Any],
    doc: str,
    *,
    name: str | None = None,
    to_float: bool = False,
    **rules: Rule,
) -> Operation:
    """An elementwise operation of one tensor; ``to_float``: integers become float32 first.

    It takes ``out=`` by itself: a wrapper around it would cost a tenth of a small operation.
    """
    op = Primitive(forward, rules, name=name, family="elementwise")
    plans, differentiable = op._plans, op.differentiable

    def call(input: Any, *, out: Any = None) -> Any:
        if out is not None:
            return into(call, out, (input,), {})
        if not isinstance(input, Value):
            if not isinstance(input, np.ndarray | np.generic):
                raise _no_tensor(op.name, input)
            return forward(input)
        if active and (lifted := tape.lift(op, call, (input,))) is not None:
            return lifted
        if input.window is not None:
            refresh(input)
        x = input.array
        if to_float and x.dtype.kind != "f":
            x = x.astype(as_float(x.dtype))
        made = silent.run(forward, x)
        if type(made) is not ndarray:
            made = np.asarray(made)
        if input.node is not None and differentiable and is_grad_enabled():
            plan = plans.get(0b111) or op.plan(1, 1, 1)
            return output_of(node_of(op, plan, (input,), made), made)
        return wrap(made)

    return _dress(call, op, doc)


def binary(
    forward: Callable[..., Any],
    doc: str,
    *,
    name: str | None = None,
    to_float: bool = False,
    **rules: Rule,
) -> Operation:
    """An elementwise operation of two tensors or numbers, broadcast and promoted as PyTorch does."""
    op = Primitive(forward, rules, name=name, family="elementwise")
    plans, differentiable = op._plans, op.differentiable

    def call(input: Any, other: Any) -> Any:
        mask = tensors = 0
        x, y = input, other
        if isinstance(input, Value):
            tensors = 1
            if input.window is not None:
                refresh(input)
            if input.node is not None:
                mask = 1
            x = input.array
        if isinstance(other, Value):
            tensors |= 2
            if other.window is not None:
                refresh(other)
            if other.node is not None:
                mask |= 2
            y = other.array
        if not tensors:
            return forward(x, y)
        if active and (lifted := tape.lift(op, call, (input, other))) is not None:
            return lifted
        if tensors != 3 or x.dtype is not y.dtype or (to_float and x.dtype.kind != "f"):
            x, y = coerce(op.name, x, y, to_float)
            # without a gradient of its own, a rule shall see what the function saw: the log of an
            # int8 would be one of float16
            if not mask & 1 and (not tensors & 1 or x is not input.array):
                input, tensors = x, tensors & 2
            if not mask & 2 and (not tensors & 2 or y is not other.array):
                other, tensors = y, tensors & 1
        try:
            out = silent.run(forward, x, y)
        except ValueError as error:
            raise clash(op.name, x, y) from error
        except TypeError as error:  # of NumPy, which has no loop for these dtypes
            raise unsupported(op.name, x) from error
        if type(out) is not ndarray:
            out = np.asarray(out)
        mask &= differentiable
        if mask and is_grad_enabled():
            plan = plans.get(0b10000 | mask << 2 | tensors) or op.plan(mask, 2, tensors)
            return output_of(node_of(op, plan, (input, other), out), out)
        return wrap(out)

    return _dress(call, op, doc)


def clash(name: str, x: Any, y: Any) -> Exception:
    """The error for two shapes that do not broadcast."""
    a, b = np.shape(x), np.shape(y)
    for i in range(1, min(len(a), len(b)) + 1):
        if a[-i] != b[-i] and 1 not in (a[-i], b[-i]):
            return RuntimeError(
                f"{name}: shapes {a} and {b} do not broadcast: counted from the end, dimension "
                f"{-i} is {a[-i]} in one and {b[-i]} in the other. Sizes must be equal or 1: "
                "reshape, transpose or unsqueeze one of them."
            )
    return RuntimeError(f"{name}: cannot combine {a} and {b}")


def unsupported(name: str, x: Any) -> Exception:
    """The error for a dtype that an operation is not defined for."""
    return NotImplementedError(f'{name}: "{name}" not implemented for {np.asarray(x).dtype}')


def coerce(name: str, x: Any, y: Any, to_float: bool = False) -> tuple[Any, Any]:
    """Two operands in the dtype where they meet; Python numbers stay as they are if that is it."""
    x, y = _operand(name, x), _operand(name, y)
    if type(y) is float and type(x) is np.ndarray and x.dtype.kind == "f":
        return x, y
    kind = promote(x, y)
    if to_float:
        kind = as_float(kind)
    return _cast(x, kind), _cast(y, kind)


def _cast(x: Any, kind: np.dtype) -> Any:
    if type(x) is np.ndarray:
        return x if x.dtype == kind else x.astype(kind)
    if CATEGORY[kind.kind] == 2 or PYTHON_TYPES[type(x)] == kind:
        return x if kind.kind != "f" else float(x)
    return np.asarray(x).astype(kind)[()]


def _operand(name: str, x: Any) -> Any:
    if type(x) is np.ndarray or type(x) in PYTHON_TYPES:
        return x
    if isinstance(x, np.generic):
        return x.item()
    if isinstance(x, np.ndarray | float | int):
        return np.asarray(x) if isinstance(x, np.ndarray) else x + 0
    raise TypeError(
        f"{name}: expected a Tensor, a NumPy array or a number, not {type(x).__name__}. "
        "Make a tensor of it with tensor(...)."
    )


def _no_tensor(name: str, x: Any) -> Exception:
    return TypeError(
        f"{name}(): expected a Tensor, but got {type(x).__name__}: make a tensor of it with tensor(...)"
    )


# --- the operations that the tape itself uses --------------------------------------------------


def _put(base: Any, value: Any, look: Callable[[Any], Any]) -> Any:
    out = np.array(base)
    look(out)[...] = value
    return out


put: Operation = primitive(
    _put,
    "A copy of ``base`` in which what ``look`` sees is replaced by ``value``.",
    name="copy_slices",
    linear=("base+value",),
    base=lambda g, look: put(g, 0.0, look),
    value=lambda g, look: look(g),
)


def _spread(g: Any, look: Callable[[Any], Any], shape: tuple[int, ...]) -> Any:
    out = np.zeros(shape, g.dtype)
    look(out)[...] = g
    return out


spread = primitive(
    _spread,
    "Zeros of ``shape``, with ``g`` where ``look`` sees.",
    linear=("g",),
    g=lambda cotangent, look: look(cotangent),
)

LOOK = primitive(
    lambda base, look: look(base),
    name="as_strided",
    linear=("base",),
    base=lambda g, look, shape: spread(g, look, shape),
).primitive  # type: ignore[attr-defined]

tape.PICK = Primitive(lambda outputs, index: outputs[index], {"outputs": lambda g: g}, name="pick")
tape.STAND_IN = Primitive(lambda x: x, {"x": lambda g: g}, name="stand_in")
