"""Lazy modules: shapes from the first input, and what waits for it."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm import nn

from ..agreement import draw, pytorch, text_of

LAZY = [
    ("Linear", (3,), {}, draw(5, 4)),
    ("Linear", (3, False), {}, draw(2, 5, 4)),
    *(
        (f"{kind}{n}d", (6, 3, 2), {"groups": 2, "bias": n != 2}, draw(2, 4, *(7, 6, 5)[:n]))
        for kind in ("Conv", "ConvTranspose")
        for n in (1, 2, 3)
    ),
    ("Conv2d", (6, 3), {"padding_mode": "circular", "padding": 1}, draw(4, 7, 6)),
    *((f"BatchNorm{n}d", (), {}, draw(3, 4, *(7, 6, 5)[:n])) for n in (1, 2, 3)),
    ("BatchNorm1d", (1e-3, 0.3, True), {"track_running_stats": False}, draw(5, 4)),
    *((f"InstanceNorm{n}d", (), {}, draw(3, 4, *(7, 6, 5)[:n])) for n in (1, 2, 3)),
]


@pytest.mark.parametrize(("name", "args", "options", "x"), LAZY, ids=lambda v: str(v)[:20])
def test_a_lazy_module_becomes_what_pytorchs_becomes(name, args, options, x):
    torch = pytorch()
    made = []
    for m in (sg, torch):
        layer = getattr(m.nn, f"Lazy{name}")(*args, **options, dtype=m.float64)
        made.append([text_of(layer), list(layer.state_dict())])
        layer(m.tensor(x))
        made[-1] += [text_of(layer), type(layer).__name__]
        made[-1] += [(key, tuple(t.shape)) for key, t in layer.state_dict().items()]
    assert made[0] == made[1]


def test_parameters_stay_the_objects_that_an_optimizer_was_given():
    model = nn.Sequential(nn.LazyLinear(3), nn.Tanh(), nn.LazyLinear(1, bias=False))
    optimizer = sg.optim.SGD(model.parameters(), lr=0.1)
    model(sg.tensor(draw(5, 4), dtype=sg.float32)).sum().backward()
    before = [p.detach().clone() for p in model.parameters()]
    optimizer.step()
    for old, p in zip(before, model.parameters(), strict=True):
        assert type(p) is nn.Parameter
        np.testing.assert_allclose(p.array, old.array - 0.1 * p.grad.array, rtol=1e-6)


def test_the_start_is_drawn_as_that_of_the_layer_itself():
    sg.manual_seed(3)
    lazy = nn.LazyConv2d(4, 3)
    lazy(sg.zeros(1, 2, 5, 5))
    sg.manual_seed(3)
    layer = nn.Conv2d(2, 4, 3)
    np.testing.assert_array_equal(lazy.weight.array, layer.weight.array)
    np.testing.assert_array_equal(lazy.bias.array, layer.bias.array)


@pytest.mark.parametrize(
    ("use", "error"),
    [
        (lambda w: w + 1, ValueError),
        (lambda w: w.numel(), ValueError),
        (lambda w: w.shape, RuntimeError),
        (lambda w: nn.init.zeros_(w), ValueError),
        (len, ValueError),
    ],
)
def test_an_uninitialized_parameter_refuses_use(use, error):
    with pytest.raises(error, match="uninitialized"):
        use(nn.LazyLinear(2).weight)


def test_copies_pickles_and_conversions_before_the_first_input():
    layer = nn.LazyLinear(2).double()
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert repr(twin.weight) == "<UninitializedParameter>"
        assert twin.weight.dtype == sg.float64
        assert twin(sg.zeros(1, 3, dtype=sg.float64)).shape == (1, 2)
    assert layer.has_uninitialized_params()


def test_a_state_gives_its_shapes_and_none_is_taken_from_what_has_none():
    full, lazy = nn.Linear(3, 2), nn.LazyLinear(2)
    lazy.load_state_dict(nn.LazyLinear(2).state_dict())
    assert lazy.has_uninitialized_params()
    with pytest.raises(RuntimeError, match="uninitialized"):
        full.load_state_dict(lazy.state_dict())
    lazy.load_state_dict(full.state_dict())
    x = sg.tensor(draw(4, 3), dtype=sg.float32)
    np.testing.assert_array_equal(lazy(x).array, full(x).array)
    assert lazy.in_features == 3
    assert type(lazy) is nn.Linear


def test_wrong_inputs_and_modules_that_stay_unfinished():
    with pytest.raises(RuntimeError, match="3D"):
        nn.LazyConv2d(2, 3)(sg.zeros(5))
    with pytest.raises(ValueError, match="divisible"):
        nn.LazyConv2d(4, 3, groups=2)(sg.zeros(1, 3, 5, 5))

    class Unfinished(nn.modules.lazy.LazyModuleMixin):
        def __init__(self):
            super().__init__()
            self.weight = nn.UninitializedParameter()

        def initialize_parameters(self, x):
            pass

    with pytest.raises(RuntimeError, match="fully initialized"):
        Unfinished()(sg.zeros(1))
    with pytest.raises(NotImplementedError, match="initialize_parameters"):
        nn.modules.lazy.LazyModuleMixin()()
