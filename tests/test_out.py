"""``out=``, and what is left out on purpose."""

from __future__ import annotations

import importlib
import pickle
import warnings
from importlib import import_module
from types import FunctionType

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm import functions, left_out, out


def test_the_result_is_put_into_the_tensor_and_returned():
    target = sg.zeros(3)
    memory = target.array
    assert sg.add(sg.ones(3), 2, out=target) is target
    assert target.array is memory
    assert target.tolist() == [3.0, 3.0, 3.0]
    assert target._version == 1


def test_a_tensor_of_another_shape_is_resized():
    target = sg.empty(0)
    sg.matmul(sg.ones(2, 3), sg.ones(3, 1), out=target)
    assert target.tolist() == [[3.0], [3.0]]


def test_several_results_take_several_tensors():
    values, places = sg.empty(0), sg.empty(0, dtype=sg.int64)
    found = sg.max(sg.tensor([[1.0, 3.0], [4.0, 2.0]]), 1, out=(values, places))
    assert found.values is values
    assert values.tolist() == [3.0, 4.0]
    assert places.tolist() == [1, 0]
    with pytest.raises(TypeError, match="2 results for 1"):
        sg.max(sg.ones(2, 2), 1, out=values)


def test_a_view_is_written_through():
    base = sg.zeros(2, 3)
    sg.exp(sg.zeros(3), out=base[1])
    assert base.tolist() == [[0, 0, 0], [1, 1, 1]]


OVERLAPS = {
    "a part": lambda m, x: m.add(x[:1], 1, out=x.view(-1)[1:4].view(1, 3)),
    "broadcast": lambda m, x: m.mul(x[0], m.ones(3, 3), out=x),
    "in a list": lambda m, x: m.cat([x[:1], x[1:]], out=x),
    "the same, read again": lambda m, x: m.gather(x, 0, m.zeros(3, 3, dtype=m.int64), out=x),
    "index_select": lambda m, x: m.index_select(x, 0, m.tensor([2, 1, 0]), out=x),
    "take": lambda m, x: m.take(x, m.tensor([0, 1, 2]), out=x[0]),
    "max": lambda m, x: m.max(x, 0, out=(x[0], m.zeros(3, dtype=m.int64))),
    "cumsum": lambda m, x: m.cumsum(x[:2], 0, out=x[1:]),
    "turned": lambda m, x: x.add_(x.t()),
    "row": lambda m, x: x.sub_(x[0]),
    "element": lambda m, x: x.div_(x[0, 0]),
    "shifted": lambda m, x: x[1:].copy_(x[:-1]),
    "setitem": lambda m, x: x.__setitem__(slice(1, None), x[:-1]),
    "index_add_": lambda m, x: x.index_add_(0, m.tensor([0]), x[1:2]),
    "clamp_": lambda m, x: x.clamp_(min=x[0]),
    "the very same": lambda m, x: m.add(x, 1, out=x),
    "itself": lambda m, x: x.mul_(x),
    "scanned": lambda m, x: m.cumsum(x, 0, out=x),
    "another row": lambda m, x: x[0].add_(x[1]),
    "columns": lambda m, x: x[:, 0].add_(x[:, 1]),
    "column of all": lambda m, x: x.sub_(x[:, :1]),
    "setitem of a row": lambda m, x: x.__setitem__(0, x[1]),
    "filled": lambda m, x: x.fill_(x[0, 0]),
    "masked": lambda m, x: x.masked_fill_(x > 2, x[0, 0]),
    "summed into a part": lambda m, x: m.sum(x, 0, out=x[0]),
    "of integers": lambda m, x: m.cumsum(x, 0, out=m.zeros(3, 3, dtype=m.int32)),
    "sum of integers": lambda m, x: m.sum(x * 1.4, 0, out=m.zeros(3, dtype=m.int32)),
    "prod": lambda m, x: m.prod(x, 0, out=m.zeros(3)),
}


@pytest.mark.parametrize("call", OVERLAPS.values(), ids=OVERLAPS)
def test_memory_that_is_read_is_not_written_but_as_in_pytorch(call):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    x = np.arange(9.0, dtype=np.float32).reshape(3, 3)
    ours, theirs = sg.tensor(x), torch.tensor(x)
    try:
        expected = call(torch, theirs)
    except RuntimeError:
        with pytest.raises(RuntimeError, match=r"memory location.*clone"):
            call(sg, ours)
        assert ours.tolist() == x.tolist()
        return
    found = call(sg, ours)
    # PyTorch reads what it has already written
    if call not in (OVERLAPS["column of all"], OVERLAPS["summed into a part"]):
        for a, b in ((found, expected), (ours, theirs)):
            assert a is None or np.asarray(a).tolist() == np.asarray(b).tolist()


@pytest.mark.parametrize(
    "use",
    [
        lambda: sg.add(sg.ones(2, requires_grad=True), 1, out=sg.empty(2)),
        lambda: sg.add(sg.ones(2), 1, out=sg.empty(2, requires_grad=True)),
        lambda: sg.exp(sg.ones(2), out=sg.empty(2, dtype=sg.int64)),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(use):
    with pytest.raises(RuntimeError, match=r"automatic differentiation|can't be cast"):
        use()


def test_every_function_with_out_takes_it_in_pytorch_too():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    for name in functions._WITH_OUT.split():
        assert hasattr(torch, name), name
    for name in ["sin", "add", "cumsum", "topk", "median", "sort", "eye", "arange", "bmm"]:
        arguments = {
            "add": (2,), "cumsum": (0,), "topk": (2,), "median": (0,), "sort": (), "sin": (),
        }  # fmt: skip
        x = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
        results = []
        for m in (torch, sg):
            if name in ("eye", "arange"):
                call, args = getattr(m, name), (3,)
                expected = call(*args)
            elif name == "bmm":
                call, args = m.bmm, (m.tensor(x[None]), m.tensor(x[None].swapaxes(1, 2).copy()))
                expected = call(*args)
            else:
                call, args = getattr(m, name), (m.tensor(x), *arguments[name])
                expected = call(*args)
            several = isinstance(expected, tuple)
            targets = [m.empty(0, dtype=e.dtype) for e in (expected if several else [expected])]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                call(*args, out=tuple(targets) if several else targets[0])
            results.append([np.asarray(t) for t in targets])
        for theirs, ours in zip(*results, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-6)


LEFT_OUT = [n for names in left_out.FUNCTIONS.values() for n in names.split()]
INSIDE = [
    "fft.rfft",
    "sparse.mm",
    "hub.load",
    "fx.Tracer",
    "onnx.export",
    "quantization.fuse",
    "ao.nn",
]
METHODS = [n for names in left_out.METHODS.values() for n in names.split()]


@pytest.mark.parametrize("name", LEFT_OUT)
def test_a_function_that_is_left_out_says_so(name):
    with pytest.raises(NotImplementedError, match=f"^{name} is left out"):
        getattr(sg, name)


@pytest.mark.parametrize("name", INSIDE)
def test_what_is_inside_of_a_module_that_is_left_out_says_so(name):
    room, inner = name.split(".")
    module = importlib.import_module(f"tinygrad_sm.{room}")
    assert getattr(sg, room) is module
    assert not isinstance(sg.ones(2), getattr(module, inner))
    with pytest.raises(NotImplementedError, match=f"^{name} is left out"):
        getattr(module, inner)(sg.ones(2))
    with pytest.raises(NotImplementedError, match=f"^{name} is left out"):
        getattr(module, inner).anything  # noqa: B018
    assert not hasattr(module, "__path__")


def test_every_module_that_is_left_out_can_be_imported():
    for names in left_out.MODULES.values():
        for room in names.split():
            importlib.import_module(f"tinygrad_sm.{room}")


@pytest.mark.parametrize("name", METHODS)
def test_a_method_that_is_left_out_says_so(name):
    with pytest.raises(NotImplementedError, match=f"^{name} is left out"):
        getattr(sg.ones(2), name)()


def test_what_never_was_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'sine'"):
        sg.sine  # noqa: B018
    with pytest.raises(AttributeError):
        sg.ones(2).sine()
    with pytest.raises(NotImplementedError, match=r"linalg\.eig"):
        sg.linalg.eig  # noqa: B018


@pytest.mark.parametrize("wrong", ["float64", None, {}, 3])
def test_what_is_no_tensor_is_a_type_error(wrong):
    for call in (sg.softmax, sg.reshape, sg.linalg.solve, sg.nn.functional.one_hot):
        with pytest.raises(TypeError, match="expected a Tensor"):
            call(wrong, sg.ones(2))


def test_a_dtype_is_not_a_string():
    for make in (sg.as_tensor, sg.tensor):
        with pytest.raises(TypeError):
            make(sg.ones(2), dtype="float64")


def test_a_number_is_no_tensor():
    t, i = sg.ones(2), sg.ones(2, dtype=sg.int64)
    for call in (
        lambda: sg.exp(2.0),
        lambda: sg.sin(True),
        lambda: sg.special.i0(2.0),
        lambda: sg.maximum(t, 2.0),
        lambda: sg.gcd(i, 2),
        lambda: sg.atan2(2.0, t),
        lambda: sg.eq(2, i),
        lambda: sg.xlogy(2.0, 2.0),
        lambda: sg.bitwise_and(1, 3),
    ):
        with pytest.raises(TypeError, match="Tensor"):
            call()


@pytest.mark.parametrize("name", out.NUMBERS["none"].split())
def test_a_method_takes_no_number_where_pytorchs_takes_none(name):
    t = sg.ones(2, dtype=sg.int64 if name in ("gcd", "lcm") else sg.float32)
    for method in (name, f"{name}_"):
        if hasattr(t, method):
            with pytest.raises(TypeError, match="argument 'other' must be a Tensor"):
                getattr(t, method)(2)
            assert t.tolist() == [1, 1]


def test_polygamma_is_a_method_whose_order_has_a_name():
    x = sg.tensor([1.5, 2.0])
    assert x.polygamma(n=4).tolist() == sg.polygamma(4, x).tolist()


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "floor_divide"])
def test_two_numbers_meet_as_tensors(name):
    assert getattr(sg, name)(6, 2).dtype == (sg.float32 if name == "div" else sg.int64)
    assert getattr(sg, name)(6.0, 2.0).dtype == sg.float32


def test_an_index_of_nothing_may_have_any_dtype():
    assert sg.gather(sg.ones(5), 0, sg.zeros(0, dtype=sg.uint8)).shape == (0,)
    with pytest.raises(RuntimeError, match="int64"):
        sg.gather(sg.ones(5), 0, sg.zeros(1, dtype=sg.int8))


def test_small_integers_keep_the_dtype_that_is_asked_for():
    x = sg.tensor([200, 100], dtype=sg.uint8)
    assert sg.cumsum(x, 0, dtype=sg.uint8).tolist() == [200, 44]
    assert sg.cumprod(x, 0, dtype=sg.uint8).dtype == sg.uint8
    assert sg.einsum("i->", x).dtype == sg.int64


@pytest.mark.parametrize(
    "name",
    [
        "tinygrad_sm",
        "nn",
        "nn.functional",
        "nn.init",
        "nn.utils",
        "linalg",
        "special",
        "autograd",
        "autograd.functional",
        "func",
        "random",
        "distributed",
        "testing",
        "utils.data",
        "optim",
        "distributions",
    ],
)
def test_every_public_function_can_be_pickled(name):
    room = sg if name == "tinygrad_sm" else import_module(f"tinygrad_sm.{name}")
    names = getattr(room, "__all__", None) or [n for n in dir(room) if not n.startswith("_")]
    for public in (getattr(room, n) for n in names):
        if isinstance(public, FunctionType | type):
            assert pickle.loads(pickle.dumps(public)) is public


def test_functions_of_a_layer_survive_its_pickling():
    layer = sg.nn.TransformerEncoderLayer(4, 2)
    assert pickle.loads(pickle.dumps(layer)).activation is layer.activation


@pytest.mark.parametrize("value", [-9, 300, -256, 255, -1.5])
def test_what_a_byte_can_hold(value):
    """A negative integer wraps around, nothing else does."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    for call in (
        lambda m: m.full((2,), value, dtype=m.uint8),
        lambda m: m.zeros(2, dtype=m.uint8).fill_(value),
        lambda m: m.zeros(2, dtype=m.uint8).scatter(0, m.tensor([0]), value),
    ):
        try:
            expected = call(torch)
        except RuntimeError:
            with pytest.raises(RuntimeError, match="without overflow"):
                call(sg)
        else:
            assert call(sg).tolist() == expected.tolist()
