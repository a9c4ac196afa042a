"""Is a rule right for these values? Finite differences in float64, on the spot.

The forward function is run again a little to either side of the traced values, in random
directions (one coordinate at a time where there are few), and the slope is compared with what the
rule gives. The gradient that arrives is random too: a rule is linear in it, and a random one shows
more than the traced one, which is often constant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..tape import unbroadcast

STEP = 1e-6  # relative to the size of each element
TOLERANCE = 1e-5
COORDINATES = 12  # up to so many elements are moved one by one
SYMMETRIC = ("linalg_cholesky", "linalg_eigh")  # they read one triangle and mean both
SINGLE_STEP, SINGLE_TOLERANCE = 1e-2, 5e-3  # where the forward function gives less than float64


class Verdict:
    """What a check found.

    Attributes:
        status: ``"ok"``; ``"wrong"``; ``"kink"``, where the function has no derivative at these
            values and the rule was right beside them; or ``"unchecked"``.
        error: the largest difference between slope and rule, relative to their size.
        detail: the same in words.
    """

    def __init__(self, status: str, error: float, detail: str) -> None:
        self.status = status
        self.error = error
        self.detail = detail


class _Kink(Exception):
    """The slopes to the left and to the right differ."""


def check_rule(op: Any, args: Sequence[Any], position: int, seed: int = 0) -> Verdict:
    """Hold the rule of one argument against finite differences.

    Args:
        op: the ``Primitive``.
        args: what its forward function was given: arrays and options.
        position: which argument's rule.
        seed: of the random directions.
    """
    if op.name == "backward_hook":
        return Verdict("unchecked", np.nan, "it calls the program's own hooks")
    doubled = [_double(a) for a in args]
    rng = np.random.default_rng(seed)
    try:
        with np.errstate(all="ignore"):
            return _at(op, doubled, position, rng)
    except Exception as error:
        return Verdict("unchecked", np.nan, f"the rule could not be run again: {error}")


def _at(op: Any, args: list[Any], position: int, rng: np.random.Generator) -> Verdict:
    """The verdict at these values, or, where they are a kink, at some beside them."""
    try:
        return _verdict(_Problem(op, args, position, rng))
    except _Kink as kink:
        where = f"no derivative at these values: {kink}"
    x = args[position]
    worst = 0.0
    offset = _offset(x, rng)
    for side in (x + offset, x - offset):
        found = _beside(op, args, position, side, rng)
        if found.status != "ok":
            return Verdict(found.status, found.error, f"{where}; beside them, {found.detail}")
        worst = max(worst, found.error)
    return Verdict(
        "kink", worst, f"{where}; beside them, equal to finite differences within {worst:.1e}"
    )


def _beside(
    op: Any, args: list[Any], position: int, x: np.ndarray, rng: np.random.Generator
) -> Verdict:
    """The verdict at a place, or close to it if it is a kink itself."""
    for _ in range(5):
        args[position] = x
        try:
            return _verdict(_Problem(op, args, position, rng))
        except _Kink:
            x = x + _offset(x, rng) / 8
    return Verdict("unchecked", np.nan, "there are only more of the kind")


def _verdict(problem: _Problem) -> Verdict:
    if not problem.fit:
        return Verdict("unchecked", np.nan, problem.why)
    worst = 0.0
    for direction in problem.directions():
        slope, expected, size, noise = problem.compare(direction)
        difference = abs(slope - expected)
        error = difference / size if size else difference
        worst = max(worst, error)
        if not difference <= problem.tolerance * size + noise:
            return Verdict(
                "wrong", error, f"finite differences give {slope:.6g}, the rule {expected:.6g}"
            )
    left_out = int(problem.x.size - problem.usable.sum())
    note = f"; {left_out} of {problem.x.size} elements left out: not finite" if left_out else ""
    return Verdict("ok", worst, f"equal to finite differences within {worst:.1e}{note}")


class _Problem:
    """A rule at one place: the function, what arrives, and what the rule makes of it."""

    def __init__(self, op: Any, args: list[Any], position: int, rng: np.random.Generator) -> None:
        self.op = op
        self.args = args
        self.position = position
        self.rng = rng
        self.x = args[position]
        self.fit = False
        if not isinstance(self.x, np.ndarray) or self.x.dtype.kind != "f":
            self.why = "the argument is no array of floats"
            return
        if not self.x.size:
            self.why = "the tensor is empty"
            return
        results, residuals = self.run(self.x)
        single = any(r.dtype.kind == "f" and r.dtype.itemsize < 8 for r in results)
        self.step = SINGLE_STEP if single else STEP
        self.tolerance = SINGLE_TOLERANCE if single else TOLERANCE
        self.precision = np.finfo(np.float32 if single else np.float64).eps
        self.results = results
        self.arriving = [
            np.where(np.isfinite(r), rng.standard_normal(r.shape), 0.0) for r in results
        ]
        self.gradient = self.rule(results, residuals)
        self.usable = np.isfinite(self.gradient) & np.isfinite(self.x)
        self.fit = bool(self.usable.any()) and any(g.any() for g in self.arriving)
        self.why = "the values, or the rule's result, are not finite"

    def run(self, x: np.ndarray) -> tuple[list[np.ndarray], tuple[Any, ...]]:
        """The forward function with ``x`` in the argument's place."""
        args = list(self.args)
        args[self.position] = x
        out = self.op.forward(*args)
        residuals: tuple[Any, ...] = ()
        if self.op.residuals:
            out, *rest = out
            residuals = tuple(rest)
        results = list(out) if self.op.several else [out]
        return [np.asarray(r) for r in results], residuals

    def rule(self, results: list[np.ndarray], residuals: tuple[Any, ...]) -> np.ndarray:
        """What the rule sends to the argument, in the argument's shape."""
        op, position, several = self.op, self.position, self.op.several
        rule = op.rule_at(position)
        known = [*self.args, tuple(results) if several else results[0], *residuals]
        names = op.inputs_of(rule, len(self.args))
        named = [known[name] if name >= 0 else self.x.shape for name in names]
        grad = rule(self.arriving if several else self.arriving[0], *named)
        if op.star is not None and position >= op.star:
            grad = grad[position - op.star]
        grad = np.asarray(0.0 if grad is None else grad, np.float64)
        return unbroadcast(grad, self.x.shape) if grad.shape != self.x.shape else grad

    def directions(self) -> Iterator[np.ndarray]:
        """Where to move: each element by a part of its own size, mirrored if the matrix is."""
        mirrored = self.op.name in SYMMETRIC
        for direction in self._free_directions():
            yield direction + direction.swapaxes(-2, -1) if mirrored else direction

    def _free_directions(self) -> Iterator[np.ndarray]:
        size = np.abs(self.x)
        reach = np.where(_sized(size), size, min(_typical(size), 1.0)) * self.usable
        if self.x.size <= COORDINATES:
            for place in np.ndindex(*self.x.shape):
                if self.usable[place]:
                    alone = np.zeros(self.x.shape)
                    alone[place] = reach[place]
                    yield alone
        else:
            for _ in range(2):
                yield reach * (2.0 * self.rng.integers(0, 2, self.x.shape) - 1)

    def compare(self, direction: np.ndarray) -> tuple[float, float, float, float]:
        """The slope along a direction, the rule's, their size, and what rounding may add.

        Raises:
            _Kink: if the slopes to the left and to the right differ by what a smooth function's
                would not, or by as much as the rule is off, because a kink lies within the step;
                or if the slope grows as the step shrinks, because a jump does.
        """
        left, right, slopes, noise = self.slopes(direction, self.step)
        expected = np.where(direction != 0, self.gradient, 0.0) * direction
        slope = (left + right) / 2
        total = float(expected.sum())
        size = max(abs(slope), abs(total), float(np.linalg.norm(expected)), slopes)
        bend, difference = abs(right - left), abs(slope - total)
        wrong, bent = (
            difference > self.tolerance * size + noise,
            self.tolerance / 2 * size + 4 * noise,
        )
        off = wrong and 4 * bend > difference
        if not off and (wrong or bend > bent):
            nearer = self.slopes(direction, self.step / 8)
            off = bend > bent and abs(nearer[1] - nearer[0]) > bend / 2
            off = off or abs(nearer[0] + nearer[1]) > 8 * abs(slope)
        if off:
            raise _Kink(f"slope {left:.4g} to the left, {right:.4g} to the right")
        return slope, total, size, noise

    def slopes(self, direction: np.ndarray, step: float) -> tuple[float, float, float, float]:
        """Slopes to the left and to the right, the size of their parts, and the rounding."""
        ahead, _ = self.run(self.x + step * direction)
        behind, _ = self.run(self.x - step * direction)
        left = right = parts = rounding = 0.0
        for g, here, a, b in zip(self.arriving, self.results, ahead, behind, strict=True):
            smooth = np.isfinite(a) & np.isfinite(b) & np.isfinite(here)
            weight = np.where(smooth, g, 0.0)
            rises = weight * np.where(smooth, a - here, 0.0) / step
            falls = weight * np.where(smooth, here - b, 0.0) / step
            right += float(rises.sum())
            left += float(falls.sum())
            parts += float(np.linalg.norm(rises + falls)) / 2
            rounding += float(np.linalg.norm(weight * np.where(smooth, here, 0.0))) / step
            rounding += float(np.linalg.norm(weight) * np.linalg.norm(direction))
        return left, right, parts, float(100 * self.precision * rounding)


def _double(a: Any) -> Any:
    """An argument in float64, a dtype that is asked for included."""
    if isinstance(a, np.ndarray) and a.dtype.kind == "f":
        return a.astype(np.float64)
    if isinstance(a, np.dtype) and a.kind == "f":
        return np.dtype(np.float64)
    return a


def _sized(size: np.ndarray) -> np.ndarray:
    return np.isfinite(size) & (size > 0)


def _typical(size: np.ndarray) -> float:
    """The root mean square of what is neither 0 nor infinite, or 1."""
    sized = size[_sized(size)]
    return float(np.sqrt(np.mean(np.square(sized)))) if sized.size else 1.0


def _offset(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A thousandth, for each element its own, so that ties and zeros are left behind."""
    offset: np.ndarray = 1e-3 * _typical(np.abs(x)) * rng.uniform(0.3, 1, x.shape)
    return offset * (2.0 * rng.integers(0, 2, x.shape) - 1)
