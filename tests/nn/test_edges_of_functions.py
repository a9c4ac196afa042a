"""Functions at the edges of what they take: integers, nothing, no dimensions."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.nn import functional as F

torch = pytest.importorskip("torch", reason="PyTorch is the reference here")


@pytest.mark.parametrize(
    "call",
    [
        lambda m, f: f.hardtanh(m.tensor([-3, 0, 3]), -0.5, 1.5),
        lambda m, f: f.relu6(m.tensor([-3, 5, 9])),
        lambda m, f: f.avg_pool1d(m.tensor([[[1, 2, 4, -8]]]), 2, 1),
        lambda m, f: f.unfold(m.zeros(0, 1, 5, 5), 2),
        lambda m, f: f.local_response_norm(m.zeros(0, 1, 2), 1),
        lambda m, f: f.pad(m.zeros(0, 3, 3), [1, 2], "reflect"),
        lambda m, f: f.pad(m.zeros(0, 3, 3), [1, 2], "replicate"),
        lambda m, f: f.multi_margin_loss(m.tensor(1.5), m.tensor(0)),
        lambda m, f: f.multilabel_margin_loss(m.tensor(1.5), m.tensor(0)),
        lambda m, f: f.margin_ranking_loss(*(m.tensor([[1, 2]]),) * 3, reduction="sum"),
        lambda m, f: f.rms_norm(m.tensor([300.0, 400.0]).half(), [2]),
        lambda m, f: m.dist(m.tensor([300.0, 1.0]).half(), m.tensor([0.0, 0.0]).half(), 4),
        lambda m, f: f.cosine_similarity(
            m.arange(6.0).reshape(1, 2, 3) + 1, m.arange(6.0).reshape(2, 1, 3) - 2, -2
        ),
        lambda m, f: m.tensordot(
            m.ones(1, 1, 1, dtype=m.uint8), m.ones(2, 1, 3, dtype=m.uint8), ([0], [0])
        ),
        lambda m, f: m.tensor(5, dtype=m.uint8).sum_to_size([]),
        lambda m, f: m.logspace(0, 1.9, 2, dtype=m.int64),
        lambda m, f: m.linalg.norm(m.zeros(0, 0), float("inf")),
        lambda m, f: m.linalg.matrix_rank(m.eye(2).expand(3, 2, 2), rtol=m.tensor([0.5, 1.5, 0.1])),
        lambda m, f: m.linalg.lstsq(m.eye(3)[:, :2], m.eye(3)).residuals,
    ],
)
def test_as_pytorch(call):
    ours, theirs = call(sg, F), call(torch, torch.nn.functional)
    assert str(ours.dtype).split(".")[-1] == str(theirs.dtype).split(".")[-1]
    assert tuple(ours.shape) == tuple(theirs.shape)
    np.testing.assert_allclose(ours.double().array, theirs.double().numpy(), rtol=1e-3)


def test_quantile_moves_with_its_level():
    def slope(m):
        q = m.tensor([0.3, 0.5], requires_grad=True)
        m.quantile(m.tensor([1.0, 2.0, 4.0, 8.0]), q).sum().backward()
        return q.grad.tolist()

    assert slope(sg) == pytest.approx(slope(torch))
