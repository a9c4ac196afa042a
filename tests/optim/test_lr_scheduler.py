import copy
import functools
import inspect
import itertools
import math
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_sm as sg
from tinygrad_sm import optim
from tinygrad_sm.optim import lr_scheduler

SCHEDULES = {
    "lambda": lambda m, o: m.LambdaLR(o, [lambda e: 0.95**e, lambda e: 1 / (1 + e)]),
    "one lambda": lambda m, o: m.LambdaLR(o, lambda e: 0.9**e),
    "step": lambda m, o: m.StepLR(o, 3, gamma=0.5),
    "milestones": lambda m, o: m.MultiStepLR(o, [2, 5, 5, 11], gamma=0.3),
    "constant": lambda m, o: m.ConstantLR(o, factor=0.25, total_iters=4),
    "linear": lambda m, o: m.LinearLR(o, start_factor=0.1, end_factor=0.8, total_iters=7),
    "linear down": lambda m, o: m.LinearLR(o, start_factor=1.0, end_factor=0.0, total_iters=30),
    "exponential": lambda m, o: m.ExponentialLR(o, 0.9),
    "cosine": lambda m, o: m.CosineAnnealingLR(o, 7, eta_min=0.01),
    "cosine of one": lambda m, o: m.CosineAnnealingLR(o, 1),
    "one cycle": lambda m, o: m.OneCycleLR(o, [0.5, 0.9], total_steps=40),
    "one cycle linear": lambda m, o: m.OneCycleLR(
        o, 0.5, epochs=5, steps_per_epoch=8, anneal_strategy="linear", pct_start=0.4
    ),
    "one cycle in three": lambda m, o: m.OneCycleLR(
        o, 0.5, 41, three_phase=True, base_momentum=[0.1, 0.2], max_momentum=0.9
    ),
    "one cycle without momentum": lambda m, o: m.OneCycleLR(o, 0.5, 40, cycle_momentum=False),
    "one after another": lambda m, o: m.SequentialLR(
        o,
        [m.ConstantLR(o, 0.1, 20), m.ExponentialLR(o, 0.9), m.StepLR(o, 2), m.LinearLR(o)],
        milestones=[4, 12, 20],
    ),
    "warm-up, cosine": lambda m, o: m.SequentialLR(
        o, [m.LinearLR(o, 0.01, total_iters=5), m.CosineAnnealingLR(o, 25)], milestones=[5]
    ),
    "warm-up, lambda": lambda m, o: m.SequentialLR(
        o, [m.LinearLR(o, 0.5), m.LambdaLR(o, lambda e: 0.9**e)], milestones=[3]
    ),
    "no first": lambda m, o: m.SequentialLR(
        o, [m.ConstantLR(o, 0.5), m.MultiStepLR(o, [2])], milestones=[0]
    ),
    "nested": lambda m, o: m.SequentialLR(
        o,
        [
            m.SequentialLR(o, [m.ConstantLR(o, 0.5, 9), m.ExponentialLR(o, 0.9)], milestones=[3]),
            m.StepLR(o, 2, gamma=0.5),
        ],
        milestones=[6],
    ),
    "multiplicative": lambda m, o: m.MultiplicativeLR(o, [lambda e: 0.95, lambda e: e / (1 + e)]),
    "polynomial": lambda m, o: m.PolynomialLR(o, total_iters=12, power=1.7),
    "polynomial line": lambda m, o: m.PolynomialLR(o),
    "cyclic": lambda m, o: m.CyclicLR(o, [0.01, 0.02], 0.5, step_size_up=4, step_size_down=7),
    "cyclic, halving": lambda m, o: m.CyclicLR(o, 0.01, 0.5, step_size_up=5, mode="triangular2"),
    "cyclic, decaying": lambda m, o: m.CyclicLR(
        o, 0.01, 0.5, 3, mode="exp_range", gamma=0.97, base_momentum=0.1, max_momentum=0.7
    ),
    "cyclic, of one's own": lambda m, o: m.CyclicLR(
        o, 0.01, 0.5, 3, scale_fn=lambda x: 1 / (5 + x), scale_mode="iterations"
    ),
    "cyclic without momentum": lambda m, o: m.CyclicLR(o, 0.01, 0.5, 3, cycle_momentum=False),
    "restarts": lambda m, o: m.CosineAnnealingWarmRestarts(o, 5, eta_min=0.01),
    "longer restarts": lambda m, o: m.CosineAnnealingWarmRestarts(o, 3, T_mult=2),
    "chained": lambda m, o: m.ChainedScheduler([m.ExponentialLR(o, 0.9), m.ConstantLR(o, 0.1, 4)]),
    "chained with a cycle": lambda m, o: m.ChainedScheduler(
        [m.LinearLR(o, 0.2), m.PolynomialLR(o, 20, 2.0)], optimizer=o
    ),
    "stacked": lambda m, o: Stack(m.ExponentialLR(o, 0.97), m.CosineAnnealingLR(o, 12)),
    "stacked on a warm-up": lambda m, o: Stack(
        m.LinearLR(o), m.StepLR(o, 6), m.ExponentialLR(o, 0.99)
    ),
}
NAMES = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]


class Stack:
    """Several schedules on one optimizer, stepped in turn."""

    def __init__(self, *schedules):
        self.schedules = schedules

    def step(self):
        for schedule in self.schedules:
            schedule.step()

    def get_last_lr(self):
        return self.schedules[-1].get_last_lr()


def optimizer_of(library, module, kind="SGD", **options):
    params = [library.zeros(1, requires_grad=True) for _ in range(2)]
    groups = [{"params": params[:1]}, {"params": params[1:], "lr": 0.7}]
    return getattr(module, kind)(groups, lr=0.3, **options)


def options_now(optimizer):
    """Rates and momenta of both groups."""
    found = []
    for group in optimizer.param_groups:
        momentum = group["betas"] if "betas" in group else (group["momentum"],)
        found += [float(group["lr"]), *map(float, momentum)]
    return found


def course(optimizer, schedule, steps):
    """The options at the beginning and after each step."""
    found = [options_now(optimizer)]
    for _ in range(steps):
        optimizer.step()
        schedule.step()
        found.append(options_now(optimizer))
        assert [float(rate) for rate in schedule.get_last_lr()] == [
            float(group["lr"]) for group in optimizer.param_groups
        ]
    return found


def fresh(name, kind="SGD"):
    optimizer = optimizer_of(sg, optim, kind, **({"momentum": 0.5} if kind == "SGD" else {}))
    return optimizer, SCHEDULES[name](lr_scheduler, optimizer)


# --- the same rates as PyTorch ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["SGD", "AdamW"])
@pytest.mark.parametrize("name", SCHEDULES)
def test_the_course_is_pytorchs(torch, name, kind):
    found = []
    for library, module in ((sg, optim), (torch, torch.optim)):
        options = {"momentum": 0.5} if kind == "SGD" else {}
        optimizer = optimizer_of(library, module, kind, **options)
        with warnings.catch_warnings():
            if module is torch.optim and name == "nested":  # warns of the order while constructed
                warnings.simplefilter("ignore")
            schedule = SCHEDULES[name](module.lr_scheduler, optimizer)
        found.append(course(optimizer, schedule, steps=40))
    np.testing.assert_allclose(*found, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", NAMES)
def test_options_and_their_defaults_are_pytorchs(torch, name):
    ours, theirs = (
        inspect.signature(getattr(m.lr_scheduler, name)).parameters for m in (optim, torch.optim)
    )
    assert [(p.name, p.kind, p.default) for p in ours.values()] == [
        (p.name, p.kind, p.default) for p in theirs.values()
    ]


@given(
    max_lr=st.floats(1e-4, 10),
    total=st.integers(2, 50),
    share=st.floats(0.05, 0.95),
    strategy=st.sampled_from(["cos", "linear"]),
    div=st.floats(1, 100),
    final=st.floats(1, 1e5),
    three=st.booleans(),
)
def test_every_cycle_is_pytorchs(torch, max_lr, total, share, strategy, div, final, three):
    def build(module, optimizer):
        return module.OneCycleLR(
            optimizer,
            max_lr,
            total,
            pct_start=share,
            anneal_strategy=strategy,
            div_factor=div,
            final_div_factor=final,
            three_phase=three,
        )

    theirs = optimizer_of(torch, torch.optim, momentum=0.5)
    try:
        expected = course(theirs, build(torch.optim.lr_scheduler, theirs), steps=total - 1)
    except ZeroDivisionError:  # PyTorch's answer to a phase of no steps
        expected = None
    ours = optimizer_of(sg, optim, momentum=0.5)
    found = course(ours, build(lr_scheduler, ours), steps=total - 1)
    assert np.isfinite(found).all()
    if expected is not None:
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


metrics = st.lists(
    st.one_of(st.floats(-2, 2), st.sampled_from([0.0, 1.0, math.nan, math.inf])), max_size=30
)


@given(
    metrics=metrics,
    mode=st.sampled_from(["min", "max"]),
    threshold_mode=st.sampled_from(["rel", "abs"]),
    threshold=st.sampled_from([0.0, 1e-4, 0.3]),
    patience=st.integers(0, 3),
    cooldown=st.integers(0, 3),
    min_lr=st.sampled_from([0, 0.1, [0.2, 0.01]]),
    eps=st.sampled_from([1e-8, 0.05]),
)
def test_every_plateau_is_pytorchs(torch, metrics, **options):
    found = []
    for library, module in ((sg, optim), (torch, torch.optim)):
        optimizer = optimizer_of(library, module)
        schedule = module.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, **options)
        course = []
        for value in metrics:
            schedule.step(library.tensor(value))
            course.append([*schedule.get_last_lr(), schedule.num_bad_epochs, schedule.last_epoch])
            course[-1] += [float(schedule.best), schedule.cooldown_counter, schedule.in_cooldown]
        found.append(course)
    np.testing.assert_allclose(*found, rtol=1e-12)


@pytest.mark.parametrize(
    "name", [n for n in SCHEDULES if not n.startswith("stacked") and n != "nested"]
)
def test_a_state_dict_of_pytorch_is_taken(torch, name):
    theirs = optimizer_of(torch, torch.optim, momentum=0.5)
    there = SCHEDULES[name](torch.optim.lr_scheduler, theirs)
    course(theirs, there, steps=9)
    ours, here = fresh(name)
    here.load_state_dict(there.state_dict())
    ours.load_state_dict(theirs.state_dict())
    np.testing.assert_allclose(
        course(ours, here, steps=20), course(theirs, there, steps=20), rtol=1e-12, atol=1e-15
    )


@pytest.mark.parametrize(
    "build",
    [
        lambda m, o, last: m.StepLR(o, 3, last_epoch=last),
        lambda m, o, last: m.MultiStepLR(o, [6, 9], last_epoch=last),
        lambda m, o, last: m.ConstantLR(o, 0.5, 9, last_epoch=last),
        lambda m, o, last: m.LinearLR(o, total_iters=9, last_epoch=last),
        lambda m, o, last: m.ExponentialLR(o, 0.9, last_epoch=last),
        lambda m, o, last: m.CosineAnnealingLR(o, 8, last_epoch=last),
        lambda m, o, last: m.LambdaLR(o, lambda e: 0.9**e, last_epoch=last),
        lambda m, o, last: m.OneCycleLR(o, 0.5, 30, last_epoch=last),
        lambda m, o, last: m.MultiplicativeLR(o, lambda e: 0.9, last_epoch=last),
        lambda m, o, last: m.PolynomialLR(o, 12, 1.5, last_epoch=last),
        lambda m, o, last: m.CyclicLR(o, 0.1, 0.5, 4, last_epoch=last),
        lambda m, o, last: m.CosineAnnealingWarmRestarts(o, 4, 2, last_epoch=last),
    ],
)
def test_resuming_by_last_epoch_is_pytorchs(torch, build):
    found = []
    for library, module in ((sg, optim), (torch, torch.optim)):
        first = optimizer_of(library, module, momentum=0.5)
        course(first, build(module.lr_scheduler, first, -1), steps=5)
        second = optimizer_of(library, module, momentum=0.5)
        second.load_state_dict(first.state_dict())
        schedule = build(module.lr_scheduler, second, 4)
        assert schedule.last_epoch == 5
        found.append(course(second, schedule, steps=10))
    np.testing.assert_allclose(*found, rtol=1e-12)


@pytest.mark.parametrize(
    "build",
    [
        lambda m, o: m.StepLR(o, 3),
        lambda m, o: m.MultiStepLR(o, [2, 2, 7]),
        lambda m, o: m.ConstantLR(o, 0.5, 4),
        lambda m, o: m.LinearLR(o, 0.25, 0.75, 8),
        lambda m, o: m.ExponentialLR(o, 0.9),
        lambda m, o: m.CosineAnnealingLR(o, 8, eta_min=0.1),
        lambda m, o: m.LambdaLR(o, lambda e: 0.9**e),
        lambda m, o: m.PolynomialLR(o, 9, 2.0),
        lambda m, o: m.CyclicLR(o, 0.1, 0.5, 4),
    ],
)
def test_going_to_an_epoch_is_pytorchs_and_warned_of(torch, build):
    found = []
    for library, module in ((sg, optim), (torch, torch.optim)):
        optimizer = optimizer_of(library, module, momentum=0.5)
        schedule = build(module.lr_scheduler, optimizer)
        optimizer.step()
        rates = []
        for epoch in (7, 4, 2, 0):
            with pytest.warns(UserWarning, match="epoch"):
                schedule.step(epoch)
            rates.append(schedule.get_last_lr())
        found.append(rates)
    np.testing.assert_allclose(*found, rtol=1e-12)


@given(
    first=st.integers(1, 6),
    times=st.integers(1, 3),
    epochs=st.lists(st.one_of(st.none(), st.floats(0, 200), st.integers(0, 200)), max_size=12),
)
def test_restarts_go_where_pytorchs_go(torch, first, times, epochs):
    found = []
    for library, module in ((sg, optim), (torch, torch.optim)):
        schedule = module.lr_scheduler.CosineAnnealingWarmRestarts(
            optimizer_of(library, module), first, times, eta_min=0.01
        )
        course = []
        for epoch in epochs:
            schedule.step(epoch)
            course.append([*schedule.get_last_lr(), schedule.last_epoch])
        found.append(course)
    np.testing.assert_allclose(*found, rtol=1e-9, atol=1e-11)


# --- on their own -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "factor"),
    [
        ("step", lambda e: 0.5 ** (e // 3)),
        ("milestones", lambda e: 0.3 ** sum(e >= m for m in (2, 5, 5, 11))),
        ("constant", lambda e: 0.25 if e < 4 else 1.0),
        ("linear", lambda e: 0.1 + 0.7 * min(e, 7) / 7),
        ("exponential", lambda e: 0.9**e),
        ("one lambda", lambda e: 0.9**e),
        ("linear down", lambda e: max(0.0, 1 - e / 30)),
        ("stacked", lambda e: 0.97**e * (1 + math.cos(math.pi * e / 12)) / 2 if e < 12 else None),
    ],
)
def test_the_rate_is_the_closed_form(name, factor):
    optimizer, schedule = fresh(name)
    for epoch, (first, _, second, _) in enumerate(course(optimizer, schedule, steps=35)):
        share = factor(epoch)
        if share is not None:
            np.testing.assert_allclose((first, second), (0.3 * share, 0.7 * share), atol=1e-14)


def test_the_cosine_goes_down_and_up_again():
    optimizer, schedule = fresh("cosine")
    rates = [first for first, *_ in course(optimizer, schedule, steps=28)]
    expected = [0.01 + 0.29 * (1 + math.cos(math.pi * e / 7)) / 2 for e in range(29)]
    np.testing.assert_allclose(rates, expected, rtol=1e-12)
    assert rates[0] == 0.3


def test_the_cycle_rises_to_its_peak_while_momentum_falls():
    optimizer, schedule = fresh("one cycle")
    found = np.asarray(course(optimizer, schedule, steps=39))
    np.testing.assert_allclose(found[0], [0.02, 0.95, 0.036, 0.95], rtol=1e-12)
    np.testing.assert_allclose(found[11], [0.5, 0.85, 0.9, 0.85], rtol=1e-12)
    np.testing.assert_allclose(found[39], [2e-6, 0.95, 3.6e-6, 0.95], rtol=1e-12)
    assert (np.diff(found[:12, 0]) > 0).all()
    assert (np.diff(found[11:, 0]) < 0).all()


def test_the_cycle_moves_the_first_beta_of_adam_only():
    optimizer, schedule = fresh("one cycle", "AdamW")
    found = np.asarray(course(optimizer, schedule, steps=11))
    np.testing.assert_allclose(found[-1, 1:3], [0.85, 0.999])


def test_a_cycle_whose_rise_takes_no_step_begins_at_its_peak():
    optimizer = optimizer_of(sg, optim, momentum=0.5)
    schedule = lr_scheduler.OneCycleLR(optimizer, 0.5, total_steps=10, pct_start=0.1)
    assert schedule.get_last_lr() == [0.5, 0.5]


def test_a_step_after_the_last_of_a_cycle_is_refused():
    optimizer = optimizer_of(sg, optim, momentum=0.5)
    schedule = lr_scheduler.OneCycleLR(optimizer, 0.5, total_steps=3)
    course(optimizer, schedule, steps=3)
    with pytest.raises(ValueError, match="tried to step 4 times, but total_steps is 3"):
        schedule.step()


def test_a_rate_set_by_hand_is_carried_on():
    optimizer, schedule = fresh("exponential")
    optimizer.step()
    optimizer.param_groups[0]["lr"] = 100.0
    schedule.step()
    assert schedule.get_last_lr() == pytest.approx([90.0, 0.63])


def test_the_rate_that_the_optimizer_uses_is_the_schedules():
    w = sg.zeros(1, requires_grad=True)
    optimizer = optim.SGD([w], lr=1.0)
    schedule = lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    w.grad = sg.ones(1)
    for _ in range(3):
        optimizer.step()
        schedule.step()
    assert w.item() == -1.75


def test_a_tensor_rate_keeps_its_identity():
    w = sg.zeros(1, requires_grad=True)
    rate = sg.tensor(0.5)
    optimizer = optim.SGD([w], lr=rate)
    schedule = lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    schedule.step()
    assert optimizer.param_groups[0]["lr"] is rate
    assert rate.item() == 0.25
    assert schedule.base_lrs[0].item() == 0.5
    schedule.get_last_lr()[0].fill_(7.0)
    assert rate.item() == 0.25


@pytest.mark.parametrize("name", [n for n in SCHEDULES if not n.startswith("stacked")])
def test_a_schedule_goes_on_from_its_state_dict(name):
    optimizer, schedule = fresh(name)
    whole = course(optimizer, schedule, steps=30)
    first, stopped = fresh(name)
    course(first, stopped, steps=11)
    second, resumed = fresh(name)
    saved = pickle.loads(pickle.dumps((stopped.state_dict(), first.state_dict())))
    resumed.load_state_dict(saved[0])
    second.load_state_dict(saved[1])
    assert resumed.get_last_lr() == stopped.get_last_lr()
    assert course(second, resumed, steps=19) == whole[11:]


def test_loading_leaves_the_state_dict_as_it_was():
    for name in ("lambda", "one after another"):
        _, schedule = fresh(name)
        saved = schedule.state_dict()
        before = copy.deepcopy(saved)
        schedule.load_state_dict(saved)
        assert saved == before


def test_a_plateau_goes_on_from_its_state_dict():
    found = []
    for stop in (False, True):
        optimizer = optimizer_of(sg, optim)
        schedule = lr_scheduler.ReduceLROnPlateau(optimizer, patience=2, factor=0.5)
        for value in (3.0, 2.0, 2.0, 2.0):
            schedule.step(value)
        if stop:
            saved = schedule.state_dict()
            schedule = lr_scheduler.ReduceLROnPlateau(optimizer, mode="max")
            schedule.load_state_dict(saved)
        for value in (2.0, 2.0, 1.0):
            schedule.step(value)
        found.append((schedule.get_last_lr(), schedule.best, schedule.num_bad_epochs))
    assert found[0] == found[1] == ([0.15, 0.35], 1.0, 0)


class Decay:
    """A callable that has a state of its own."""

    def __init__(self, base):
        self.base = base

    def __call__(self, epoch):
        return self.base**epoch


def test_callable_objects_are_saved_and_functions_are_not():
    def build(base):
        optimizer = optimizer_of(sg, optim)
        return lr_scheduler.LambdaLR(optimizer, [Decay(base), lambda e: 1.0])

    saved = build(0.5).state_dict()
    assert saved["lr_lambdas"] == [{"base": 0.5}, None]
    other = build(0.9)
    other.load_state_dict(saved)
    assert other.lr_lambdas[0].base == 0.5
    plain = lr_scheduler.LambdaLR(optimizer_of(sg, optim), [math.cos, functools.partial(pow, 2)])
    assert plain.state_dict()["lr_lambdas"] == [{}, {}]


# --- misuse -----------------------------------------------------------------------------------------


def test_stepping_before_the_optimizer_is_warned_of():
    _, schedule = fresh("step")
    with pytest.warns(UserWarning, match=r"before optimizer\.step\(\)") as caught:
        schedule.step()
    assert caught[0].filename == __file__
    schedule.step()


def test_a_step_wrapped_by_the_user_counts():
    optimizer, schedule = fresh("step")
    plain = optimizer.step
    optimizer.step = lambda: plain()
    optimizer.step()
    schedule.step()
    assert schedule.last_epoch == 1


def test_what_is_no_optimizer_is_refused():
    for build in (
        lambda o: lr_scheduler.StepLR(o, 1),
        lambda o: lr_scheduler.LambdaLR(o, abs),
        lambda o: lr_scheduler.OneCycleLR(o, 1.0, 2),
        lambda o: lr_scheduler.ReduceLROnPlateau(o),
    ):
        with pytest.raises(TypeError, match="list is not an Optimizer"):
            build([])


def test_resuming_needs_the_initial_rates():
    optimizer = optimizer_of(sg, optim)
    with pytest.raises(KeyError, match=r"'initial_lr' is not specified in param_groups\[0\]"):
        lr_scheduler.StepLR(optimizer, 1, last_epoch=3)


def test_a_schedule_without_get_lr_says_so():
    class Nothing(lr_scheduler.LRScheduler):
        pass

    with pytest.raises(NotImplementedError, match="Nothing does not define get_lr"):
        Nothing(optimizer_of(sg, optim))


def test_a_schedule_of_ones_own_may_ask_whether_it_is_stepped():
    class Halving(lr_scheduler._LRScheduler):
        def get_lr(self):
            assert self._get_lr_called_within_step
            return [base / 2**self.last_epoch for base in self.base_lrs]

    optimizer = optimizer_of(sg, optim)
    schedule = Halving(optimizer)
    optimizer.step()
    schedule.step()
    assert schedule.get_last_lr() == [0.15, 0.35]
    assert not schedule._get_lr_called_within_step
    with pytest.warns(UserWarning, match="deprecated"):
        schedule.step(3)
    assert schedule.get_last_lr() == [0.0375, 0.0875]


def test_as_many_rates_as_groups_are_needed():
    optimizer, schedule = fresh("exponential")
    optimizer.step()
    schedule.get_lr = lambda: [0.1]
    with pytest.raises(ValueError, match=r"shorter|longer"):
        schedule.step()


def raises(said, build, momentum=True):
    optimizer = optimizer_of(sg, optim, **({"momentum": 0.5} if momentum else {}))
    before = copy.deepcopy(optimizer.param_groups)
    with pytest.raises(ValueError, match=said):
        build(optimizer)
    for group, old in zip(optimizer.param_groups, before, strict=True):
        assert {k: v for k, v in group.items() if k != "params"} == {
            k: v for k, v in old.items() if k != "params"
        }


@pytest.mark.parametrize(
    ("said", "build"),
    [
        ("Expected 2 lr_lambdas, but got 1", lambda o: lr_scheduler.LambdaLR(o, [abs])),
        ("between 0 and 1, not 1.5", lambda o: lr_scheduler.ConstantLR(o, 1.5)),
        ("between 0 and 1, not -0.5", lambda o: lr_scheduler.ConstantLR(o, -0.5)),
        ("Starting .* not 0", lambda o: lr_scheduler.LinearLR(o, 0)),
        ("Starting .* not 2", lambda o: lr_scheduler.LinearLR(o, 2)),
        ("Ending .* not -1", lambda o: lr_scheduler.LinearLR(o, end_factor=-1)),
        ("Ending .* not 2", lambda o: lr_scheduler.LinearLR(o, end_factor=2)),
        ("either total_steps OR", lambda o: lr_scheduler.OneCycleLR(o, 1.0)),
        ("either total_steps OR", lambda o: lr_scheduler.OneCycleLR(o, 1.0, epochs=3)),
        ("integer total_steps, but got 0", lambda o: lr_scheduler.OneCycleLR(o, 1.0, 0)),
        ("integer total_steps, but got 2.5", lambda o: lr_scheduler.OneCycleLR(o, 1.0, 2.5)),
        (
            "integer epochs, but got 0",
            lambda o: lr_scheduler.OneCycleLR(o, 1.0, epochs=0, steps_per_epoch=1),
        ),
        (
            "integer steps_per_epoch, but got -1",
            lambda o: lr_scheduler.OneCycleLR(o, 1.0, epochs=1, steps_per_epoch=-1),
        ),
        ("pct_start, but got 1.5", lambda o: lr_scheduler.OneCycleLR(o, 1.0, 9, pct_start=1.5)),
        ("pct_start, but got -0.1", lambda o: lr_scheduler.OneCycleLR(o, 1.0, 9, pct_start=-0.1)),
        ("pct_start, but got 1", lambda o: lr_scheduler.OneCycleLR(o, 1.0, 9, pct_start=1)),
        ("'cos' or 'linear'", lambda o: lr_scheduler.OneCycleLR(o, 1.0, 9, anneal_strategy="x")),
        ("max_lr must have the same length", lambda o: lr_scheduler.OneCycleLR(o, [1.0], 9)),
        (
            "base_momentum must have the same length",
            lambda o: lr_scheduler.OneCycleLR(o, 1.0, 9, base_momentum=[0.1]),
        ),
        ("Factor should be < 1.0", lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=1.0)),
        ("mode 'mean' is unknown", lambda o: lr_scheduler.ReduceLROnPlateau(o, "mean")),
        (
            "threshold mode 'x' is unknown",
            lambda o: lr_scheduler.ReduceLROnPlateau(o, threshold_mode="x"),
        ),
        (
            "min_lr must have the same length",
            lambda o: lr_scheduler.ReduceLROnPlateau(o, min_lr=[0.1]),
        ),
    ],
)
def test_refuses_options_out_of_range(said, build):
    raises(said, build)


def test_a_cycle_needs_momentum_unless_told_otherwise():
    class Plain(optim.Optimizer):
        pass

    optimizer = Plain([sg.zeros(1, requires_grad=True)], {"lr": 0.1})
    with pytest.raises(ValueError, match="Plain must support momentum"):
        lr_scheduler.OneCycleLR(optimizer, 1.0, 9)
    schedule = lr_scheduler.OneCycleLR(optimizer, 1.0, 9, cycle_momentum=False)
    # a cosine's sum, end + (start - end) / 2 * 2, which does not round to the start itself
    assert schedule.get_last_lr() == [1.0 + (1.0 / 25 - 1.0)]


@pytest.mark.parametrize(
    ("error", "said", "build"),
    [
        (ValueError, "at least one", lambda o: ([], [])),
        (TypeError, "index 1 .* int is no scheduler", lambda o: ([*two(o)[:1], 3], [2])),
        (
            ValueError,
            "ReduceLROnPlateau.* at index 0",
            lambda o: ([lr_scheduler.ReduceLROnPlateau(o)], []),
        ),
        (
            ValueError,
            "StepLR at index 1 is another",
            lambda o: (two(o, optimizer_of(sg, optim)), [2]),
        ),
        (ValueError, "2 milestones and 2 schedulers", lambda o: (two(o), [2, 3])),
    ],
)
def test_refuses_schedules_that_cannot_follow_each_other(error, said, build):
    optimizer = optimizer_of(sg, optim)
    with pytest.raises(error, match=said):
        lr_scheduler.SequentialLR(optimizer, *build(optimizer))


def two(optimizer, other=None):
    return [lr_scheduler.ExponentialLR(optimizer, 0.5), lr_scheduler.StepLR(other or optimizer, 2)]


def test_a_group_added_later_is_lowered_too():
    optimizer = optimizer_of(sg, optim)
    schedules = [
        lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, min_lr=limit)
        for limit in (0.05, [0.0, 0.0])
    ]
    optimizer.add_param_group({"params": [sg.zeros(1, requires_grad=True)], "lr": 0.2})
    for value, schedule in itertools.product((1.0, 2.0), schedules[:1]):
        schedule.step(value)
    assert schedules[0].get_last_lr() == pytest.approx([0.05, 0.07, 0.05])
    schedules[1].step(1.0)
    with pytest.raises(RuntimeError, match="3 parameter groups, but min_lr was given for 2"):
        schedules[1].step(2.0)


def test_the_epoch_of_a_plateau_can_be_set_with_a_warning():
    schedule = lr_scheduler.ReduceLROnPlateau(optimizer_of(sg, optim))
    with pytest.warns(UserWarning, match="deprecated"):
        schedule.step(1.0, 7)
    assert schedule.last_epoch == 7
