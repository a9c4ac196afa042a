"""Walking the tape, and hooks on it."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm import tape
from tinygrad_sm.autograd import graph
from tinygrad_sm.func import grad, hessian, jvp, vmap


def test_walk():
    x, y = sg.ones(3, requires_grad=True), sg.ones(3, requires_grad=True)
    constant = sg.ones(3)
    out = ((x * y).exp() + constant).sum()
    names = [n.name() for n in graph.nodes(out)]
    assert (
        names
        == ["SumBackward0", "AddBackward0", "ExpBackward0", "MulBackward0"] + ["AccumulateGrad"] * 2
    )
    node = out.grad_fn.next_functions[0][0]
    assert node.next_functions[1] == (None, 0)
    product = node.next_functions[0][0].next_functions[0][0]
    leaf = product.next_functions[0][0]
    assert leaf.variable is x
    assert leaf is (x * 2).grad_fn.next_functions[0][0]
    node.metadata["seen"] = True
    assert out.grad_fn.next_functions[0][0].metadata == {"seen": True}
    pieces = (x * 2).split(1)
    assert (pieces[0] + pieces[2]).grad_fn.next_functions[1][1] == 2
    assert graph.get_gradient_edge(x).node is leaf


def test_node_hooks():
    x = sg.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    seen = []
    pre = y.grad_fn.register_prehook(lambda outs: (outs[0] * 10,))
    post = y.grad_fn.register_hook(lambda ins, outs: seen.append((ins, outs)) or (ins[0] + 1, None))
    y.sum().backward(retain_graph=True)
    assert x.grad.tolist() == [31, 31]
    assert seen[0][1][0].tolist() == [10, 10]
    assert seen[0][0][0].tolist() == [30, 30]
    assert seen[0][0][1] is None or len(seen[0][0]) == 1
    pre.remove()
    post.remove()
    x.grad = None
    y.sum().backward()
    assert x.grad.tolist() == [3, 3]


def test_hook_of_one_argument_operations():
    x = sg.tensor([1.0, 2.0], requires_grad=True)
    y = x.exp()
    y.grad_fn.register_hook(lambda ins, outs: (ins[0] * 0,))
    y.sum().backward()
    assert x.grad.tolist() == [0, 0]


def test_hooks_with_create_graph():
    x = sg.tensor([1.0, 2.0], dtype=sg.float64, requires_grad=True)
    y = x * x
    y.grad_fn.register_prehook(lambda outs: (outs[0] * 2,))
    (g,) = sg.autograd.grad(y.sum(), x, create_graph=True)
    (h,) = sg.autograd.grad(g.sum(), x)
    assert h.tolist() == [4, 4]


def test_accumulate_grad_hooks():
    x = sg.tensor([1.0, 2.0], requires_grad=True)
    end = (x * 1).grad_fn.next_functions[0][0]
    order = []
    end.register_prehook(lambda outs: (outs[0] * 2,))
    x.register_post_accumulate_grad_hook(lambda t: order.append(t.grad.tolist()))
    (x * 3).sum().backward()
    assert order == [[6, 6]]
    with pytest.raises(RuntimeError, match="non-leaf"):
        (x * 2).register_post_accumulate_grad_hook(print)


def test_step_in_the_backward_walk():
    w = sg.ones(2, requires_grad=True)

    def step(t):
        with sg.no_grad():
            t -= 0.5 * t.grad
        t.grad = None

    w.register_post_accumulate_grad_hook(step)
    (w * w).sum().backward()
    assert w.tolist() == [0, 0]
    assert w.grad is None


def test_multi_grad_hook():
    x, y = sg.ones(2, requires_grad=True), sg.ones(2, requires_grad=True)
    calls = []
    handle = graph.register_multi_grad_hook(
        (x, y), lambda grads: calls.append([g.tolist() for g in grads])
    )
    (x * 2 + y * 3).sum().backward()
    assert calls == [[[2, 2], [3, 3]]]
    handle.remove()
    (x + y).sum().backward()
    assert len(calls) == 1


def test_multi_grad_hooks_are_called_once_a_walk():
    x, y = sg.ones(2, requires_grad=True), sg.ones(2, requires_grad=True)
    u, v = x * 3, y * 2
    calls = []
    both = graph.register_multi_grad_hook(
        (x, y, u), lambda grads: calls.append([g if g is None else g.tolist() for g in grads])
    )
    (x * 2).sum().backward()
    (u + v).sum().backward(retain_graph=True)
    assert calls == [[[2, 2], None, None], [[3, 3], [2, 2], [1, 1]]]
    both.remove()
    first = graph.register_multi_grad_hook((x, y), calls.append, mode="any")
    calls.clear()
    (x * 2).sum().backward()
    (y * 2 + x).sum().backward()
    assert len(calls) == 2
    first.remove()
    graph.register_multi_grad_hook((u, v), calls.append)
    calls.clear()
    sg.autograd.grad((u * v).sum(), y, retain_graph=True)
    assert [None if g is None else g.tolist() for g in calls[0]] == [None, [3, 3]]


def test_hooks_off_the_way_to_the_inputs_are_not_called():
    x, y = sg.ones(2, requires_grad=True), sg.ones(2, requires_grad=True)
    u = y * 2
    calls = []
    y.register_hook(calls.append)
    u.register_hook(calls.append)
    sg.autograd.grad((x * y * u).sum(), x)
    assert calls == []


def test_gradient_edges_stand_for_tensors():
    x = sg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * 2
    a, b = y.split([1, 2])
    loss = (b * b).sum() + a.sum()
    edges = [graph.get_gradient_edge(t) for t in (x, y, b)]
    del y, a, b
    found = sg.autograd.grad(loss, edges, retain_graph=True)
    assert [g.tolist() for g in found] == [[2, 16, 24], [1, 8, 12], [8, 12]]
    (g,) = sg.autograd.grad(edges[2], x, grad_outputs=sg.ones(2), retain_graph=True)
    assert g.tolist() == [0, 2, 2]
    (g,) = sg.autograd.grad(graph.get_gradient_edge(loss), x, retain_graph=True)
    assert g.tolist() == [2, 16, 24]
    rows = sg.autograd.grad(
        edges[1], x, grad_outputs=sg.eye(3), is_grads_batched=True, retain_graph=True
    )[0]
    assert rows.tolist() == (2 * sg.eye(3)).tolist()
    other = graph.get_gradient_edge(x * 5)
    assert sg.autograd.grad(loss, other, allow_unused=True, retain_graph=True) == (None,)
    sg.autograd.backward(loss, inputs=edges[:1])
    assert x.grad.tolist() == [2, 16, 24]


def test_saved_tensors_may_be_written_to_where_that_is_allowed():
    x = sg.tensor([1.0, 2.0], requires_grad=True)
    with graph.allow_mutation_on_saved_tensors():
        y, e = x.clone(), x.exp()
        loss = (y * y[0]).sum() + e.sum()
        y[0] = 7.0
        e.zero_()
        with pytest.raises(RuntimeError, match="cannot be nested"):
            graph.allow_mutation_on_saved_tensors().__enter__()
    loss.backward()
    np.testing.assert_allclose(x.grad.array, [4 + np.e, 1 + np.e**2], rtol=1e-6)


def test_hooks_on_what_is_saved_can_be_refused():
    with graph.disable_saved_tensors_hooks("not here"):
        (sg.ones(2, requires_grad=True) ** 2).sum().backward()
        with pytest.raises(RuntimeError, match="not here"), graph.save_on_cpu():
            pass
    with graph.save_on_cpu(), pytest.raises(RuntimeError, match="too late"):
        graph.disable_saved_tensors_hooks("too late").__enter__()
    with graph.save_on_cpu():
        pass


def test_saved_tensors_hooks():
    packed = []

    def pack(t):
        packed.append(tuple(t.shape))
        return t.numpy(force=True).copy()

    x = sg.tensor([1.0, 2.0], dtype=sg.float64, requires_grad=True)
    with graph.saved_tensors_hooks(pack, sg.tensor):
        y = (x.exp() * x).sum()
    assert packed == [(2,), (2,), (2,)]
    (g,) = sg.autograd.grad(y, x, create_graph=True)
    e = np.exp([1, 2])
    np.testing.assert_allclose(g.array, e * [2, 3])
    (h,) = sg.autograd.grad(g.sum(), x)
    np.testing.assert_allclose(h.array, e * [3, 4])
    with graph.save_on_cpu():
        y = (x * x).sum()
    y.backward()
    np.testing.assert_allclose(x.grad.array, [2, 4])


TRANSFORMED = {
    "grad": lambda f, x: grad(f)(x),
    "vmap(grad)": lambda f, x: vmap(grad(f))(x),
    "grad(vmap)": lambda f, x: grad(lambda x: vmap(f)(x).sum())(x),
    "grad(grad)": lambda f, x: grad(lambda x: grad(f)(x).sum())(x),
    "jvp(grad)": lambda f, x: jvp(grad(f), (x,), (x * 2,))[1],
    "grad(jvp)": lambda f, x: grad(lambda x: jvp(f, (x,), (x * 2,))[1])(x),
    "hessian": lambda f, x: hessian(f)(x),
    "vmap(hessian)": lambda f, x: vmap(hessian(f))(x),
    "vmap(jvp(grad))": lambda f, x: vmap(lambda x: jvp(grad(f), (x,), (x,))[1])(x),
}


def to_disk(t):
    """As a hook that writes to disk: only a plain tensor's values can be taken."""
    return t.numpy(force=True).copy()


@pytest.mark.parametrize("name", TRANSFORMED)
def test_saved_tensors_hooks_inside_of_transforms(name):
    def function(x):
        return (x.exp() * x.sin()).sum()

    packed = []

    def hooked(x):
        with graph.saved_tensors_hooks(lambda t: packed.append(1) or to_disk(t), sg.tensor):
            return function(x)

    x = sg.tensor(np.random.default_rng(0).normal(size=(2, 3)))
    transform = TRANSFORMED[name]
    np.testing.assert_array_equal(transform(hooked, x).array, transform(function, x).array)
    assert packed
    with graph.saved_tensors_hooks(lambda t: to_disk(t) * 2, lambda a: sg.tensor(a / 2)):
        found = transform(function, x)
    np.testing.assert_array_equal(found.array, transform(function, x).array)


def test_hooks_change_what_a_transform_saved():
    with graph.saved_tensors_hooks(lambda t: t, lambda t: t * 10):
        found = vmap(grad(lambda x: (x * x).sum()))(sg.ones(2, 3))
    assert found.tolist() == [[20.0] * 3] * 2


def test_saved_tensors_hooks_belong_to_a_thread():
    x = sg.ones(2, requires_grad=True)
    packed = []
    with graph.saved_tensors_hooks(lambda t: packed.append(1) or t, lambda t: t):
        thread = threading.Thread(target=lambda: (x * x).sum())
        thread.start()
        thread.join()
        assert not packed
        (x * x).sum()
    assert len(packed) == 2


def test_what_a_function_saves_is_packed_too():
    class Exp(sg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            out = x.exp()
            ctx.save_for_backward(x, out, None)
            return out, (x > 0).long()

        @staticmethod
        def backward(ctx, g, _):
            x, out, nothing = ctx.saved_tensors
            assert nothing is None
            return g * out + 0 * x

    x = sg.tensor([0.5, 1.0], dtype=sg.float64, requires_grad=True)
    packed = []
    with graph.saved_tensors_hooks(lambda t: packed.append(1) or to_disk(t), sg.tensor):
        y = Exp.apply(x)[0]
    assert len(packed) == 2
    (g,) = sg.autograd.grad(y.sum(), x, create_graph=True)
    (h,) = sg.autograd.grad(g.sum(), x)
    np.testing.assert_allclose(h.array, np.exp(x.array))


def test_unpack_must_return_a_tensor():
    x = sg.ones(2, requires_grad=True)
    with graph.saved_tensors_hooks(lambda t: t, lambda t: None):
        y = (x * x).sum()
    with pytest.raises(TypeError, match="unpack hook"):
        y.backward()


def test_watched_leaves_get_their_gradient_as_soon_as_it_is_complete():
    events = []
    first, second, both = (sg.ones(2, requires_grad=True) for _ in range(3))
    for name, leaf in {"first": first, "second": second, "both": both}.items():
        leaf.register_post_accumulate_grad_hook(
            lambda t, name=name: events.append((name, t.grad.tolist()))
        )
    x = (first * both).tanh()
    x.register_hook(lambda g: events.append("between"))
    (second * x * both).sum().backward()
    value, slope = np.tanh(1), 1 - np.tanh(1) ** 2
    assert events[1] == "between"
    assert [name for name, _ in (events[0], *events[2:])] in (
        ["second", "first", "both"],
        ["second", "both", "first"],
    )
    expected = {"second": value, "first": slope, "both": value + slope}
    for name, arrived in (events[0], *events[2:]):
        np.testing.assert_allclose(arrived, expected[name] * np.ones(2), rtol=1e-6)


def test_a_leaf_that_is_no_longer_there_is_watched_no_more():
    x = sg.ones(1, requires_grad=True)
    x.register_post_accumulate_grad_hook(print)
    assert id(x) in tape.watched
    number = id(x)
    del x
    assert number not in tape.watched


def test_what_was_saved_is_seen_by_pytorchs_names(torch):
    for library in (torch, sg):
        x = library.tensor([1.0, 2.0], requires_grad=True)
        y = library.tensor([3.0, 5.0], requires_grad=True)
        square, product, power = x.pow(2), x * y, x.exp()
        assert square.grad_fn._saved_self is x
        assert (product.grad_fn._saved_self is x, product.grad_fn._saved_other is y) == (True, True)
        kept = power.grad_fn._saved_result
        assert kept.equal(power)
        assert kept is not power
        with pytest.raises(AttributeError, match="_saved_other"):
            power.grad_fn._saved_other  # noqa: B018
        product.sum().backward()
        with pytest.raises(RuntimeError, match="after"):
            product.grad_fn._saved_self  # noqa: B018
