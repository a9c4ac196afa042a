"""Who takes part: the world of all processes, and groups of some of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np

from ..ops import random
from . import engine

TIMEOUT = timedelta(minutes=30)


class ProcessGroup:
    """Processes that call collectives together.

    Args:
        comm: MPI's communicator; the group makes its own from it.
        ranks: the members, by their number in the world.
        timeout: how long a call waits for the others.
    """

    def __init__(self, comm: Any, ranks: Sequence[int], timeout: timedelta) -> None:
        self.ranks = list(ranks)
        self.timeout = timeout
        self.collectives = comm.Dup()
        self.messages = comm.Dup()  # apart, so that a tag of the user's never meets one of ours
        self.checks = comm.Dup()

    def rank(self) -> int:
        """The number of this process in the group."""
        return int(self.collectives.rank)

    def size(self) -> int:
        """The number of members."""
        return len(self.ranks)

    def name(self) -> str:
        """The name of the engine."""
        return "mpi"

    def __repr__(self) -> str:
        return f"<ProcessGroup of ranks {self.ranks}>"


class _NotAMember:
    """Stands for a group that this process is not in: collectives on it do nothing."""

    def __repr__(self) -> str:
        return "<not a member of this group>"


class GroupMember:
    """What ``new_group`` may return."""

    WORLD: ProcessGroup | None = None
    NON_GROUP_MEMBER: Any = _NotAMember()


class _Groups(type):
    @property
    def WORLD(cls) -> ProcessGroup | None:
        """The group of all processes, ``None`` before ``init_process_group``."""
        return GroupMember.WORLD


class group(metaclass=_Groups):
    """``group.WORLD`` is the group of all processes."""


Group = ProcessGroup | None


def is_available() -> bool:
    """Whether several processes can be used: ``mpi4py`` is installed."""
    return engine.is_installed()


is_mpi_available = is_available


def is_nccl_available() -> bool:
    """False: there are no GPUs."""
    return False


def is_gloo_available() -> bool:
    """False: the engine is MPI."""
    return False


def is_torchelastic_launched() -> bool:
    """False: ``mpiexec`` starts the processes."""
    return False


def is_initialized() -> bool:
    """Whether ``init_process_group`` was called."""
    return GroupMember.WORLD is not None


def init_process_group(
    backend: str | None = None,
    init_method: str | None = None,
    timeout: timedelta | None = None,
    world_size: int = -1,
    rank: int = -1,
    store: Any = None,
    group_name: str = "",
    pg_options: Any = None,
    device_id: Any = None,
) -> None:
    """Join the other processes that ``mpiexec`` started; without it, be a world of one.

    From then on an exception that nobody catches ends all processes.

    Args:
        backend: ``"mpi"``, the only one.
        init_method: ignored: MPI knows where the others are.
        timeout: how long any call waits for the others; 30 minutes by default.
        world_size: checked against MPI's, if given.
        rank: checked against MPI's, if given.
        store: ignored.
        group_name: ignored.
        pg_options: ignored.
        device_id: ignored.

    Raises:
        ValueError: for another backend, a second call, or a rank or size that is not MPI's.
        RuntimeError: if ``mpi4py`` or an MPI library is missing.
    """
    if backend not in (None, "mpi"):
        raise ValueError(
            f"init_process_group: the backend here is MPI, and {backend!r} is not there: use "
            'backend="mpi", and start the program with mpiexec'
        )
    if is_initialized():
        raise ValueError("trying to initialize the default process group twice!")
    world = engine.mpi().COMM_WORLD
    for name, given, actual in (("world_size", world_size, world.size), ("rank", rank, world.rank)):
        if given not in (-1, actual):
            raise ValueError(
                f"init_process_group: {name} is {given}, but MPI says {actual}: it is mpiexec -n "
                "that decides, and the argument can be left out"
            )
    engine.farewells()
    GroupMember.WORLD = ProcessGroup(world, range(world.size), timeout or TIMEOUT)


def manual_seed(seed: int, group: Group = None) -> None:
    """Seed the default generator of each rank by its own number: no two ranks draw the same.

    For what must differ from rank to rank, such as dropout and the augmentation of data; a model's
    starting weights are those of rank 0 whatever the seeds.

    Args:
        seed: the same on every rank, of 0 to 2**64 - 1.
        group: the group whose ranks count; the world by default.
    """
    sequence = np.random.SeedSequence([seed, get_rank(group)])
    random.manual_seed(int(sequence.generate_state(1, np.uint64)[0]))


def destroy_process_group(group: Group = None) -> None:
    """Leave a group; without an argument the world, after which another may be joined."""
    member_of(group)
    if group is None or group is GroupMember.WORLD:
        GroupMember.WORLD = None


def new_group(
    ranks: Sequence[int] | None = None,
    timeout: timedelta | None = None,
    backend: str | None = None,
    pg_options: Any = None,
    use_local_synchronization: bool = False,
    group_desc: str | None = None,
    device_id: Any = None,
) -> Any:
    """A group of some processes. Every process of the world must call this, members or not.

    Args:
        ranks: the members; all by default.
        timeout: as the world's by default.
        backend: ``"mpi"``.
        pg_options: ignored.
        use_local_synchronization: ignored.
        group_desc: ignored.
        device_id: ignored.

    Returns:
        The group; ``GroupMember.NON_GROUP_MEMBER`` to a process that is not in it.

    Raises:
        ValueError: for another backend, or ranks that are not there or named twice.
    """
    world = _world()
    if backend not in (None, "mpi"):
        raise ValueError(f"new_group: the backend here is MPI, not {backend!r}")
    members = world.ranks if ranks is None else sorted(ranks)
    if len(set(members)) != len(members) or not set(members) <= set(world.ranks):
        raise ValueError(
            f"new_group: ranks {members} must be different ones of 0 to {world.size() - 1}"
        )
    mine = world.rank() in members
    comm = world.checks.Split(0 if mine else engine.mpi().UNDEFINED, world.rank())
    if not mine:
        return GroupMember.NON_GROUP_MEMBER
    return ProcessGroup(comm, members, timeout or world.timeout)


def _world() -> ProcessGroup:
    if GroupMember.WORLD is None:
        raise ValueError(
            "Default process group has not been initialized, please make sure to call "
            'init_process_group, as in distributed.init_process_group("mpi")'
        )
    return GroupMember.WORLD


def member_of(group: Any) -> Any:
    """The group, or the world for ``None``; ``None`` if this process is not in it."""
    if group is None:
        return _world()
    return None if group is GroupMember.NON_GROUP_MEMBER else group


def get_rank(group: Group = None) -> int:
    """The number of this process in a group, -1 if it is not in it."""
    found = member_of(group)
    return -1 if found is None else int(found.rank())


def get_world_size(group: Group = None) -> int:
    """How many processes are in a group, -1 if this one is not among them."""
    found = member_of(group)
    return -1 if found is None else int(found.size())


def get_backend(group: Group = None) -> str:
    """``"mpi"``."""
    member_of(group)
    return "mpi"


def get_process_group_ranks(group: Group) -> list[int]:
    """The members of a group, by their number in the world."""
    return list(member_of(group).ranks)


def get_global_rank(group: Group, group_rank: int) -> int:
    """The number in the world of a group's member.

    Raises:
        ValueError: if the group has no such member.
    """
    ranks = member_of(group).ranks
    if not 0 <= group_rank < len(ranks):
        raise ValueError(f"Group rank {group_rank} is not part of group {group}")
    return int(ranks[group_rank])


def get_group_rank(group: Group, global_rank: int) -> int:
    """The number in a group of a process of the world.

    Raises:
        ValueError: if it is not a member.
    """
    ranks = member_of(group).ranks
    if global_rank not in ranks:
        raise ValueError(f"Global rank {global_rank} is not part of group {group}")
    return int(ranks.index(global_rank))


def root(group: Any, name: str, in_world: int | None, in_group: int | None) -> int:
    """The rank that a collective is about, by its number in the group: rank 0 of the world by default."""
    return peer(group, name, 0 if in_world is None and in_group is None else in_world, in_group)


def peer(group: Any, name: str, in_world: int | None, in_group: int | None) -> int:
    """The other side of a call, by its number in the group.

    Raises:
        ValueError: if both numbers are given, or none.
    """
    if (in_world is None) == (in_group is None):
        raise ValueError(f"Must specify {name} or group_{name}, and not both")
    if in_group is None:
        return get_group_rank(group, in_world)  # type: ignore[arg-type]
    get_global_rank(group, in_group)
    return in_group
