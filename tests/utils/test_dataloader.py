import inspect
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_sm as sg
from tinygrad_sm.utils import data


class Counting(data.TensorDataset):
    """Reads examples in its own way, so that the loader must ask for each."""

    def __init__(self, *tensors):
        super().__init__(*tensors)
        self.read = []

    def __getitem__(self, index):
        self.read.append(index)
        return super().__getitem__(index)


class Count(data.IterableDataset):
    def __init__(self, stop, length=None):
        self.stop = stop
        self.length = length

    def __iter__(self):
        return iter(range(self.stop))

    def __len__(self):
        if self.length is None:
            raise TypeError("no length")
        return self.length


def batches(library, module, dataset, seed=None, passes=1, **options):
    """The batches of a few passes as nested lists."""
    library.manual_seed(7)
    if seed is not None:
        options["generator"] = library.Generator().manual_seed(seed)
    loader = module.DataLoader(dataset, **options)
    return [
        [
            [t.tolist() for t in batch] if isinstance(batch, list) else batch.tolist()
            for batch in loader
        ]
        for _ in range(passes)
    ], library.rand(1).item()


# --- the same batches as PyTorch --------------------------------------------------------------------


@given(
    n=st.integers(1, 40),
    size=st.integers(1, 12),
    shuffle=st.booleans(),
    drop=st.booleans(),
    seed=st.one_of(st.none(), st.integers(0, 2**32)),
)
def test_batches_are_pytorchs(torch, n, size, shuffle, drop, seed):
    found = []
    for library, module in ((sg, data), (torch, torch.utils.data)):
        dataset = module.TensorDataset(library.arange(2 * n).reshape(n, 2), library.arange(n))
        options = {"batch_size": size, "shuffle": shuffle, "drop_last": drop}
        found.append(batches(library, module, dataset, seed, passes=3, **options))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": None},
        {"batch_size": None, "shuffle": True},
        {"batch_size": 3, "sampler": [5, 1, 1, 7]},
        {"batch_sampler": [[0, 1], [5], [2, 2, 2]]},
        {"batch_size": 4, "collate_fn": lambda rows: [sum(x for (x,) in rows)]},
        {"batch_size": 2, "persistent_workers": False, "pin_memory": False, "timeout": 0},
    ],
)
def test_ways_to_choose_batches_are_pytorchs(torch, options):
    found = []
    for library, module in ((sg, data), (torch, torch.utils.data)):
        dataset = module.TensorDataset(library.arange(10) ** 2)
        library.manual_seed(0)
        loader = module.DataLoader(dataset, **options)
        found.append([[t.tolist() for t in batch] for batch in loader])
    assert found[0] == found[1]


@pytest.mark.parametrize("sampler", ["RandomSampler", "SubsetRandomSampler"])
def test_samplers_give_pytorchs_batches(torch, sampler):
    found = []
    for library, module in ((sg, data), (torch, torch.utils.data)):
        dataset = module.TensorDataset(library.arange(10))
        order = getattr(module, sampler)(range(10))
        found.append(batches(library, module, dataset, passes=2, batch_size=4, sampler=order))
    assert found[0] == found[1]


@pytest.mark.parametrize("size", [None, 1, 3, 5, 20])
@pytest.mark.parametrize("drop", [False, True])
def test_iterable_datasets_give_pytorchs_batches(torch, size, drop):
    if size is None and drop:
        return
    found = []
    for module in (data, torch.utils.data):
        base = (module.IterableDataset,)
        dataset = type("Numbers", base, {"__iter__": lambda self: iter(range(10))})()
        loader = module.DataLoader(dataset, batch_size=size, drop_last=drop)
        found.append([b if isinstance(b, int) else b.tolist() for b in loader])
    assert found[0] == found[1]


def test_options_and_their_defaults_are_pytorchs(torch):
    ours = inspect.signature(data.DataLoader).parameters
    theirs = inspect.signature(torch.utils.data.DataLoader).parameters
    assert [(p.name, p.kind) for p in ours.values()] == [(p.name, p.kind) for p in theirs.values()]
    for name, p in ours.items():
        assert p.default == theirs[name].default or name == "in_order"


# --- the fast path ----------------------------------------------------------------------------------


@given(n=st.integers(1, 30), size=st.integers(1, 9), seed=st.integers(0, 99), shuffle=st.booleans())
def test_the_fast_path_gives_what_single_reads_give(n, size, seed, shuffle):
    x, y = sg.arange(3 * n).reshape(n, 3).float(), sg.arange(n)
    found = []
    for kind in (data.TensorDataset, Counting):
        dataset = kind(x, y)
        subset = data.Subset(dataset, list(range(0, n, 2)))
        options = {"batch_size": size, "shuffle": shuffle, "passes": 2}
        found += [batches(sg, data, source, seed, **options) for source in (dataset, subset)]
    assert found[0] == found[2]
    assert found[1] == found[3]


def test_a_dataset_that_reads_in_its_own_way_is_asked_for_each_example():
    dataset = Counting(sg.arange(5))
    list(data.DataLoader(dataset, batch_size=2))
    assert dataset.read == [0, 1, 2, 3, 4]


def test_a_dataset_that_reads_many_at_once_is_asked_once_a_batch():
    class Many(data.Dataset):
        asked = ()

        def __getitems__(self, indices):
            self.asked = (*self.asked, list(indices))
            return [10 * i for i in indices]

        def __len__(self):
            return 5

    dataset = Many()
    assert [b.tolist() for b in data.DataLoader(dataset, batch_size=3)] == [[0, 10, 20], [30, 40]]
    assert dataset.asked == ([0, 1, 2], [3, 4])


def test_a_batch_is_apart_from_the_dataset():
    x = sg.zeros(4, 2)
    (batch,) = next(iter(data.DataLoader(data.TensorDataset(x), batch_size=4)))
    batch.fill_(1.0)
    assert x.sum().item() == 0.0


def test_negative_and_missing_rows_are_as_for_single_reads():
    dataset = data.TensorDataset(sg.arange(4))
    loader = data.DataLoader(dataset, batch_sampler=[[-1, 0]])
    assert next(iter(loader))[0].tolist() == [3, 0]
    with pytest.raises(IndexError):
        list(data.DataLoader(dataset, batch_sampler=[[4]]))


# --- lengths and passes -----------------------------------------------------------------------------


@given(n=st.integers(0, 30), size=st.integers(1, 9), drop=st.booleans())
def test_the_length_is_the_number_of_batches(n, size, drop):
    dataset = data.TensorDataset(sg.zeros(n, 1))
    for source in (dataset, Count(n, n)):
        loader = data.DataLoader(source, batch_size=size, drop_last=drop)
        assert len(loader) == len(list(loader)) == len(iter(loader))


def test_more_examples_than_reported_are_warned_of():
    loader = data.DataLoader(Count(5, 3), batch_size=None)
    assert len(loader) == 3
    with pytest.warns(UserWarning, match="reported to be 3 .* but [45] samples"):
        list(loader)


def test_each_pass_is_new_and_two_can_run_at_once():
    loader = data.DataLoader(range(5), batch_size=2)
    first, second = iter(loader), iter(loader)
    assert next(first).tolist() == next(second).tolist() == [0, 1]
    assert next(first).tolist() == [2, 3]
    assert [b.tolist() for b in loader] == [[0, 1], [2, 3], [4]]


def test_a_pass_that_has_ended_stays_ended():
    batches = iter(data.DataLoader(range(2)))
    assert len(list(batches)) == 2
    assert list(batches) == []
    assert next(batches, "over") == "over"


def test_the_order_goes_on_from_a_saved_random_state():
    loader = data.DataLoader(range(20), batch_size=5, shuffle=True)
    sg.manual_seed(1)
    list(loader)
    state = sg.get_rng_state()
    second = [b.tolist() for b in loader]
    sg.set_rng_state(state)
    assert [b.tolist() for b in loader] == second


def test_lists_and_strings_are_datasets():
    assert [b.tolist() for b in data.DataLoader([3, 1, 2], batch_size=2)] == [[3, 1], [2]]
    assert list(data.DataLoader("abc", batch_size=2)) == [["a", "b"], ["c"]]


# --- options ----------------------------------------------------------------------------------------


def test_workers_are_accepted_and_change_nothing():
    dataset = data.TensorDataset(sg.arange(10))
    plain = batches(sg, data, dataset, 3, batch_size=3, shuffle=True)
    options = {
        "num_workers": 4,
        "prefetch_factor": 3,
        "persistent_workers": True,
        "worker_init_fn": lambda worker: None,
        "pin_memory": True,
        "timeout": 5,
    }
    assert plain == batches(sg, data, dataset, 3, batch_size=3, shuffle=True, **options)
    assert data.DataLoader(dataset, num_workers=2).prefetch_factor == 2
    assert data.get_worker_info() is None


def test_attributes_are_pytorchs(torch):
    for options in ({}, {"batch_size": None}, {"shuffle": True}, {"batch_sampler": [[0]]}):
        ours = data.DataLoader([1, 2], **options)
        theirs = torch.utils.data.DataLoader([1, 2], **options)
        for name in ("batch_size", "drop_last", "num_workers", "dataset", "pin_memory", "timeout"):
            assert getattr(ours, name) == getattr(theirs, name)
        for name in ("sampler", "batch_sampler"):
            assert type(getattr(ours, name)).__name__ == type(getattr(theirs, name)).__name__ or (
                "Infinite" in type(getattr(theirs, name)).__name__
            )


def test_what_decided_the_order_cannot_be_changed_later():
    loader = data.DataLoader([1, 2])
    for name in ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset"):
        with pytest.raises(ValueError, match=f"{name} attribute should not be set"):
            setattr(loader, name, None)
    loader.note = "kept"
    assert loader.note == "kept"


@pytest.mark.parametrize(
    ("said", "options"),
    [
        ("num_workers option should be non-negative, not -1", {"num_workers": -1}),
        ("timeout option", {"timeout": -1}),
        ("prefetch_factor option could only", {"prefetch_factor": 2}),
        ("prefetch_factor option should be", {"prefetch_factor": -2, "num_workers": 1}),
        ("persistent_workers option needs", {"persistent_workers": True}),
        ("sampler option is mutually exclusive", {"sampler": [0], "shuffle": True}),
        ("batch_sampler option is mutually", {"batch_sampler": [[0]], "batch_size": 2}),
        ("batch_sampler option is mutually", {"batch_sampler": [[0]], "shuffle": True}),
        ("batch_sampler option is mutually", {"batch_sampler": [[0]], "drop_last": True}),
        ("batch_size=None option disables", {"batch_size": None, "drop_last": True}),
        ("batch_size should be a positive integer value", {"batch_size": 0}),
        ("num_samples=0", {"shuffle": True}),
    ],
)
def test_refuses_options_that_exclude_each_other_or_are_out_of_range(said, options):
    dataset = [] if "num_samples" in said else [1, 2, 3]
    with pytest.raises(ValueError, match=said):
        data.DataLoader(dataset, **options)


@pytest.mark.parametrize("options", [{"shuffle": True}, {"sampler": [0]}, {"batch_sampler": [[0]]}])
def test_an_iterable_dataset_has_its_own_order(options):
    with pytest.raises(ValueError, match="expected unspecified"):
        data.DataLoader(Count(3), **options)


def test_errors_of_a_dataset_come_through():
    class Broken(data.Dataset):
        def __getitem__(self, index):
            raise OSError("disk")

        def __len__(self):
            return 3

    with pytest.raises(OSError, match="disk"):
        next(iter(data.DataLoader(Broken())))


def test_float32_stays(torch):
    rows = [(np.float32(i), np.ones(2, np.float32)) for i in range(4)]
    x, y = next(iter(data.DataLoader(rows, batch_size=4)))
    assert x.dtype == y.dtype == sg.float32


class Drawn(data.Dataset):
    """Examples at random, by each stream that a program may use."""

    def __len__(self):
        return 7

    def __getitem__(self, i):
        which = self.info().id if self.info() else -1
        return i, random.random(), np.random.rand(), self.library.rand(1), which


class Shared(data.IterableDataset):
    """Numbers, shared out between workers of unequal speed."""

    start = 0

    def __iter__(self):
        info = self.info()
        return iter(range(self.start + info.id, 11 + 5 * info.id, info.num_workers))


def of_library(library, kind):
    base = library.utils.data.IterableDataset if kind is Shared else library.utils.data.Dataset
    body = {
        n: v for n, v in vars(kind).items() if n in ("__len__", "__getitem__", "__iter__", "start")
    }
    made = type(kind.__name__, (base,), body)
    made.info, made.library = staticmethod(library.utils.data.get_worker_info), library
    return made()


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("persistent", [False, True])
def test_workers_draw_and_read_as_in_pytorch(torch, workers, persistent):
    found = []
    for library in (torch, sg):
        library.manual_seed(0)
        random.seed(0)
        np.random.seed(0)
        loader = library.utils.data.DataLoader(
            of_library(library, Drawn),
            batch_size=2,
            shuffle=True,
            num_workers=workers,
            persistent_workers=persistent,
        )
        passes = [
            [np.asarray(part).tolist() for part in batch] for _ in range(2) for batch in loader
        ]
        found.append([passes, random.random(), np.random.rand(), library.rand(1).item()])
    assert found[0] == found[1]


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.parametrize("ahead", [1, 2, 5])
def test_an_iterable_dataset_is_shared_out_as_in_pytorch(torch, ahead):
    def prepare(library):
        def start_later(worker):
            info = library.utils.data.get_worker_info()
            assert info.id == worker
            info.dataset.start = 10 * worker

        return start_later

    for init in (False, True):
        found = []
        for library in (torch, sg):
            dataset = of_library(library, Shared)
            loader = library.utils.data.DataLoader(
                dataset,
                batch_size=2,
                num_workers=3,
                prefetch_factor=ahead,
                worker_init_fn=prepare(library) if init else None,
            )
            found.append([[batch.tolist() for batch in loader] for _ in range(2)])
            assert dataset.start == 0
        assert found[0] == found[1]
    assert data.get_worker_info() is None


def test_what_fails_in_a_worker_fails_here_and_leaves_the_streams():
    class Failing(data.Dataset):
        def __len__(self):
            return 3

        def __getitem__(self, i):
            sg.rand(1)
            raise KeyError("no such file")

    batches_ = iter(data.DataLoader(Failing(), num_workers=2))
    state = sg.get_rng_state()
    with pytest.raises(KeyError, match="no such file"):
        next(batches_)
    assert sg.equal(sg.get_rng_state(), state)
    assert data.get_worker_info() is None
