"""Calls that every process of a group makes together.

Each takes ``group`` (the world by default) and ``async_op``: with it, the call returns a ``Work``
at once, whose ``wait()`` ends it, and until then the tensors must be left alone. To a process that
is not in the group a call does nothing. Tensors go to MPI as they are; only one that is not
contiguous is copied. All raise ``TypeError`` for what is no tensor, ``ValueError`` for lists or
tensors that do not fit, and ``DistributedError`` if another rank does not take part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..tensor import Tensor
from .buffers import (
    all_incoming,
    check_same_sizes,
    check_tensors,
    incoming,
    outgoing,
    raw,
    shown,
)
from .debug import check_same_call
from .engine import mpi
from .groups import Group, member_of, root
from .reductions import ReduceOp, buffer, mpi_op
from .work import Work, done


def _call(
    members: Any,
    what: str,
    begin: Callable[[], list[Any]],
    async_op: bool,
    finish: Callable[[], object] | None = None,
) -> Work | None:
    """Begin a call, once it is known to be the same on every rank, and wait for it if asked to."""
    check_same_call(members, what)
    return done(Work(begin(), what, members, finish), async_op)


def _reduced(
    flat: np.ndarray, op: ReduceOp, members: Any, finish: Callable[[], None]
) -> Callable[[], None]:
    """What is to be done with a sum that arrived in ``flat``: a mean is still to be made of it."""

    def divide() -> None:
        if op is ReduceOp.AVG:
            flat[...] /= members.size()
        finish()

    return divide


def all_reduce(
    tensor: Tensor, op: ReduceOp = ReduceOp.SUM, group: Group = None, async_op: bool = False
) -> Work | None:
    """Replace the tensor of every rank by the sum, or what ``op`` says, of all.

    Args:
        tensor: of the same shape and dtype on every rank.
        op: how values become one; ``AVG`` for floating-point numbers, ``BAND``, ``BOR`` and ``BXOR``
            for integers and booleans only.
        group: who takes part.
        async_op: return a ``Work`` at once.
    """
    members = member_of(group)
    check_tensors("all_reduce", "tensor", tensor)
    if members is None:
        return None
    what = f"all_reduce({op.name}) of {shown(tensor)}"
    mpi_name = mpi_op(op, tensor.array.dtype)
    flat, finish = incoming(tensor)

    def begin() -> list[Any]:
        return [members.collectives.Iallreduce(mpi().IN_PLACE, buffer(flat), mpi_name)]

    return _call(members, what, begin, async_op, _reduced(flat, op, members, finish))


def reduce(
    tensor: Tensor,
    dst: int | None = None,
    op: ReduceOp = ReduceOp.SUM,
    group: Group = None,
    async_op: bool = False,
    group_dst: int | None = None,
) -> Work | None:
    """Replace the tensor of rank ``dst`` by the sum, or what ``op`` says, of all.

    Args:
        tensor: of the same shape and dtype on every rank; unchanged on the others.
        dst: a rank of the world, 0 by default.
        op: as in ``all_reduce``.
        group: who takes part.
        async_op: return a ``Work`` at once.
        group_dst: instead of ``dst``, a rank of the group.
    """
    members = member_of(group)
    check_tensors("reduce", "tensor", tensor)
    if members is None:
        return None
    origin = root(members, "dst", dst, group_dst)
    what = f"reduce({op.name}, dst={members.ranks[origin]}) of {shown(tensor)}"
    mpi_name = mpi_op(op, tensor.array.dtype)
    start = members.collectives.Ireduce
    if members.rank() != origin:
        sent = buffer(outgoing(tensor))
        return _call(members, what, lambda: [start(sent, None, mpi_name, origin)], async_op)
    flat, finish = incoming(tensor)

    def begin() -> list[Any]:
        return [start(mpi().IN_PLACE, buffer(flat), mpi_name, origin)]

    return _call(members, what, begin, async_op, _reduced(flat, op, members, finish))


def broadcast(
    tensor: Tensor,
    src: int | None = None,
    group: Group = None,
    async_op: bool = False,
    group_src: int | None = None,
) -> Work | None:
    """Give every rank the values of rank ``src``.

    Args:
        tensor: sent by ``src``, written to on the others; of the same shape and dtype everywhere.
        src: a rank of the world, 0 by default.
        group: who takes part.
        async_op: return a ``Work`` at once.
        group_src: instead of ``src``, a rank of the group.
    """
    members = member_of(group)
    check_tensors("broadcast", "tensor", tensor)
    if members is None:
        return None
    origin = root(members, "src", src, group_src)
    what = f"broadcast(src={members.ranks[origin]}) of {shown(tensor)}"
    start = members.collectives.Ibcast
    if members.rank() == origin:
        sent = raw(outgoing(tensor))
        return _call(members, what, lambda: [start(sent, origin)], async_op)
    flat, finish = incoming(tensor)
    return _call(members, what, lambda: [start(raw(flat), origin)], async_op, finish)


def all_gather(
    tensor_list: list[Tensor], tensor: Tensor, group: Group = None, async_op: bool = False
) -> Work | None:
    """Give every rank the tensors of all.

    Args:
        tensor_list: written to: one tensor for each rank.
        tensor: what this rank gives.
        group: who takes part.
        async_op: return a ``Work`` at once.
    """
    members = member_of(group)
    check_tensors("all_gather", "tensor_list", tensor_list)
    check_tensors("all_gather", "tensor", tensor)
    if members is None:
        return None
    _check_length("all_gather", tensor_list, members)
    check_same_sizes("all_gather", tensor_list, tensor)
    what = f"all_gather of {shown(tensor)}"
    flats, finish = all_incoming(tensor_list)

    def begin() -> list[Any]:
        flats[members.rank()][...] = outgoing(tensor)
        return [members.collectives.Ibcast(raw(flat), r) for r, flat in enumerate(flats)]

    return _call(members, what, begin, async_op, finish)


def all_gather_into_tensor(
    output_tensor: Tensor, input_tensor: Tensor, group: Group = None, async_op: bool = False
) -> Work | None:
    """Give every rank the tensors of all, one after another in one tensor.

    Args:
        output_tensor: written to; as many elements as all inputs together.
        input_tensor: what this rank gives.
        group: who takes part.
        async_op: return a ``Work`` at once.
    """
    members = member_of(group)
    check_tensors("all_gather_into_tensor", "tensors", [output_tensor, input_tensor])
    if members is None:
        return None
    _check_whole("all_gather_into_tensor", output_tensor, input_tensor, members)
    what = f"all_gather_into_tensor of {shown(input_tensor)}"
    flat, finish = incoming(output_tensor)

    def begin() -> list[Any]:
        return [members.collectives.Iallgather(raw(outgoing(input_tensor)), raw(flat))]

    return _call(members, what, begin, async_op, finish)


def gather(
    tensor: Tensor,
    gather_list: list[Tensor] | None = None,
    dst: int | None = None,
    group: Group = None,
    async_op: bool = False,
    group_dst: int | None = None,
) -> Work | None:
    """Give rank ``dst`` the tensors of all.

    Args:
        tensor: what this rank gives.
        gather_list: on ``dst``, written to: one tensor for each rank; nothing on the others.
        dst: a rank of the world, 0 by default.
        group: who takes part.
        async_op: return a ``Work`` at once.
        group_dst: instead of ``dst``, a rank of the group.
    """
    members = member_of(group)
    check_tensors("gather", "tensor", tensor)
    if members is None:
        return None
    origin = root(members, "dst", dst, group_dst)
    listed = _list_at_root("gather", "gather_list", gather_list, tensor, members, origin)
    what = f"gather(dst={members.ranks[origin]}) of {shown(tensor)}"
    comm = members.collectives
    if listed is None:
        sent = raw(outgoing(tensor))
        return _call(members, what, lambda: [comm.Isend(sent, origin)], async_op)
    flats, finish = all_incoming(listed)

    def begin() -> list[Any]:
        flats[origin][...] = outgoing(tensor)
        return [comm.Irecv(raw(flat), r) for r, flat in enumerate(flats) if r != origin]

    return _call(members, what, begin, async_op, finish)


def scatter(
    tensor: Tensor,
    scatter_list: list[Tensor] | None = None,
    src: int | None = None,
    group: Group = None,
    async_op: bool = False,
    group_src: int | None = None,
) -> Work | None:
    """Give each rank one of the tensors of rank ``src``.

    Args:
        tensor: written to.
        scatter_list: on ``src``, one tensor for each rank; nothing on the others.
        src: a rank of the world, 0 by default.
        group: who takes part.
        async_op: return a ``Work`` at once.
        group_src: instead of ``src``, a rank of the group.
    """
    members = member_of(group)
    check_tensors("scatter", "tensor", tensor)
    if members is None:
        return None
    origin = root(members, "src", src, group_src)
    listed = _list_at_root("scatter", "scatter_list", scatter_list, tensor, members, origin)
    what = f"scatter(src={members.ranks[origin]}) of {shown(tensor)}"
    comm = members.collectives
    flat, finish = incoming(tensor)

    def begin() -> list[Any]:
        if listed is None:
            return [comm.Irecv(raw(flat), origin)]
        flat[...] = outgoing(listed[origin])
        return [comm.Isend(raw(outgoing(t)), r) for r, t in enumerate(listed) if r != origin]

    return _call(members, what, begin, async_op, finish)


def reduce_scatter(
    output: Tensor,
    input_list: list[Tensor],
    op: ReduceOp = ReduceOp.SUM,
    group: Group = None,
    async_op: bool = False,
) -> Work | None:
    """Sum lists of all ranks element by element, and give each rank one element of the result.

    Args:
        output: written to.
        input_list: one tensor for each rank.
        op: as in ``all_reduce``.
        group: who takes part.
        async_op: return a ``Work`` at once.
    """
    members = member_of(group)
    check_tensors("reduce_scatter", "output", output)
    check_tensors("reduce_scatter", "input_list", input_list)
    if members is None:
        return None
    _check_length("reduce_scatter", input_list, members)
    check_same_sizes("reduce_scatter", input_list, output)
    what = f"reduce_scatter({op.name}) of {shown(output)}"
    mpi_name = mpi_op(op, output.array.dtype)
    flat, finish = incoming(output)
    result = np.empty_like(flat)  # output may share memory with an element of the list

    def begin() -> list[Any]:
        mine = [buffer(result) if r == members.rank() else None for r in range(members.size())]
        start = members.collectives.Ireduce
        return [start(buffer(outgoing(t)), mine[r], mpi_name, r) for r, t in enumerate(input_list)]

    def take() -> None:
        flat[...] = result
        finish()

    return _call(members, what, begin, async_op, _reduced(result, op, members, take))


def reduce_scatter_tensor(
    output: Tensor,
    input: Tensor,
    op: ReduceOp = ReduceOp.SUM,
    group: Group = None,
    async_op: bool = False,
) -> Work | None:
    """``reduce_scatter`` of the equal parts of one tensor.

    Args:
        output: written to.
        input: as many elements as all outputs together.
        op: as in ``all_reduce``.
        group: who takes part.
        async_op: return a ``Work`` at once.
    """
    members = member_of(group)
    check_tensors("reduce_scatter_tensor", "tensors", [output, input])
    if members is None:
        return None
    _check_whole("reduce_scatter_tensor", input, output, members)
    parts = input.reshape(members.size(), *output.array.shape)
    return reduce_scatter(output, list(parts.unbind(0)), op, group, async_op)


def all_to_all(
    output_tensor_list: list[Tensor],
    input_tensor_list: list[Tensor],
    group: Group = None,
    async_op: bool = False,
) -> Work | None:
    """Send each rank one tensor, and receive one from each.

    Args:
        output_tensor_list: written to; element r comes from rank r and has the size that it sends.
        input_tensor_list: element r goes to rank r.
        group: who takes part.
        async_op: return a ``Work`` at once.
    """
    members = member_of(group)
    check_tensors("all_to_all", "output_tensor_list", output_tensor_list)
    check_tensors("all_to_all", "input_tensor_list", input_tensor_list)
    if members is None:
        return None
    _check_length("all_to_all", output_tensor_list, members)
    _check_length("all_to_all", input_tensor_list, members)
    me, comm = members.rank(), members.collectives
    check_same_sizes("all_to_all", [output_tensor_list[me]], input_tensor_list[me])
    what = f"all_to_all of {input_tensor_list[me].array.dtype}"
    flats, finish = all_incoming(output_tensor_list)

    def begin() -> list[Any]:
        flats[me][...] = outgoing(input_tensor_list[me])
        received = [comm.Irecv(raw(flat), r) for r, flat in enumerate(flats) if r != me]
        sent = [raw(outgoing(t)) for t in input_tensor_list]
        return received + [comm.Isend(flat, r) for r, flat in enumerate(sent) if r != me]

    return _call(members, what, begin, async_op, finish)


def all_to_all_single(
    output: Tensor,
    input: Tensor,
    output_split_sizes: Sequence[int] | None = None,
    input_split_sizes: Sequence[int] | None = None,
    group: Group = None,
    async_op: bool = False,
) -> Work | None:
    """``all_to_all`` of the parts of two tensors along their first dimension.

    Args:
        output: written to.
        input: what is sent.
        output_split_sizes: rows that come from each rank; equal parts by default.
        input_split_sizes: rows that go to each rank; equal parts by default.
        group: who takes part.
        async_op: return a ``Work`` at once.
    """
    members = member_of(group)
    check_tensors("all_to_all_single", "tensors", [output, input])
    if members is None:
        return None
    received = _parts("output", output, output_split_sizes, members)
    return all_to_all(received, _parts("input", input, input_split_sizes, members), group, async_op)


def barrier(group: Group = None, async_op: bool = False, device_ids: Any = None) -> Work | None:
    """Wait until every rank of the group is here.

    Args:
        group: who takes part.
        async_op: return a ``Work`` at once.
        device_ids: ignored: there are no GPUs.
    """
    members = member_of(group)
    if members is None:
        return None
    return _call(members, "barrier", lambda: [members.collectives.Ibarrier()], async_op)


def _check_length(call: str, tensors: Sequence[Tensor], members: Any) -> None:
    if len(tensors) != members.size():
        raise ValueError(
            f"{call}: the list has {len(tensors)} tensors, but the group {members.size()} ranks: "
            "it needs one for each"
        )


def _check_whole(call: str, whole: Tensor, part: Tensor, members: Any) -> None:
    if whole.array.dtype != part.array.dtype:
        raise ValueError(f"{call}: dtypes differ: {shown(whole)} and {shown(part)}")
    if whole.array.size != part.array.size * members.size():
        raise ValueError(
            f"{call}: {shown(whole)} does not hold {members.size()} of {shown(part)}, one for "
            "each rank"
        )


def _list_at_root(
    call: str, name: str, tensors: Any, tensor: Tensor, members: Any, origin: int
) -> list[Tensor] | None:
    """The list, which only the root has; ``None`` elsewhere."""
    if members.rank() != origin:
        if tensors:
            raise ValueError(f"{call}: {name} must be given on rank {members.ranks[origin]} only")
        return None
    if not tensors:
        raise ValueError(f"{call}: {name} must be given on rank {members.ranks[origin]}")
    check_tensors(call, name, tensors)
    _check_length(call, tensors, members)
    check_same_sizes(call, tensors, tensor)
    return list(tensors)


def _parts(name: str, t: Tensor, sizes: Sequence[int] | None, members: Any) -> list[Tensor]:
    rows = t.array.shape[0] if t.array.ndim else 0
    if sizes is None:
        if rows % members.size():
            raise ValueError(
                f"all_to_all_single: {name} has {rows} rows, which {members.size()} ranks cannot "
                f"share equally: give {name}_split_sizes"
            )
        sizes = [rows // members.size()] * members.size()
    if sum(sizes) != rows:
        raise ValueError(
            f"all_to_all_single: {name}_split_sizes {list(sizes)} must add up to the {rows} rows"
        )
    return list(t.split(list(sizes)))
