"""Writes in place: what they reach, and what they would spoil."""

import numpy as np
import pytest

import tinygrad_sm as sg

WRITES = {
    "to itself": lambda e: e.add_(1.0),
    "by index": lambda e: e.__setitem__(0, 5.0),
    "to a view": lambda e: e.view(-1).mul_(2.0),
    "to an element": lambda e: e[0].fill_(3.0),
    "off the tape": lambda e: e.detach().add_(1.0),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
@pytest.mark.parametrize("name", ["exp", "sigmoid", "tanh", "sqrt"])
def test_a_result_that_its_own_rule_reads_may_not_change(name, write):
    t = sg.tensor([1.0, 2.0], requires_grad=True)
    e = getattr(t, name)()
    write(e)
    with pytest.raises(RuntimeError, match=rf"a result of shape \(2,\) that {name} saved"):
        e.sum().backward()
    assert t.grad is None


def test_the_tape_can_still_be_used_if_the_result_is_not_read():
    t = sg.tensor([1.0, 2.0], requires_grad=True)
    e = t * 3.0
    e.add_(1.0)
    e.sum().backward()
    assert t.grad.tolist() == [3.0, 3.0]


def test_an_element_is_a_view():
    x = sg.zeros(2, 3)
    x[1, 2].add_(1.0)
    x[0][1].fill_(7.0)
    assert x.tolist() == [[0.0, 7.0, 0.0], [0.0, 0.0, 1.0]]
    assert x[0, 0].shape == ()
    assert np.shares_memory(x[0, 0].array, x.array)


def test_a_write_to_an_element_is_recorded():
    w = sg.tensor([3.0, 4.0], requires_grad=True)
    y = w * 1.0
    y[0].mul_(w[1])
    (y * y).sum().backward()
    assert w.grad.tolist() == [2 * 3 * 16.0, 2 * 4 * 9 + 2 * 4.0]


def stale_view():
    """A view made before its base came to depend on a leaf, and that leaf."""
    base = sg.zeros(2)
    view = base[0]
    w = sg.tensor([3.0, 4.0], requires_grad=True)
    base.copy_(w)
    return view, w


def test_a_view_that_came_to_need_a_gradient_can_be_assigned():
    view, w = stale_view()
    x = sg.zeros(2)
    x[1] = view
    assert x.requires_grad
    (x * x).sum().backward()
    assert w.grad.tolist() == [6, 0]


def test_a_view_that_came_to_need_a_gradient_can_take_part_in_a_write():
    view, w = stale_view()
    x = sg.tensor([5.0, 7.0])
    x.mul_(view)
    x.sum().backward()
    assert w.grad.tolist() == [12, 0]


@pytest.mark.parametrize("write", [lambda x: x.__setitem__(slice(None, None, 0), 1.0)])
def test_an_error_of_the_index_itself_is_what_is_raised(write):
    x = sg.zeros(3)
    with pytest.raises(ValueError, match="step cannot be zero"):
        write(x)
    assert x.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("index", "shape", "inner"),
    [
        (slice(0, 2), (1, 1, 3), (1, 3)),
        ([0, 1], (1, 2, 3), (2, 3)),
        ((0, 0), (1, 1), ()),
        (0, (1, 3), (3,)),
    ],
)
def test_sizes_of_one_in_front_of_a_value_are_dropped(index, shape, inner):
    value = sg.rand(shape, requires_grad=True)
    x = sg.zeros(4, 3)
    x[index] = value
    expected = np.zeros((4, 3), np.float32)
    expected[index] = value.detach().numpy().reshape(inner)
    np.testing.assert_array_equal(x.detach().numpy(), expected)
    (2 * x).sum().backward()
    copies = np.size(expected[index]) // value.numel()
    np.testing.assert_array_equal(value.grad.numpy(), np.full(shape, 2.0 * copies, np.float32))


def test_other_sizes_in_front_of_a_value_are_refused():
    x = sg.zeros(4, 3)
    with pytest.raises(RuntimeError, match=r"shape \(2, 3\) cannot be broadcast to the place"):
        x[0] = sg.ones(2, 3)
    assert not x.any()


MIXED = {
    "a slice between": (0, slice(None), [0, 1], [1, 2]),
    "in the middle": (slice(None), 0, slice(None), [0, 1]),
    "behind": ([0, 1], slice(None), 0),
    "a tensor of none": (np.int64(1), slice(None), np.array([0, 2])),
    "a new dimension": (None, [0, 1], slice(None), 0),
    "a mask": (0, slice(None), np.arange(12).reshape(3, 4) > 5),
    "an ellipsis": (Ellipsis, 0, [0, 1]),
    "arrays around": ([0, 1], 0, [1, 1]),
}


@pytest.mark.parametrize("name", MIXED)
def test_numbers_beside_arrays_index_as_in_pytorch(torch, name):
    index = MIXED[name]
    found = []
    for library in (torch, sg):
        x = library.arange(48.0).view(2, 2, 3, 4).requires_grad_()
        read = x[index]
        (read * read).sum().backward()
        y = x.detach() * 1
        y[index] = library.arange(float(read.numel())).view(read.shape)
        z = x * 2
        z[index] = x.detach()[index] * x.sum()
        (z * z).sum().backward()
        found.append([t.detach().numpy() for t in (read, x.grad, y, z)])
    for theirs, ours in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


class Double(sg.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        assert ctx.needs_input_grad == (True,)
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return g * 2


def hooked(view):
    view.register_hook(lambda g: g * 2)
    return view * 1


@pytest.mark.parametrize(
    "use",
    [
        Double.apply,
        hooked,
        lambda v: sg.utils.checkpoint.checkpoint(lambda x: x * 2, v, use_reentrant=False),
        lambda v: v.view(1) * 2,
        lambda v: sg.stack([v, v]).sum(),
    ],
)
def test_every_use_of_such_a_view_is_recorded(use):
    view, w = stale_view()
    use(view).sum().backward()
    assert w.grad.tolist() == [2, 0]


def test_such_a_view_says_that_it_requires_grad():
    assert stale_view()[0].requires_grad
    assert not stale_view()[0].is_leaf
    assert "grad_fn=" in repr(stale_view()[0])
    for refused in (
        lambda v: v.numpy(),
        lambda v: sg.add(v, 1.0, out=sg.zeros(())),
        lambda v: v.requires_grad_(False),
    ):
        with pytest.raises(RuntimeError):
            refused(stale_view()[0])
    view, w = stale_view()
    y = w.sum() * view
    assert sg.autograd.grad(y, view)[0].item() == 7
    view, w = stale_view()
    (view * 3).backward(inputs=[view])
