"""Messages from one process to another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..tensor import Tensor
from .buffers import check_tensors, incoming, outgoing, raw, shown
from .engine import mpi
from .groups import Group, member_of, peer
from .work import Work


class _Message(Work):
    """A message under way; it knows where it came from."""

    status: Any = None

    def is_completed(self) -> bool:
        if not self._complete and self._requests:
            self.status = self.status or mpi().Status()
            if self._requests[0].Test(self.status):
                self._requests = []
                return super().is_completed()
            return False
        return super().is_completed()

    def source_rank(self) -> int:
        """The rank of the world that sent it."""
        return int(self._group.ranks[self.status.Get_source()])


def isend(
    tensor: Tensor,
    dst: int | None = None,
    group: Group = None,
    tag: int = 0,
    group_dst: int | None = None,
) -> Work | None:
    """Begin to send a tensor; it must be left alone until ``wait()`` of what is returned.

    Args:
        tensor: the values.
        dst: a rank of the world.
        group: a group that both are in.
        tag: a number that the receiver must ask for.
        group_dst: instead of ``dst``, a rank of the group.

    Raises:
        ValueError: for a rank that is not there, or this one.
    """
    members = member_of(group)
    check_tensors("send", "tensor", tensor)
    if members is None:
        return None
    other = _other(members, "dst", dst, group_dst)
    what = f"send(dst={members.ranks[other]}, tag={tag}) of {shown(tensor)}"
    request = members.messages.Isend(raw(outgoing(tensor)), other, tag)
    return _Message([request], what, members, needs=[other])


def irecv(
    tensor: Tensor,
    src: int | None = None,
    group: Group = None,
    tag: int = 0,
    group_src: int | None = None,
) -> Work | None:
    """Begin to receive a tensor; its values are there after ``wait()`` of what is returned.

    Args:
        tensor: written to; of the shape and dtype of what is sent.
        src: a rank of the world; by default whoever sends first.
        group: a group that both are in.
        tag: the number that the sender gave.
        group_src: instead of ``src``, a rank of the group.

    Raises:
        ValueError: for a rank that is not there, or this one.
    """
    members = member_of(group)
    check_tensors("recv", "tensor", tensor)
    if members is None:
        return None
    anyone = src is None and group_src is None
    other = mpi().ANY_SOURCE if anyone else _other(members, "src", src, group_src)
    what = f"recv(src={'any' if anyone else members.ranks[other]}, tag={tag}) of {shown(tensor)}"
    flat, finish = incoming(tensor)
    request = members.messages.Irecv(raw(flat), other, tag)
    return _Message([request], what, members, finish, [] if anyone else [other])


def send(
    tensor: Tensor,
    dst: int | None = None,
    group: Group = None,
    tag: int = 0,
    group_dst: int | None = None,
) -> None:
    """Send a tensor, as ``isend`` does, and wait until it may be changed again."""
    work = isend(tensor, dst, group, tag, group_dst)
    if work is not None:
        work.wait()


def recv(
    tensor: Tensor,
    src: int | None = None,
    group: Group = None,
    tag: int = 0,
    group_src: int | None = None,
) -> int:
    """Receive a tensor, as ``irecv`` does, and return the rank that sent it (-1 outside the group)."""
    work = irecv(tensor, src, group, tag, group_src)
    if not isinstance(work, _Message):
        return -1
    work.wait()
    return work.source_rank()


def _other(members: Any, name: str, in_world: int | None, in_group: int | None) -> int:
    other = peer(members, name, in_world, in_group)
    if other == members.rank():
        raise ValueError(f"Invalid {name} rank: {name} rank should not be the same as this rank")
    return other


class P2POp:
    """One message for ``batch_isend_irecv``.

    Args:
        op: ``isend`` or ``irecv``.
        tensor: what is sent, or written to.
        peer: the other side, a rank of the world.
        group: a group that both are in.
        tag: as in ``isend``.
        group_peer: instead of ``peer``, a rank of the group.

    Raises:
        ValueError: for another ``op``.
    """

    def __init__(
        self,
        op: Callable[..., Any],
        tensor: Tensor,
        peer: int | None = None,
        group: Group = None,
        tag: int = 0,
        group_peer: int | None = None,
    ) -> None:
        if op not in (isend, irecv):
            raise ValueError("P2POp: op must be isend or irecv")
        check_tensors("P2POp", "tensor", tensor)
        self.op, self.tensor, self.group, self.tag = op, tensor, group, tag
        self.peer, self.group_peer = peer, group_peer


def batch_isend_irecv(p2p_op_list: list[P2POp]) -> list[Work]:
    """Begin several messages at once, in any order."""
    begun = [op.op(op.tensor, op.peer, op.group, op.tag, op.group_peer) for op in p2p_op_list]
    return [work for work in begun if work is not None]
