"""Changing a tensor's own shape in place, with views of it about, against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_sm as sg

STEPS = {
    "t_": lambda z, v: z.t_(),
    "transpose_": lambda z, v: z.transpose_(0, -1),
    "unsqueeze_": lambda z, v: z.unsqueeze_(0),
    "squeeze_": lambda z, v: z.squeeze_(),
    "double": lambda z, v: z.mul_(2),
    "double the view": lambda z, v: v.mul_(2),
    "add to the view": lambda z, v: v.add_(z.sum()),
    "assign": lambda z, v: z.__setitem__((..., 0), v.sum()),
    "diagonal": lambda z, v: z.diagonal(0, -2, -1).mul_(v.mean()),
    "windows": lambda z, v: z.unfold(-1, 2, 2).add_(1.5),
    "strided": lambda z, v: v.as_strided((2,), (1,), 1).mul_(3.0),
    "moved": lambda z, v: z.movedim(0, -1).sub_(0.5),
    "halves": lambda z, v: z.tensor_split(2, -1)[0].mul_(z.tensor_split(2, -1)[1].sum()),
}


def run(m, x, steps, requires_grad):
    """Values of a matrix and of a view of it after the steps, and the gradient of their sum."""
    leaf = m.tensor(x, requires_grad=requires_grad)
    z = leaf * 1.0
    view, done = z[1], []
    for step in steps:
        try:
            STEPS[step](z, view)
        except (RuntimeError, IndexError):
            done.append(step)
            break
    late = z * 1.0
    if requires_grad:
        weights = m.tensor(np.arange(1.0, 1 + np.asarray(late.detach()).size)).reshape(late.shape)
        ((late * weights).sum() + (view * view).sum()).backward()
        return [np.asarray(t) for t in (z.detach(), view.detach(), leaf.grad)], done
    return [np.asarray(t) for t in (z, view)], done


@pytest.mark.parametrize("requires_grad", [False, True])
@given(
    steps=st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=6),
    sides=st.tuples(st.integers(2, 3), st.integers(3, 4)),
)
def test_random_programs_equal_pytorchs(requires_grad, steps, sides):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    x = np.random.default_rng(0).normal(size=sides)
    (theirs, failed), (ours, refused) = (run(m, x, steps, requires_grad) for m in (torch, sg))
    assert failed == refused
    for a, b in zip(theirs, ours, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(b, a, rtol=1e-10)


def test_a_leaf_that_requires_grad_is_left_as_it_is():
    x = sg.ones(2, 3, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf"):
        x.t_()
    assert x.shape == (2, 3)


def test_resize_keeps_what_fits():
    x = sg.arange(6.0)
    assert x.resize_(2, 2).tolist() == [[0, 1], [2, 3]]
    assert x.resize_(5).shape == (5,)
    assert x.tolist()[:4] == [0, 1, 2, 3]
    with pytest.raises(RuntimeError, match="require grad"):
        sg.ones(2, requires_grad=True).resize_(3)


def test_set_looks_at_another_memory():
    x, y = sg.zeros(2), sg.ones(3)
    x.set_(y)
    y[0] = 7.0
    assert x.tolist() == [7.0, 1.0, 1.0]
    assert x.is_set_to(y)


@pytest.mark.parametrize("shape", [(3, 3), (5, 2), (2, 5), (3, 3, 3)])
@pytest.mark.parametrize("wrap", [False, True])
def test_fill_diagonal_equals_pytorch(shape, wrap):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    ours, theirs = sg.zeros(shape).fill_diagonal_(2.0, wrap), torch.zeros(shape)
    np.testing.assert_array_equal(ours.array, theirs.fill_diagonal_(2.0, wrap).numpy())


def test_elements_one_by_one():
    x = sg.tensor([1.0, 2.0])
    x.apply_(lambda v: v * 10)
    x.map_(sg.tensor([1.0, 2.0]), lambda a, b: a + b)
    x.map2_(sg.ones(2), sg.ones(2), lambda a, b, c: a + b + c)
    assert x.tolist() == [13.0, 24.0]
    with pytest.raises(TypeError, match="requires grad"):
        sg.ones(2, requires_grad=True).apply_(abs)


def test_resize_gives_another_tensor_and_warns():
    x = sg.arange(6.0, requires_grad=True)
    with pytest.warns(UserWarning, match="non-inplace resize is deprecated"):
        y = x.resize(2, 3)
    assert y.shape == (2, 3)
    y.sum().backward()
    assert x.grad.tolist() == [1.0] * 6
    with (
        pytest.warns(UserWarning, match="resize"),
        pytest.raises(RuntimeError, match="number of elements"),
    ):
        x.resize(7)
    with pytest.warns(UserWarning, match="deprecated"):
        z = x.detach().resize_as(sg.ones(2))
    assert z.tolist() == [0.0, 1.0]
    assert x.shape == (6,)


def test_a_tensor_becomes_an_object_of_a_subclass():
    class Mine(sg.Tensor):
        pass

    x = sg.ones(2, requires_grad=True)
    mine = (x * 2).as_subclass(Mine)
    assert type(mine) is Mine
    mine.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]
    assert sg.detach(x).requires_grad is False
    assert x.to_dense() is x
