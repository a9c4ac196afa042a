"""Which examples each of several processes reads."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sized

from ...distributed.groups import get_rank, get_world_size
from ...ops.random import Generator, randperm
from .sampler import Sampler


class DistributedSampler(Sampler[int]):
    """Every rank's own share of the indices: every ``num_replicas``-th one of the same order.

    So the batches that all ranks read at the same time hold what one process would read in a batch
    as large as all of them.

    Args:
        dataset: the dataset, of the same length on every rank.
        num_replicas: into how many shares it is split; the number of processes by default.
        rank: which share this is; the rank of this process by default.
        shuffle: whether the order is random; it is the same on every rank.
        seed: of the order; the same on every rank.
        drop_last: leave the last few examples out, to make shares equal; without it the first
            few come twice.

    Raises:
        ValueError: for a share that is not there; before ``init_process_group`` if number and rank
            are not given.
    """

    def __init__(
        self,
        dataset: Sized,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        self.num_replicas = get_world_size() if num_replicas is None else num_replicas
        self.rank = get_rank() if rank is None else rank
        if not 0 <= self.rank < self.num_replicas:
            raise ValueError(
                f"Invalid rank {self.rank}, rank should be in the interval "
                f"[0, {self.num_replicas - 1}]"
            )
        self.dataset = dataset
        self.epoch = 0
        self.shuffle = shuffle
        self.seed = seed
        self.drop_last = drop_last
        share = len(dataset) / self.num_replicas
        self.num_samples = math.floor(share) if drop_last else math.ceil(share)
        self.total_size = self.num_samples * self.num_replicas

    def __iter__(self) -> Iterator[int]:
        indices = list(range(len(self.dataset)))
        if self.shuffle:
            order = Generator().manual_seed(self.seed + self.epoch)
            indices = randperm(len(indices), generator=order).tolist()
        while 0 < len(indices) < self.total_size:
            indices += indices[: self.total_size - len(indices)]
        return iter(indices[self.rank : self.total_size : self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Say which pass begins, so that each has an order of its own."""
        self.epoch = epoch
