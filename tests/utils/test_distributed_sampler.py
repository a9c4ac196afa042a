"""Shares of a dataset, against PyTorch's."""

from __future__ import annotations

import pytest

from tinygrad_sm.utils.data import DistributedSampler


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize(("length", "ranks"), [(12, 4), (13, 4), (2, 4), (0, 2), (7, 1)])
def test_the_shares_are_pytorchs(length, ranks, shuffle, drop_last):
    data = pytest.importorskip("torch.utils.data", reason="PyTorch is not installed")
    seen = []
    for rank in range(ranks):
        options = {"shuffle": shuffle, "seed": 5, "drop_last": drop_last}
        ours = DistributedSampler(range(length), ranks, rank, **options)
        theirs = data.distributed.DistributedSampler(range(length), ranks, rank, **options)
        for epoch in range(3):
            ours.set_epoch(epoch)
            theirs.set_epoch(epoch)
            assert len(ours) == len(theirs)
            if length or not shuffle:
                assert list(ours) == list(theirs)
        seen += list(ours)
    assert set(seen) == set(range(length)) or drop_last


def test_a_share_that_is_not_there():
    with pytest.raises(ValueError, match=r"rank should be in the interval \[0, 1\]"):
        DistributedSampler(range(4), 2, 2)
