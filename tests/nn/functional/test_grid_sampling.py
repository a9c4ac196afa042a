"""Grids: which side of a pixel a place lies on."""

import numpy as np
import pytest

import tinygrad_sm as sg


@pytest.mark.filterwarnings("ignore:Default ")
@pytest.mark.parametrize("sizes", [(28, 28), (7, 10), (12, 5, 6), (9, 16, 3)])
@pytest.mark.parametrize("align_corners", [False, True])
def test_slopes_at_the_centres_of_pixels_are_pytorchs(torch, sizes, align_corners):
    n = len(sizes)
    values = np.random.default_rng(0).normal(size=(2, 3, *sizes)).astype("f")
    found = []
    for library in (torch, sg):
        theta = library.eye(n, n + 1).expand(2, n, n + 1).clone().requires_grad_()
        grid = library.nn.functional.affine_grid(theta, [2, 3, *sizes], align_corners)
        out = library.nn.functional.grid_sample(
            library.tensor(values), grid, align_corners=align_corners
        )
        out.square().sum().backward()
        found.append([t.detach().numpy() for t in (grid, out, theta.grad)])
    for theirs, ours in zip(*found, strict=True):
        assert np.allclose(theirs, ours, rtol=1e-3, atol=1e-3 * np.abs(theirs).max())
