"""Models on several devices: the truth, which is one device and one process."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm import nn

from .agreement import check_layer, draw


def test_data_parallel_runs_the_model():
    check_layer(lambda m: m.nn.DataParallel(m.nn.Linear(4, 2)), draw(3, 4))


def test_one_process():
    model = nn.Linear(4, 2)
    wrapped = nn.parallel.DistributedDataParallel(model, find_unused_parameters=True)
    x = sg.tensor(draw(3, 4)).float()
    np.testing.assert_array_equal(wrapped(x).detach().array, model(x).detach().array)
    assert wrapped.module is model
    assert list(wrapped.state_dict()) == ["module.weight", "module.bias"]
    with wrapped.no_sync():
        wrapped(x).sum().backward()
    assert model.weight.grad is not None
    result = nn.parallel.data_parallel(model, x)
    np.testing.assert_array_equal(result.detach().array, model(x).detach().array)


def test_gpus_are_refused():
    for wrap in (nn.DataParallel, nn.parallel.DistributedDataParallel):
        with pytest.raises((RuntimeError, AssertionError)):
            wrap(nn.Linear(1, 1), device_ids=[0])


def test_prefixes_come_off():
    model = nn.DataParallel(nn.Linear(2, 2))
    state = model.state_dict()
    nn.modules.utils.consume_prefix_in_state_dict_if_present(state, "module.")
    nn.Linear(2, 2).load_state_dict(state)
