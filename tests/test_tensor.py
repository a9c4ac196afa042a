"""What a Tensor is: iteration, and ``data``."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg


def test_iteration_gives_the_rows_as_views():
    x = sg.arange(6.0).reshape(2, 3)
    rows = list(x)
    assert [r.tolist() for r in rows] == [[0, 1, 2], [3, 4, 5]]
    rows[1].zero_()
    assert x.tolist() == [[0, 1, 2], [0, 0, 0]]
    first, second = x
    assert (first.shape, second.shape) == ((3,), (3,))
    assert [r.item() for r in x[0]] == [0, 1, 2]


def test_iteration_is_recorded():
    x = sg.arange(6.0).reshape(2, 3).requires_grad_()
    first, second = x
    (first * second).sum().backward()
    assert x.grad.tolist() == [[3, 4, 5], [0, 1, 2]]


def test_iteration_of_0d_and_empty_tensors():
    with pytest.raises(TypeError, match="iteration over a 0-d tensor"):
        iter(sg.tensor(1.0))
    assert list(sg.zeros(0, 2)) == []
    assert [r.shape for r in sg.zeros(2, 0)] == [(0,), (0,)]
    with pytest.raises(TypeError, match="0-d"):
        len(sg.tensor(1.0))


def test_reversed_is_the_tensor_flipped():
    x = sg.arange(4.0).reshape(2, 2)
    assert reversed(x).tolist() == [[2, 3], [0, 1]]
    assert reversed(sg.tensor(1.0)).item() == 1


def test_membership_enumeration_and_zip():
    x = sg.tensor([1.0, 2.0])
    assert 2.0 in x
    assert 3.0 not in x
    assert [(i, v.item()) for i, v in enumerate(x)] == [(0, 1.0), (1, 2.0)]
    assert [(a * b).item() for a, b in zip(x, x, strict=True)] == [1.0, 4.0]
    assert dict(zip("ab", x.tolist(), strict=True)) == {"a": 1.0, "b": 2.0}


def test_data_is_the_same_memory_off_the_tape():
    x = sg.ones(2, requires_grad=True)
    x.data[0] = 5.0
    assert x.tolist() == [5, 1]
    assert not x.data.requires_grad
    assert x._version == 0
    assert x.data is not x.data


def test_the_tape_does_not_notice_writes_to_data():
    """As in PyTorch; ``detach()`` is the one whose writes are noticed."""
    x = sg.ones(2, requires_grad=True)
    y = (x * x).sum()
    x.data.mul_(3.0)
    y.backward()
    assert x.grad.tolist() == [6, 6]
    y = (x * x).sum()
    x.detach().mul_(3.0)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


def test_data_can_be_replaced():
    x = sg.ones(2, requires_grad=True)
    new = sg.zeros(3)
    x.data = new
    assert x.shape == (3,)
    assert x.requires_grad
    assert x.is_leaf
    new.fill_(4.0)
    assert x.tolist() == [4, 4, 4]
    x.data = sg.zeros(2, dtype=sg.float64)
    assert x.dtype == sg.float64


@pytest.mark.parametrize(
    ("new", "error"),
    [(sg.ones(2, dtype=sg.int64), RuntimeError), ([1.0], TypeError), (np.ones(2), TypeError)],
)
def test_data_that_does_not_fit_is_refused(new, error):
    x = sg.ones(2, requires_grad=True)
    with pytest.raises(error, match="data"):
        x.data = new
    assert x.tolist() == [1, 1]


def test_the_memory_that_a_tensor_looks_into(torch):
    for library in (torch, sg):
        x = library.arange(6.0).reshape(2, 3)
        views = [x, x[1], x.t(), x.detach()]
        assert len({v.untyped_storage().data_ptr() for v in views}) == 1
        assert {v.untyped_storage().nbytes() for v in views} == {24}
        assert x.untyped_storage().data_ptr() == x.data_ptr()
        assert x.clone().untyped_storage().data_ptr() != x.untyped_storage().data_ptr()
        assert library.empty(0).untyped_storage().data_ptr() == 0
        assert len(x.untyped_storage()) == x.untyped_storage().size() == 24
        assert x.untyped_storage().device == library.device("cpu")
        assert library.ones(1, dtype=library.int16).untyped_storage().tolist() == [1, 0]
    assert sg.ones(2).untyped_storage() != sg.ones(2).untyped_storage()
    assert x[0].untyped_storage() == x[1].untyped_storage()


def test_what_is_cut_or_joined_of_a_size_is_a_size(torch):
    for library in (torch, sg):
        size = library.ones(2, 3, 4).shape
        for made in (size[1:], size[::-1], size + (1,), (1,) + size, size * 2, 2 * size):  # noqa: RUF005
            assert type(made) is library.Size
        assert (size[1:], size[-1], size + (1,)) == ((3, 4), 4, (2, 3, 4, 1))  # noqa: RUF005
        with pytest.raises(TypeError):
            size + [1]  # noqa: RUF005
