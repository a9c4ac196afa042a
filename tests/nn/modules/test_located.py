"""Errors name the layer by its path in the model, and the dimension that clashes."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

import tinygrad_sm as sg
from tinygrad_sm import nn


class Product(nn.Module):
    """A module whose forward is the user's own."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(sg.ones(3, 2))

    def forward(self, x):
        return x @ self.w


class Model(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.body = nn.Sequential(nn.Identity(), nn.ModuleDict({"head": layer}))

    def forward(self, *x):
        return self.body[1]["head"](*x)  # past the containers


CLASHES = [
    (lambda: nn.Linear(9, 2), (2, 8), "in body.1.head, Linear(in_features=9", "9 features in the last"),
    (lambda: nn.Conv2d(3, 4, 3), (2, 4, 8, 8), "in body.1.head, Conv2d(3, 4", "3 channels, but got 4"),
    (lambda: nn.LayerNorm(7), (2, 6), "in body.1.head, LayerNorm", "[*, 7]"),
    (lambda: nn.BatchNorm1d(6), (2, 5), "in body.1.head, BatchNorm1d", "6 channels in dimension 1"),
    (lambda: nn.LSTM(4, 5), (3, 2, 6), "in body.1.head, LSTM", "Expected 4, got 6"),
    (Product, (2, 4), "in body.1.head, Product: matmul:", "last dimension of the first is 4"),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "shape", "place", "clash"), CLASHES)
@pytest.mark.parametrize("traced", [False, True])
def test_the_path_of_the_layer_and_the_dimension(layer, shape, place, clash, traced):
    model = Model(layer())
    with pytest.raises(RuntimeError) as raised, sg.trace() if traced else nullcontext():
        model(sg.ones(shape))
    assert str(raised.value).startswith(place)
    assert clash in str(raised.value)


def test_a_layer_on_its_own_has_no_path():
    with pytest.raises(RuntimeError, match=r"^Linear\(in_features=3"):
        nn.Linear(3, 2)(sg.ones(2, 4))


def test_what_the_users_code_raises_is_left_alone():
    class Picky(nn.Module):
        def forward(self, x):
            raise ValueError("no")

    class Asks(nn.Module):
        def forward(self, x):
            return {}["key"]

    for layer, kind, text in ((Picky(), ValueError, "no"), (Asks(), KeyError, "'key'")):
        with pytest.raises(kind) as raised:
            Model(layer)(sg.ones(1))
        assert str(raised.value) == text


def test_cat_names_the_dimension():
    with pytest.raises(RuntimeError, match="number 1 has size 4 instead of 3 in dimension 1"):
        sg.cat([sg.ones(2, 3), sg.ones(5, 4)])
    with pytest.raises(RuntimeError, match="number 1 has 3 dimensions instead of 2"):
        sg.cat([sg.ones(2, 3), sg.ones(2, 3, 1)], dim=1)
