"""Do all contestants compute the same? Their losses over the first steps say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

STEPS = 6
TOLERANCE = 5e-6  # relative: some forty roundings of float32


class Disagreement(AssertionError):
    """Contestants that start from the same weights lost different losses."""


def check(row: str, losses: Mapping[str, Sequence[float]]) -> None:
    """Compare every contestant's losses with the first one's, step by step.

    Raises:
        Disagreement: naming the row, the step and both contestants.
    """
    if not losses:
        return
    first, *others = losses
    for other in others:
        pairs = zip(losses[first], losses[other], strict=True)
        for step, (ours, theirs) in enumerate(pairs, start=1):
            if not abs(ours - theirs) <= TOLERANCE * max(abs(ours), 1):
                raise Disagreement(
                    f"{row}: the loss of step {step} is {ours!r} with {first} but {theirs!r} with "
                    f"{other}: they do not compute the same, so their times cannot be compared"
                )
