import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_sm as sg
from tinygrad_sm.utils import data

SAMPLERS = {
    "sequential": lambda m, g: m.SequentialSampler(range(7)),
    "random": lambda m, g: m.RandomSampler(range(50), generator=g),
    "random, few": lambda m, g: m.RandomSampler(range(50), num_samples=20, generator=g),
    "random, many": lambda m, g: m.RandomSampler(range(5), num_samples=13, generator=g),
    "random, whole rounds": lambda m, g: m.RandomSampler(range(5), num_samples=10, generator=g),
    "with replacement": lambda m, g: m.RandomSampler(range(9), True, 70, g),
    "with replacement, few": lambda m, g: m.RandomSampler(range(9), True, 4, g),
    "subset": lambda m, g: m.SubsetRandomSampler([3, 5, 8, 2, 9, 11], g),
    "batches": lambda m, g: m.BatchSampler(m.RandomSampler(range(10), generator=g), 3, False),
    "whole batches": lambda m, g: m.BatchSampler(m.SubsetRandomSampler(range(10), g), 4, True),
}


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("name", SAMPLERS)
def test_the_order_is_pytorchs(torch, name, own):
    found = []
    for library, module in ((sg, data), (torch, torch.utils.data)):
        library.manual_seed(5)
        generator = library.Generator().manual_seed(11) if own else None
        sampler = SAMPLERS[name](module, generator)
        passes = [list(sampler) for _ in range(3)]
        found.append((passes, len(sampler), library.rand(1, generator=generator).item()))
    assert found[0] == found[1]


def test_a_sampler_without_an_order_says_so():
    with pytest.raises(NotImplementedError, match="Sampler does not define __iter__"):
        iter(data.Sampler())


@given(n=st.integers(1, 40), count=st.integers(1, 100), seed=st.integers(0, 2**32))
def test_every_index_comes_once_a_round(n, count, seed):
    generator = sg.Generator().manual_seed(seed)
    drawn = list(data.RandomSampler(range(n), num_samples=count, generator=generator))
    assert len(drawn) == count
    for start in range(0, count, n):
        part = drawn[start : start + n]
        assert len(set(part)) == len(part)
        assert set(part) <= set(range(n))


def test_weights_are_followed():
    sg.manual_seed(0)
    weights = [0.0, 1.0, 3.0, 0.0, 6.0]
    drawn = np.bincount(list(data.WeightedRandomSampler(weights, 20_000)), minlength=5)
    np.testing.assert_allclose(drawn / 20_000, np.asarray(weights) / 10, atol=0.02)
    sampler = data.WeightedRandomSampler(weights, 3, replacement=False)
    assert sorted(sampler) == [1, 2, 4]
    assert len(sampler) == 3


def test_weights_take_the_given_generator():
    weights = sg.ones(10)
    first, second = (
        list(data.WeightedRandomSampler(weights, 8, generator=sg.Generator().manual_seed(1)))
        for _ in range(2)
    )
    assert first == second
    assert len(set(first)) > 1


@pytest.mark.parametrize(
    ("error", "said", "build"),
    [
        (ValueError, "num_samples=0", lambda: data.RandomSampler([])),
        (ValueError, "num_samples=-1", lambda: data.RandomSampler([1], num_samples=-1)),
        (ValueError, r"num_samples=1\.5", lambda: data.RandomSampler([1], num_samples=1.5)),
        (TypeError, "replacement=1", lambda: data.RandomSampler([1], replacement=1)),
        (ValueError, "num_samples=True", lambda: data.WeightedRandomSampler([1.0], True)),
        (ValueError, "replacement=0", lambda: data.WeightedRandomSampler([1.0], 1, 0)),
        (ValueError, r"1d sequence .* \(1, 1\)", lambda: data.WeightedRandomSampler([[1.0]], 1)),
        (ValueError, "batch_size=0", lambda: data.BatchSampler([1], 0, False)),
        (ValueError, "batch_size=True", lambda: data.BatchSampler([1], True, False)),
        (ValueError, "drop_last=1", lambda: data.BatchSampler([1], 1, 1)),
    ],
)
def test_refuses_options_of_the_wrong_kind(error, said, build):
    with pytest.raises(error, match=said):
        build()


@given(n=st.integers(0, 20), size=st.integers(1, 7), drop=st.booleans())
def test_batches_are_the_indices_in_order(n, size, drop):
    sampler = data.BatchSampler(data.SequentialSampler(range(n)), size, drop)
    batches = list(sampler)
    assert len(batches) == len(sampler)
    kept = n - n % size if drop else n
    assert [i for batch in batches for i in batch] == list(range(kept))
    assert all(len(batch) == size for batch in batches[:-1])
