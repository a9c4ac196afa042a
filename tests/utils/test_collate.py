import collections
from typing import NamedTuple

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.utils.data import default_collate, default_convert


class Pair(NamedTuple):
    x: object
    y: object


def arrays(library, value):
    """The structure with each tensor as (dtype, shape, values), to compare across libraries."""
    if isinstance(value, library.Tensor):
        return str(value.dtype).split(".")[-1], tuple(value.shape), value.tolist()
    if isinstance(value, dict):
        return {key: arrays(library, part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value).__name__, [arrays(library, part) for part in value]
    return value


BATCHES = {
    "tensors": lambda m: [m.tensor([1.0, 2.0]), m.tensor([3.0, 4.0])],
    "0-d tensors": lambda m: [m.tensor(1), m.tensor(2), m.tensor(3)],
    "floats": lambda m: [0.5, 1.5],
    "ints": lambda m: [1, 2, 3],
    "bools": lambda m: [True, False],
    "arrays": lambda m: [np.ones((2, 1), np.float32), np.zeros((2, 1), np.float32)],
    "0-d arrays": lambda m: [np.array(1.5), np.array(2.5)],
    "numpy numbers": lambda m: [np.float32(1), np.float32(2)],
    "numpy integers": lambda m: [np.int16(1), np.int16(2)],
    "strings": lambda m: ["a", "b"],
    "bytes": lambda m: [b"a", b"b"],
    "pairs": lambda m: [(m.tensor([1.0]), 0), (m.tensor([2.0]), 1)],
    "lists": lambda m: [[1, 2.0], [3, 4.0]],
    "named tuples": lambda m: [Pair(m.ones(2), "a"), Pair(m.zeros(2), "b")],
    "dicts": lambda m: [{"x": m.ones(2), "n": 1, "s": "p"}, {"x": m.zeros(2), "n": 2, "s": "q"}],
    "nested": lambda m: [
        {"a": (m.ones(1), {"b": [i, np.float64(i)]}), "c": [Pair(i, "z")]} for i in range(3)
    ],
    "ordered dict": lambda m: [
        collections.OrderedDict(b=1, a=2),
        collections.OrderedDict(b=3, a=4),
    ],
    "one example": lambda m: [(m.ones(2), 3)],
}


@pytest.mark.parametrize("name", BATCHES)
def test_the_batch_is_pytorchs(torch, name):
    ours = default_collate(BATCHES[name](sg))
    theirs = torch.utils.data.default_collate(BATCHES[name](torch))
    assert arrays(sg, ours) == arrays(torch, theirs)
    assert type(ours).__name__ == type(theirs).__name__


def test_more_than_a_plain_dict_is_kept():
    counted = [collections.defaultdict(int, a=1), collections.defaultdict(int, a=2)]
    batch = default_collate(counted)
    assert type(batch) is collections.defaultdict
    assert batch["missing"] == 0
    assert counted[0] == {"a": 1}


def test_gradients_flow_through_a_batch():
    rows = [sg.tensor([float(i)], requires_grad=True) for i in range(3)]
    (default_collate(rows) * sg.tensor([[1.0], [2.0], [3.0]])).sum().backward()
    assert [row.grad.item() for row in rows] == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("error", "said", "batch"),
    [
        (TypeError, "found object: pass a collate_fn", [object(), object()]),
        (TypeError, "found NoneType", [None]),
        (TypeError, "found an array of <U1", [np.array(["a"]), np.array(["b"])]),
        (RuntimeError, "equal size, but the lengths are 1, 2", [[1], [1, 2]]),
        (RuntimeError, "stack", [sg.ones(2), sg.ones(3)]),
    ],
)
def test_what_cannot_be_put_together_is_refused(error, said, batch):
    with pytest.raises(error, match=said):
        default_collate(batch)


CONVERTED = {
    "array": lambda m: np.ones(2, np.float32),
    "number": lambda m: np.float64(2.0),
    "tensor": lambda m: m.ones(2),
    "float": lambda m: 1.5,
    "string": lambda m: "a",
    "string array": lambda m: np.array(["a", "b"]).tolist(),
    "dict": lambda m: {"x": np.arange(3), "y": "z"},
    "pair": lambda m: (np.ones(1), 3),
    "named": lambda m: Pair(np.ones(1), [np.float32(1)]),
    "none": lambda m: None,
}


@pytest.mark.parametrize("name", CONVERTED)
def test_conversion_is_pytorchs(torch, name):
    ours = default_convert(CONVERTED[name](sg))
    theirs = torch.utils.data.default_convert(CONVERTED[name](torch))
    assert arrays(sg, ours) == arrays(torch, theirs)
    assert type(ours).__name__ == type(theirs).__name__


def test_arrays_that_no_tensor_can_hold_are_left_alone():
    words = np.array(["a", "b"])
    assert default_convert(words) is words
