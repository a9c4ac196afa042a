"""Hooks: what they see, what they change, and in which order they run."""

from __future__ import annotations

import gc
import warnings
import weakref

import numpy as np
import pytest

import tinygrad_sm as sg

from ..agreement import array, draw, pytorch


def run(build):
    """What a function of the library, the layer and a log does and logs, in both libraries."""
    results = []
    for m in (sg, pytorch()):
        m.manual_seed(0)
        layer = m.nn.Linear(3, 2).double()
        layer.load_state_dict({"weight": m.tensor(draw(2, 3)), "bias": m.tensor(draw(2))})
        log = []
        x = m.tensor(draw(4, 3), requires_grad=True)
        build(m, layer, log, x)
        results.append([np.array(array(t)) if hasattr(t, "shape") else t for t in log])
    ours, theirs = results
    assert len(ours) == len(theirs) > 0
    for a, b in zip(ours, theirs, strict=True):
        if isinstance(a, np.ndarray):
            np.testing.assert_allclose(a, b, rtol=1e-12)
        else:
            assert a == b


def test_forward_hooks_see_and_replace():
    def build(m, layer, log, x):
        layer.register_forward_hook(lambda mod, args, out: log.extend([args[0], out]))
        layer.register_forward_hook(lambda mod, args, out: out * 2)
        layer.register_forward_pre_hook(lambda mod, args: log.append(len(args)))
        layer.register_forward_pre_hook(lambda mod, args: (args[0] + 1,))
        layer.register_forward_pre_hook(lambda mod, args: args[0] * 3)
        out = layer(x)
        out.sum().backward()
        log.extend([out, x.grad, layer.weight.grad])

    run(build)


def test_order_and_removal():
    def build(m, layer, log, x):
        layer.register_forward_hook(lambda *a: log.append("b"))
        handle = layer.register_forward_hook(lambda *a: log.append("c"))
        layer.register_forward_hook(lambda *a: log.append("a"), prepend=True)
        layer.register_forward_pre_hook(lambda *a: log.append("pre"))
        layer(x)
        handle.remove()
        handle.remove()
        layer(x)
        with layer.register_forward_hook(lambda *a: log.append("d")):
            layer(x)
        layer(x)

    run(build)


def test_keyword_arguments():
    def build(m, layer, log, x):
        def pre(mod, args, kwargs):
            log.append(sorted(kwargs))
            return args, {"input": kwargs["input"] * 2}

        layer.register_forward_pre_hook(pre, with_kwargs=True)
        layer.register_forward_hook(
            lambda mod, args, kwargs, out: log.append(kwargs["input"]), with_kwargs=True
        )
        log.append(layer(input=x))

    run(build)


def test_always_called():
    def build(m, layer, log, x):
        layer.register_forward_hook(
            lambda mod, args, out: log.append(out is None), always_call=True
        )
        layer.register_forward_hook(lambda mod, args, out: log.append("not reached"))
        with pytest.raises(Exception):  # noqa: B017, PT011
            layer(x[:, :2])
        log.append("end")

    run(build)


def test_full_backward_hooks():
    def build(m, layer, log, x):
        layer.register_full_backward_hook(
            lambda mod, gi, go: log.extend(["full", gi[0], go[0], len(gi), len(go)])
        )
        layer.register_full_backward_pre_hook(lambda mod, go: log.extend(["pre", go[0]]))
        (layer(x) * m.tensor(draw(4, 2))).sum().backward()
        log.extend([x.grad, layer.weight.grad])

    run(build)


def test_backward_hooks_replace():
    def build(m, layer, log, x):
        layer.register_full_backward_pre_hook(lambda mod, go: (go[0] * 3,))
        layer.register_full_backward_hook(lambda mod, gi, go: (gi[0] * 5,))
        (layer(x) * m.tensor(draw(4, 2))).sum().backward()
        log.extend([x.grad, layer.weight.grad, layer.bias.grad])

    run(build)


def test_no_input_requires_grad():
    def build(m, layer, log, x):
        layer.register_full_backward_hook(lambda mod, gi, go: log.extend([gi[0] is None, go[0]]))
        layer(x.detach()).sum().backward()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns that grad_input is not what one may expect
        run(build)


def test_several_inputs_and_outputs():
    def build(m, layer, log, x):
        class Two(m.nn.Module):
            def forward(self, a, n, b):
                return a * b, n, a + b

        two = Two()
        two.register_full_backward_hook(
            lambda mod, gi, go: log.extend(
                [len(gi), gi[0], gi[1] is None, gi[2], len(go), go[0], go[1] is None]
            )
        )
        y = x.detach().clone().requires_grad_()
        product, _, _ = two(x, 7, y)
        product.sum().backward()
        log.extend([x.grad, y.grad])

    run(build)


def test_hooks_and_second_derivatives():
    def build(m, layer, log, x):
        layer.register_full_backward_hook(lambda mod, gi, go: (gi[0] * 2,))
        out = layer(x).tanh()
        (g,) = m.autograd.grad(out.sum(), x, create_graph=True)
        (h,) = m.autograd.grad((g * g).sum(), x)
        log.extend([g, h])

    run(build)


def test_a_hook_that_returns_too_many_is_refused():
    layer = sg.nn.Linear(1, 1)
    layer.register_full_backward_hook(lambda mod, gi, go: (gi[0], gi[0]))
    with pytest.raises(RuntimeError, match="invalid number of grad_input"):
        layer(sg.ones(1, 1, requires_grad=True)).sum().backward()


def test_writing_through_a_watched_result_is_refused():
    layer = sg.nn.Linear(2, 2)
    layer.register_full_backward_hook(lambda *a: None)
    out = layer(sg.ones(1, 2))
    with pytest.raises(RuntimeError):
        out.add_(1.0)


def test_a_result_that_is_no_tensor_warns():
    class Odd(sg.nn.Module):
        def forward(self, x):
            return {"x": x}

    odd = Odd()
    odd.register_full_backward_hook(lambda *a: None)
    with pytest.warns(UserWarning, match="forward should return a Tensor"):
        odd(sg.ones(1, requires_grad=True))


def test_hooks_keep_nothing_alive():
    gc.disable()
    try:
        layer = sg.nn.Linear(2, 2)
        layer.register_full_backward_hook(lambda *a: None)
        x = sg.ones(1, 2, requires_grad=True)
        out = layer(x)
        node = weakref.ref(out.grad_fn)
        out.sum().backward()
        del out
        assert node() is None
    finally:
        gc.enable()


def test_a_child_trains_in_its_own_way():
    class Frozen(sg.nn.BatchNorm1d):
        def train(self, mode=True):
            return super().train(False)

    model = sg.nn.Sequential(sg.nn.Linear(2, 2), sg.nn.Sequential(Frozen(2)))
    assert not model.train()[1][0].training
    assert model[1].training
    assert not model.eval()[1].training
