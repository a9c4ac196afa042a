"""Models on several devices: the truth, which is one device and one process."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm import nn
from tinygrad_sm.nn.parallel.reducer import Reducer

from .agreement import check_layer, draw


def test_data_parallel_runs_the_model():
    check_layer(lambda m: m.nn.DataParallel(m.nn.Linear(4, 2)), draw(3, 4))


def test_a_call_of_the_model_as_data_parallel():
    model = nn.Linear(4, 2)
    x = sg.tensor(draw(3, 4)).float()
    result = nn.parallel.data_parallel(model, x)
    np.testing.assert_array_equal(result.detach().array, model(x).detach().array)


def test_distributed_models_need_a_group():
    with pytest.raises(ValueError, match="init_process_group"):
        nn.parallel.DistributedDataParallel(nn.Linear(4, 2))


def test_a_reducer_dies_with_its_model_while_the_garbage_collector_sleeps():
    gc.collect()
    gc.disable()
    try:
        model = nn.Linear(4, 2)
        reducer = Reducer(dict(model.named_parameters()), None, 1e6, False)
        reducer.enabled = False  # as inside no_sync: there is no group to send to
        model(sg.ones(1, 4)).sum().backward()
        alive = [weakref.ref(x) for x in (reducer, model, model.weight)]
        del reducer, model
        assert [x() for x in alive] == [None] * 3
    finally:
        gc.enable()


def test_a_model_outlives_its_reducer():
    model = nn.Linear(4, 2)
    Reducer(dict(model.named_parameters()), None, 1e6, False)
    model(sg.ones(1, 4)).sum().backward()
    assert model.weight.grad is not None


def test_gpus_are_refused():
    for wrap in (nn.DataParallel, nn.parallel.DistributedDataParallel):
        with pytest.raises((RuntimeError, AssertionError)):
            wrap(nn.Linear(1, 1), device_ids=[0])


def test_prefixes_come_off():
    model = nn.DataParallel(nn.Linear(2, 2))
    state = model.state_dict()
    nn.modules.utils.consume_prefix_in_state_dict_if_present(state, "module.")
    nn.Linear(2, 2).load_state_dict(state)
