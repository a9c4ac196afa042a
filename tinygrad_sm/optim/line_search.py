"""How far to go along a direction: a step length that satisfies the strong Wolfe conditions.

The loss must fall enough for the length of the step, and its slope must have become flat enough. A
first phase lengthens the step until such a point lies in a bracket, a second one narrows the bracket
by cubic interpolation (Nocedal and Wright, "Numerical Optimization", algorithms 3.5 and 3.6).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Point(NamedTuple):
    """A place along the direction."""

    length: Any
    loss: float
    grad: np.ndarray
    slope: Any


def strong_wolfe(
    look: Callable[[Any], tuple[float, np.ndarray]],
    length: Any,
    direction: np.ndarray,
    loss: float,
    grad: np.ndarray,
    slope: Any,
    limit: int,
    enough: float = 1e-4,
    flat: float = 0.9,
    smallest: float = 1e-9,
) -> tuple[float, np.ndarray, Any, int]:
    """A step length that satisfies the strong Wolfe conditions, or the best one found.

    Args:
        look: gives loss and gradient at a length.
        length: the first length to try.
        direction: the direction, along which the loss falls at first.
        loss: the loss at length 0.
        grad: the gradient there.
        slope: the loss's derivative along the direction there, below 0.
        limit: how many lengths more than the first are tried.
        enough: the share of the first slope by which the loss must fall at least.
        flat: the share of the first slope that may be left.
        smallest: a bracket whose parameters differ by less is not narrowed.

    Returns:
        The loss, the gradient, the length, and how many times ``look`` was called.
    """
    reach = np.max(np.abs(direction))

    def at(length: Any) -> Point:
        there, gradient = look(length)
        return Point(length, there, gradient, np.dot(gradient, direction))

    def too_high(point: Point) -> bool:
        return bool(point.loss > loss + enough * point.length * slope)

    def flat_enough(point: Point) -> bool:
        return bool(abs(point.slope) <= -flat * slope)

    start = before = Point(0, loss, grad, slope)
    point = at(length)
    bracket = [start, point]
    tries = 0
    while tries < limit:
        if too_high(point) or (tries > 1 and point.loss >= before.loss):
            bracket = [before, point]
            break
        if flat_enough(point):
            return point.loss, point.grad, point.length, tries + 1
        if point.slope >= 0:
            bracket = [before, point]
            break
        least = point.length + 0.01 * (point.length - before.length)
        further = _cubic_minimum(before, point, least, point.length * 10)
        before, point = point, at(further)
        tries += 1
    else:
        bracket = [start, point]

    low = _lower(bracket)
    stuck = False
    while tries < limit and not abs(bracket[1].length - bracket[0].length) * reach < smallest:
        first, last = sorted(p.length for p in bracket)
        guess = _cubic_minimum(bracket[0], bracket[1], first, last)
        length, stuck = _away_from_ends(guess, first, last, stuck)
        point = at(length)
        tries += 1
        if too_high(point) or point.loss >= bracket[low].loss:
            bracket[1 - low] = point
            low = _lower(bracket)
            continue
        if flat_enough(point):
            return point.loss, point.grad, point.length, tries + 1
        if point.slope * (bracket[1 - low].length - bracket[low].length) >= 0:
            bracket[1 - low] = bracket[low]
        bracket[low] = point
    best = bracket[low]
    return best.loss, best.grad, best.length, tries + 1


def _lower(bracket: list[Point]) -> int:
    """Which end of a bracket has the lower loss: the first of equal ones."""
    return 0 if bracket[0].loss <= bracket[1].loss else 1


def _away_from_ends(guess: Any, first: Any, last: Any, stuck: bool) -> tuple[Any, bool]:
    """The guess, moved inwards if it is the second in a row close to an end of the bracket.

    Returns:
        The length to try, and whether it is close to an end.
    """
    margin = 0.1 * (last - first)
    if not min(last - guess, guess - first) < margin:
        return guess, False
    if not (stuck or guess >= last or guess <= first):
        return guess, True
    if abs(guess - last) < abs(guess - first):
        return last - margin, False
    return first + margin, False


def _cubic_minimum(a: Point, b: Point, least: Any, most: Any) -> Any:
    """Where the cubic through two points with their slopes is lowest, within bounds."""
    if a.length > b.length:
        a, b = b, a
    if a.length == b.length:
        return a.length
    bend = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.length - b.length)
    square = bend * bend - a.slope * b.slope
    if not square >= 0:
        return (least + most) / 2.0
    root = np.sqrt(square)
    share = (b.slope + root - bend) / (b.slope - a.slope + 2 * root)
    return min(max(b.length - (b.length - a.length) * share, least), most)
