"""What the tape promises."""

from __future__ import annotations

import asyncio
import copy
import gc
import pickle
import threading
import weakref

import numpy as np
import pytest

import tinygrad_sm as sg


def test_a_million_operations():
    x = sg.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(1_000_000):
        y = y + 0.0
    y.backward()
    assert x.grad.item() == 1.0
    del y


def test_graph_dies_with_its_last_reference():
    gc.disable()
    try:
        x = sg.ones(3, requires_grad=True)
        y = (x.exp() * x).sum()
        node = weakref.ref(y.grad_fn)
        y.backward()
        del y
        assert node() is None
    finally:
        gc.enable()


def test_memory_stays_flat_over_ten_thousand_steps():
    resource = pytest.importorskip("resource", reason="no resource module on this system")
    w = sg.ones(20, 20, requires_grad=True)
    x = sg.ones(5, 20)
    gc.disable()
    try:
        for step in range(10_000):
            if step == 1000:
                before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            w.grad = None
            ((x @ w).relu().split(10, 1)[0] ** 2).mean().backward()
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    finally:
        gc.enable()
    assert grown < 2048


def test_diamonds_and_reuse():
    x = sg.tensor(3.0, requires_grad=True)
    y = x * x
    (y * y + y + x).backward()
    assert x.grad.item() == 4 * 27 + 2 * 3 + 1


def test_gradients_are_not_aliased():
    x, y = (sg.ones(3, requires_grad=True) for _ in range(2))
    (x + y).sum().backward()
    x.grad.mul_(5.0)
    assert y.grad.tolist() == [1, 1, 1]
    seed = sg.ones(3)
    x.grad = None
    (x.reshape(3)).backward(seed)
    x.grad.mul_(2.0)
    assert seed.tolist() == [1, 1, 1]


def test_gradients_accumulate_in_leaves_only():
    x = sg.ones(2, requires_grad=True)
    for _ in range(2):
        y = x * 2
        y.sum().backward()
    assert x.grad.tolist() == [4, 4]
    assert y.grad is None


def test_grad_mode_is_per_thread_and_task():
    seen = []
    with sg.no_grad():
        thread = threading.Thread(target=lambda: seen.append(sg.is_grad_enabled()))
        thread.start()
        thread.join()

    async def quiet():
        with sg.no_grad():
            await asyncio.sleep(0.01)

    async def other():
        await asyncio.sleep(0.005)
        return sg.is_grad_enabled()

    async def both():
        return (await asyncio.gather(quiet(), other()))[1]

    assert seen == [True]
    assert asyncio.run(both())


def test_grad_mode_switches_nest_and_decorate():
    switch = sg.no_grad()
    with switch:
        with switch:
            assert not sg.is_grad_enabled()
        assert not sg.is_grad_enabled()
        with sg.enable_grad():
            assert sg.is_grad_enabled()
    assert sg.is_grad_enabled()

    @sg.no_grad()
    def quiet():
        return sg.is_grad_enabled()

    @sg.no_grad
    def quiet_too():
        return sg.is_grad_enabled()

    @sg.inference_mode()
    def inference():
        return sg.is_grad_enabled()

    assert (quiet(), quiet_too(), inference()) == (False, False, False)
    with sg.set_grad_enabled(False):
        assert not sg.is_grad_enabled()
    assert sg.is_grad_enabled()


def test_second_backward_names_operation_line_and_cure():
    x = sg.ones(3, requires_grad=True)
    loss = (x * x).sum()
    loss.backward()
    with pytest.raises(RuntimeError, match=r"second time.*test_tape.py.*retain_graph=True"):
        loss.backward()
    loss = (x * x).sum()
    loss.backward(retain_graph=True)
    loss.backward()


def test_saved_value_changed_names_both_lines():
    x = sg.ones(3, requires_grad=True)
    y = x * 2
    z = y * y
    y.add_(1)
    with pytest.raises(RuntimeError, match=r"mul saved.*used at.*test_tape.*changed at.*test_tape"):
        z.sum().backward()
    assert x.grad is None


@pytest.mark.parametrize(
    ("act", "error", "words"),
    [
        (lambda: sg.tensor([1, 2], requires_grad=True), RuntimeError, "floating"),
        (lambda: sg.tensor([1, 2]).requires_grad_(), RuntimeError, "floating"),
        (lambda: sg.ones(2, requires_grad=True).backward(), RuntimeError, "scalar outputs"),
        (lambda: sg.ones(2).sum().backward(), RuntimeError, "does not require grad"),
        (
            lambda: sg.ones(2, requires_grad=True).backward(sg.ones(3)),
            RuntimeError,
            r"\(3,\).*\(2,\)",
        ),
        (lambda: sg.ones(2, 3) + sg.ones(4), RuntimeError, "add.*broadcast"),
        (lambda: sg.ones(2, 3) @ sg.ones(2, 3), RuntimeError, "matmul.*cannot be multiplied"),
        (lambda: sg.ones(2, 3) @ sg.ones(3, 2).double(), RuntimeError, "same dtype"),
        (lambda: sg.ones(2, 3).reshape(4), RuntimeError, "invalid for input of size 6"),
        (lambda: sg.ones(2, 3).sum(2), IndexError, "out of range"),
        (lambda: sg.ones(2)[5], IndexError, "out of bounds"),
        (lambda: sg.ones(2, requires_grad=True).add_(1), RuntimeError, "leaf"),
        (lambda: sg.ones(2, requires_grad=True)[0].add_(1), RuntimeError, "view of a leaf"),
        (lambda: sg.ones(1).expand(3).add_(1), RuntimeError, "single memory location"),
        (lambda: sg.ones(2, requires_grad=True).numpy(), RuntimeError, "detach"),
        (lambda: sg.ones(2).item(), RuntimeError, "2 elements"),
        (lambda: bool(sg.ones(2)), RuntimeError, "ambiguous"),
        (lambda: sg.ones(2) + "x", TypeError, "expected a Tensor"),
        (lambda: sg.tensor("x"), TypeError, "numbers"),
        (lambda: sg.tensor([[1], [1, 2]]), ValueError, "one length"),
        (
            lambda: np.linalg.inv(sg.eye(2).requires_grad_()),
            TypeError,
            "not an operation of the tape",
        ),
        (
            lambda: sg.nn.functional.cross_entropy(sg.ones(2, 3), sg.tensor([0, 7])),
            IndexError,
            "Target 7.*row 1",
        ),
        (lambda: sg.zeros(2, device="cuda"), RuntimeError, "'cpu' only"),
    ],
)
def test_errors_name_what_is_wrong(act, error, words):
    with pytest.raises(error, match=words):
        act()


def test_failed_write_changes_nothing():
    x = sg.zeros(3)
    for bad in (lambda: x.add_(sg.ones(2, 3)), lambda: x.copy_(sg.ones(4))):
        with pytest.raises((RuntimeError, ValueError)):
            bad()
    whole = sg.zeros(3, dtype=sg.int64)
    with pytest.raises(RuntimeError, match="can't be cast"):
        whole.add_(0.5)
    with pytest.raises(RuntimeError, match="broadcast"):
        x[:2] = sg.ones(3)
    assert x.tolist() == [0, 0, 0]
    assert x._version == 0
    assert whole.tolist() == [0, 0, 0]


def test_views_share_memory_and_versions():
    base = sg.zeros(2, 3)
    view = base[0]
    view.fill_(2.0)
    assert base.tolist() == [[2, 2, 2], [0, 0, 0]]
    assert base._version == view._version == base.detach()._version == 1


def test_hooks_and_retain_grad():
    x = sg.ones(2, requires_grad=True)
    y = x * 3
    y.retain_grad()
    handle = y.register_hook(lambda g: g * 2)
    y.sum().backward()
    assert x.grad.tolist() == [6, 6]
    handle.remove()
    assert y.grad.tolist() == [1, 1]
    x.register_hook(lambda g: g + 1)
    x.grad = None
    (x * 2).sum().backward()
    assert x.grad.tolist() == [3, 3]


def test_copies_and_pickles():
    x = sg.tensor([1.0, 2.0], requires_grad=True)
    x.sum().backward()
    twin = copy.deepcopy(x)
    assert twin.requires_grad
    assert twin.grad.tolist() == [1, 1]
    loaded = pickle.loads(pickle.dumps(x))
    assert loaded.requires_grad
    assert loaded.tolist() == [1, 2]
    with pytest.raises(RuntimeError, match="leaves"):
        copy.deepcopy(x * 2)


def test_numpy_protocols():
    x = sg.tensor([1.0, 2.0], requires_grad=True)
    y = np.exp(x)
    assert isinstance(y, sg.Tensor)
    np.sum(np.array([1.0, 2.0], np.float32) * y).backward()
    np.testing.assert_allclose(x.grad.array, np.exp([1, 2]) * [1, 2], rtol=1e-6)
    assert np.asarray(y.detach()).dtype == np.float32
    np.testing.assert_array_equal(np.from_dlpack(x.detach()), [1, 2])
    assert sg.from_dlpack(np.ones(2, np.float32)).tolist() == [1, 1]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: sg.tensor([1, 2]) + sg.tensor([0.5]), "float32"),
        (lambda: sg.tensor([1, 2]) + 1, "int64"),
        (lambda: sg.tensor([1, 2]) * 0.5, "float32"),
        (lambda: sg.tensor([1, 2]) / sg.tensor([3, 4]), "float32"),
        (lambda: sg.ones(2) * sg.tensor(2.0, dtype=sg.float64), "float32"),
        (lambda: sg.ones(2) * np.float64(2), "float32"),
        (lambda: sg.ones(2, dtype=sg.int8) + 1, "int8"),
        (lambda: sg.ones(2, dtype=sg.float16) * 2.0, "float16"),
        (lambda: sg.tensor([True]) + sg.tensor([True]), "bool"),
        (lambda: sg.tensor([True]).sum(), "int64"),
        (lambda: sg.tensor([1]).exp(), "float32"),
        (lambda: sg.tensor([1], dtype=sg.uint8) + sg.tensor([1], dtype=sg.int8), "int16"),
        (lambda: sg.tensor(np.ones(2)), "float64"),
        (lambda: sg.Tensor([1, 2]), "float32"),
    ],
)
def test_promotion(make, expected):
    assert make().dtype.name == expected


@pytest.mark.parametrize(
    "make",
    [
        lambda m: m.tensor([1.0, -2.5]),
        lambda m: m.tensor([[1, 20], [300, 4]]),
        lambda m: m.tensor([1e-5, 100.0]),
        lambda m: m.tensor([True, False]),
        lambda m: m.tensor(3.0),
        lambda m: m.arange(2000),
        lambda m: m.arange(24.0).reshape(2, 3, 4),
        lambda m: m.tensor([1.0, float("nan"), float("inf")]),
        lambda m: m.zeros(0, 3),
        lambda m: m.ones(2, dtype=m.float64),
        lambda m: m.ones(2, requires_grad=True) * 2,
        lambda m: m.linspace(0, 1, 30),
    ],
)
def test_prints_like_pytorch(make):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    assert repr(make(sg)).replace("tinygrad_sm.", "torch.") == repr(make(torch))


def test_random_stream_is_pytorchs():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    for m in (sg, torch):
        m.manual_seed(11)
    for draw in (
        lambda m: m.rand(7),
        lambda m: m.randn(5),
        lambda m: m.randn(37),
        lambda m: m.randn(20, dtype=m.float64),
        lambda m: m.randint(3, 9, (4, 5)),
        lambda m: m.randperm(50),
        lambda m: m.empty(8).uniform_(-2, 3),
    ):
        np.testing.assert_allclose(draw(sg).array, draw(torch).numpy(), rtol=2e-6, atol=1e-6)


def test_a_recorded_walk_stands_at_the_line_that_ran_it():
    x = sg.tensor([2.0], requires_grad=True)
    y = (x * x * x).sum()
    (slope,) = sg.autograd.grad(y, x, create_graph=True)
    found = [node for node in sg.autograd.graph.nodes(slope) if getattr(node, "where", None)]
    assert {node.where[0].co_filename for node in found} == {__file__}


def test_what_saved_nothing_can_be_walked_again():
    x = sg.ones(3, requires_grad=True)
    y = x + 1
    for _ in range(2):
        (y / 2).exp().sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.full(3, np.e, np.float32), rtol=1e-6)


@pytest.mark.parametrize("freeze", ["detach_", "requires_grad_"])
def test_a_leaf_that_was_frozen_since_it_was_recorded_gets_no_gradient(torch, freeze):
    for library in (torch, sg):
        x, y = (library.ones(2, requires_grad=True) for _ in range(2))
        loss = (x * y).sum()
        getattr(x, freeze)(*[False] * (freeze == "requires_grad_"))
        loss.backward()
        assert x.grad is None
        assert y.grad.tolist() == [1, 1]
