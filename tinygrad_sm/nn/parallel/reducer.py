"""Gradients averaged over processes, in buckets, while backward still runs."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ...distributed.engine import mpi
from ...distributed.work import Work
from ...tape import LEAF, Node, nodes_below, written
from ...tensor import Tensor

MEGABYTE = 1024 * 1024
FIRST_BUCKET = MEGABYTE  # small, so that sending begins early


class Bucket:
    """Parameters whose gradients are sent together, as one array."""

    def __init__(self, params: list[Tensor]) -> None:
        self.params = params
        self.flat = np.empty(sum(p.array.size for p in params), params[0].array.dtype)
        ends = np.cumsum([p.array.size for p in params])
        self.slices = [
            self.flat[end - p.array.size : end].reshape(p.array.shape)
            for p, end in zip(params, ends, strict=True)
        ]
        self.waiting: set[Tensor] = set(params)
        self.work: Work | None = None


def in_buckets(params: Iterable[Tensor], capacity: float) -> list[list[Tensor]]:
    """Split parameters, the last first as backward meets them, into lists of some bytes each.

    Args:
        params: the parameters.
        capacity: bytes that a list holds at most, unless it is of one parameter; the first list is
            at most ``FIRST_BUCKET``.
    """
    lists: list[list[Tensor]] = []
    filled = 0
    for p in reversed(list(params)):
        room = min(capacity, FIRST_BUCKET) if len(lists) == 1 else capacity
        same = lists and lists[-1][0].array.dtype == p.array.dtype
        if same and filled + p.array.nbytes <= room:
            lists[-1].append(p)
            filled += p.array.nbytes
        else:
            lists.append([p])
            filled = p.array.nbytes
    return lists


class Reducer:
    """Averages the gradients of some parameters over a group of processes.

    Every parameter tells when its gradient is complete. A bucket that is complete is sent, in the
    same order on every rank; when all are, the averages take the gradients' places.

    Args:
        named: the parameters and their names.
        group: the process group.
        capacity: bytes of a bucket.
        find_unused: let parameters that a loss does not depend on pass.
    """

    def __init__(
        self, named: dict[str, Tensor], group: Any, capacity: float, find_unused: bool
    ) -> None:
        self.names = {p: name for name, p in named.items()}
        self.group = group
        self.find_unused = find_unused
        self.buckets = [Bucket(params) for params in in_buckets(named.values(), capacity)]
        self.bucket_of = {p: bucket for bucket in self.buckets for p in bucket.params}
        self.enabled = True
        self.used: set[Tensor] = set()
        self.sent = 0
        self.begun = False
        told = weakref.WeakMethod(self._on_gradient)  # else each parameter would hold all others
        for p in self.names:
            p.register_post_accumulate_grad_hook(lambda p: (told() or _nobody)(p))

    def expect(self, outputs: Any) -> None:
        """Note which parameters the result of a forward pass depends on.

        Raises:
            RuntimeError: if the backward pass before this one did not reach all parameters.
        """
        if self.begun:
            missing = [self.names[p] for b in self.buckets for p in b.waiting]
            raise RuntimeError(
                "DistributedDataParallel: the last backward pass gave no gradient to "
                f"{', '.join(missing)}, so the gradients were not averaged. Usual causes: an output "
                "that the loss does not use, or a backward pass that was stopped by an error"
            )
        self.used |= parameters_below(outputs) & set(self.names)

    def _on_gradient(self, p: Tensor) -> None:
        if not self.enabled:
            return
        if not self.begun:
            self._begin()
        self._ready(p)
        for bucket in self.buckets[: self.sent]:
            if bucket.work is not None:
                bucket.work.is_completed()  # MPI goes on with a transfer only when asked
        if self.sent == len(self.buckets):
            self._finish()

    def _begin(self) -> None:
        unused = [p for p in self.names if p not in self.used]
        if unused and not self.find_unused:
            raise RuntimeError(
                "DistributedDataParallel: the outputs do not depend on the parameters "
                f"{', '.join(self.names[p] for p in unused)}, so they would get no gradient and the "
                "other ranks would wait for it. Use find_unused_parameters=True, or leave them out "
                "of the model"
            )
        self.begun = True
        for p in unused:
            self._ready(p)

    def _ready(self, p: Tensor) -> None:
        bucket = self.bucket_of[p]
        bucket.waiting.discard(p)
        while self.sent < len(self.buckets) and not self.buckets[self.sent].waiting:
            self._send(self.buckets[self.sent])
            self.sent += 1

    def _send(self, bucket: Bucket) -> None:
        for p, part in zip(bucket.params, bucket.slices, strict=True):
            if p.grad is None:
                part[...] = 0
            else:
                np.divide(p.grad.array, self.group.size(), out=part)
        request = self.group.collectives.Iallreduce(mpi().IN_PLACE, bucket.flat, mpi().SUM)
        bucket.work = Work(
            [request], f"the gradients of {len(bucket.params)} parameters", self.group
        )

    def _finish(self) -> None:
        used_somewhere = self._used_somewhere()
        for bucket in self.buckets:
            if bucket.work is not None:
                bucket.work.wait()
            for p, part in zip(bucket.params, bucket.slices, strict=True):
                if p.grad is not None:
                    np.copyto(p.grad.array, part)
                    written(p.grad)
                elif p in used_somewhere:
                    p.grad = Tensor(part.copy())
            bucket.waiting, bucket.work = set(bucket.params), None
        self.used, self.sent, self.begun = set(), 0, False

    def _used_somewhere(self) -> set[Tensor]:
        """The parameters that got a gradient on any rank."""
        if not self.find_unused:
            return set()
        used = np.array([p in self.used for p in self.names], np.uint8)
        request = self.group.collectives.Iallreduce(mpi().IN_PLACE, used, mpi().MAX)
        Work([request], "the parameters in use", self.group).wait()
        return {p for p, flag in zip(self.names, used, strict=True) if flag}


def _nobody(p: Tensor) -> None:
    """What is told of a gradient when the reducer is gone."""


def parameters_below(outputs: Any) -> set[Tensor]:
    """The leaves that tensors, in any nest of lists, tuples and dicts, depend on."""
    places = {t if t.node is LEAF else t.node for t in tensors_in(outputs) if t.requires_grad}
    for node in nodes_below(place for place in places if type(place) is Node):
        places.update(parent for parent in node.parents if parent is not None)
    return {place for place in places if type(place) is not Node}


def tensors_in(nest: Any) -> Iterator[Tensor]:
    """The tensors of a nest of lists, tuples and dicts."""
    if isinstance(nest, Tensor):
        yield nest
    elif isinstance(nest, dict):
        for value in nest.values():
            yield from tensors_in(value)
    elif isinstance(nest, list | tuple):
        for value in nest:
            yield from tensors_in(value)
