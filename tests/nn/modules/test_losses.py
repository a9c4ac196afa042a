"""Losses as modules: their text, buffers and results against PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg

from ..agreement import check_error, check_layer, draw

X, Y = draw(5, 4), draw(5, 4, seed=1)
P, Q = (np.exp(t) / np.exp(t).sum(1, keepdims=True) for t in (X, Y))
LABELS = np.array([1, 3, 0, 3, 2])
SIGNS = np.array([1.0, -1.0, 1.0, 1.0, -1.0])
WEIGHT = np.abs(draw(4, seed=2)) + 0.1
REDUCTIONS = ["mean", "sum", "none"]

LOSSES = {
    "CrossEntropyLoss": ((X, LABELS), {"ignore_index": 3, "label_smoothing": 0.1}),
    "NLLLoss": ((np.log(P), LABELS), {"ignore_index": 0}),
    "MSELoss": ((X, Y), {}),
    "L1Loss": ((X, Y), {}),
    "SmoothL1Loss": ((X, Y), {"beta": 0.4}),
    "HuberLoss": ((X, Y), {"delta": 0.4}),
    "BCELoss": ((P, Q), {}),
    "BCEWithLogitsLoss": ((X, Q), {}),
    "KLDivLoss": ((np.log(P), Q), {}),
    "PoissonNLLLoss": ((X, np.round(np.abs(Y))), {"full": True}),
    "GaussianNLLLoss": ((X, Y, np.abs(Y) + 0.1), {"full": True}),
    "SoftMarginLoss": ((X, np.sign(Y)), {}),
    "MultiLabelMarginLoss": ((X, np.array([[1, 0, -1, 2]] * 5)), {}),
    "MultiLabelSoftMarginLoss": ((X, (Y > 0) * 1.0), {}),
    "MultiMarginLoss": ((X, LABELS), {"p": 2, "margin": 0.5}),
    "HingeEmbeddingLoss": ((X[:, 0], SIGNS), {"margin": 0.5}),
    "CosineEmbeddingLoss": ((X, Y, SIGNS), {"margin": 0.1}),
    "MarginRankingLoss": ((X[:, 0], Y[:, 0], SIGNS), {"margin": 0.1}),
    "TripletMarginLoss": ((X, Y, draw(5, 4, seed=3)), {"margin": 0.5, "swap": True}),
    "TripletMarginWithDistanceLoss": ((X, Y, draw(5, 4, seed=3)), {"margin": 2.0}),
}
SECOND = {"CrossEntropyLoss", "NLLLoss", "MSELoss", "L1Loss", "BCEWithLogitsLoss"}
WEIGHTED = ["CrossEntropyLoss", "NLLLoss", "BCELoss", "BCEWithLogitsLoss", "MultiMarginLoss",
            "MultiLabelSoftMarginLoss"]  # fmt: skip


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", LOSSES)
def test_loss(name, reduction):
    inputs, options = LOSSES[name]

    def call(loss, *inputs):
        if name in ("PoissonNLLLoss", "SoftMarginLoss"):  # PyTorch takes no gradient of the target
            inputs = inputs[0], inputs[1].detach()
        return loss(*inputs)

    check_layer(
        lambda m: getattr(m.nn, name)(reduction=reduction, **options),
        *inputs,
        call=call,
        second=name in SECOND,
        warns=True,
    )
    check_layer(lambda m: getattr(m.nn, name)(), *inputs, call=call, second=False, warns=True)


@pytest.mark.parametrize("name", WEIGHTED)
def test_weights_are_buffers(name):
    inputs, options = LOSSES[name]

    def build(m):
        return getattr(m.nn, name)(weight=m.tensor(WEIGHT, dtype=m.float32), **options)

    check_layer(build, *inputs, second=False)


def test_pos_weight():
    def build(m):
        return m.nn.BCEWithLogitsLoss(pos_weight=m.tensor(WEIGHT, dtype=m.float32))

    check_layer(build, X, Q)


def test_batchmean():
    check_layer(lambda m: m.nn.KLDivLoss(reduction="batchmean", log_target=True), X, np.log(Q))


@pytest.mark.parametrize("name", LOSSES)
def test_an_unknown_reduction_is_refused_at_once(name):
    with pytest.raises(ValueError, match="most is not a valid value"):
        getattr(sg.nn, name)(reduction="most")


def test_older_words():
    with pytest.warns(UserWarning, match="reduction='sum'"):
        assert sg.nn.MSELoss(size_average=False).reduction == "sum"


@pytest.mark.parametrize(
    "build",
    [
        lambda m: m.nn.MultiMarginLoss(p=3),
        lambda m: m.nn.TripletMarginLoss(margin=-1.0),
        lambda m: m.nn.TripletMarginWithDistanceLoss(margin=0.0),
    ],
)
def test_refusals(build):
    check_error(build)
