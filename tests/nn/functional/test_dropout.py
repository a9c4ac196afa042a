"""What is dropped, and that it is what PyTorch drops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_sm as sg
from tinygrad_sm.nn import functional as F

from ..agreement import check_error, check_function, draw

NAMES = ["dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout"]
SHAPES = {"dropout1d": (4, 6, 5), "dropout3d": (2, 3, 2, 4, 3)}


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_drops_the_same(name, training, p):
    x = draw(*SHAPES.get(name, (4, 6, 5, 3)))
    check_function(lambda m, x: getattr(m.nn.functional, name)(x, p, training) ** 2, x)


def test_a_large_input_drops_the_same():
    check_function(lambda m, x: m.nn.functional.dropout(x, 0.3), draw(300, 200), second=False)


def test_samples_without_a_batch():
    for name, shape in (
        ("dropout1d", (6, 5)),
        ("dropout3d", (3, 2, 4, 3)),
        ("dropout2d", (6, 5, 3)),
    ):
        check_function(
            lambda m, x, n=name: getattr(m.nn.functional, n)(x, 0.5, True), draw(*shape), warns=True
        )


@pytest.mark.parametrize("name", NAMES)
def test_inplace(name):
    def call(m, x):
        y = x * 2
        out = getattr(m.nn.functional, name)(y, 0.4, True, True)
        assert out is y
        return y * x

    check_function(call, draw(*SHAPES.get(name, (4, 6, 5, 3))))


@given(st.floats(0.05, 0.95))
def test_the_mean_stays(p):
    sg.manual_seed(1)
    y = F.dropout(sg.ones(40000), p).array
    assert set(np.unique(y)) <= {np.float32(0), np.float32(1) / np.float32(1 - p)}
    assert abs(y.mean() - 1) < 6 * np.sqrt(p / (1 - p) / 40000)


def test_alpha_dropout_keeps_mean_and_variance():
    sg.manual_seed(1)
    y = F.alpha_dropout(sg.randn(200000), 0.3, True).array
    assert abs(y.mean()) < 0.02
    assert abs(y.std() - 1) < 0.02


def test_whole_channels_are_dropped():
    sg.manual_seed(0)
    y = F.dropout2d(sg.ones(8, 16, 3, 3), 0.5).array
    assert (y.reshape(128, 9) == y.reshape(128, 9)[:, :1]).all()


def test_evaluation_returns_the_input_itself():
    x = sg.ones(2, 3, 4)
    assert F.dropout(x, 0.5, training=False) is x


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("p", [-0.1, 1.5])
def test_refusals(name, p):
    check_error(lambda m, x: getattr(m.nn.functional, name)(x, p, True), draw(2, 3, 4))
