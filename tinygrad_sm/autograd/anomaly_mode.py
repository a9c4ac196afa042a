r"""Anomaly mode: the first operation whose value, and whose gradient, became NaN or infinite.

>>> import tinygrad_sm as sg
>>> x = sg.tensor([1.0, 0.0], requires_grad=True)
>>> with sg.autograd.detect_anomaly():
...     try:
...         sg.where(x > 0, x.log(), x).sum().backward()
...     except RuntimeError as error:
...         print(str(error).partition("\n")[0])
Function 'LogBackward0' returned nan values in its 0th output.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Sequence
from types import CodeType
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ..hints import warn
from ..lines import describe_line, in_package
from ..tape import Node, Value, values_of
from ..watching import Relay, Watcher, bare, unwatch, watch, watchers
from .anomaly_causes import chooses, of_gradient, of_result

Frames = list[tuple[CodeType, int]]


class Finding:
    """A result that is not finite though what it was made of was.

    Attributes:
        order: the node's place in time.
        nan: whether it has NaN, and not infinities alone.
        given: whether it came in with an argument that no operation on the tape made.
        text: the operation, its line, how many, where, and the likely cause.
    """

    __slots__ = ("given", "nan", "order", "text")

    def __init__(self, order: int, nan: bool, given: bool, text: str) -> None:
        self.order = order
        self.nan = nan
        self.given = given
        self.text = text


class Anomalies(Watcher):
    """Looks at every result and gradient; the tape tells it of them.

    Args:
        check_nan: whether to look for NaN and infinities, or only to remember the lines.
    """

    def __init__(self, check_nan: bool) -> None:
        self.check_nan = check_nan
        self.calls: WeakKeyDictionary[Node, Frames] = WeakKeyDictionary()
        self.findings: WeakKeyDictionary[Node, Finding] = WeakKeyDictionary()
        self.untold: Finding | None = None

    def recorded(self, node: Node, args: Any, out: Any, residuals: Any) -> None:
        """Remember the lines that led to an operation, and look at its result."""
        self.calls[node] = _user_frames()
        if not self.check_nan:
            return
        for result in out if node.op.several else (out,):
            array = values_of(result)
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                self._note(node, args, array)
                return

    def _note(self, node: Node, args: Any, out: np.ndarray) -> None:
        nan = bool(np.isnan(out).any())
        arrays = [a for a in map(_as_array, args) if a is not None]
        spoilt = [a for a in arrays if not np.isfinite(a).all()]
        if spoilt and (not nan or any(np.isnan(a).any() for a in spoilt)):
            self._note_given(node, args)
            return
        place = _first(out, nan)
        numbers = _numbers_at(node, args, out, place)
        cause = of_result(node.op.name, numbers, arrays, nan)
        text = (
            f"{_call(node)}: the result, of shape {out.shape}, has {_count(out)}"
            f"{_listed(numbers, skip='out')}\n    likely cause: {cause}"
        )
        self._keep(node, Finding(node.order, nan, False, text))

    def _note_given(self, node: Node, args: Any) -> None:
        """Note an argument that is not finite and that no operation on the tape made."""
        for i, a in enumerate(args):
            array = None if isinstance(a, Value) and type(a.node) is Node else _as_array(a)
            if array is not None and not np.isfinite(array).all():
                text = (
                    f"{_call(node)}: argument {node.op.parameter_at(i)}, which no recorded operation "
                    f"made, has {_count(array)}: it came in with the data, a parameter or an option"
                )
                self._keep(node, Finding(node.order, False, True, text))
                return

    def _keep(self, node: Node, finding: Finding) -> None:
        self.findings[node] = finding
        if self.untold is None and not finding.given:
            self.untold = finding

    def gradients(self, pending: Any, wrapped: bool) -> Any:
        """Look at the gradients of a walk as they go."""
        return _Inspected(pending, self)

    def tell(self) -> None:
        """Warn of a forward value that was not finite, if no gradient has told of it."""
        finding, self.untold = self.untold, None
        if finding is not None:
            warn(
                "detect_anomaly: a forward value was not finite, though no gradient was so:\n  "
                + finding.text
            )


class _Inspected(Relay):
    """The gradients of a walk, looked at one by one."""

    def __init__(self, inner: Any, anomalies: Anomalies) -> None:
        super().__init__(inner)
        self.anomalies = anomalies
        self.node: Node | None = None
        self.saved: Any = None
        self.roots: list[Node] = []
        self.senders: dict[Any, list[Node]] = {}

    def take(self, node: Node) -> Any:
        self.node = node
        self.saved = node.saved
        return self.inner.take(node)

    def add(self, target: Any, grad: Any, source: Any = None) -> None:
        if type(target) is Node:
            self.roots.append(target)
        self.inner.add(target, grad, source)

    def pass_on(self, targets: Sequence[Any], grads: Sequence[Any], source: Any) -> None:
        node = self.node
        assert node is not None
        for position, target, grad in zip(node.plan.positions, targets, grads, strict=True):
            if target is None or grad is None:
                continue
            self.senders.setdefault(target, []).append(node)
            array = values_of(grad)
            if self.anomalies.check_nan and not np.isfinite(array).all():
                self._complain(node, position, array, source)
        self.inner.pass_on(targets, grads, source)

    def _complain(self, node: Node, position: int, grad: np.ndarray, source: Any) -> None:
        nan = bool(np.isnan(grad).any())
        op = node.op
        known = [i for i in range(node.plan.count) if op.differentiable >> i & 1]
        place = _first(grad, nan)
        arriving = [values_of(bare(g)) for g in _listed_gradients(source) if g is not None]
        finite = all(np.isfinite(g).all() for g in arriving)
        numbers = self._rule_numbers(node, grad.shape, place)
        here = _at(arriving[0], grad.shape, place) if len(arriving) == 1 else None
        choosers = self._choosers(node)
        cause = of_gradient(op.name, numbers, here, choosers, finite)
        shown = numbers if here is None else {"g": here, **numbers}
        kind = "nan" if nan else "infinite"
        self.anomalies.untold = None
        raise RuntimeError(
            f"Function '{node.name()}' returned {kind} values in its "
            f"{known.index(position)}th output.\n"
            f"  {_call(node)}: the gradient of argument {op.parameter_at(position)}, of shape "
            f"{grad.shape}, has {_count(grad)}{_listed(shown)}\n"
            f"    likely cause: {cause}\n"
            f"{self._forward_findings()}{_stack(self.anomalies.calls.get(node))}"
        )

    def _rule_numbers(self, node: Node, shape: tuple[int, ...], place: Any) -> dict[str, Any]:
        """What the rule knew at one element, by name."""
        op, count = node.op, node.plan.count
        names = [*(op.parameter_at(i) for i in range(count)), "out", *op.residuals]
        if op.family != "elementwise":
            return {}
        found = {}
        for kept, value in zip(node.plan.save, self.saved or (), strict=False):
            array = _as_array(value)
            number = None if array is None else _at(array, shape, place)
            if number is not None:
                found[names[kept]] = number
        return found

    def _choosers(self, node: Node) -> list[str]:
        """What the gradient of a node came through that picks some elements and leaves others."""
        seen: dict[Node, None] = {}
        stack = [node]
        while stack:
            current = stack.pop()
            for sender in self.senders.get(current, ()):
                if sender not in seen:
                    seen[sender] = None
                    stack.append(sender)
        return [f"{n.op.name} ({describe_line(n.where)})" for n in seen if chooses(n.op.name)]

    def _forward_findings(self) -> str:
        """The first forward values on this graph that were not finite."""
        if not self.anomalies.check_nan:
            return ""
        findings = [
            self.anomalies.findings[n]
            for n in _reachable(self.roots)
            if n in self.anomalies.findings
        ]
        findings.sort(key=lambda f: f.order)
        made = [f for f in findings if not f.given]
        first = made[:1] or findings[:1]
        if not first:
            return "  forward: all values that were recorded in anomaly mode were finite\n"
        later = [f for f in made[1:] if f.nan and not first[0].nan][:1]
        lines = [f"  first forward value that was not finite:\n    {first[0].text}\n"]
        lines += [f"  first NaN forward:\n    {f.text}\n" for f in later]
        return "".join(lines).replace("\n    likely", "\n      likely")

    def deliver(self) -> None:
        self.inner.deliver()
        self.anomalies.tell()


def _reachable(roots: list[Node]) -> dict[Node, None]:
    seen = dict.fromkeys(roots)
    stack = list(roots)
    while stack:
        for parent in stack.pop().parents:
            if type(parent) is Node and parent not in seen:
                seen[parent] = None
                stack.append(parent)
    return seen


def _as_array(value: Any) -> np.ndarray | None:
    """The floats behind an argument, or ``None``."""
    if isinstance(value, Value):
        value = values_of(value)
    if isinstance(value, float):
        return np.asarray(value)
    return value if isinstance(value, np.ndarray) and value.dtype.kind == "f" else None


def _listed_gradients(source: Any) -> list[Any]:
    return source if type(source) is list else [source]


def _first(array: np.ndarray, nan: bool) -> tuple[int, ...]:
    bad = np.isnan(array) if nan else ~np.isfinite(array)
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(bad)), array.shape))


def _at(array: np.ndarray, shape: tuple[int, ...], place: tuple[int, ...]) -> float | None:
    """The element of an array, broadcast to a shape, or ``None`` if it does not broadcast."""
    try:
        return float(np.broadcast_to(array, shape)[place])
    except ValueError:
        return None


def _numbers_at(node: Node, args: Any, out: np.ndarray, place: Any) -> dict[str, Any]:
    if node.op.family != "elementwise":
        return {}
    found = {"out": float(out[place])}
    for i, a in enumerate(args):
        value = float(a) if isinstance(a, int) and not isinstance(a, bool) else a
        array = _as_array(value)
        number = None if array is None else _at(array, out.shape, place)
        if number is not None:
            found[node.op.parameter_at(i)] = number
    return found


def _count(array: np.ndarray) -> str:
    nan = int(np.isnan(array).sum())
    inf = int(np.isinf(array).sum())
    counts = [f"{n} {word}" for n, word in ((nan, "NaN"), (inf, "infinite")) if n]
    if not array.ndim:
        return f"{counts[0]}"
    place = list(_first(array, bool(nan)))
    return f"{' and '.join(counts)} of {array.size}, the first at {place}"


def _listed(numbers: dict[str, Any], skip: str = "") -> str:
    shown = ", ".join(f"{name} = {x:.6g}" for name, x in numbers.items() if name != skip)
    return f", where {shown}" if shown else ""


def _call(node: Node) -> str:
    return f"{node.op.name}, at {describe_line(node.where)}{_code(node.where)}"


def _code(where: tuple[CodeType, int] | None) -> str:
    """The text of a line of the program, if it is at hand."""
    if where is None:
        return ""
    code, instruction = where
    number = next((n for start, stop, n in code.co_lines() if start <= instruction < stop and n), 0)
    text = linecache.getline(code.co_filename, number).strip()
    return f" ({text})" if text else ""


def _user_frames() -> Frames:
    """The calls of the user's program that are under way, innermost first."""
    frames = []
    frame: Any = sys._getframe(2)
    while frame is not None:
        if not in_package(frame.f_code):
            frames.append((frame.f_code, frame.f_lasti))
        frame = frame.f_back
    return frames


def _stack(frames: Frames | None) -> str:
    if not frames:
        return "  the forward call was made outside of anomaly mode"
    shown = frames[:6]
    lines = "".join(f"\n    {describe_line(where)}{_code(where)}" for where in shown)
    return f"  the forward call, innermost first:{lines}"


# --- PyTorch's names ---------------------------------------------------------------------------


def _current() -> Anomalies | None:
    return next((w for w in watchers() if isinstance(w, Anomalies)), None)


def is_anomaly_enabled() -> bool:
    """Whether anomaly mode is on."""
    return _current() is not None


def is_anomaly_check_nan_enabled() -> bool:
    """Whether values are looked at while anomaly mode is on; ``True`` unless it was told not to."""
    current = _current()
    return current is None or current.check_nan


def set_anomaly_enabled(mode: bool, check_nan: bool = True) -> None:
    """Turn anomaly mode on or off, in all threads."""
    current = _current()
    if current is not None and mode:
        current.check_nan = check_nan
        return
    if current is not None:
        unwatch(current)
        current.tell()
    elif mode:
        watch(Anomalies(check_nan))


class detect_anomaly:
    """Find the first operation whose value, and the first whose gradient, is NaN or infinite.

    Inside the ``with`` block every result is looked at, and every gradient. A gradient that is not
    finite raises at once, before any ``grad`` is changed; the message names the operation, the
    line, shape, how many and where, the numbers there and the likely cause, then the first forward
    value that was not finite. A forward value alone warns when the block, or a walk, ends.

    Args:
        check_nan: with ``False`` only the lines of the forward pass are remembered.

    Raises:
        RuntimeError: within, from a backward walk, as above.
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = check_nan

    def __enter__(self) -> None:
        self._before = is_anomaly_enabled(), is_anomaly_check_nan_enabled()
        set_anomaly_enabled(True, self.check_nan)

    def __exit__(self, kind: Any, *rest: object) -> None:
        current = _current()
        if current is not None and kind is not None:
            current.untold = None
        set_anomaly_enabled(*self._before)


class set_detect_anomaly:
    """Turn anomaly mode on or off: by the call, or until the end of a ``with`` block.

    Args:
        mode: on or off.
        check_nan: as for ``detect_anomaly``.
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = is_anomaly_enabled(), is_anomaly_check_nan_enabled()
        set_anomaly_enabled(mode, check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        set_anomaly_enabled(*self._before)
