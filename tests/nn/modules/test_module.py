"""Module: registration, walks, state, modes, conversions and text, step by step as in PyTorch."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm import nn

from ..agreement import check_error, draw, pytorch, text_of


def model(m):
    """A model with shared parts, buffers, lists and an empty place."""

    class Block(m.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = m.nn.Linear(2, 3)
            self.second = self.first
            self.none = None
            self.register_parameter("missing", None)
            self.register_buffer("seen", m.zeros(2))
            self.register_buffer("hidden", m.ones(1), persistent=False)
            self.register_buffer("nothing", None)
            self.scale = m.nn.Parameter(m.ones(3))
            self.again = self.scale
            self.rest = m.nn.ModuleList([m.nn.ReLU(), m.nn.Linear(3, 3, bias=False)])

        def forward(self, x):
            return self.rest[1](self.rest[0](self.first(x))) * self.scale

    class Model(m.nn.Module):
        def __init__(self):
            super().__init__()
            self.block = Block()
            self.head = m.nn.Sequential(m.nn.Linear(3, 2), m.nn.Dropout(0.5), m.nn.BatchNorm1d(2))

        def forward(self, x):
            return self.head(self.block(x))

    return Model()


def both():
    return model(sg), model(pytorch())


WALKS = [
    lambda x: [n for n, _ in x.named_modules()],
    lambda x: [n for n, _ in x.named_modules(remove_duplicate=False)],
    lambda x: [n for n, _ in x.named_modules(prefix="top")],
    lambda x: [n for n, _ in x.named_children()],
    lambda x: [n for n, _ in x.block.named_children()],
    lambda x: [type(c).__name__ for c in x.modules()],
    lambda x: [type(c).__name__ for c in x.children()],
    lambda x: [n for n, _ in x.named_parameters()],
    lambda x: [n for n, _ in x.named_parameters(remove_duplicate=False)],
    lambda x: [n for n, _ in x.named_parameters(prefix="p", recurse=False)],
    lambda x: [n for n, _ in x.block.named_parameters(recurse=False)],
    lambda x: [tuple(p.shape) for p in x.parameters()],
    lambda x: [n for n, _ in x.named_buffers()],
    lambda x: [n for n, _ in x.block.named_buffers(recurse=False)],
    lambda x: [tuple(b.shape) for b in x.buffers()],
    lambda x: list(x.state_dict()),
    lambda x: list(x.state_dict(prefix="m.")),
    lambda x: list(x.block.state_dict()),
    lambda x: [c.training for c in x.eval().modules()],
    lambda x: [c.training for c in x.train().modules()],
    lambda x: x.get_submodule("block.rest.1").in_features,
    lambda x: x.get_submodule("") is x,
    lambda x: tuple(x.get_parameter("block.first.weight").shape),
    lambda x: tuple(x.get_buffer("head.2.running_mean").shape),
    lambda x: "seen" in dir(x.block) and "first" in dir(x.block),
    lambda x: x.block.missing is None and x.block.nothing is None,
    lambda x: x.block._get_name(),
    lambda x: [type(v).__name__ for v in (x.block.first, x.block.rest)],
]


@pytest.mark.parametrize("walk", WALKS)
def test_walks(walk):
    ours, theirs = both()
    assert walk(ours) == walk(theirs)


def test_text():
    ours, theirs = both()
    assert text_of(ours) == text_of(theirs)
    assert text_of(ours.block.rest) == text_of(theirs.block.rest)
    for m in (sg, pytorch()):
        assert repr(m.nn.Module()) == "Module()"


def test_text_of_lists_of_the_same():
    torch = pytorch()
    for build in (
        lambda m: m.nn.ModuleList([m.nn.Linear(2, 2) for _ in range(3)] + [m.nn.ReLU()] * 2),
        lambda m: m.nn.ModuleList([m.nn.Sequential(m.nn.Linear(2, 2), m.nn.Tanh())] * 2),
        lambda m: m.nn.ModuleList([]),
        lambda m: m.nn.ModuleDict({"a": m.nn.ReLU(), "b": m.nn.Sequential()}),
        lambda m: m.nn.Sequential(OrderedDict(x=m.nn.ReLU(), y=m.nn.Flatten())),
        lambda m: m.nn.ParameterList([m.zeros(2, 3), m.zeros(1)]),
        lambda m: m.nn.ParameterDict({"a": m.zeros(2, 3)}),
    ):
        assert text_of(build(sg)).replace("FloatTensor", "float32") == text_of(
            build(torch)
        ).replace("FloatTensor", "float32")


def test_setting_and_removing():
    for m in (sg, pytorch()):
        x = m.nn.Module()
        x.a = m.nn.Parameter(m.zeros(1))
        x.a = None
        assert dict(x.named_parameters()) == {}
        x.a = m.nn.Parameter(m.ones(1))
        assert len(list(x.parameters())) == 1
        x.b = m.nn.ReLU()
        x.b = None
        assert list(x.children()) == []
        x.register_buffer("c", m.zeros(1))
        x.c = m.ones(2)
        assert tuple(dict(x.named_buffers())["c"].shape) == (2,)
        del x.a, x.c
        assert not hasattr(x, "a")
        assert list(x.state_dict()) == []
        x.n = 3
        x.n = m.nn.Parameter(m.zeros(1))
        assert [n for n, _ in x.named_parameters()] == ["n"]
        x.buffer = m.nn.Buffer(m.zeros(2), persistent=False)
        assert [n for n, _ in x.named_buffers()] == ["buffer"]
        assert "buffer" not in x.state_dict()


class Forgetful(nn.Module):
    def __init__(self):
        self.layer = nn.Linear(1, 1)


ERRORS = [
    lambda m: setattr(m.nn.Linear(1, 1), "weight", m.zeros(1, 1)),
    lambda m: setattr(m.nn.Linear(1, 1), "weight", 3),
    lambda m: setattr(m.nn.Sequential(m.nn.ReLU()), "0", 3),
    lambda m: setattr(m.nn.BatchNorm1d(1), "running_mean", 3),
    lambda m: m.nn.Module().register_parameter("a.b", None),
    lambda m: m.nn.Module().register_parameter("", None),
    lambda m: m.nn.Module().register_parameter(3, None),
    lambda m: m.nn.Module().register_parameter("forward", None),
    lambda m: m.nn.Module().register_parameter("a", m.zeros(1)),
    lambda m: m.nn.Module().register_buffer("a.b", None),
    lambda m: m.nn.Module().register_buffer("a", 3),
    lambda m: m.nn.Module().add_module("a.b", None),
    lambda m: m.nn.Module().add_module("", None),
    lambda m: m.nn.Module().add_module("a", 3),
    lambda m: m.nn.Module()(1),
    lambda m: m.nn.Module().nothing,
    lambda m: m.nn.Module().get_submodule("a.b"),
    lambda m: m.nn.Linear(1, 1).get_submodule("weight"),
    lambda m: m.nn.Linear(1, 1).get_parameter("a"),
    lambda m: m.nn.Linear(1, 1).get_buffer("weight"),
    lambda m: m.nn.Module().train(3),
    lambda m: m.nn.Linear(1, 1).to(m.int64),
    lambda m: m.nn.Linear(1, 1).load_state_dict(3),
    lambda m: m.nn.Linear(1, 1).load_state_dict({}),
    lambda m: m.nn.Parameter(m.zeros(1, dtype=m.int64)),
    lambda m: delattr(m.nn.Module(), "nothing"),
]


@pytest.mark.parametrize("call", ERRORS)
def test_errors(call):
    check_error(call)


def test_a_forgotten_init_is_explained():
    with pytest.raises(AttributeError, match=r"super\(\).__init__\(\)"):
        Forgetful()


def test_a_close_name_is_offered():
    with pytest.raises(AttributeError, match="Did you mean: 'weight'"):
        nn.Linear(1, 1).wieght  # noqa: B018


# --- state ----------------------------------------------------------------------------------------


def test_state_is_detached_and_shares_memory():
    layer = nn.Linear(2, 2)
    state = layer.state_dict()
    assert not state["weight"].requires_grad
    assert state["weight"].data_ptr() == layer.weight.data_ptr()
    assert layer.state_dict(keep_vars=True)["weight"] is layer.weight


def test_loading_lists_every_mismatch_and_changes_nothing():
    x = model(sg)
    state = x.state_dict()
    before = {k: v.array.copy() for k, v in state.items()}
    bad = {k: sg.zeros(*v.shape) for k, v in state.items()}
    del bad["block.scale"], bad["head.0.bias"]
    bad["extra.one"] = bad["extra.two"] = sg.zeros(1)
    bad["block.first.weight"] = sg.zeros(9, 9)
    bad["head.0.weight"] = "text"
    with pytest.raises(RuntimeError) as caught:
        x.load_state_dict(bad)
    for name in (
        "block.scale",
        "head.0.bias",
        "extra.one",
        "extra.two",
        "block.first.weight",
        "(9, 9)",
        "head.0.weight",
    ):
        assert name in str(caught.value), name
    for name, value in x.state_dict().items():
        np.testing.assert_array_equal(value.array, before[name])


def test_loading_loosely():
    ours, theirs = both()
    for m, x in ((sg, ours), (pytorch(), theirs)):
        keys = x.load_state_dict({"block.scale": m.zeros(3), "other": m.zeros(1)}, strict=False)
        assert keys.unexpected_keys == ["other"]
        assert "head.0.weight" in keys.missing_keys
        assert float(x.block.scale.detach().sum()) == 0
        with pytest.raises(RuntimeError, match=r"size mismatch for block\.scale"):
            x.load_state_dict({"block.scale": m.zeros(4)}, strict=False)
    assert repr(ours.load_state_dict(ours.state_dict())) == "<All keys matched successfully>"


def test_loading_casts_and_assigning_adopts():
    for m in (sg, pytorch()):
        x = m.nn.Linear(2, 2, bias=False)
        weight = x.weight
        value = m.full((2, 2), 7.0, dtype=m.float64)
        x.load_state_dict({"weight": value})
        assert x.weight is weight
        assert x.weight.dtype == m.float32
        x.load_state_dict({"weight": value}, assign=True)
        assert x.weight.dtype == m.float64
        assert isinstance(x.weight, m.nn.Parameter)
        assert x.weight.data_ptr() == value.data_ptr()


def test_a_model_goes_there_and_back():
    ours, theirs = both()
    ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    torch = pytorch()
    x = draw(4, 2)
    a = ours.double().eval()(sg.tensor(x))
    b = theirs.double().eval()(torch.tensor(x))
    np.testing.assert_allclose(a.array, b.detach().numpy(), rtol=1e-12)


def test_extra_state():
    def build(m):
        class Counter(m.nn.Module):
            count = 0

            def get_extra_state(self):
                return {"count": self.count}

            def set_extra_state(self, state):
                self.count = state["count"]

        return m.nn.Sequential(Counter())

    for m in (sg, pytorch()):
        a, b = build(m), build(m)
        a[0].count = 5
        assert list(a.state_dict()) == ["0._extra_state"]
        b.load_state_dict(a.state_dict())
        assert b[0].count == 5
        with pytest.raises(RuntimeError, match="_extra_state"):
            b.load_state_dict({})


def test_state_hooks():
    for m in (sg, pytorch()):
        x = m.nn.Sequential(m.nn.Linear(1, 1))
        calls = x.calls = []
        x.register_state_dict_post_hook(lambda mod, state, *rest: mod.calls.append(list(state)))
        x.register_state_dict_pre_hook(lambda mod, prefix, keep: mod.calls.append(prefix))
        x[0].register_load_state_dict_pre_hook(
            lambda mod, state, prefix, *rest: state.pop(prefix + "old", None)
        )
        x.register_load_state_dict_post_hook(lambda mod, keys: mod.calls.append(keys[0]))
        state = x.state_dict()
        state["0.old"] = m.zeros(1)
        x.load_state_dict(state)
        assert calls == ["", ["0.weight", "0.bias"], []]
        assert "0.old" in state


# --- modes, conversions, copies ---------------------------------------------------------------------


def test_conversions():
    for m in (sg, pytorch()):
        x = m.nn.Sequential(m.nn.Linear(2, 2), m.nn.BatchNorm1d(2))
        weight = x[0].weight
        x(m.zeros(3, 2)).sum().backward()
        assert x.double() is x
        assert x[0].weight is weight
        assert weight.dtype == weight.grad.dtype == m.float64
        assert x[1].running_mean.dtype == m.float64
        assert x[1].num_batches_tracked.dtype == m.int64
        assert x.half()[0].weight.dtype == m.float16
        assert x.float()[0].weight.dtype == m.float32
        assert x.to(m.float64)[0].weight.dtype == m.float64
        assert x.to("cpu", m.float32)[0].weight.dtype == m.float32
        assert x.to(m.zeros(1, dtype=m.float64))[0].weight.dtype == m.float64
        assert x.to(dtype=m.float32, device="cpu")[0].weight.dtype == m.float32
        assert x.cpu() is x


def test_there_is_no_gpu():
    for call in (lambda: nn.Linear(1, 1).cuda(), lambda: nn.Linear(1, 1).to("cuda")):
        with pytest.raises((RuntimeError, AssertionError)):
            call()


def test_zero_grad_and_freezing():
    for m in (sg, pytorch()):
        x = m.nn.Linear(2, 2)
        x(m.ones(1, 2)).sum().backward()
        x.zero_grad(set_to_none=False)
        assert float(x.weight.grad.abs().sum()) == 0
        x.zero_grad()
        assert x.weight.grad is None
        assert x.requires_grad_(False) is x
        assert not x(m.ones(1, 2)).requires_grad


def test_apply_visits_children_first():
    for m in (sg, pytorch()):
        order = iter(range(9))
        x = m.nn.Sequential(m.nn.Linear(1, 1), m.nn.Sequential(m.nn.ReLU()))
        assert x.apply(lambda mod, order=order: setattr(mod, "place", next(order))) is x
        assert [mod.place for mod in (x[0], x[1][0], x[1], x)] == [0, 1, 2, 3]


def test_copies_and_pickles():
    x = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    x[0].weight.grad = sg.ones(2, 2)
    for other in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert list(other.state_dict()) == list(x.state_dict())
        np.testing.assert_array_equal(other[0].weight.array, x[0].weight.array)
        assert other[0].weight.data_ptr() != x[0].weight.data_ptr()
        assert isinstance(other[0].weight, nn.Parameter)
    shared = copy.deepcopy(nn.Sequential(x[0], x[0]))
    assert shared[0] is shared[1]


def test_set_submodule():
    for m in (sg, pytorch()):
        x = m.nn.Sequential(m.nn.Sequential(m.nn.ReLU()))
        x.set_submodule("0.0", m.nn.Tanh())
        assert isinstance(x[0][0], m.nn.Tanh)


def test_a_parameter_is_a_leaf_that_shares_memory():
    for m in (sg, pytorch()):
        data = m.zeros(2)
        p = m.nn.Parameter(data)
        assert p.requires_grad
        assert p.is_leaf
        assert p.data_ptr() == data.data_ptr()
        assert isinstance(p, m.Tensor)
        assert not m.nn.Parameter(data, requires_grad=False).requires_grad
        assert not isinstance(p * 2, m.nn.Parameter)
        assert not isinstance(p.data, m.nn.Parameter)
        assert repr(p).startswith("Parameter containing:")


def test_paths_that_programs_import():
    from tinygrad_sm.nn.modules.batchnorm import _BatchNorm
    from tinygrad_sm.nn.modules.conv import _ConvNd
    from tinygrad_sm.nn.modules.module import Module
    from tinygrad_sm.nn.modules.utils import _ntuple, _pair, _single, _triple
    from tinygrad_sm.nn.parameter import Parameter

    assert Module is nn.Module
    assert Parameter is nn.Parameter
    assert issubclass(nn.BatchNorm2d, _BatchNorm)
    assert issubclass(nn.ConvTranspose1d, _ConvNd)
    assert (_single(1), _pair(2), _triple([1, 2, 3]), _ntuple(4)(0)) == (
        (1,),
        (2, 2),
        (1, 2, 3),
        (0,) * 4,
    )


def test_every_layer_of_pytorch_that_is_here_has_its_place():
    """A class has PyTorch's module path, as far as PyTorch has such a module."""
    torch = pytorch()
    import importlib

    for name in nn.modules.__all__:
        theirs = getattr(torch.nn, name, None)
        assert theirs is not None, name
        path = theirs.__module__.replace("torch.", "tinygrad_sm.")
        assert getattr(importlib.import_module(path), name) is getattr(nn, name), path


def test_a_module_with_tensors_of_its_own_converts_them_wherever_it_stands():
    class WithTable(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = sg.ones(2)

        def _apply(self, fn, recurse=True):
            super()._apply(fn, recurse)
            self.table = fn(self.table)
            return self

    model = nn.Sequential(nn.Sequential(WithTable()), nn.Linear(1, 1))
    model.double()
    assert model[0][0].table.dtype == sg.float64
    assert model[1].weight.dtype == sg.float64


def test_a_type_is_for_all_tensors_and_memory_can_be_new():
    model = nn.BatchNorm1d(2)
    model.type(sg.float64)
    assert model.num_batches_tracked.dtype == sg.float64
    before = model.weight
    memory = before.array
    assert model.to_empty(device="cpu") is model
    assert model.weight is before
    assert before.array is not memory
    assert before.shape == (2,)
    assert model.compile() is None
    assert not model.weight.is_shared()
    assert model.share_memory() is model
    assert all(p.is_shared() for p in model.parameters())
    with pytest.raises(NotImplementedError, match="bfloat16"):
        model.bfloat16()
