"""Rows and steps, made when a trace is shown of what the recorder noted while the program ran."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .recorder import OUTPUT, Recorder, reference
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
        memory = _Memory(recorder)
        self.walks = recorder.walks
        self.groups = recorder.groups
        self.values: list[Kept] = recorder.store.finished()
        born = {row: step for step, row in enumerate(recorder.steps) if type(row) is int}
        self.rows = [
            _row(recorder, memory, number, born.get(number, -1))
            for number in range(len(recorder.rows))
        ]
        self.steps = [_step(recorder, number) for number in range(len(recorder.steps))]
        numbers = iter(recorder.contributions)
        for step, *contribution in zip(*[numbers] * 7, strict=True):
            self.steps[step].contributions.append(_contribution(*contribution))
        self.blocks = memory.blocks


class _Memory:
    """What a recorder's log says of memory.

    Attributes:
        blocks: see ``Run``.
        block_of: per value the number of the block that it lay in, or -1.
        freed: by row, the first step at whose end the tape held its values no more.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.blocks: list[tuple[int, int, int]] = []
        self.freed = dict(recorder.freed)
        operations = (row for row in recorder.steps if type(row) is int)
        known: dict[int, int] = {}  # of what came, its row or block
        step = 0
        for entry in recorder.log:
            if entry is None:
                step += 1
            elif type(entry) is reference:
                if id(entry) in known:
                    self.freed.setdefault(known[id(entry)], step)
                else:
                    known[id(entry)] = next(operations)
                    step += 1
            elif entry.base is None:
                if id(entry) in known:
                    size, born, _ = self.blocks[known[id(entry)]]
                    self.blocks[known[id(entry)]] = size, born, step
                else:
                    known[id(entry)] = len(self.blocks)
                    self.blocks.append((entry.size, step, -1))
        self.block_of = [
            -1 if w is None else known[id(w.base or w)] for w in recorder.store.seen_as
        ]


def _row(recorder: Recorder, memory: _Memory, number: int, step: int) -> Row:
    noted = recorder.rows[number]
    if type(noted) is Row:
        return noted
    op, plan, where, group, options, outs, residuals, *arguments = noted
    row = Row("op", group, step, where)
    row.op = op
    row.args = [
        Argument(number, *_parted(place), raw=options and options[i])
        for i, (number, place) in enumerate(zip(arguments[::2], arguments[1::2], strict=True))
    ]
    row.outs = _listed(outs)
    row.residuals = list(residuals)
    row.rules = plan.positions
    packed = recorder.packed.get(number)
    row.saved = list(_saved(memory, row, plan.save)) if packed is None else packed
    row.freed = memory.freed.get(number)
    return row


def _listed(numbers: int | Sequence[int]) -> list[int]:
    return [numbers] if isinstance(numbers, int) else list(numbers)


def _saved(memory: _Memory, row: Row, positions: Any) -> Iterator[tuple[int, int, int]]:
    """What the tape kept: (which position, its block of memory, the block's bytes)."""
    several = row.op.several
    known: list[Any] = [a.value for a in row.args]
    known += [-1 if several else row.outs[0], *row.residuals]
    for position in positions:
        value = known[position]
        if type(value) is int and value >= 0:
            block = memory.block_of[value]
            yield position, block, memory.blocks[block][0] if block >= 0 else 0


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
