"""Python objects between processes, pickled: convenient, slow, and only for peers that are trusted."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np

from ..tape import wrap
from ..tensor import Tensor
from .collectives import all_gather, all_gather_into_tensor, broadcast
from .groups import Group, get_global_rank, member_of, root


def _packed(thing: Any) -> Tensor:
    packed: Tensor = wrap(np.frombuffer(pickle.dumps(thing), np.uint8).copy())
    return packed


def _empty(size: int) -> Tensor:
    empty: Tensor = wrap(np.empty(size, np.uint8))
    return empty


def _unpacked(t: Tensor, size: int) -> Any:
    return pickle.loads(t.array[:size].tobytes())


def broadcast_object_list(
    object_list: list[Any],
    src: int | None = None,
    group: Group = None,
    device: Any = None,
    group_src: int | None = None,
) -> None:
    """Replace the list's elements by those of rank ``src``.

    Args:
        object_list: of the same length on every rank.
        src: a rank of the world, 0 by default.
        group: who takes part.
        device: ignored.
        group_src: instead of ``src``, a rank of the group.
    """
    members = member_of(group)
    if members is None:
        return
    origin = root(members, "src", src, group_src)
    mine = _packed(object_list) if members.rank() == origin else None
    size: Tensor = wrap(np.array(0 if mine is None else mine.array.size))
    broadcast(size, group=members, group_src=origin)
    packed = _empty(int(size.array)) if mine is None else mine
    broadcast(packed, group=members, group_src=origin)
    received = _unpacked(packed, packed.array.size)
    if len(received) != len(object_list):
        raise ValueError(
            f"broadcast_object_list: rank {get_global_rank(members, origin)} sent {len(received)} "
            f"objects, but the list here has {len(object_list)}"
        )
    if mine is None:
        object_list[:] = received


def all_gather_object(object_list: list[Any], obj: Any, group: Group = None) -> None:
    """Give every rank the objects of all.

    Args:
        object_list: written to: one element for each rank.
        obj: what this rank gives.
        group: who takes part.

    Raises:
        ValueError: if the list has another length.
    """
    members = member_of(group)
    if members is None:
        return
    if len(object_list) != members.size():
        raise ValueError(
            f"all_gather_object: the list has {len(object_list)} elements, but the group "
            f"{members.size()} ranks"
        )
    mine = _packed(obj)
    sizes: Tensor = wrap(np.zeros(members.size(), np.int64))
    all_gather_into_tensor(sizes, wrap(np.array([mine.array.size])), members)
    packed = [_empty(int(sizes.array.max())) for _ in object_list]
    padded = _empty(int(sizes.array.max()))
    padded.array[: mine.array.size] = mine.array
    all_gather(packed, padded, members)
    object_list[:] = [_unpacked(t, size) for t, size in zip(packed, sizes.array, strict=True)]


def gather_object(
    obj: Any,
    object_gather_list: list[Any] | None = None,
    dst: int | None = None,
    group: Group = None,
    group_dst: int | None = None,
) -> None:
    """Give rank ``dst`` the objects of all.

    Args:
        obj: what this rank gives.
        object_gather_list: on ``dst``, written to: one element for each rank.
        dst: a rank of the world, 0 by default.
        group: who takes part.
        group_dst: instead of ``dst``, a rank of the group.

    Raises:
        ValueError: if ``dst`` gives no list, or one of another length.
    """
    members = member_of(group)
    if members is None:
        return
    origin = root(members, "dst", dst, group_dst)
    if members.rank() == origin and object_gather_list is None:
        raise ValueError("gather_object: object_gather_list must be given on the destination rank")
    found = [None] * members.size()
    all_gather_object(found, obj, members)
    if members.rank() == origin and object_gather_list is not None:
        object_gather_list[:] = found


def scatter_object_list(
    scatter_object_output_list: list[Any],
    scatter_object_input_list: list[Any] | None = None,
    src: int | None = None,
    group: Group = None,
    group_src: int | None = None,
) -> None:
    """Give each rank one of the objects of rank ``src``.

    Args:
        scatter_object_output_list: its first element is written to.
        scatter_object_input_list: on ``src``, one object for each rank.
        src: a rank of the world, 0 by default.
        group: who takes part.
        group_src: instead of ``src``, a rank of the group.

    Raises:
        ValueError: if there is no place for the object, or not one object for each rank.
    """
    members = member_of(group)
    if members is None:
        return
    origin = root(members, "src", src, group_src)
    if not scatter_object_output_list:
        raise ValueError("scatter_object_list: the output list needs an element to write to")
    sent = [scatter_object_input_list]
    broadcast_object_list(sent, group=members, group_src=origin)
    if not isinstance(sent[0], list) or len(sent[0]) != members.size():
        raise ValueError(
            f"scatter_object_list: rank {members.ranks[origin]} must give a list of {members.size()} "
            "objects, one for each rank"
        )
    scatter_object_output_list[0] = sent[0][members.rank()]
