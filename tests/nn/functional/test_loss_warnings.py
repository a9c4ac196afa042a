"""What losses warn of, once at the user's line, and what they do not."""

import warnings

import pytest

import tinygrad_sm as sg
from tinygrad_sm import nn
from tinygrad_sm.nn import functional as F

LABELS = sg.tensor([0, 2])


def scores(columns=3):
    return sg.rand(2, columns, requires_grad=True) * 1.0


def caught(action):
    """Its warnings, of three runs: a line warns once, whatever the filter."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for _ in range(3):
            action()
    return seen


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (lambda: F.cross_entropy(scores().softmax(1), LABELS), "applies softmax itself"),
        (lambda: nn.CrossEntropyLoss()(nn.Softmax(1)(scores()), LABELS), "applies softmax itself"),
        (
            lambda: F.cross_entropy(scores(6).view(2, 2, 3).softmax(2).mT, LABELS.expand(2, 2)),
            "twice",
        ),
        (
            lambda: F.cross_entropy(scores().softmax(1).view(2, 1, 3).reshape(-1, 3), LABELS),
            "twice",
        ),
        (lambda: F.cross_entropy(scores().softmax(1), sg.ones(2, 3) / 3), "applies softmax itself"),
        (lambda: F.nll_loss(F.softmax(scores(), dim=1), LABELS), "use log_softmax"),
        (
            lambda: nn.BCEWithLogitsLoss()(scores().sigmoid(), sg.ones(2, 3)),
            "applies sigmoid itself",
        ),
        (lambda: F.mse_loss(scores(1), sg.ones(2)), r"broadcast to \(2, 2\)"),
        (lambda: nn.L1Loss()(sg.ones(2), scores(1)), r"target size \(2, 1\)"),
        (lambda: nn.SmoothL1Loss()(scores(1), sg.ones(2)), "squeeze"),
        (lambda: nn.HuberLoss()(scores(1), sg.ones(2)), "squeeze"),
    ],
)
def test_a_loss_warns_once_at_the_users_line(loss, words):
    with pytest.warns(sg.LikelyMistakeWarning, match=words):
        loss()
    (warning,) = caught(loss)
    assert warning.filename == __file__


def test_batches_of_other_sizes_are_told_once():
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for n in (4, 3, 2):
            F.mse_loss(sg.ones(n, 1), sg.ones(n))
    assert len(seen) == 1


def test_correct_programs_stay_quiet():
    x = scores()
    F.cross_entropy(x, LABELS)
    F.cross_entropy(F.log_softmax(x, 1), LABELS)
    F.nll_loss(F.log_softmax(x, 1), LABELS)
    F.nll_loss(F.softmax(x, 1).log(), LABELS)
    F.binary_cross_entropy(x.sigmoid(), sg.ones(2, 3))
    F.binary_cross_entropy_with_logits(x, sg.ones(2, 3))
    F.cross_entropy(F.softmax(x, 1) * 4.0, LABELS)
    F.mse_loss(x.softmax(1), sg.ones(2, 3))
    F.mse_loss(scores(1).squeeze(1), sg.ones(2))


def test_silenced_it_gives_the_same_number():
    p = scores().softmax(1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=sg.LikelyMistakeWarning)
        silenced = F.cross_entropy(p, LABELS)
    assert float(silenced.detach()) == float(F.cross_entropy(p * 1.0, LABELS).detach())
