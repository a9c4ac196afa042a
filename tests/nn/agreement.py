"""The same lines run here and in PyTorch: values, first and second derivatives, names, text.

A call takes a ``torch``-like module and tensors; a build takes it and returns a layer.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import tinygrad_sm as sg

TIGHT = {"rtol": 1e-9, "atol": 1e-11}


def pytorch() -> Any:
    """PyTorch, or the test is skipped."""
    return pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    """Normal numbers in float64, the same for the same arguments."""
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def array(t: Any) -> np.ndarray:
    """The values of a tensor of either library."""
    return t.array if isinstance(t, sg.Tensor) else t.detach().numpy(force=True)


def made(m: Any, x: np.ndarray, kind: str = "float64") -> Any:
    """A tensor of either library; floats require grad and have the dtype named."""
    if x.dtype.kind != "f":
        return m.tensor(np.array(x))
    return m.tensor(np.array(x, order="C"), dtype=getattr(m, kind), requires_grad=True)


def flat(out: Any) -> list[Any]:
    """The tensors in a nested result, in order."""
    if hasattr(out, "requires_grad"):
        return [out]
    if isinstance(out, list | tuple):
        return [t for part in out for t in flat(part)]
    return []


def derivatives(m: Any, out: Any, by: Sequence[Any], second: bool) -> list[np.ndarray]:
    """Of a weighted sum of the results, and, with ``second``, of its gradients' squares."""
    rng = np.random.default_rng(3)
    total = None
    for t in flat(out):
        if t.requires_grad:
            weights = m.tensor(rng.normal(size=tuple(t.shape)), dtype=t.dtype)
            total = (t * weights).sum() + (0 if total is None else total)
    if total is None:
        return []
    first = m.autograd.grad(total, by, create_graph=second, allow_unused=True)
    found = _filled(first, by)
    if second:
        slope = sum((g * g).sum() for g in first if g is not None and g.requires_grad)
        linear = isinstance(slope, int)
        more = [None] * len(by) if linear else m.autograd.grad(slope, by, allow_unused=True)
        found += _filled(more, by)
    return found


def _filled(gradients: Sequence[Any], by: Sequence[Any]) -> list[np.ndarray]:
    """The gradients as arrays, zeros for those that are missing."""
    pairs = zip(gradients, by, strict=True)
    return [array(t.detach() * 0) if g is None else array(g) for g, t in pairs]


def assert_same(ours: Sequence[Any], theirs: Sequence[Any], **tolerance: float) -> None:
    """Equal numbers, shapes and dtypes, one by one."""
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, **(tolerance or TIGHT))


def check_function(
    call: Callable[..., Any],
    *inputs: np.ndarray,
    second: bool = True,
    warns: bool = False,
    **tolerance: float,
) -> None:
    """A function: as PyTorch's, and float32 stays float32."""
    torch = pytorch()
    results = []
    with warnings.catch_warnings():
        if warns:
            warnings.simplefilter("ignore")
        for m in (sg, torch):
            tensors = [made(m, x) for x in inputs]
            m.manual_seed(5)
            out = call(m, *tensors)
            by = [t for t in tensors if t.requires_grad]
            values = [np.array(array(t)) for t in flat(out)]
            results.append((values, derivatives(m, out, by, second) if by else []))
        (ours, slopes), (theirs, expected) = results
        assert_same(ours, theirs, **tolerance)
        assert_same(slopes, expected, **tolerance)
        narrow = [made(sg, x, "float32") for x in inputs]
        sg.manual_seed(5)
        out = flat(call(sg, *narrow))
        kinds = [np.float32 if x.dtype == np.float64 else x.dtype for x in ours]
        assert [t.array.dtype for t in out] == kinds
        by = [t for t in narrow if t.requires_grad]
        assert {g.dtype for g in derivatives(sg, out, by, False)} <= {np.dtype(np.float32)}


def text_of(layer: Any) -> str:
    """The repr with the libraries' names made the same."""
    return repr(layer).replace("tinygrad_sm.", "torch.")


def check_start(build: Callable[[Any], Any], close: float = 0.0) -> tuple[Any, Any]:
    """Both layers after one seed: the same text, names, and weights to the last bit."""
    torch = pytorch()
    layers = []
    for m in (sg, torch):
        m.manual_seed(11)
        layers.append(build(m))
    ours, theirs = layers
    assert text_of(ours) == text_of(theirs)
    a, b = ours.state_dict(), theirs.state_dict()
    assert list(a) == list(b)
    for name, value in a.items():
        expected = b[name].numpy()
        assert value.array.dtype == expected.dtype, name
        assert value.array.shape == expected.shape, name
        np.testing.assert_allclose(value.array, expected, rtol=close, err_msg=name)
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    assert [n for n, _ in ours.named_modules()] == [n for n, _ in theirs.named_modules()]
    return ours, theirs


def check_layer(
    build: Callable[[Any], Any],
    *inputs: np.ndarray,
    call: Callable[..., Any] | None = None,
    second: bool = True,
    training: bool = True,
    warns: bool = False,
    close: float = 0.0,
    **tolerance: float,
) -> None:
    """A layer: the same start, results, derivatives and buffers as PyTorch's, and its state loads.

    ``close``: how near the start is, where it is not equal to the last bit, as it is computed.
    """
    torch = pytorch()
    with warnings.catch_warnings():
        if warns:
            warnings.simplefilter("ignore")
        ours, theirs = check_start(build, close)
        ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
        fresh = build(sg)
        fresh.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
        for name, value in fresh.state_dict().items():
            np.testing.assert_array_equal(value.array, ours.state_dict()[name].array)
        narrow = (
            call(fresh, *(made(sg, x, "float32") for x in inputs))
            if call
            else fresh(*(made(sg, x, "float32") for x in inputs))
        )
        results = []
        for m, layer in ((sg, ours.double()), (torch, theirs.double())):
            layer.train(training)
            tensors = [made(m, x) for x in inputs]
            m.manual_seed(5)
            out = call(layer, *tensors) if call else layer(*tensors)
            by = [t for t in tensors if t.requires_grad]
            by += [p for p in layer.parameters() if p.requires_grad]
            values = [np.array(array(t)) for t in flat(out)]
            slopes = derivatives(m, out, by, second) if by else []
            buffers = [np.array(array(b)) for b in layer.buffers()]
            results.append((values, slopes, buffers))
        for found, expected in zip(*results, strict=True):
            assert_same(found, expected, **tolerance)
        for t, wide in zip(flat(narrow), results[0][0], strict=True):
            assert t.array.dtype == (np.float32 if wide.dtype == np.float64 else wide.dtype)


def check_error(call: Callable[..., Any], *inputs: np.ndarray, match: str = "") -> None:
    """Both libraries refuse, with the same type of error."""
    torch = pytorch()
    kinds = []
    for m in (sg, torch):
        tensors = [made(m, x) for x in inputs]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pytest.raises(Exception) as caught:  # noqa: PT011
                call(m, *tensors)
        kinds.append(caught.value)
    assert isinstance(kinds[0], type(kinds[1])), kinds
    if match:
        assert match in str(kinds[0])
