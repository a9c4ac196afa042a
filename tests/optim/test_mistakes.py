"""What an optimizer warns of, once, and which correct programs it leaves alone."""

from __future__ import annotations

import copy
import pickle
import warnings

import pytest

import tinygrad_sm as sg
from tinygrad_sm import nn, optim
from tinygrad_sm.nn import functional as F

X = sg.linspace(-1.0, 1.0, 12).reshape(4, 3)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(3, 4)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.body(x).relu())


def step(model, optimizer):
    optimizer.zero_grad()
    model(X).square().sum().backward()
    optimizer.step()


def told(action):
    """The warnings of an action done three times over."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for _ in range(3):
            action()
    return [str(w.message) for w in seen if w.category is sg.LikelyMistakeWarning]


# --- mistakes -------------------------------------------------------------------------------------


def test_a_step_without_any_backward():
    (message,) = told(optim.SGD(Model().parameters(), lr=0.1).step)
    assert message.startswith("SGD.step: none of its 4 parameters has a gradient")
    assert "call loss.backward() first" in message


def test_the_warning_is_at_the_users_line():
    optimizer = optim.Adam(Model().parameters())
    with pytest.warns(sg.LikelyMistakeWarning) as caught:
        optimizer.step()
    assert caught[0].filename == __file__


def test_zero_grad_between_backward_and_step():
    model = Model()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    def wrong():
        model(X).sum().backward()
        optimizer.zero_grad()
        optimizer.step()

    (message,) = told(wrong)
    assert "call zero_grad() before backward(), not between" in message


@pytest.mark.parametrize("kind", [optim.SGD, optim.LBFGS])
def test_an_optimizer_made_before_the_model_was_copied(kind):
    model = Model()
    optimizer = kind(model.parameters(), lr=0.1)
    model = copy.deepcopy(model)

    def closure():
        loss = model(X).square().sum()
        loss.backward()
        return loss

    (message,) = told(lambda: optimizer.step(closure))
    assert "They are not in the graph: backward reached 4 parameters (model.body.bias of" in message
    assert "replaced, copied or converted" in message


def test_a_loss_that_does_not_depend_on_the_parameters():
    optimizer = optim.SGD(Model().parameters(), lr=0.1)
    other = sg.ones(2, requires_grad=True)

    def wrong():
        (other * 2).sum().backward()
        optimizer.step()

    (message,) = told(wrong)
    assert "detach()" in message


def test_parameters_that_are_all_frozen():
    model = Model().requires_grad_(False)
    (message,) = told(optim.SGD(model.parameters(), lr=0.1).step)
    assert "None requires grad" in message


def test_a_layer_replaced_after_the_optimizer_was_made():
    model = Model()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    model.head = nn.Linear(4, 5)
    (message,) = told(lambda: step(model, optimizer))
    assert "reached 2 parameters (model.head.bias of shape (5,), model.head.weight" in message
    assert "no optimizer has them: they are not trained" in message


def test_layers_in_a_plain_list():
    class Hidden(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(3, 3)
            self.layers = [nn.Linear(3, 3) for _ in range(4)]

        def forward(self, x):
            x = self.first(x)
            for layer in self.layers:
                x = layer(x)
            return x

    model = Hidden()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    (message,) = told(lambda: step(model, optimizer))
    assert "8 parameters" in message
    assert "4 more" in message
    assert "use nn.ModuleList" in message


def test_of_two_optimizers_on_one_walk_one_tells_what_neither_has():
    first, second, third = nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 1)
    optimizers = [optim.SGD(m.parameters(), lr=0.1) for m in (second, third)]

    def both():
        third(second(first(X))).sum().backward()
        for optimizer in optimizers:
            optimizer.step()

    (message,) = told(both)
    assert "first.weight" in message


def test_it_is_silenced_by_its_category():
    optimizer = optim.SGD(Model().parameters(), lr=0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", category=sg.LikelyMistakeWarning)
        optimizer.step()


# --- correct programs -----------------------------------------------------------------------------


def adversarial():
    generator, critic = nn.Linear(2, 3), nn.Linear(3, 1)
    of_generator = optim.Adam(generator.parameters())
    of_critic = optim.Adam(critic.parameters())
    for _ in range(2):
        fake = generator(sg.ones(4, 2))
        of_critic.zero_grad()
        (critic(fake.detach()) - critic(X)).mean().backward()
        of_critic.step()
        of_generator.zero_grad()
        (-critic(fake).mean()).backward()
        of_generator.step()


def frozen():
    model = Model()
    model.body.requires_grad_(False)
    step(model, optim.SGD(model.parameters(), lr=0.1))
    step(model, optim.SGD(model.head.parameters(), lr=0.1))


def unfrozen_later():
    model = Model()
    model.body.requires_grad_(False)
    optimizer = optim.SGD(model.head.parameters(), lr=0.1)
    step(model, optimizer)
    model.body.requires_grad_(True)
    optimizer.add_param_group({"params": model.body.parameters()})
    step(model, optimizer)


def accumulation():
    model = Model()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for i in range(4):
        model(X).sum().backward()
        if i % 2:
            optimizer.step()
            optimizer.zero_grad()


def unused_parameters():
    model = Model()
    model.spare = nn.Linear(2, 2)
    step(model, optim.SGD(model.parameters(), lr=0.1))


def lbfgs():
    model = Model()
    optimizer = optim.LBFGS(model.parameters(), max_iter=3)

    def closure():
        optimizer.zero_grad()
        loss = model(X).square().sum()
        loss.backward()
        return loss

    for _ in range(2):
        optimizer.step(closure)


def an_attack_on_the_input():
    model = Model()  # whose parameters get gradients that nobody wants
    delta = sg.zeros(4, 3, requires_grad=True)
    optimizer = optim.SGD([delta], lr=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        (-model(X + delta).square().sum()).backward()
        optimizer.step()


def by_hand_beside():
    model, other = Model(), Model()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(2):
        other(X).sum().backward()
        with sg.no_grad():
            for p in other.parameters():
                p -= 0.1 * p.grad
        step(model, optimizer)


def by_hand_alone():
    model = Model()
    model(X).sum().backward()


def gradients_set_by_hand():
    model = Model()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for i in range(3):
        for p in model.parameters():
            p.grad = None if i else sg.ones_like(p)
        optimizer.step()


def a_schedule_that_is_drawn():
    optimizer = optim.SGD(Model().parameters(), lr=sg.tensor(0.1))
    schedule = optim.lr_scheduler.StepLR(optimizer, 2)
    for _ in range(5):
        optimizer.step()
        schedule.step()


def resumed_from_a_copy():
    model = Model()
    optimizer = optim.Adam(model.parameters())
    step(model, optimizer)
    model, optimizer = copy.deepcopy((model, optimizer))
    step(model, optimizer)
    model, optimizer = pickle.loads(pickle.dumps((model, optimizer)))
    step(model, optimizer)


def two_optimizers_on_one_walk():
    model = Model()
    optimizers = [optim.SGD(m.parameters(), lr=0.1) for m in (model.body, model.head)]
    model(X).sum().backward()
    for optimizer in optimizers:
        optimizer.step()


def an_optimizer_in_backward():
    model = Model()
    for p in model.parameters():
        optimizer = optim.SGD([p], lr=0.1)

        def update(p, optimizer=optimizer):
            optimizer.step()
            optimizer.zero_grad()

        p.register_post_accumulate_grad_hook(update)
    for _ in range(2):
        model(X).sum().backward()


def learned_inner_steps():
    meta = Model()
    optimizer = optim.SGD(meta.parameters(), lr=0.1)
    inner = copy.deepcopy(meta)
    inner(X).sum().backward()
    with sg.no_grad():
        for p in inner.parameters():
            p -= 0.1 * p.grad
    for p, q in zip(meta.parameters(), inner.parameters(), strict=True):
        p.grad = (p - q).detach()
    optimizer.step()


def an_actor_and_its_critic():
    actor, critic = nn.Linear(3, 2), nn.Linear(5, 1)
    of_actor, of_critic = (optim.Adam(m.parameters()) for m in (actor, critic))
    for _ in range(2):
        of_critic.zero_grad()
        F.mse_loss(critic(sg.cat([X, actor(X).detach()], 1)), sg.ones(4, 1)).backward()
        of_critic.step()
        of_actor.zero_grad()
        (-critic(sg.cat([X, actor(X)], 1)).mean()).backward()
        of_actor.step()


CORRECT = [
    adversarial, frozen, unfrozen_later, accumulation, unused_parameters, lbfgs,
    an_attack_on_the_input, by_hand_beside, by_hand_alone, gradients_set_by_hand,
    a_schedule_that_is_drawn, resumed_from_a_copy, two_optimizers_on_one_walk,
    an_optimizer_in_backward, learned_inner_steps, an_actor_and_its_critic,
]  # fmt: skip


@pytest.mark.parametrize("program", CORRECT)
def test_correct_programs_are_left_alone(program):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        program()
