"""Backward a second time: the message names what was carried over."""

from __future__ import annotations

import pytest

import tinygrad_sm as sg
from tinygrad_sm import nn


def message_of(program):
    with pytest.raises(RuntimeError, match="backward a second time") as raised:
        program()
    return str(raised.value)


def test_the_hidden_state_of_the_step_before_is_named():
    w = sg.ones(3, 3, requires_grad=True)

    def program():
        h = sg.zeros(2, 3)
        for _ in range(2):
            h = sg.tanh(h @ w + 1)
            h.sum().backward()

    message = message_of(program)
    assert "Carried over from then: h, the result of tanh of shape (2, 3), made at" in message
    assert "(h = sg.tanh(h @ w + 1)) and used by mm at" in message
    assert "cut it off: h = h.detach()" in message


def test_a_state_that_a_module_keeps():
    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.GRU(3, 4)
            self.state = None

        def forward(self, x):
            out, self.state = self.cell(x, self.state)
            return out

    reader = Reader()

    def program():
        for _ in range(2):
            reader(sg.ones(5, 2, 3)).sum().backward()

    assert "cut it off: self.state = self.state.detach()" in message_of(program)


def test_a_trunk_of_two_losses_is_named_as_the_program_holds_it():
    w = sg.ones(3, requires_grad=True)

    def program():
        trunk = (w * w).exp()
        kept = {"features": trunk}
        trunk.sum().backward()
        del trunk
        (kept["features"] * 2).tanh().sum().backward()

    message = message_of(program)
    assert "kept['features'], the result of exp of shape (3,)" in message
    assert "add them up" in message


def test_one_of_several_results():
    w = sg.ones(3, requires_grad=True)

    def program():
        top, _ = (w * w).split(2)
        top.sum().backward()
        top.exp().sum().backward()

    assert "Carried over from then: top, the result of split" in message_of(program)


def test_the_same_loss_twice():
    loss = (sg.ones(3, requires_grad=True) * 2).exp().sum()
    loss.backward()
    message = message_of(loss.backward)
    assert "Nothing was computed since" in message
    assert "retain_graph=True" in message
    assert "Carried over" not in message


def test_retained_graphs_are_no_error():
    w = sg.ones(3, requires_grad=True)
    trunk = (w * w).exp()
    trunk.sum().backward(retain_graph=True)
    (trunk * 2).sum().backward()
    assert w.grad is not None


def test_a_state_of_several_tensors_is_cut_off_as_such():
    rnn = nn.LSTM(3, 4)

    def program():
        state = None
        for _ in range(2):
            out, state = rnn(sg.ones(5, 1, 3), state)
            out.sum().backward()

    message = message_of(program)
    assert message.count("Carried over from then: state,") == 1
    assert "cut it off: state = tuple(t.detach() for t in state)." in message
