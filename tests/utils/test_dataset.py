import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_sm as sg
from tinygrad_sm.utils import data


class Squares(data.Dataset):
    def __init__(self, length):
        self.length = length

    def __getitem__(self, index):
        if index >= self.length:
            raise IndexError(index)
        return index**2

    def __len__(self):
        return self.length


class Count(data.IterableDataset):
    def __init__(self, start, stop):
        self.bounds = start, stop

    def __iter__(self):
        return iter(range(*self.bounds))

    def __len__(self):
        return self.bounds[1] - self.bounds[0]


# --- the bases ------------------------------------------------------------------------------------


def test_the_bases_say_what_is_missing():
    with pytest.raises(NotImplementedError, match="Dataset does not define __getitem__"):
        data.Dataset()[0]
    with pytest.raises(TypeError):
        len(data.Dataset())


def test_a_dataset_is_iterable_by_its_indices_as_in_pytorch(torch):
    class Theirs(torch.utils.data.Dataset):
        __getitem__, __len__, length = Squares.__getitem__, Squares.__len__, 4

    assert list(Squares(4)) == list(Theirs()) == [0, 1, 4, 9]


def test_datasets_are_added():
    both = Squares(2) + Squares(3)
    assert isinstance(both, data.ConcatDataset)
    assert list(both) == [0, 1, 0, 1, 4]
    chain = Count(0, 2) + Count(5, 7)
    assert isinstance(chain, data.ChainDataset)
    assert list(chain) == [0, 1, 5, 6]


def test_datasets_take_the_type_of_an_example():
    """As programs for PyTorch write it."""

    class Words(data.Dataset[str]):
        pass

    class Lines(data.IterableDataset[str]):
        pass

    assert issubclass(Words, data.Dataset)
    assert issubclass(Lines, data.IterableDataset)


# --- tensors --------------------------------------------------------------------------------------


def test_rows_of_tensors():
    x, y = sg.arange(12).reshape(4, 3), sg.arange(4)
    dataset = data.TensorDataset(x, y)
    assert len(dataset) == 4
    row, label = dataset[2]
    assert (row.tolist(), label.item()) == ([6, 7, 8], 2)
    rows, labels = dataset[1:3]
    assert (rows.shape, labels.tolist()) == ((2, 3), [1, 2])
    rows, labels = dataset[[3, 0, 3]]
    assert labels.tolist() == [3, 0, 3]
    assert dataset[-1][1].item() == 3
    assert dataset.tensors == (x, y)
    with pytest.raises(IndexError):
        dataset[4]


def test_a_row_shares_memory_with_its_tensor():
    x = sg.zeros(3, 2)
    data.TensorDataset(x)[1][0].fill_(5.0)
    assert x.tolist() == [[0, 0], [5, 5], [0, 0]]


@pytest.mark.parametrize(
    ("error", "said", "tensors"),
    [
        (ValueError, "at least one tensor", []),
        (TypeError, "expected Tensors, not ndarray", [np.ones(2)]),
        (ValueError, "without dimensions", [sg.tensor(1.0)]),
        (AssertionError, r"\(2,\), \(3, 1\) differ", [sg.ones(2), sg.ones(3, 1)]),
    ],
)
def test_tensors_that_are_no_dataset_are_refused(error, said, tensors):
    with pytest.raises(error, match=said):
        data.TensorDataset(*tensors)


# --- datasets of datasets -------------------------------------------------------------------------


def test_stacked_datasets_give_tuples_or_dicts():
    pairs = data.StackDataset(Squares(3), ["a", "b", "c"])
    assert [pairs[i] for i in range(len(pairs))] == [(0, "a"), (1, "b"), (4, "c")]
    named = data.StackDataset(square=Squares(3), letter="abc")
    assert named[1] == {"square": 1, "letter": "b"}
    assert len(named) == 3
    batches = list(data.DataLoader(named, batch_size=2))
    assert batches[0]["square"].tolist() == [0, 1]
    assert [b["letter"] for b in batches] == [["a", "b"], ["c"]]


@pytest.mark.parametrize(
    ("said", "args", "kwargs"),
    [
        ("At least one dataset", (), {}),
        ("not both", (Squares(1),), {"x": Squares(1)}),
        (r"Size mismatch between datasets: their lengths are \[1, 2\]", ("a", "bc"), {}),
        ("Size mismatch", (), {"x": "a", "y": "bc"}),
    ],
)
def test_datasets_that_do_not_stack_are_refused(said, args, kwargs):
    with pytest.raises(ValueError, match=said):
        data.StackDataset(*args, **kwargs)


@given(lengths=st.lists(st.integers(0, 4), min_size=1, max_size=5))
def test_concatenated_datasets_are_one_list(lengths):
    parts = [list(range(10 * i, 10 * i + n)) for i, n in enumerate(lengths)]
    whole = [x for part in parts for x in part]
    dataset = data.ConcatDataset(iter(parts))
    assert len(dataset) == len(whole)
    assert [dataset[i] for i in range(len(whole))] == whole
    assert [dataset[-i] for i in range(1, len(whole) + 1)] == whole[::-1]
    assert dataset.cumulative_sizes[-1] == len(whole)
    with pytest.raises(IndexError, match="out of range"):
        dataset[len(whole)]
    with pytest.raises(ValueError, match="should not exceed dataset length"):
        dataset[-len(whole) - 1]


def test_what_cannot_be_concatenated_is_refused():
    with pytest.raises(AssertionError, match="should not be an empty iterable"):
        data.ConcatDataset([])
    with pytest.raises(AssertionError, match="use ChainDataset"):
        data.ConcatDataset([Squares(1), Count(0, 1)])


def test_chained_datasets_are_read_one_after_the_other():
    chain = data.ChainDataset([Count(0, 2), Count(4, 4), Count(7, 9)])
    assert list(chain) == [0, 1, 7, 8]
    assert len(chain) == 4
    with pytest.raises(AssertionError, match="only supports IterableDataset, not Squares"):
        list(data.ChainDataset([Squares(1)]))


def test_a_subset_reads_through_its_indices():
    part = data.Subset(Squares(10), [7, 2, 2])
    assert [part[i] for i in range(3)] == [49, 4, 4]
    assert len(part) == 3
    inner = data.Subset(part, [2, 0])
    assert [inner[i] for i in range(2)] == [4, 49]
    many = data.Subset(data.TensorDataset(sg.arange(10)), [7, 2, 5])[[2, 0]]
    assert many[0].tolist() == [5, 7]


# --- random_split ---------------------------------------------------------------------------------


def split_indices(library, module, total, lengths, seed):
    generator = library.Generator().manual_seed(seed)
    parts = module.random_split(range(total), lengths, generator=generator)
    return [list(part.indices) for part in parts]


@pytest.mark.parametrize(
    ("total", "lengths"),
    [
        (10, [7, 3]),
        (10, [0.7, 0.3]),
        (11, [0.5, 0.5]),
        (7, [0.34, 0.33, 0.33]),
        (10, [10]),
        (1, [1]),
        (1, [1.0]),
        (9, [4, 0, 5]),
    ],
)
def test_splits_are_pytorchs(torch, total, lengths):
    for seed in range(3):
        ours = split_indices(sg, data, total, lengths, seed)
        assert ours == split_indices(torch, torch.utils.data, total, lengths, seed)
        assert sorted(i for part in ours for i in part) == list(range(total))


def test_splits_come_from_the_default_generator(torch):
    sg.manual_seed(3)
    torch.manual_seed(3)
    ours = data.random_split(range(20), [15, 5])
    theirs = torch.utils.data.random_split(range(20), [15, 5])
    assert [list(p.indices) for p in ours] == [list(p.indices) for p in theirs]


def test_an_empty_part_is_warned_of():
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
        parts = data.random_split(range(2), [0.95, 0.05])
    assert [len(part) for part in parts] == [2, 0]


@pytest.mark.parametrize(
    ("lengths", "said"),
    [
        ([3, 3], "Sum of input lengths does not equal.* 7 examples"),
        ([8, -1], "Sum of input lengths"),
        ([1.5, -0.5], "Fraction at index 0 is not between 0 and 1"),
        ([0.5, 0.4], "Sum of input lengths"),
    ],
)
def test_lengths_that_do_not_fit_are_refused(lengths, said):
    with pytest.raises(ValueError, match=said):
        data.random_split(range(7), lengths)


def test_datasets_are_pickled():
    dataset = data.Subset(data.TensorDataset(sg.arange(5)), [3, 1])
    again = pickle.loads(pickle.dumps(dataset))
    assert [again[i][0].item() for i in range(2)] == [3, 1]
