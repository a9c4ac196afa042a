"""Copies, pickles and DLPack: what goes along, what is shared, and how long it lives."""

from __future__ import annotations

import copy
import gc
import pickle

import numpy as np
import pytest

import tinygrad_sm as sg


def pickled(t):
    return pickle.loads(pickle.dumps(t))


WAYS = {"deepcopy": copy.deepcopy, "pickle": pickled}
ways = pytest.mark.parametrize("copied", WAYS.values(), ids=WAYS)
KINDS = ["float32", "float64", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"]
LAYOUTS = {
    "a matrix": lambda m: m.arange(6.0).reshape(2, 3),
    "transposed": lambda m: m.arange(6.0).reshape(2, 3).t(),
    "every other": lambda m: m.arange(12.0).reshape(4, 3)[::2, 1:],
    "0-d": lambda m: m.tensor(3.0),
    "empty": lambda m: m.zeros(0, 3),
    "an element": lambda m: m.arange(4.0)[2],
}


@ways
@pytest.mark.parametrize("make", LAYOUTS.values(), ids=LAYOUTS)
def test_a_copy_has_its_own_memory(copied, make):
    t = make(sg)
    new = copied(t)
    assert new.tolist() == t.tolist()
    assert (new.shape, new.dtype, new.requires_grad) == (t.shape, t.dtype, False)
    assert not np.shares_memory(new.array, t.array)
    new.add_(1)
    assert new.tolist() == (t + 1).tolist()


@ways
@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_keeps_its_dtype(copied, kind):
    t = sg.tensor([0, 1], dtype=getattr(sg, kind))
    assert copied(t).dtype == t.dtype
    assert copied(t).tolist() == t.tolist()


@ways
def test_leaves_and_parameters_stay_what_they_are(copied):
    for t in (
        sg.ones(2, requires_grad=True),
        sg.nn.Parameter(sg.ones(2)),
        sg.nn.Parameter(sg.ones(2), requires_grad=False),
    ):
        new = copied(t)
        assert type(new) is type(t)
        assert (new.requires_grad, new.is_leaf) == (t.requires_grad, True)
        if t.requires_grad:
            (new * new).sum().backward()
            assert new.grad.tolist() == [2, 2]
            assert t.grad is None


@ways
def test_attributes_go_along_and_hooks_do_not(copied):
    t = sg.ones(2, requires_grad=True)
    t.note = ["mine"]
    t.register_hook(lambda g: g * 100)
    new = copied(t)
    assert new.note == ["mine"]
    assert new.note is not t.note
    new.sum().backward()
    assert new.grad.tolist() == [1, 1]


def test_a_gradient_is_copied_deeply_and_not_pickled():
    t = sg.ones(2, requires_grad=True)
    t.sum().backward()
    new = copy.deepcopy(t)
    new.grad.mul_(5)
    assert t.grad.tolist() == [1, 1]
    assert pickled(t).grad is None


def test_a_result_is_copied_as_pytorch_does():
    """Deeply not at all; a pickle and a shallow copy of it are leaves."""
    y = sg.ones(2, requires_grad=True) * 2
    with pytest.raises(RuntimeError, match="Only Tensors created explicitly by the user"):
        copy.deepcopy(y)
    for new in (pickled(y), copy.copy(y)):
        assert new.is_leaf
        assert new.requires_grad
        assert new.tolist() == [2, 2]


@ways
def test_one_tensor_stays_one(copied):
    t = sg.ones(2)
    first, second = copied([t, t])
    assert first is second


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize(
    "look", [lambda t: t[1], lambda t: t.t(), lambda t: t[:, ::2], lambda t: t]
)
def test_views_share_the_memory_of_their_copies(look, flip):
    """As their originals do, in whatever order they are met."""
    base = sg.arange(6.0).reshape(2, 3)
    pair = [base, look(base).detach()]
    new = copy.deepcopy(pair[::-1] if flip else pair)
    copied_base, copied_view = new[::-1] if flip else new
    assert copied_view.stride() == pair[1].stride()
    copied_base.mul_(10.0)
    assert copied_view.tolist() == (pair[1] * 10).tolist()
    assert base.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert copied_view._version == 1


def test_weights_that_are_views_of_one_vector_stay_so():
    flat = sg.arange(4.0)
    model = sg.nn.Module()
    model.flat = flat
    model.a, model.b = (sg.nn.Parameter(flat[i : i + 2]) for i in (0, 2))
    new = copy.deepcopy(model)
    new.flat.zero_()
    assert (new.a.tolist(), new.b.tolist()) == ([0, 0], [0, 0])
    assert model.b.tolist() == [2, 3]


def test_an_expanded_tensor_stays_expanded():
    t = sg.ones(1, 3).expand(2, 3)
    new = copy.deepcopy(t)
    assert new.stride() == (0, 1)
    with pytest.raises(RuntimeError, match="single memory location"):
        new.add_(1)


def test_a_shallow_copy_shares_memory_and_version():
    t = sg.ones(2)
    t.note = ["mine"]
    new = copy.copy(t)
    new.add_(1)
    assert t.tolist() == [2, 2]
    assert t._version == 1
    assert new.note is t.note


def test_a_copy_of_read_only_memory_can_be_written():
    array = np.zeros(2)
    array.flags.writeable = False
    new = copy.deepcopy(sg.from_dlpack(array))
    new.add_(1)
    assert array.tolist() == [0, 0]


# --- DLPack ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("make", LAYOUTS.values(), ids=LAYOUTS)
def test_numpy_and_pytorch_look_at_the_same_memory(make, kind):
    t = make(sg).to(getattr(sg, kind))
    assert t.__dlpack_device__() == (1, 0)
    readers = [(np.from_dlpack, lambda a: a)]
    try:
        import torch
    except ModuleNotFoundError:
        pass
    else:
        readers.append((torch.from_dlpack, lambda a: a.numpy()))
    for read, array_of in readers:
        seen = read(t)
        assert tuple(seen.shape) == t.shape
        assert array_of(seen).dtype == t.array.dtype
        if t.numel():
            assert array_of(seen).ctypes.data == t.data_ptr()
        t.fill_(1)
        assert array_of(seen).tolist() == t.tolist()


@pytest.mark.parametrize("make", LAYOUTS.values(), ids=LAYOUTS)
def test_pytorchs_memory_is_looked_at(make):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to share with")
    theirs = make(torch)
    ours = sg.from_dlpack(theirs)
    assert ours.stride() == theirs.stride() or not theirs.numel()
    ours.add_(1)
    assert theirs.tolist() == ours.tolist()
    assert theirs.tolist() == (make(torch) + 1).tolist()


def test_memory_lives_as_long_as_somebody_looks_at_it():
    t = sg.arange(1000.0)
    array = np.from_dlpack(t)
    del t
    back = sg.from_dlpack(array)
    del array
    gc.collect()
    noise = [np.full(1000, 7.0, np.float32) for _ in range(20)]
    assert back.tolist() == list(range(1000))
    del noise


def test_read_only_memory_stays_read_only():
    array = np.arange(3.0)
    array.flags.writeable = False
    t = sg.from_dlpack(array)
    with pytest.raises(RuntimeError, match="read-only"):
        t.add_(1)
    assert (t + 1).tolist() == [1, 2, 3]


def test_what_requires_grad_is_not_exported():
    for t in (sg.ones(2, requires_grad=True), sg.ones(2, requires_grad=True) * 2):
        with pytest.raises(BufferError, match="Can't export tensors that require gradient"):
            np.from_dlpack(t)
        assert np.from_dlpack(t.detach()).tolist() == t.tolist()


def test_steps_backward_are_exported_as_a_copy():
    """PyTorch ends the whole process over negative strides."""
    t = sg.from_numpy(np.arange(4.0)[::-1])
    assert np.from_dlpack(t).tolist() == [3, 2, 1, 0]
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to share with")
    assert torch.from_dlpack(t).tolist() == [3, 2, 1, 0]
