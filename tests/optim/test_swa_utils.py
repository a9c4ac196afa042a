import inspect

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm import nn, optim
from tinygrad_sm.optim import swa_utils

VALUES = [1.0, 2.0, 6.0, -1.0]
AVERAGES = {
    "by default": lambda m: {},
    "ema": lambda m: {"avg_fn": m.get_ema_avg_fn(0.9)},
    "swa": lambda m: {"avg_fn": m.get_swa_avg_fn()},
    "multi ema": lambda m: {"multi_avg_fn": m.get_ema_multi_avg_fn(0.7)},
    "multi swa": lambda m: {"multi_avg_fn": m.get_swa_multi_avg_fn()},
    "of one's own": lambda m: {"avg_fn": lambda old, new, n: (old + new * n) / (n + 2)},
}


def models(library):
    return library.nn.Sequential(library.nn.Linear(3, 2), library.nn.BatchNorm1d(2))


def averaged(library, utils, options):
    """The state of an averaged model that has seen a few values."""
    model = models(library)
    average = utils.AveragedModel(model, **options)
    for value in VALUES:
        with library.no_grad():
            for t in [*model.parameters(), model[1].running_mean, model[1].running_var]:
                t.fill_(value)
        average.update_parameters(model)
    return {name: t.tolist() for name, t in average.state_dict().items()}


# PyTorch's equal average of lists fails on the counter of batches, an integer buffer
@pytest.mark.parametrize(
    ("name", "use_buffers"),
    [(n, b) for n in AVERAGES for b in (False, True) if (n, b) != ("multi swa", True)],
)
def test_averages_are_pytorchs(torch, name, use_buffers):
    theirs_utils = torch.optim.swa_utils
    found, expected = (
        averaged(library, utils, {**AVERAGES[name](utils), "use_buffers": use_buffers})
        for library, utils in ((sg, swa_utils), (torch, theirs_utils))
    )
    assert found.keys() == expected.keys()
    for key, value in found.items():
        np.testing.assert_allclose(value, expected[key], rtol=1e-6)


def test_the_model_is_apart_from_its_average():
    model = nn.Linear(2, 2)
    average = swa_utils.AveragedModel(model)
    before = [p.tolist() for p in average.parameters()]
    nn.init.constant_(model.weight, 7.0)
    assert [p.tolist() for p in average.parameters()] == before
    x = sg.ones(1, 2)
    average.update_parameters(model)
    assert average(x).tolist() == model(x).tolist()
    assert average.n_averaged.item() == 1


def test_refuses_two_averages_and_decays_out_of_range():
    with pytest.raises(AssertionError, match="Only one of"):
        swa_utils.AveragedModel(
            nn.Linear(1, 1),
            avg_fn=swa_utils.get_swa_avg_fn(),
            multi_avg_fn=swa_utils.get_swa_multi_avg_fn(),
        )
    for make in (swa_utils.get_ema_avg_fn, swa_utils.get_ema_multi_avg_fn):
        with pytest.raises(ValueError, match=r"Invalid decay value 1\.5"):
            make(1.5)


def test_statistics_are_computed_anew_as_in_pytorch(torch):
    rng = np.random.default_rng(0)
    batches = [rng.normal(2, 3, size=(8, 3)).astype(np.float32) for _ in range(4)]
    weights = rng.normal(size=(2, 3)).astype(np.float32)
    found = []
    for library, utils in ((sg, swa_utils), (torch, torch.optim.swa_utils)):
        model = models(library)
        with library.no_grad():
            model[0].weight.copy_(library.tensor(weights))
            model[0].bias.fill_(0.5)
        model.eval()
        utils.update_bn([(library.tensor(b), 1) for b in batches], model)
        assert not model.training
        assert model[1].momentum == 0.1
        found.append([model[1].running_mean.tolist(), model[1].running_var.tolist()])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-5)


def test_a_model_without_statistics_is_not_run():
    def batches():
        raise AssertionError("read")
        yield

    swa_utils.update_bn(batches(), nn.Linear(1, 1))


@pytest.mark.parametrize("strategy", ["cos", "linear"])
@pytest.mark.parametrize("epochs", [0, 1, 6])
def test_the_schedule_is_pytorchs(torch, strategy, epochs):
    courses = []
    for library, module in ((sg, optim), (torch, torch.optim)):
        groups = [{"params": [library.zeros(1, requires_grad=True)], "lr": lr} for lr in (0.3, 0.7)]
        optimizer = module.SGD(groups)
        schedule = module.swa_utils.SWALR(optimizer, [0.05, 0.1], epochs, strategy)
        course = []
        for step in range(12):
            course.append(schedule.get_last_lr())
            if step == 5:
                saved = schedule.state_dict()
                schedule = module.swa_utils.SWALR(optimizer, [0.05, 0.1])
                schedule.load_state_dict(saved)
            optimizer.step()
            schedule.step()
        courses.append(course)
    np.testing.assert_allclose(*courses, rtol=1e-9)


def test_the_schedule_refuses_options_out_of_range():
    optimizer = optim.SGD([sg.zeros(1, requires_grad=True)])
    with pytest.raises(ValueError, match="'cos' or 'linear', instead got x"):
        swa_utils.SWALR(optimizer, 0.1, anneal_strategy="x")
    with pytest.raises(ValueError, match="equal or greater than 0, got -1"):
        swa_utils.SWALR(optimizer, 0.1, anneal_epochs=-1)
    with pytest.raises(ValueError, match="swa_lr must have the same length"):
        swa_utils.SWALR(optimizer, [0.1, 0.2])
    with pytest.raises(TypeError, match="is not an Optimizer"):
        swa_utils.SWALR([], 0.1)


@pytest.mark.parametrize("name", swa_utils.__all__)
def test_options_and_their_defaults_are_pytorchs(torch, name):
    ours, theirs = (
        inspect.signature(getattr(m, name)).parameters for m in (swa_utils, torch.optim.swa_utils)
    )
    assert [(p.name, p.kind, p.default) for p in ours.values()] == [
        (p.name, p.kind, p.default) for p in theirs.values()
    ]
