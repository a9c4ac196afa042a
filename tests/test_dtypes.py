"""Dtypes: the default one, limits, promotion, the older tensor types."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest

import tinygrad_sm as sg

NAMES = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]


@pytest.fixture
def default_dtype():
    yield
    sg.set_default_dtype(sg.float32)


def test_the_default_dtype_can_be_set(default_dtype):
    assert sg.get_default_dtype() == sg.float32
    sg.set_default_dtype(sg.float64)
    for t in (sg.tensor(1.5), sg.zeros(2), sg.randn(2), sg.ones(2, dtype=sg.int64) / 2):
        assert t.dtype == sg.float64
    assert (sg.tensor([1, 2]) + 1.5).dtype == sg.float64
    assert repr(sg.tensor(1.5)) == "tensor(1.5000)"
    sg.set_default_tensor_type("torch.FloatTensor")
    assert sg.tensor(1.5).dtype == sg.float32
    sg.set_default_tensor_type(sg.DoubleTensor)
    assert sg.tensor(1.5).dtype == sg.float64


def test_an_integer_cannot_be_the_default():
    with pytest.raises(TypeError, match="floating-point"):
        sg.set_default_dtype(sg.int32)


@pytest.mark.parametrize("name", NAMES)
def test_limits_are_pytorchs(name):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    for kind, fields in (
        ("finfo", "bits eps max min tiny smallest_normal resolution"),
        ("iinfo", "bits max min"),
    ):
        try:
            theirs = getattr(torch, kind)(getattr(torch, name))
        except TypeError:
            with pytest.raises(TypeError):
                getattr(sg, kind)(getattr(sg, name))
            continue
        ours = getattr(sg, kind)(getattr(sg, name))
        assert repr(ours) == repr(theirs)
        for field in fields.split():
            assert getattr(ours, field) == getattr(theirs, field)


def test_promotion_and_casts_are_pytorchs():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    for a, b in itertools.product(NAMES, NAMES):
        pair, theirs = [getattr(sg, n) for n in (a, b)], [getattr(torch, n) for n in (a, b)]
        assert sg.can_cast(*pair) == torch.can_cast(*theirs)
        found = str(sg.promote_types(*pair)).partition(".")[2]
        assert found == str(torch.promote_types(*theirs)).partition(".")[2]
        found = sg.result_type(sg.zeros(2, dtype=pair[0]), sg.zeros((), dtype=pair[1]))
        wanted = torch.result_type(
            torch.zeros(2, dtype=theirs[0]), torch.zeros((), dtype=theirs[1])
        )
        assert str(found).partition(".")[2] == str(wanted).partition(".")[2]


@pytest.mark.parametrize("name", ["bfloat16", "complex64", "complex128"])
def test_types_that_are_not_here_can_be_named_but_not_used(name):
    kind = getattr(sg, name)
    assert pickle.loads(pickle.dumps(kind)) is kind
    assert kind.is_complex == name.startswith("complex")
    with pytest.raises(NotImplementedError, match=name):
        sg.zeros(2, dtype=kind)
    with pytest.raises(NotImplementedError, match=name):
        sg.zeros(2).to(kind)


@pytest.mark.parametrize(
    ("name", "kind"), [("Float", "float32"), ("Long", "int64"), ("Byte", "uint8")]
)
def test_the_older_tensor_types_make_tensors(name, kind):
    make = getattr(sg, f"{name}Tensor")
    wanted = getattr(sg, kind)
    assert make([1, 2]).tolist() == [1, 2]
    for t in (make([1.0, 2.0]), make(2, 3), make(np.arange(3)), make(), make(sg.Size([2]))):
        assert t.dtype == wanted
        assert isinstance(t, make)
        assert t.type() == f"torch.{name}Tensor" == sg.typename(t)
    assert make(2, 3).shape == (2, 3)
    assert sg.zeros(2, dtype=sg.float64).type(make).dtype == wanted
    assert sg.zeros(2, dtype=sg.float64).type(f"torch.{name}Tensor").dtype == wanted
    assert not isinstance(sg.zeros(2, dtype=sg.float64), make)
    with pytest.raises(TypeError, match="expected a tensor of dtype"):
        make(sg.zeros(2, dtype=sg.float64))


def test_a_variable_is_a_tensor_over_the_same_memory():
    t = sg.zeros(2)
    v = sg.autograd.Variable(t, requires_grad=True)
    assert v.requires_grad
    assert v.is_leaf
    assert isinstance(v, sg.Tensor)
    assert isinstance(t, sg.autograd.Variable)
    t[0] = 5.0
    assert v.tolist() == [5.0, 0.0]
    with pytest.raises(TypeError, match="has to be a tensor"):
        sg.autograd.Variable(3)
    with pytest.warns(UserWarning, match="volatile"):
        sg.autograd.Variable(t, volatile=True)


def test_a_view_of_the_bytes_shares_memory():
    x = sg.tensor([1.0, 2.0])
    bits = x.view(sg.int32)
    assert bits.tolist() == [0x3F800000, 0x40000000]
    bits[0] = 0x40400000
    assert x.tolist() == [3.0, 2.0]
    with pytest.raises(RuntimeError, match="float32 as float64"):
        sg.ones(2, 3)[:, ::2].view(sg.float64)
