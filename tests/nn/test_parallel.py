"""Models on several devices: the truth, which is one device and one process."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm import nn

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


def test_gpus_are_refused():
    for wrap in (nn.DataParallel, nn.parallel.DistributedDataParallel):
        with pytest.raises((RuntimeError, AssertionError)):
            wrap(nn.Linear(1, 1), device_ids=[0])


def test_prefixes_come_off():
    model = nn.DataParallel(nn.Linear(2, 2))
    state = model.state_dict()
    nn.modules.utils.consume_prefix_in_state_dict_if_present(state, "module.")
    nn.Linear(2, 2).load_state_dict(state)
