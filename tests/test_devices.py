"""Devices, and what stands in for GPUs: questions are answered, work is refused by name."""

from __future__ import annotations

import copy
import pickle

import pytest

import tinygrad_sm as sg


@pytest.mark.parametrize(
    ("arguments", "text", "shown"),
    [
        (("cpu",), "cpu", "device(type='cpu')"),
        (("cuda:1",), "cuda:1", "device(type='cuda', index=1)"),
        (("cuda", 0), "cuda:0", "device(type='cuda', index=0)"),
        (("mps",), "mps", "device(type='mps')"),
    ],
)
def test_a_device_prints_as_in_pytorch(arguments, text, shown):
    d = sg.device(*arguments)
    assert (str(d), repr(d)) == (text, shown)
    assert d == sg.device(text) == copy.deepcopy(d) == pickle.loads(pickle.dumps(d))
    assert len({d, sg.device(text)}) == 1


def test_devices_differ_by_index_and_are_not_strings():
    assert sg.device("cpu") != sg.device("cpu", 0)
    assert sg.device("cpu") != "cpu"
    assert sg.device(sg.device("cuda", 2)).index == 2


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "", "cpu:"])
def test_an_unknown_device_is_refused(name):
    with pytest.raises(RuntimeError, match="expected one of cpu, cuda"):
        sg.device(name)


def test_a_tensor_is_on_the_cpu():
    t = sg.ones(2)
    assert t.device == sg.device("cpu")
    assert t.to("cpu") is t
    assert t.to(sg.device("cpu")) is t
    assert t.cpu() is t
    assert t.is_cpu
    assert not t.is_cuda
    assert t.get_device() == -1
    assert sg.zeros(2, device=sg.device("cpu")).device.type == "cpu"
    with sg.device("cpu"):
        assert sg.ones(1).device.type == "cpu"


@pytest.mark.parametrize("error", [RuntimeError, AssertionError])
@pytest.mark.parametrize(
    "use",
    [
        lambda: sg.ones(2).cuda(),
        lambda: sg.ones(2).to("cuda"),
        lambda: sg.ones(2).to(device=sg.device("cuda", 0)),
        lambda: sg.zeros(2, device="mps"),
        lambda: sg.tensor(1.0, device="cuda:0"),
        lambda: sg.randn(2, device="cuda"),
        lambda: sg.set_default_device("cuda"),
        lambda: sg.device("cuda").__enter__(),
        lambda: sg.device(0),
        lambda: sg.Generator("cuda"),
        lambda: sg.cuda.synchronize(),
        lambda: sg.cuda.current_device(),
        lambda: sg.cuda.get_device_name(0),
        lambda: sg.cuda.set_device(0),
        lambda: sg.cuda.Event(enable_timing=True),
        lambda: sg.cuda.FloatTensor(2),
        lambda: sg.accelerator.synchronize(),
        lambda: sg.mps.synchronize(),
        lambda: sg.ones(2).pin_memory(),
    ],
)
def test_using_another_device_says_that_there_is_none(use, error):
    with pytest.raises(error, match=r"there is none|no GPU|no such device|accelerator"):
        use()


def test_questions_about_gpus_are_answered():
    assert not sg.cuda.is_available()
    assert not sg.cuda.is_bf16_supported()
    assert (
        sg.cuda.device_count() == sg.cuda.memory_allocated() == sg.accelerator.device_count() == 0
    )
    assert not sg.accelerator.is_available()
    assert sg.accelerator.current_accelerator() is None
    assert not sg.backends.mps.is_available()
    assert not sg.backends.cudnn.is_available()
    assert not sg.xpu.is_available()
    assert sg.version.cuda is None
    sg.cuda.manual_seed_all(0)
    sg.cuda.empty_cache()
    sg.cuda.set_device(-1)
    sg.backends.cudnn.benchmark = True


def test_a_program_that_chooses_its_device_runs():
    device = sg.device("cuda" if sg.cuda.is_available() else "cpu")
    model = sg.nn.Linear(2, 3).to(device)
    assert model(sg.ones(1, 2, device=device)).device == device


def test_compilation_returns_what_it_is_given():
    def double(x):
        return 2 * x

    assert sg.compile(double) is double
    assert sg.compile(mode="max-autotune")(double) is double
    assert sg.jit.script(double) is double
    assert sg.jit.trace(double, sg.ones(1)) is double
    assert not sg.jit.is_scripting()
    with pytest.raises(NotImplementedError, match="TorchScript"):
        sg.jit.load("model.pt")


@pytest.mark.parametrize("name", ["float32", "bfloat16"])
def test_autocast_on_the_cpu_computes_as_ever(name):
    with sg.autocast("cpu", dtype=getattr(sg, name)):
        assert (sg.ones(2, 2) @ sg.ones(2, 2)).dtype == sg.float32

    @sg.amp.autocast("cuda", enabled=False)
    def decorated():
        return sg.ones(1)

    assert decorated().dtype == sg.float32


def test_autocast_for_a_gpu_warns_that_it_is_off():
    with pytest.warns(UserWarning, match="cuda is not available"):
        sg.cuda.amp.autocast()


def _step(scaler):
    w = sg.ones(2, requires_grad=True)
    optimizer = sg.optim.SGD([w], lr=0.5)
    scaler.scale((w * w).sum()).backward()
    scaler.step(optimizer)
    scaler.update()
    return w.tolist()


def test_a_disabled_scaler_changes_nothing():
    with pytest.warns(UserWarning, match="GradScaler is disabled"):
        scaler = sg.amp.GradScaler()
    assert not scaler.is_enabled()
    assert scaler.get_scale() == 1.0
    assert _step(scaler) == [0.0, 0.0]
    assert scaler.state_dict() == {}


def test_a_scaler_for_the_cpu_scales_grows_and_backs_off():
    scaler = sg.amp.GradScaler("cpu", init_scale=8.0, growth_interval=1)
    assert scaler.scale(sg.tensor(1.0)).item() == 8.0
    assert _step(scaler) == [0.0, 0.0]
    assert scaler.get_scale() == 16.0
    w = sg.ones(1, requires_grad=True)
    optimizer = sg.optim.SGD([w], lr=0.5)
    scaler.scale((w * float("inf")).sum()).backward()
    scaler.step(optimizer)
    assert w.tolist() == [1.0]
    scaler.update()
    assert scaler.get_scale() == 8.0
    other = sg.amp.GradScaler("cpu")
    other.load_state_dict(scaler.state_dict())
    assert other.get_scale() == 8.0
    scaler.unscale_(optimizer)
    with pytest.raises(RuntimeError, match="already been called"):
        scaler.unscale_(optimizer)
