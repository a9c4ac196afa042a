"""Arguments said by the names that PyTorch gives them, and options that nobody knows."""

import pickle

import numpy as np
import pytest

import tinygrad_sm as sg

CALLS = {
    "zeros": lambda t: t.zeros(size=(2, 3)),
    "ones": lambda t: t.ones(size=[2, 3]),
    "empty": lambda t: t.empty(size=(2, 0)),
    "full": lambda t: t.full(size=(2,), fill_value=1.5),
    "rand": lambda t: t.rand(size=(2, 3)),
    "randn": lambda t: t.randn(size=(2, 3), requires_grad=True),
    "rand_like": lambda t: t.rand_like(t.zeros(3), requires_grad=True),
    "zeros_like": lambda t: t.zeros_like(t.ones(3), device="cpu", memory_format=None),
    "randint": lambda t: t.randint(7, size=(9,)),
    "randint high": lambda t: t.randint(high=7, size=(9,)),
    "randint low": lambda t: t.randint(low=2, high=7, size=(9,)),
    "randint floats": lambda t: t.randint(2, 7, (3,), dtype=t.float32, requires_grad=True),
    "normal": lambda t: t.normal(0.0, 1.0, size=(2, 3), requires_grad=True),
    "new_zeros": lambda t: t.ones(1, dtype=t.float64).new_zeros(size=(2,)),
    "split": lambda t: t.arange(6).split(split_size=[2, 4])[1],
    "split sections": lambda t: t.split(t.arange(6), split_size_or_sections=4)[1],
    "expand": lambda t: t.ones(1, 2).expand(size=(3, 2)),
    "view": lambda t: t.ones(4).view(size=(2, 2)),
    "view dtype": lambda t: t.ones(4).view(dtype=t.int32),
    "reshape": lambda t: t.ones(4).reshape(shape=(2, -1)),
    "repeat": lambda t: t.arange(3).repeat(repeats=(2, 1)),
    "permute": lambda t: t.permute(t.ones(2, 3), dims=(1, 0)),
    "tile": lambda t: t.arange(3).tile(dims=(2,)),
    "uniform_": lambda t: t.empty(20).uniform_(2, to=3),
    "uniform_ from": lambda t: t.empty(3).uniform_(**{"from": 0.5, "to": 1.0}),
    "random_": lambda t: t.zeros(5, dtype=t.int64).random_(2, to=9),
    "Tensor of a size": lambda t: t.Tensor(t.ones(2, 3).size()).zero_(),
    "unsqueeze_": lambda t: t.ones(4).unsqueeze_(dim=1),
    "transpose_": lambda t: t.ones(4, 2).transpose_(dim0=0, dim1=-1),
    "svd": lambda t: t.svd(t.tensor([[3.0, 0.0], [0.0, 2.0], [0.0, 0.0]])).V.abs(),
}


@pytest.mark.parametrize("name", CALLS)
def test_the_names_are_pytorchs(torch, name):
    found = []
    for library in (sg, torch):
        library.manual_seed(3)
        found.append(CALLS[name](library))
    ours, theirs = found
    assert str(ours.dtype).split(".")[1] == str(theirs.dtype).split(".")[1]
    assert ours.requires_grad == theirs.requires_grad
    np.testing.assert_array_equal(ours.detach().numpy(), theirs.detach().numpy())


@pytest.mark.parametrize(
    "call",
    [
        lambda: sg.zeros(2, shape=3),
        lambda: sg.zeros(2, size=3),
        lambda: sg.rand(2, sise=3),
        lambda: sg.ones_like(sg.ones(2), size=3),
        lambda: sg.arange(3, end_=3),
        lambda: sg.randint(3),
        lambda: sg.hann_window(3, periodical=True),
        lambda: sg.zeros(3).uniform_(below=3),
    ],
)
def test_what_is_no_argument_is_refused(call):
    with pytest.raises(TypeError):
        call()


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("max", lambda t, x: t.max(x, 1)),
        ("sort", lambda t, x: x.sort()),
        ("topk", lambda t, x: x.topk(2)),
        ("median", lambda t, x: x.median(0)),
        ("mode", lambda t, x: x.mode(0)),
        ("kthvalue", lambda t, x: x.kthvalue(1)),
        ("cummax", lambda t, x: x.cummax(0)),
        ("aminmax", lambda t, x: x.aminmax()),
        ("linalg_qr", lambda t, x: t.linalg.qr(t.eye(2))),
        ("linalg_eigh", lambda t, x: t.linalg.eigh(t.eye(2))),
    ],
)
def test_named_results_print_as_pytorchs_and_can_be_pickled(torch, name, call):
    rows = [[3.0, 1.0], [2.0, 4.0]]
    ours, theirs = call(sg, sg.tensor(rows)), call(torch, torch.tensor(rows))
    assert repr(ours).replace("tinygrad_sm", "torch") == repr(theirs)
    assert isinstance(ours, getattr(sg.return_types, name))
    again = pickle.loads(pickle.dumps(ours))
    assert type(again) is type(ours)
    assert [bool((a == b).all()) for a, b in zip(again, ours, strict=True)] == [True, True]
