"""Hooks that all modules have."""

import contextlib

import pytest

import tinygrad_sm as sg
from tinygrad_sm.nn.modules import hooks

KINDS = ["forward_pre", "forward", "full_backward_pre", "full_backward"]


@pytest.fixture(autouse=True)
def _no_hook_is_left():
    yield
    assert not any(vars(hooks.everywhere).values())
    sg.nn.Module._hooks = None


def test_they_are_called_as_in_pytorch(torch):
    told = []
    for library in (torch, sg):
        told.append(seen := [])
        modules = library.nn.modules.module
        net = library.nn.Sequential(library.nn.Linear(2, 2), library.nn.Tanh())
        net[1].register_forward_hook(lambda m, x, y, seen=seen: seen.append("own"))
        with contextlib.ExitStack() as stack:
            for kind in KINDS:
                register = getattr(modules, f"register_module_{kind}_hook")

                def hook(module, *args, kind=kind, seen=seen):
                    parts = [p if isinstance(p, tuple) else (p,) for p in args]
                    shapes = [[None if t is None else tuple(t.shape) for t in p] for p in parts]
                    seen.append((kind, type(module).__name__, shapes))

                stack.enter_context(register(hook))
            net(library.ones(3, 2, requires_grad=True)).sum().backward()
        seen.append("removed")
        net(library.ones(3, 2)).sum().backward()
    assert told[0] == told[1]


def test_what_they_return_is_used():
    module = sg.nn.modules.module
    layer = sg.nn.Identity()
    with module.register_module_forward_pre_hook(lambda m, args: (args[0] + 1,)):
        assert layer(sg.zeros(1)).item() == 1
        with module.register_module_forward_hook(
            lambda m, args, kwargs, out: out * 3, with_kwargs=True
        ):
            assert layer(sg.zeros(1)).item() == 3
    assert layer(sg.zeros(1)).item() == 0


def test_a_module_of_its_own_hooks_keeps_them():
    with sg.nn.modules.module.register_module_forward_hook(lambda m, args, out: None):
        one, two = sg.nn.Identity(), sg.nn.Identity()
        one.register_forward_hook(lambda m, args, out: out + 1)
    assert (one(sg.zeros(1)).item(), two(sg.zeros(1)).item()) == (1, 0)


def test_modules_without_initial_values():
    state = sg.get_rng_state()
    layer = sg.nn.utils.skip_init(sg.nn.Linear, 3, 4)
    assert sg.equal(sg.get_rng_state(), state)
    assert layer.weight.shape == (4, 3)
    with pytest.raises(RuntimeError, match="Expected a Module"):
        sg.nn.utils.skip_init(int)
    with pytest.raises(RuntimeError, match="'device' arg"):
        sg.nn.utils.skip_init(sg.nn.ReLU)


def test_the_older_name_of_clipping():
    p = sg.ones(2, requires_grad=True)
    p.grad = sg.tensor([3.0, 4.0])
    with pytest.warns(FutureWarning, match="clip_grad_norm_"):
        assert sg.nn.utils.clip_grad_norm([p], 1.0).item() == 5
    assert sg.allclose(p.grad, sg.tensor([0.6, 0.8]))


def test_hooks_are_found_and_removed_by_number(torch):
    for library in (torch, sg):
        layer = library.nn.Linear(1, 1)
        assert (len(layer._forward_hooks), bool(layer._backward_hooks)) == (0, False)
        seen = []
        first = layer.register_forward_hook(lambda m, x, y, seen=seen: seen.append(1))
        layer.register_forward_hook(lambda m, x, y, seen=seen: seen.append(2))
        layer.register_forward_pre_hook(print)
        assert list(layer._forward_pre_hooks.values()) == [print]
        layer._forward_pre_hooks.clear()
        layer(library.ones(1, 1))
        for number, hook in list(layer._forward_hooks.items()):
            if hook is list(layer._forward_hooks.values())[-1]:
                del layer._forward_hooks[number]
        layer(library.ones(1, 1))
        first.remove()
        layer(library.ones(1, 1))
        assert seen == [1, 2, 1]
        assert not layer._forward_hooks
        with pytest.raises(KeyError):
            del layer._forward_hooks[0]
