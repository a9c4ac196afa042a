"""What is saved is what is loaded."""

import collections
import io
import math
import pathlib
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_sm as sg
from tinygrad_sm import nn, optim


def again(value, **options):
    f = io.BytesIO()
    sg.save(value, f)
    f.seek(0)
    return sg.load(f, **options)


def same(a, b):
    """Whether two values are equal in kind, dtype and every bit."""
    if type(a) is not type(b):
        return False
    if isinstance(a, sg.Tensor):
        return a.requires_grad == b.requires_grad and same(a.array, b.array)
    if isinstance(a, np.ndarray | np.generic):
        a, b = np.asarray(a), np.asarray(b)
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        pairs = zip(a.items(), b.items(), strict=True)
        return len(a) == len(b) and all(same(k, m) and same(v, w) for (k, v), (m, w) in pairs)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, float | complex):
        return np.asarray(a).tobytes() == np.asarray(b).tobytes() or (a != a and b != b)
    return a == b


VALUES = [
    None,
    True,
    0,
    -(2**63),
    2**63,
    -(10**500),
    0.1,
    -0.0,
    math.nan,
    math.inf,
    -math.inf,
    5e-324,
    1 + 2j,
    complex(math.nan, -math.inf),
    "",
    "é\n\x00\ud800",
    b"",
    b"\x00\xff",
    bytearray(b"ab"),
    [],
    (),
    (1, (2, [3])),
    {1, "a", None},
    frozenset([(1, 2)]),
    {},
    {1: 2, "1": 3, (4, 5): 6, None: 7, False: 8, 2.5: 9},
    collections.OrderedDict(b=1, a=2),
    collections.Counter("aab"),
    slice(1, None, 2),
    range(3, 9, 2),
    sg.float32,
    sg.bool,
    sg.bfloat16,
    sg.Size([2, 3]),
    sg.device("cpu"),
    np.float32(1.5),
    np.int8(-3),
    np.bool_(True),
    np.complex64(1j),
    np.arange(6, dtype=np.uint16).reshape(2, 3)[:, ::-1],
    np.zeros((0, 2)),
    sg.tensor(3.5),
    sg.tensor([]),
    sg.zeros(3, 0, 2),
    sg.tensor([True, False]),
    sg.ones(2, 3, requires_grad=True),
    nn.Parameter(sg.ones(2)),
    nn.Parameter(sg.ones(2), requires_grad=False),
    nn.parameter.Buffer(sg.ones(2)),
    sg.arange(12).reshape(3, 4).T,
    sg.arange(12).flip(0),
    sg.ones(1).expand(3, 2),
    sg.tensor([math.nan, -0.0, math.inf]),
]


@pytest.mark.parametrize("i", range(len(VALUES)))
def test_a_value_is_the_same_again(i):
    assert same(again(VALUES[i]), VALUES[i])
    assert same(again({"deep": [(VALUES[i],)]}), {"deep": [(VALUES[i],)]})


def test_all_values_at_once():
    assert same(again(VALUES), VALUES)


leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.complex_numbers(),
)
nested = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(st.one_of(st.integers(), st.text()), inner, max_size=4),
    ),
    max_leaves=20,
)


@given(value=nested)
def test_any_nesting_is_the_same_again(value):
    assert same(again(value), value)


@pytest.mark.parametrize(
    "name", ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]
)
@given(seed=st.integers(0, 2**32), shape=st.lists(st.integers(0, 4), max_size=4))
def test_every_dtype_and_shape(name, seed, shape):
    rng = np.random.default_rng(seed)
    raw = rng.integers(0, 2 if name == "bool" else 256, size=(*shape, np.dtype(name).itemsize))
    array = raw.astype(np.uint8).view(name).reshape(shape)
    assert same(again(sg.from_numpy(array)), sg.from_numpy(array))


# --- memory ---------------------------------------------------------------------------------------


def test_views_share_memory_with_their_base_again():
    base = sg.arange(12.0).reshape(3, 4)
    views = [base[1], base.T, base[:, 2], base.reshape(-1)[5:8]]
    alone = base.clone()
    base, *views, alone = again([base, *views, alone])
    base[1, 2] = 99.0
    assert [v.max().item() for v in views] == [99.0, 99.0, 99.0, 99.0]
    assert alone.max().item() == 11.0
    before = views[0]._version
    base.zero_()
    assert views[0]._version == before + 1


def test_memory_that_runs_backwards_is_shared():
    array = np.arange(6.0)
    forward, backward = sg.from_numpy(array), sg.from_numpy(array[::-1])
    forward, backward = again((forward, backward))
    forward[0] = -1.0
    assert backward.tolist() == [5, 4, 3, 2, 1, -1]


def test_a_tensor_that_comes_twice_is_one():
    w = sg.ones(2, requires_grad=True)
    loaded = again({"a": w, "b": [w]})
    assert loaded["a"] is loaded["b"][0]


def test_a_small_part_of_a_large_memory_is_saved_alone():
    f = io.BytesIO()
    sg.save(sg.zeros(1_000_000)[:3], f)
    assert len(f.getvalue()) < 1000


def test_an_expanded_tensor_beside_its_base():
    base = sg.arange(3.0)
    assert same(again([base, base.expand(4, 3)]), [base, base.expand(4, 3)])


def test_what_is_loaded_can_be_written_and_trained():
    w = again(nn.Parameter(sg.tensor([3.0])))
    (w**2).sum().backward()
    optim.SGD([w], lr=0.5).step()
    assert w.item() == 0.0


def test_a_result_of_operations_is_a_leaf_when_loaded():
    w = sg.ones(2, requires_grad=True)
    loaded = again(w * 2)
    assert loaded.is_leaf
    assert loaded.requires_grad
    assert loaded.tolist() == [2.0, 2.0]


# --- what cannot be data --------------------------------------------------------------------------


class Anything:
    def __init__(self, x):
        self.x = x


class Special(sg.Tensor):
    pass


def test_other_objects_need_trust():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    f = io.BytesIO()
    sg.save({"model": model, "more": Anything(3), "w": sg.ones(2)}, f)
    f.seek(0)
    with pytest.raises(pickle.UnpicklingError, match=r"a pickle of tinygrad_sm\.nn.*Sequential"):
        sg.load(f)
    f.seek(0)
    loaded = sg.load(f, weights_only=False)
    x = sg.ones(1, 2)
    assert loaded["model"](x).tolist() == model(x).tolist()
    assert loaded["more"].x == 3


def test_a_pickle_that_cannot_be_read_says_where():
    class Loader:
        dumps = staticmethod(pickle.dumps)

        @staticmethod
        def load(f):
            raise ValueError("no")

    f = io.BytesIO()
    sg.save(Anything(1), f)
    f.seek(0)
    with pytest.raises(pickle.UnpicklingError, match=r"pickle of .*Anything in the file .*: no"):
        sg.load(f, pickle_module=Loader, weights_only=False)


def test_nothing_is_unpickled_unless_asked_for(monkeypatch):
    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, None)
    assert same(again(VALUES[:-1]), VALUES[:-1])


def test_what_cannot_be_pickled_leaves_the_old_file(tmp_path):
    path = tmp_path / "x"
    sg.save(1, path)
    with pytest.raises((AttributeError, pickle.PicklingError)):
        sg.save([sg.ones(2), lambda: 0], path)
    assert sg.load(path) == 1


def test_a_container_in_itself_is_refused():
    loop = []
    loop.append(loop)
    with pytest.raises(ValueError, match="does one contain itself"):
        again(loop)


def test_depth_has_a_limit_on_both_sides():
    value = 1
    for _ in range(90):
        value = [value]
    assert again(value) == value


# --- files ----------------------------------------------------------------------------------------


def test_paths_and_file_objects(tmp_path):
    for path in (tmp_path / "a.pt", str(tmp_path / "b.pt"), pathlib.PurePath(tmp_path / "c")):
        sg.save({"x": 1}, path)
        assert sg.load(path) == {"x": 1}
    with open(tmp_path / "d", "wb") as f:
        sg.save(2, f)
        sg.save([3], f)
    with open(tmp_path / "d", "rb") as f:
        assert sg.load(f) == 2
        assert sg.load(f) == [3]


def test_a_stream_that_cannot_go_back_is_read():
    class Stream:
        def __init__(self, raw):
            self.raw = io.BytesIO(raw)

        def read(self, n=-1):
            return self.raw.read(n)

    f = io.BytesIO()
    sg.save(sg.ones(3), f)
    assert sg.load(Stream(f.getvalue())).tolist() == [1, 1, 1]


@pytest.mark.parametrize("wrong", [3, None, ["x"]])
def test_what_is_no_file_is_refused(wrong):
    with pytest.raises(TypeError, match="expected a path or a file object"):
        sg.save(1, wrong)
    with pytest.raises(TypeError, match="expected a path or a file object"):
        sg.load(wrong)


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        sg.load(tmp_path / "nothing")


@pytest.mark.parametrize(
    "place", [None, "cpu", sg.device("cpu"), {"cuda:0": "cpu"}, lambda storage, where: storage]
)
def test_places_of_the_cpu_are_accepted(place):
    assert again(sg.ones(2), map_location=place).tolist() == [1, 1]


def test_another_place_is_refused():
    with pytest.raises(RuntimeError, match="map_location 'cuda'"):
        again(1, map_location="cuda")


# --- what programs save ---------------------------------------------------------------------------


def test_the_state_of_a_training_is_the_same_again(tmp_path):
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    optimizer = optim.AdamW(model.parameters())
    schedule = optim.lr_scheduler.SequentialLR(
        optimizer,
        [
            optim.lr_scheduler.LinearLR(optimizer),
            optim.lr_scheduler.MultiStepLR(optimizer, [3, 3, 5]),
        ],
        milestones=[2],
    )
    for _ in range(3):
        optimizer.zero_grad()
        model(sg.randn(5, 3)).sum().backward()
        optimizer.step()
        schedule.step()
    checkpoint = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
        "random": sg.get_rng_state(),
    }
    sg.save(checkpoint, tmp_path / "checkpoint.pt")
    loaded = sg.load(tmp_path / "checkpoint.pt")
    for name in ("optimizer", "schedule", "random"):
        assert same(loaded[name], checkpoint[name])
    model.load_state_dict(loaded["model"])
    optimizer.load_state_dict(loaded["optimizer"])
    schedule.load_state_dict(loaded["schedule"])


@pytest.mark.parametrize(
    "kind", ["SGD", "Adam", "LBFGS", "Rprop", "Adafactor", "ASGD", "NAdam", "Adagrad"]
)
def test_the_state_of_every_kind_of_optimizer(kind):
    w = sg.ones(3, 2, requires_grad=True)
    optimizer = getattr(optim, kind)([w])

    def closure():
        optimizer.zero_grad()
        loss = (w**4).sum()
        loss.backward()
        return loss

    for _ in range(2):
        optimizer.step(closure)
    saved = optimizer.state_dict()
    assert same(again(saved), saved)


def test_equal_values_make_equal_files_wherever_their_memory_lies(tmp_path):
    memory = sg.arange(12.0).reshape(3, 4)
    sg.save({"a": memory[0], "b": memory[2], "c": memory[1:2]}, tmp_path / "upward")
    again = sg.arange(12.0).reshape(3, 4)
    turned = sg.stack([again[2], again[1], again[0]])
    sg.save({"a": turned[2], "b": turned[0], "c": turned[1:2]}, tmp_path / "downward")
    assert (tmp_path / "upward").read_bytes() == (tmp_path / "downward").read_bytes()
