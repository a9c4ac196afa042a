"""Rows and steps, made when a trace is shown of what the recorder noted while the program ran."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .recorder import OUTPUT, Recorder
from .records import Argument, Contribution, Row, Step
from .values import Kept


class Run:
    """What a program did, in full.

    Attributes:
        rows, steps, walks, groups: of the tape and of the run.
        values: every array that was seen, as it was at one moment.
        blocks: of memory: (bytes, step at which it was first seen, step at which it went or -1).
    """

    def __init__(self, recorder: Recorder) -> None:
        store = recorder.store
        self.walks = recorder.walks
        self.groups = recorder.groups
        self.values: list[Kept] = store.finished()
        self.rows = [_row(recorder, number) for number in range(len(recorder.rows))]
        self.steps = [_step(recorder, number) for number in range(len(recorder.steps))]
        for step, *contribution in recorder.contributions:
            self.steps[step].contributions.append(_contribution(*contribution))
        self.blocks = [
            (size, born, store.died.get(i, -1))
            for i, (size, born) in enumerate(zip(store.sizes, store.born, strict=True))
        ]


def _row(recorder: Recorder, number: int) -> Row:
    noted = recorder.rows[number]
    if type(noted) is Row:
        return noted
    plan, where, group, step, arguments, options, outs, residuals = noted
    row = Row("op", group, step, where)
    row.op, made = recorder.plans[plan]
    n = len(arguments) // 2
    row.args = [
        Argument(arguments[i], *_parted(arguments[i + n]), raw=options and options[i])
        for i in range(n)
    ]
    row.outs = _listed(outs)
    row.residuals = list(residuals)
    row.rules = made.positions
    packed = recorder.packed.get(number)
    row.saved = list(_saved(recorder, row, made.save)) if packed is None else packed
    row.freed = recorder.freed.get(number)
    return row


def _listed(numbers: int | tuple[int, ...]) -> list[int]:
    return [numbers] if type(numbers) is int else list(numbers)  # type: ignore[arg-type]


def _saved(recorder: Recorder, row: Row, positions: Any) -> Iterator[tuple[int, int, int]]:
    """What the tape kept: (which position, its block of memory, the block's bytes)."""
    store = recorder.store
    several = row.op.several
    known: list[Any] = [a.value for a in row.args]
    known += [-1 if several else row.outs[0], *row.residuals]
    for position in positions:
        value = known[position]
        if type(value) is int and value >= 0:
            block = store.buffer_of[value]
            yield position, block, store.sizes[block] if block >= 0 else 0


def _parted(place: int) -> tuple[int, int]:
    """Row and output of a place."""
    if place < 0:
        return -1, 0
    return place & (1 << OUTPUT) - 1, max((place >> OUTPUT) - 1, 0)


def _step(recorder: Recorder, number: int) -> Step:
    noted = recorder.steps[number]
    if type(noted) is int:
        return Step("forward", noted)
    if len(noted) == 5:
        row, walk, arrived, old, new = noted
        step = Step("deliver", row, walk)
        step.grads = [arrived]
        step.old = old if old >= 0 else None
        step.new = new
        return step
    row, walk, grads, fused = noted
    step = Step("backward", row, walk)
    step.grads = _listed(recorder.replaced.get(number, grads))
    step.fused = fused
    return step


def _contribution(
    position: int, place: int, raw: int, fitted: int, old: int, new: int
) -> Contribution:
    contribution = Contribution(position, *_parted(place))
    contribution.raw, contribution.fitted, contribution.new = raw, fitted, new
    contribution.old = old if old >= 0 else None
    return contribution


def alive(run: Run) -> list[int]:
    """Bytes, after each step, of all arrays that the trace has seen and that still live."""
    changes = [0] * (len(run.steps) + 2)
    for size, born, died in run.blocks:
        changes[born] += size
        if died >= 0:
            changes[died] -= size
    curve: list[int] = np.cumsum(changes)[: len(run.steps)].tolist()
    return curve
