"""Files that PyTorch wrote, and pickles that are read as data."""

import collections
import functools
import io
import os
import pickle
import random
import zipfile

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm import nn
from tinygrad_sm.serialization.files import DamagedFileError
from tinygrad_sm.serialization.pickles import read
from tinygrad_sm.serialization.safe_names import OURS, known


def written(torch, value):
    f = io.BytesIO()
    torch.save(value, f)
    return f.getvalue()


def test_a_state_dict_of_pytorchs(torch, tmp_path):
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    torch.save({"model": net.state_dict(), "epoch": 3, "best": 0.5}, tmp_path / "x.pt")
    loaded = sg.load(tmp_path / "x.pt", map_location="cpu")
    assert (loaded["epoch"], loaded["best"]) == (3, 0.5)
    assert type(loaded["model"]) is collections.OrderedDict
    ours = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    ours.load_state_dict(loaded["model"])
    x = np.random.default_rng(0).normal(size=(5, 3)).astype("f")
    assert np.allclose(ours(sg.tensor(x)).detach(), net(torch.tensor(x)).detach(), atol=1e-6)


def test_an_optimizer_of_pytorchs_continues_here(torch):
    theirs = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    ours = nn.Parameter(sg.tensor([1.0, 2.0]))
    optimizers = [torch.optim.Adam([theirs], 0.1), sg.optim.Adam([ours], 0.1)]
    theirs.grad = torch.tensor([0.5, -1.0])
    optimizers[0].step()
    ours.data = sg.tensor(theirs.detach().numpy().copy())
    optimizers[1].load_state_dict(sg.load(io.BytesIO(written(torch, optimizers[0].state_dict()))))
    theirs.grad, ours.grad = torch.tensor([0.25, 3.0]), sg.tensor([0.25, 3.0])
    for optimizer in optimizers:
        optimizer.step()
    assert np.allclose(ours.detach(), theirs.detach().numpy(), atol=1e-7)


@pytest.mark.parametrize(
    "kind", ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]
)
def test_every_dtype_and_view(torch, kind):
    base = torch.arange(24).reshape(2, 3, 4).to(getattr(torch, kind))
    values = {
        "base": base,
        "view": base[1:, ::2].transpose(0, 2),
        "one": base[0, 0, 0],
        "no": base[:0],
    }
    loaded = sg.load(io.BytesIO(written(torch, values)))
    for name, value in values.items():
        assert np.array_equal(loaded[name].numpy(), value.numpy())
        assert str(loaded[name].dtype).rpartition(".")[2] == kind
    loaded["base"][1] = 0
    assert not loaded["view"].any()


def test_plain_values_of_pytorchs(torch):
    p = torch.nn.Parameter(torch.ones(2), requires_grad=False)
    values = [
        (1, 2.5, "a", b"b", None, True, 2**80, -1, 1j, {1, 2}, frozenset([3])),
        {
            "size": torch.Size([2, 3]),
            "kind": torch.float64,
            "where": torch.device("cpu"),
            ("a", 1): [],
        },
        torch.nn.Parameter(torch.ones(2)),
        p,
        torch.ones(3, requires_grad=True),
        bytearray(b"abc"),
        collections.Counter("aab"),
    ]
    values.append(values[1])
    loaded = sg.load(io.BytesIO(written(torch, values)))
    assert loaded[0] == values[0]
    assert loaded[1] == {
        "size": sg.Size([2, 3]),
        "kind": sg.float64,
        "where": sg.device("cpu"),
        ("a", 1): [],
    }
    assert loaded[-1] is loaded[1]
    assert [type(v) for v in loaded[2:5]] == [nn.Parameter, nn.Parameter, sg.Tensor]
    assert [v.requires_grad for v in loaded[2:5]] == [True, False, True]
    assert (loaded[5], loaded[6]) == (bytearray(b"abc"), {"a": 2, "b": 1})


def test_kinds_that_there_are_not(torch):
    for value, said in {
        torch.ones(2, dtype=torch.bfloat16): "BFloat16",
        torch.ones(2, dtype=torch.complex64): "ComplexFloat",
        torch.ones(2).to(torch.uint16): "uint16",
        torch.ones(2).to_sparse(): "sparse",
    }.items():
        with pytest.raises(pickle.UnpicklingError, match=f"<BytesIO> cannot be read.*{said}"):
            sg.load(io.BytesIO(written(torch, value)))


def test_a_module_of_pytorchs_is_no_data(torch):
    with pytest.raises(pickle.UnpicklingError, match=r"torch\.nn\.modules\.linear\.Linear"):
        sg.load(io.BytesIO(written(torch, torch.nn.Linear(1, 1))))


def archive(pickled, members=(), **options):
    f = io.BytesIO()
    with zipfile.ZipFile(f, "w", **options) as made:
        made.writestr("archive/data.pkl", pickled)
        made.writestr("archive/version", "3")
        for name, content in members:
            made.writestr(f"archive/{name}", content)
    return io.BytesIO(f.getvalue())


class Harm:
    done = False

    def __reduce__(self):
        return exec, ("import tests.serialization.test_pytorch_files as t; t.Harm.done = True",)


class State:
    def __setstate__(self, state):
        Harm.done = True


@pytest.mark.parametrize("protocol", range(2, 6))
def test_no_code_is_run(protocol):
    for harm in (Harm(), [Harm()], State(), functools.partial(print, 1), os.system, np.array([{}])):
        raw = pickle.dumps(harm, protocol)
        with pytest.raises(pickle.UnpicklingError, match="cannot be read"):
            sg.load(archive(raw))
        with pytest.raises(pickle.UnpicklingError):
            read(raw, known(OURS))
    assert not Harm.done


def test_archives_that_lie():
    plain = pickle.dumps({"a": 1}, 2)
    assert sg.load(archive(plain)) == {"a": 1}
    refused = [
        archive(plain, compression=zipfile.ZIP_DEFLATED),
        archive(plain, [("byteorder", "big")]),
        archive(plain, [("other/data.pkl", plain)]),
    ]
    raw = bytearray(archive(plain).getvalue())
    for place in (raw.index(b"PK\1\2"), raw.rindex(b"PK\1\2")):
        lying = raw.copy()
        lying[place + 20 : place + 28] = b"\xff\xff\xff\x7f" * 2
        refused.append(io.BytesIO(lying))
    for f in refused:
        with pytest.raises(DamagedFileError, match="cannot be used: it is a zip archive"):
            sg.load(f)


def test_keys_that_take_for_ever_are_refused():
    nested = ()
    for _ in range(60):
        nested = (nested, nested)
    for value in ({"a": nested}, [nested]):
        read(pickle.dumps(value, 2), {})

    class Key:
        def __reduce__(self):
            return set, ([nested],)

    with pytest.raises(pickle.UnpicklingError, match="tuple of tuples"):
        read(pickle.dumps(Key(), 2), known(OURS))
    raw = b"\x80\x02}" + b"".join([b")"] + [b"2\x86"] * 60) + b"K\x01s."
    with pytest.raises(pickle.UnpicklingError):
        read(raw, {})


def test_a_damaged_archive_never_gives_another_value(torch):
    good = written(torch, {"w": torch.arange(20.0), "n": [1, "b"]})
    chance = random.Random(0)
    for _ in range(400):
        raw = bytearray(good)
        if chance.random() < 0.3:
            del raw[chance.randrange(len(raw)) :]
        else:
            raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        try:
            loaded = sg.load(io.BytesIO(raw))
        except (DamagedFileError, pickle.UnpicklingError):
            continue
        assert loaded["w"].tolist() == [float(i) for i in range(20)]
        assert loaded["n"] == [1, "b"]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(2, 2)
        self.act = nn.functional.relu
        self.register_buffer("b", sg.ones(1))
        self.plain = [sg.arange(3), np.float32(2), {"k": np.ones(2)}, sg.float64, sg.device("cpu")]

    def forward(self, x):
        return self.act(self.l(x)) * self.b


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_modules_by_safe_globals(protocol):
    class Protocol:
        dumps = staticmethod(functools.partial(pickle.dumps, protocol=protocol))

    f = io.BytesIO()
    net = Net()
    sg.save(net, f, pickle_module=Protocol)
    f.seek(0)
    with pytest.raises(pickle.UnpicklingError, match="add_safe_globals"):
        sg.load(f)
    f.seek(0)
    with sg.serialization.safe_globals([Net, nn.Linear, nn.functional.relu]):
        assert sg.serialization.get_safe_globals()[0] is Net
        loaded = sg.load(f)
    assert sg.serialization.get_safe_globals() == []
    x = sg.ones(3, 2)
    assert sg.equal(loaded(x), net(x))
    assert loaded.plain[0].tolist() == [0, 1, 2]
    assert loaded.plain[1:2] + loaded.plain[3:] == net.plain[1:2] + net.plain[3:]
    assert loaded.plain[2]["k"].tolist() == [1, 1]
    assert [p.requires_grad for p in loaded.parameters()] == [True, True]
    sg.serialization.add_safe_globals([(Net, "some.Net")])
    assert "some.Net" in known({})
    sg.serialization.clear_safe_globals()
