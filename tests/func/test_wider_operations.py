"""Operations of the wider surface under the transforms: factorizations, scans, special functions."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm import linalg
from tinygrad_sm.autograd import gradcheck, gradgradcheck
from tinygrad_sm.func import grad, vmap
from tinygrad_sm.ops import gamma_functions, scans, trigonometry

RNG = np.random.default_rng(4)
M = RNG.normal(size=(3, 3)) + 3 * np.eye(3)
TALL = RNG.normal(size=(4, 3))
POSITIVE = RNG.uniform(0.5, 2.0, size=(3, 3))


def symmetric(x):
    return x @ x.T + sg.eye(3, dtype=sg.float64)


OPERATIONS = {
    "inv": (linalg.inv, M),
    "det": (linalg.det, M),
    "slogdet": (lambda x: linalg.slogdet(x)[1], M),
    "solve": (lambda x: linalg.solve(x, x[0] * 2), M),
    "solve many": (lambda x: linalg.solve(x, x * x), M),
    "cholesky": (lambda x: linalg.cholesky(symmetric(x)), M),
    "eigvalsh": (lambda x: linalg.eigh(symmetric(x))[0], M),
    "svdvals": (linalg.svdvals, TALL),
    "qr": (lambda x: linalg.qr(x)[1].abs(), TALL),
    "pinv": (linalg.pinv, TALL),
    "cumprod": (lambda x: scans.cumprod(x, 1), M),
    "logcumsumexp": (lambda x: scans.logcumsumexp(x, 0), M),
    "roll": (lambda x: sg.roll(x, (1, 2), (0, -1)) * x, M),
    "roll flat": (lambda x: sg.roll(x, 2) * x, M),
    "diagonal": (lambda x: sg.diagonal(x, 1) ** 2, TALL),
    "movedim": (lambda x: sg.movedim(x, 0, 1) ** 2, TALL),
    "pad": (lambda x: sg.nn.functional.pad(x, (1, 2, -1, 1)) ** 2, TALL),
    "lgamma": (gamma_functions.lgamma, POSITIVE),
    "digamma": (gamma_functions.digamma, POSITIVE),
    "polygamma": (lambda x: gamma_functions.polygamma(1, x), POSITIVE),
    "asinh": (trigonometry.asinh, M),
    "atan2": (lambda x: trigonometry.atan2(x, x * x + 1), M),
    "einsum": (lambda x: sg.einsum("ij,kj,ii->ik", x, x, x), M),
    "norm": (lambda x: x.norm(dim=1), M),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_both_orders_in_both_modes_and_over_batches(name):
    function, x = OPERATIONS[name]
    point = sg.tensor(x, requires_grad=True)
    options = {"fast_mode": True, "check_batched_grad": True}
    assert gradcheck(function, point, check_forward_ad=True, **options)
    assert gradgradcheck(function, point, check_fwd_over_rev=True, atol=1e-4, **options)
    batch = sg.tensor(np.stack([x, x * 1.1, x + 0.1]))
    found = vmap(function)(batch)
    np.testing.assert_allclose(
        found.array, np.stack([function(b).array for b in batch]), rtol=1e-9, atol=1e-12
    )
    slopes = grad(lambda x: (function(x) ** 2).sum())
    np.testing.assert_allclose(
        vmap(slopes)(batch).array,
        np.stack([slopes(b).array for b in batch]),
        rtol=1e-8,
        atol=1e-10,
    )


LINES, IMAGES, VOLUMES = (RNG.normal(size=(3, 2, 3, *s)) for s in ((7,), (5, 6), (4, 5, 5)))
GRIDS = RNG.uniform(-1.3, 1.3, size=(3, 2, 4, 3, 2))
F = sg.nn.functional
LABELS = sg.tensor([[1, 2], [3, 3]])


def sampled(mode, padding):
    return lambda x, g: F.grid_sample(x, g, mode, padding, align_corners=False)


def well_posed(x):
    return x @ x.mT + sg.eye(5, dtype=sg.float64)


PICKING = {
    "places in lines": (lambda x: F.max_pool1d(x, 3, 2, return_indices=True)[1], LINES),
    "places in images": (lambda x: F.max_pool2d(x, 2, return_indices=True)[1], IMAGES),
    "places in volumes": (lambda x: F.max_pool3d(x, 2, 1, return_indices=True)[1], VOLUMES),
    "cholesky_ex": (lambda x: linalg.cholesky_ex(well_posed(x)).info, IMAGES[..., :5]),
    "bad minors": (lambda x: linalg.cholesky_ex(x).info, IMAGES[..., :5]),
    "bilinear": (sampled("bilinear", "zeros"), IMAGES, GRIDS),
    "nearest": (sampled("nearest", "border"), IMAGES, GRIDS),
    "bicubic": (sampled("bicubic", "reflection"), IMAGES, GRIDS),
    "ctc_loss": (
        lambda x: F.ctc_loss(x.log_softmax(-1), LABELS, (2, 2), (2, 2), zero_infinity=True),
        RNG.normal(size=(3, 2, 2, 5)),
    ),
}


@pytest.mark.parametrize("name", PICKING)
def test_what_looks_at_values_over_batches(name):
    function, *arrays = PICKING[name]
    batch = [sg.tensor(x) for x in arrays]
    expected = [function(*(x[i] for x in batch)).numpy() for i in range(3)]
    np.testing.assert_allclose(vmap(function)(*batch).numpy(), np.stack(expected), rtol=1e-12)
    found = vmap(function, (0,) + (None,) * (len(batch) - 1))(batch[0], *(x[0] for x in batch[1:]))
    np.testing.assert_allclose(found[0].numpy(), expected[0], rtol=1e-12)
