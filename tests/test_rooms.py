"""Modules that programs import by PyTorch's names."""

import hashlib
import importlib
import os
import threading

import pytest

import tinygrad_sm as sg

ROOMS = """
    _dynamo amp amp.autocast_mode autograd.function autograd.grad_mode autograd.variable cuda.amp cuda.random
    functional jit jit.annotations multiprocessing nn.utils.fusion return_types types
    utils._pytree utils.checkpoint utils.data utils.dlpack utils.hooks
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


def test_weights_are_fetched_once_and_checked(tmp_path, monkeypatch):
    from tinygrad_sm.utils.model_zoo import load_url

    weights, served = sg.ones(3), tmp_path / "served.pt"
    sg.save({"w": weights}, served)
    digest = hashlib.sha256(served.read_bytes()).hexdigest()
    named = served.rename(tmp_path / f"served-{digest[:8]}.pt")
    monkeypatch.setattr(sg.hub, "_directory", None)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    assert sg.equal(load_url(named.as_uri(), check_hash=True, progress=False)["w"], weights)
    url = named.as_uri()
    named.unlink()
    assert sg.equal(load_url(url, check_hash=True)["w"], weights)
    kept = tmp_path / "home" / "hub" / "checkpoints" / named.name
    assert kept.exists()
    with pytest.raises(RuntimeError, match="invalid hash value"):
        sg.hub.download_url_to_file(kept.as_uri(), str(tmp_path / "x"), "0" * 8, progress=False)
    assert [p.name for p in tmp_path.iterdir()] == ["home"]
    sg.hub.set_dir(tmp_path)
    assert sg.hub.get_dir() == str(tmp_path)
    assert list(sg.hub.tqdm([1, 2], disable=True)) == [1, 2]


def _double(shared, copied):
    with sg.no_grad():
        shared.mul_(2)
        copied.mul_(2)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_memory_is_shared_with_processes(method):
    mp = sg.multiprocessing
    model = sg.nn.Linear(2, 3).share_memory()
    model.weight.data[1] = 5.0
    before, copied = model.weight.detach().clone(), sg.ones(2)
    context = mp.get_context(method)
    process = context.Process(target=_double, args=(model.weight[1:].detach(), copied))
    process.start()
    process.join()
    assert process.exitcode == 0
    assert sg.equal(model.weight[1:], 2 * before[1:])
    assert sg.equal(model.weight[0], before[0])
    assert copied.tolist() == [1, 1]
    file = sg.shared_memory.mapping_of(model.weight.array).filename
    assert os.path.exists(file)
    del model
    assert not os.path.exists(file)
    with pytest.raises(RuntimeError, match="leaves"):
        (sg.ones(1, requires_grad=True) * 2).share_memory_()


def test_the_version_is_one_of_pytorchs_and_says_which_is_ours():
    version = sg.__version__
    assert version.endswith(f"+tinygrad_sm.{sg.version.package}")
    assert version > "2.4"
    assert version >= (2, 13)
    assert version <= "2.13.0"
    assert not version < "2.9"
    assert version == "2.13"
    assert version != "2.1"
    assert [int(part) for part in version.split(".")[:2]] == [2, 13]
    with pytest.raises(ValueError, match="no version"):
        assert version > "new"


def test_there_is_no_compiler_by_its_inner_name():
    def double(x):
        return 2 * x

    sg._dynamo.config.suppress_errors = True
    assert sg._dynamo.optimize("eager")(double) is double
    assert sg._dynamo.allow_in_graph(double) is double
    assert sg._dynamo.reset() is sg._dynamo.graph_break() is None
    assert sg._dynamo.mark_dynamic(sg.ones(1), 0) is None
