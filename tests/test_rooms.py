"""Modules that programs import by PyTorch's names."""

import importlib
import threading

import pytest

import tinygrad_sm as sg

ROOMS = """
    amp amp.autocast_mode autograd.function autograd.grad_mode autograd.variable cuda.amp cuda.random functional jit
    multiprocessing return_types types utils._pytree utils.checkpoint utils.data utils.dlpack utils.hooks
"""


@pytest.mark.parametrize("name", ROOMS.split())
def test_what_a_room_lists_is_there_and_in_pytorchs(torch, name):
    room = importlib.import_module(f"tinygrad_sm.{name}")
    theirs = importlib.import_module(f"torch.{name}")
    for listed in getattr(room, "__all__", []):
        getattr(room, listed)
        assert name in ("types", "multiprocessing") or hasattr(theirs, listed)
    found = sg
    for part in name.split("."):
        found = getattr(found, part)
    assert found is room


def test_scripts_run_as_python():
    class Double(sg.jit.ScriptModule):
        @sg.jit.script_method
        def forward(self, x):
            return 2 * sg.jit.annotate(sg.Tensor, x)

    assert sg.jit.wait(sg.jit.fork(Double(), sg.ones(1))).item() == 2
    assert not isinstance(Double(), sg.jit.ScriptFunction)
    with pytest.raises(NotImplementedError, match="no script compiler"):
        sg.jit.ScriptFunction()


def test_nothing_is_computed_in_lower_precision():
    class Square(sg.autograd.Function):
        @staticmethod
        @sg.amp.custom_fwd(device_type="cuda", cast_inputs=sg.float32)
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @sg.cuda.amp.custom_bwd
        def backward(ctx, g):
            return 2 * ctx.saved_tensors[0] * g

    x = sg.tensor(3.0, requires_grad=True)
    with sg.autocast("cpu"):
        assert not sg.is_autocast_enabled()
        Square.apply(x).backward()
    assert x.grad.item() == 6
    assert sg.get_autocast_dtype("cpu") == sg.bfloat16


def _put(rank, queue):
    queue.put((rank, sg.full((2,), float(rank)).sum().item()))


def _fail(rank):
    raise SystemExit(3)


def test_processes_are_pythons():
    mp = sg.multiprocessing
    queue = mp.get_context("spawn").Queue()
    mp.spawn(_put, args=(queue,), nprocs=2)
    assert sorted([queue.get(), queue.get()]) == [(0, 0.0), (1, 2.0)]
    with pytest.raises(RuntimeError, match="process 0 ended with exit code 3"):
        mp.spawn(_fail)
    with pytest.raises(ValueError, match="no strategy"):
        mp.set_sharing_strategy("telepathy")
    assert threading.active_count() >= 1


def test_memory_is_shared_over_dlpack():
    x = sg.arange(3.0)
    capsule = sg.utils.dlpack.to_dlpack(x)
    assert "dltensor" in repr(capsule)


def test_weights_from_the_network_can_be_imported_and_not_fetched():
    from tinygrad_sm.utils.model_zoo import load_url

    with pytest.raises(NotImplementedError, match="all downloads"):
        load_url("resnet.pth")
