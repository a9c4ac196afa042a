"""Runs of an optimizer on given gradients, in this library or in PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

Gradients = list[list[np.ndarray | None]]


def drawn_run(
    seed: int, steps: int, dtype: str = "float32", shapes: Sequence[tuple[int, ...]] = ()
) -> tuple[list[np.ndarray], Gradients]:
    """Parameters, and for each step a gradient for each of them, now and then none."""
    rng = np.random.default_rng(seed)
    shapes = shapes or [(3, 2), (), (4,), (0, 3)]
    starts = [rng.normal(size=shape).astype(dtype) for shape in shapes]
    gradients: Gradients = [
        [None if rng.random() < 0.15 else rng.normal(size=x.shape).astype(dtype) for x in starts]
        for _ in range(steps)
    ]
    return starts, gradients


def parameters(library: Any, starts: Sequence[np.ndarray]) -> list[Any]:
    return [library.tensor(x, requires_grad=True) for x in starts]


def walk(library: Any, optimizer: Any, params: Sequence[Any], gradients: Gradients) -> list[Any]:
    """The parameters after each step, all of them in one array."""
    path = []
    for row in gradients:
        for p, g in zip(params, row, strict=True):
            p.grad = None if g is None else library.tensor(g)
        optimizer.step()
        path.append(np.concatenate([p.detach().numpy().ravel() for p in params]))
    return path


def in_two_groups(params: list[Any], **second: Any) -> list[dict[str, Any]]:
    """The first two parameters with the defaults, the others with options of their own."""
    return [{"params": params[:2]}, {"params": params[2:], **second}]


def assert_same_path(ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray]) -> None:
    """Equal to float precision at each step, and of the same dtype."""
    for a, b in zip(ours, theirs, strict=True):
        assert a.dtype == b.dtype
        unit = np.finfo(a.dtype).eps
        np.testing.assert_allclose(a, b, rtol=32 * unit, atol=32 * unit * np.abs(b).max(initial=0))


rates = st.sampled_from([0.0, 1e-3, 0.05, 0.5])
decays = st.sampled_from([0, 1e-4, 0.1])
seeds = st.integers(0, 2**32 - 1)
dtypes = st.sampled_from(["float32", "float64"])
