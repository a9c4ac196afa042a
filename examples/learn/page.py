"""What every page of this path uses: claims that are checked as they are made, and badges.

A *claim* is a sentence that the program has just tested; if it does not hold, the page stops. A
*badge* holds a gradient against finite differences: a tick with its error, or a cross. Where a page
breaks a rule on purpose, the claim is that the badge turns to a cross.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np


def heading(text: str) -> None:
    """Print the title of a part."""
    print(f"\n{text}\n{'-' * len(text)}")


def claim(text: str, holds: object) -> None:
    """Print a claim that holds, or stop the page."""
    if not holds:
        raise SystemExit(f"  this claim does not hold: {text}")
    print(f"  ✓ {text}")


def slope(
    function: Callable[..., float], arguments: Sequence[np.ndarray], which: int, step: float = 1e-6
) -> np.ndarray:
    """The gradient of a scalar function by one argument, from values alone: central differences."""
    found = np.zeros(np.shape(arguments[which]))
    for place in np.ndindex(*found.shape):
        values = []
        for sign in (1, -1):
            moved = [np.array(a, float) for a in arguments]
            moved[which][place] += sign * step
            values.append(float(function(*moved)))
        found[place] = (values[0] - values[1]) / (2 * step)
    return found


def badge(
    name: str,
    gradients: Sequence[object],
    function: Callable[..., float],
    arguments: Sequence[object],
) -> bool:
    """Print whether gradients agree with finite differences, and return it.

    Args:
        name: what the gradients belong to.
        gradients: one an argument, as numbers or arrays.
        function: of floats or arrays, with a scalar result.
        arguments: where the gradients were taken.
    """
    arrays = [np.asarray(a, float) for a in arguments]
    worst = 0.0
    for which, gradient in enumerate(gradients):
        expected = slope(function, arrays, which)
        found = np.asarray(gradient, float)
        if found.shape != expected.shape:
            print(f"  ✗ {name}: a gradient of shape {found.shape} for {expected.shape}")
            return False
        error = np.abs(found - expected) / np.maximum(1.0, np.abs(expected))
        worst = max(worst, float(error.max(initial=0.0)))
    good = worst < 1e-6
    print(f"  {'✓' if good else '✗'} {name}: off by {worst:.1e} from finite differences")
    return good
