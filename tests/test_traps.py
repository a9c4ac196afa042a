"""The traps that have bitten this field, one short test each.

Where another test says more, this one still stands: here each trap is found by its name.
"""

from __future__ import annotations

import gc
import warnings
import weakref

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.nn import functional as F

INF, NAN = float("inf"), float("nan")


def leaf(values, dtype=sg.float64):
    return sg.tensor(values, dtype=dtype, requires_grad=True)


def slope(function, values):
    """The gradient of the sum of what the function makes of a leaf of these values."""
    x = leaf(values)
    function(x).sum().backward()
    return x.grad.array


def same(found, expected):
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-12, atol=0)


# --- shapes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 1), (1, 1), (4, 1, 1), (4, 1, 3)])
def test_broadcast_gradients_are_summed_to_the_inputs_shape(shape):
    """An input that was broadcast gets a gradient of its own shape, summed over its copies."""
    x, y = leaf(np.ones(shape)), leaf(np.full((4, 2, 3), 2.0))
    (x * y).sum().backward()
    assert x.grad.shape == shape
    same(x.grad, np.full(shape, 2.0 * 24 / x.numel()))
    same(y.grad, np.ones((4, 2, 3)))


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ii->", [(3, 3)]),
        ("ii->i", [(3, 3)]),
        ("nd,nn->d", [(3, 2), (3, 3)]),
        ("ij,jk->ik", [(2, 1), (4, 3)]),
        ("ij,ij->", [(1, 3), (2, 3)]),
        ("bij,bjk->bik", [(1, 2, 3), (4, 3, 2)]),
    ],
)
def test_einsum_with_broadcast_sizes_and_repeated_indices(equation, shapes):
    """An index of size 1 is broadcast; one that stands twice in a term is its diagonal."""
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=s) for s in shapes]
    tensors = [leaf(a) for a in arrays]
    out = sg.einsum(equation, *tensors)
    sizes = {}
    for term, array in zip(equation.split("->")[0].split(","), arrays, strict=True):
        for letter, n in zip(term, array.shape, strict=True):
            sizes[letter] = max(n, sizes.get(letter, 1))

    def full(*operands):
        terms = equation.split("->")[0].split(",")
        spread = [
            np.broadcast_to(o, [sizes[c] for c in t]) for t, o in zip(terms, operands, strict=True)
        ]
        return np.einsum(equation, *spread)

    same(out.detach(), full(*arrays))
    out.sum().backward()
    for which, (t, a) in enumerate(zip(tensors, arrays, strict=True)):
        expected = np.zeros_like(a)  # linear in each operand alone: a step of 1 is exact
        for place in np.ndindex(*a.shape):
            unit = np.zeros_like(a)
            unit[place] = 1
            expected[place] = full(*(unit if i == which else b for i, b in enumerate(arrays))).sum()
        np.testing.assert_allclose(t.grad.array, expected, rtol=1e-10, atol=1e-12)


ONE_TENSOR = [
    "abs", "exp", "log", "sqrt", "sin", "tanh", "sigmoid", "relu", "square", "sign", "neg",
    "floor", "erf", "softmax", "log_softmax", "cumsum", "cumprod", "logsumexp", "sum", "prod",
    "mean", "std", "var", "amax", "amin", "max", "min", "argmax", "argmin", "median", "all", "any",
    "norm", "sort", "argsort", "flip", "ravel", "flatten", "squeeze", "unsqueeze", "t", "clone",
    "clamp", "isnan", "nonzero", "tril", "roll",
]  # fmt: skip
WITH_DIM = {"softmax", "log_softmax", "cumsum", "cumprod", "logsumexp", "unsqueeze"}


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (3, 0)])
@pytest.mark.parametrize("name", ONE_TENSOR)
def test_0d_and_empty_tensors_everywhere(name, shape):
    """Tensors of no dimension and of no element are tensors: PyTorch's results and errors."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    options = {
        "flip": ((0,) if shape else (),), "clamp": (0.0, 1.0), "roll": (1,),
    }.get(name, (0,) if name in WITH_DIM else ())  # fmt: skip
    outcomes = []
    for m in (sg, torch):
        x = m.full(shape, 0.5, dtype=m.float64, requires_grad=True)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                out = getattr(m, name)(x, *options)
        except (RuntimeError, IndexError, TypeError, ValueError) as error:
            outcomes.append(type(error))
            continue
        outs = out if isinstance(out, tuple) else (out,)
        if outs[0].requires_grad:
            outs[0].sum().backward()
        outcomes.append([None if t is None else t.detach().numpy() for t in (*outs, x.grad)])
    ours, theirs = outcomes
    assert ours == theirs if isinstance(theirs, type) else not isinstance(ours, type)
    for a, b in () if isinstance(theirs, type) else zip(ours, theirs, strict=True):
        assert (a is None) == (b is None)
        if b is not None:
            np.testing.assert_allclose(a, b, rtol=1e-12, strict=True)


LAYOUTS = {
    "negative strides": lambda x: x[::-1, ::-1],
    "every other": lambda x: x[::2, 1::2],
    "transposed": lambda x: x.T,
    "broadcast": lambda x: np.broadcast_to(x[:1], x.shape),
    "Fortran": lambda x: np.asfortranarray(x),
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_negative_strides_and_inputs_that_are_not_contiguous(layout):
    """How an array lies in memory changes no value and no gradient."""
    array = layout(np.random.default_rng(0).uniform(0.2, 1.0, (4, 6)))
    steps = [
        lambda x: x.exp() * x, lambda x: x @ x.T, lambda x: x.sum(0), lambda x: x.softmax(1),
        lambda x: x.reshape(-1).cumsum(0), lambda x: x.view(x.shape[0], -1), lambda x: x.sort(1)[0],
        lambda x: F.linear(x, sg.ones(2, x.shape[1], dtype=sg.float64)), lambda x: x[[0, 0]],
        lambda x: F.max_pool2d(x[None, None], 2), lambda x: x.prod(1), lambda x: x.std(0),
        lambda x: F.conv2d(x[None, None], sg.ones(1, 1, 2, 2, dtype=sg.float64)),
    ]  # fmt: skip
    for step in steps:
        found = []
        for a in (array, np.array(array, order="C")):
            x = sg.from_numpy(a) if a.flags.writeable else sg.tensor(a).t().contiguous().t()
            x.requires_grad_()
            out = step(x)
            out.square().sum().backward()
            found.append((out.detach().array, x.grad.array))
        for ours, plain in zip(*found, strict=True):
            np.testing.assert_allclose(ours, plain, rtol=1e-12)


# --- ties and kinks --------------------------------------------------------------------------


def test_ties_of_amax_share():
    """All that tie for ``amax`` get an equal part."""
    same(slope(lambda x: x.amax(), [2.0, 1.0, 2.0]), [0.5, 0, 0.5])
    same(slope(lambda x: x.amin(0), [1.0, 1.0]), [0.5, 0.5])


def test_ties_of_max_along_a_dimension_take_the_first():
    """``max(dim)`` names one index, the first, which gets all."""
    x = leaf([[2.0, 1.0, 2.0]])
    values, places = x.max(1)
    assert places.tolist() == [0]
    values.sum().backward()
    same(x.grad, [[1, 0, 0]])


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_ties_of_maximum_halve(name):
    """Where both operands are the maximum, each gets half."""
    x, y = leaf([1.0, 2.0]), leaf([1.0, 2.0])
    getattr(sg, name)(x, y).sum().backward()
    same(x.grad, [0.5, 0.5])
    same(y.grad, [0.5, 0.5])


def test_relu_at_zero_and_at_nan():
    """The slope of relu at 0 is 0, and NaN stays NaN instead of becoming 0."""
    same(slope(sg.relu, [-1.0, 0.0, -0.0, 2.0]), [0, 0, 0, 1])
    assert np.isnan(sg.relu(leaf([NAN])).item())


def test_clamp_at_the_bound():
    """A value that equals a bound is not cut off: its slope is 1."""
    same(slope(lambda x: x.clamp(-1, 1), [-2.0, -1.0, 0.0, 1.0, 2.0]), [0, 1, 1, 1, 0])


def test_abs_at_zero():
    """The slope of ``|x|`` at 0 is 0."""
    same(slope(sg.abs, [-2.0, 0.0, 3.0]), [-1, 0, 1])


@pytest.mark.parametrize("p", [1, 2, 3, INF])
def test_norm_at_zero(p):
    """The gradient of a norm at 0 is 0, not 0 / 0."""
    same(slope(lambda x: sg.linalg.vector_norm(x, p), [0.0, 0.0]), [0, 0])
    same(slope(lambda x: x.norm(p), [[0.0, 0.0]]), [[0, 0]])


def test_std_of_a_constant_and_of_one_value():
    """The deviation of equal values has gradient 0; that of a single one is undefined."""
    same(slope(lambda x: x.std(), [3.0, 3.0, 3.0]), [0, 0, 0])
    assert np.isnan(slope(lambda x: x.std(), [3.0])).all()
    same(slope(lambda x: x.std(correction=0), [3.0]), [0])


def test_a_power_of_zero():
    """``x**0`` is flat, at 0 too; so is ``0**b`` as a function of ``b``."""
    same(slope(lambda x: x**0, [0.0, 2.0]), [0, 0])
    same(slope(lambda x: x ** sg.tensor([0.0, 0.0]), [0.0, 2.0]), [0, 0])
    same(slope(lambda b: 0.0**b, [0.0, 1.0, 2.0]), [0, 0, 0])
    x, b = leaf([0.0]), leaf([3.0])
    (x**b).backward()
    same(b.grad, [0])
    same(x.grad, [0])


@pytest.mark.parametrize("zeros", [0, 1, 2])
def test_products_with_zeros_never_divide(zeros):
    """Each factor's gradient is the product of the others, zeros among them."""
    values = np.array([2.0, 3.0, 5.0, 7.0])
    values[1 : 1 + zeros] = 0.0
    others = np.array([np.delete(values, i).prod() for i in range(4)])
    same(slope(lambda x: x.prod(), values), others)
    same(slope(lambda x: x.prod(0), values), others)
    summed = [sum(np.delete(values[:stop], i).prod() for stop in range(i + 1, 5)) for i in range(4)]
    same(slope(lambda x: x.cumprod(0), values), summed)


def test_ties_of_sort_and_topk_route_by_index():
    """Equal values keep their order, and each gradient goes to the place its value came from."""
    weights = sg.tensor([1.0, 2.0, 3.0, 4.0], dtype=sg.float64)
    x = leaf([1.0, 0.0, 1.0, 0.0])
    values, places = x.sort(stable=True)
    assert places.tolist() == [1, 3, 0, 2]
    (values * weights).sum().backward()
    same(x.grad, [3, 1, 4, 2])
    x = leaf([1.0, 1.0, 1.0])
    values, places = x.topk(2)
    (values * weights[:2]).sum().backward()
    expected = np.zeros(3)
    expected[places.array] = [1, 2]
    same(x.grad, expected)


def test_ties_of_max_pool_take_the_first():
    """Of equal values in a window the first, in row-major order, gets the gradient."""
    found = slope(lambda x: F.max_pool2d(x, 2), np.ones((1, 1, 2, 4)))
    same(found, [[[[1, 0, 1, 0], [0, 0, 0, 0]]]])


# --- far from 1 ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [sg.float32, sg.float64])
def test_softmax_and_logsumexp_far_out(dtype):
    """±1e4 neither overflows nor makes NaN, in value and gradient."""
    rows = [[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4], [1e4, 1e4, 1e4]]
    third = np.full(3, 1 / 3)
    expected = [[1, 0, 0], third, third]
    rtol = 1e4 * sg.finfo(dtype).eps  # what is left of a number beside 1e4
    x = leaf(rows, dtype)
    np.testing.assert_allclose(x.softmax(1).detach().array, expected, rtol=1e-6)
    np.testing.assert_allclose(
        x.logsumexp(1).detach().array, [1e4, -1e4 + np.log(3), 1e4 + np.log(3)], rtol=1e-6
    )
    x.logsumexp(1).sum().backward()
    np.testing.assert_allclose(x.grad.array, expected, rtol=rtol)
    x.grad = None
    x.log_softmax(1)[:, 0].sum().backward()
    np.testing.assert_allclose(x.grad.array, np.array([1, 0, 0]) - expected, rtol=rtol)


def test_softmax_and_logsumexp_of_rows_of_minus_infinity():
    """A row of -inf sums to nothing: its logsumexp is -inf with gradient 0, its softmax NaN."""
    x = leaf([[-INF, -INF], [0.0, -INF]])
    out = x.logsumexp(1)
    assert out.tolist() == [-INF, 0]
    out.sum().backward()
    same(x.grad, [[0, 0], [1, 0]])
    assert np.isnan(x.softmax(1).detach().array[0]).all()
    same(x.softmax(1).detach()[1], [1, 0])


def test_cross_entropy_is_fused_and_stable():
    """One node, not a chain through probabilities that may be 0."""
    x = leaf([[1e4, 0.0], [0.0, 1e4]])
    loss = F.cross_entropy(x, sg.tensor([1, 1]))
    assert loss.item() == 5e3
    loss.backward()
    same(x.grad, [[0.5, -0.5], [0, 0]])
    assert [n.name() for n in sg.autograd.graph.nodes(loss)] == [
        "NllLossBackward0",
        "AccumulateGrad",
    ]


def test_cross_entropy_with_all_targets_ignored():
    """The mean over no row is NaN; nothing depends on the logits, so the gradient is 0."""
    x = leaf([[1.0, 2.0]])
    loss = F.cross_entropy(x, sg.tensor([-100]))
    assert np.isnan(loss.item())
    loss.backward()
    same(x.grad, [[0, 0]])


@pytest.mark.parametrize("bad", [3, -1])
def test_cross_entropy_names_the_row_of_a_bad_label(bad):
    """A label that is no class is found before anything is computed: its row and value are said."""
    with pytest.raises(IndexError, match=rf"Target {bad} .*row 1"):
        F.cross_entropy(leaf([[1.0, 2.0, 3.0]] * 2), sg.tensor([0, bad]))


@pytest.mark.parametrize("at", [700.0, -700.0])
@pytest.mark.parametrize(
    "function",
    [sg.sigmoid, sg.tanh, sg.expm1, sg.erf, F.logsigmoid, F.softplus, F.silu, F.gelu, F.mish,
     lambda x: F.gelu(x, approximate="tanh"), lambda x: sg.logaddexp(x, -x) + sg.logcumsumexp(x, 0),
     lambda x: F.binary_cross_entropy_with_logits(x, sg.tensor(0.25, dtype=sg.float64))],
)  # fmt: skip
def test_second_derivatives_of_the_stable_formulas_far_out(function, at):
    """What was made stable stays so where its rule is differentiated again."""
    x = leaf(at)
    (first,) = sg.autograd.grad(function(x), x, create_graph=True)
    assert np.isfinite(first.item())
    (found,) = sg.autograd.grad(first, x)
    expected = np.exp(at) if function is sg.expm1 else 0.0
    np.testing.assert_allclose(found.item(), expected, rtol=1e-12, atol=1e-290)


@pytest.mark.parametrize("far", [700.0, -700.0])
def test_second_derivatives_of_softmax_and_its_losses_far_out(far):
    """The Hessians of logsumexp and cross-entropy are finite where exp is not."""
    x = leaf([[far, -far, 0.0]])
    for loss in (
        lambda x: x.logsumexp(1).sum(),
        lambda x: x.softmax(1)[0, 1],
        lambda x: x.log_softmax(1)[0, 1],
        lambda x: F.cross_entropy(x, sg.tensor([1])),
    ):
        (first,) = sg.autograd.grad(loss(x), x, create_graph=True)
        (found,) = sg.autograd.grad(first.square().sum() + first.sum(), x)
        np.testing.assert_allclose(found.array, np.zeros((1, 3)), atol=1e-280)


# --- the tape --------------------------------------------------------------------------------


def test_duplicate_indices_accumulate():
    """An element that is picked twice gets both gradients, by index, list and embedding."""
    same(slope(lambda x: x[[0, 0, 2]], [1.0, 2.0, 3.0]), [2, 0, 1])
    same(slope(lambda x: x[sg.tensor([[1, 1], [1, 0]])], [1.0, 2.0]), [1, 3])
    same(slope(lambda x: x.index_select(0, sg.tensor([1, 1])), [1.0, 2.0]), [0, 2])
    same(slope(lambda x: x.gather(0, sg.tensor([1, 1, 0])), [1.0, 2.0]), [1, 2])
    same(slope(lambda w: F.embedding(sg.tensor([1, 1]), w), [[1.0], [2.0]]), [[0], [2]])


def test_a_tensor_used_twice_and_diamonds():
    """Every use contributes, and each node is visited once, after all that used it."""
    same(slope(lambda x: x * x, [3.0]), [6])
    x = leaf(2.0)
    y = x * 3.0
    visits = []
    y.register_hook(lambda g: visits.append(g.item()))
    a, b = y * 2.0, y.square()
    (a * b + y).backward()
    assert visits == [6 * 6.0**2 + 1]
    assert x.grad.item() == 3 * visits[0]


def test_identical_constants_are_not_merged():
    """Two leaves of equal value are two variables."""
    x, y = leaf(1.0), leaf(1.0)
    (2.0 * x + 3.0 * y).backward()
    assert (x.grad.item(), y.grad.item()) == (2, 3)
    assert hash(x) != hash(y)
    assert len({x: 0, y: 1}) == 2


def test_backward_twice_raises():
    """What the first backward freed is missed, and said to be, rather than read as garbage."""
    x = leaf([1.0])
    loss = (x * x).sum()
    loss.backward()
    with pytest.raises(RuntimeError, match="a second time"):
        loss.backward()
    same(x.grad, [2])


def test_deep_chains():
    """Neither the walk nor the end of a chain of 100,000 recurses; the million is in test_tape."""
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y * 1.0
    y.backward()
    assert x.grad.item() == 1
    node = weakref.ref(y.grad_fn)
    del y
    assert node() is None


@pytest.mark.parametrize(
    "step",
    [
        lambda x: x.exp().sum(),
        lambda x: x.max(1).values.sum(),
        lambda x: x.split(1)[0].sum(),
        lambda x: x[0].sum() + x.view(-1)[0],
        lambda x: F.cross_entropy(x, sg.tensor([0, 1])),
        lambda x: (x * 1.0).add_(1.0).mul_(x).sum(),
        lambda x: F.dropout(F.layer_norm(x, (3,)), 0.5).sum(),
        lambda x: sg.autograd.grad(x.tanh().sum(), x, create_graph=True)[0].sum(),
    ],
)
def test_no_cycles(step):
    """A graph dies with its last reference while the garbage collector sleeps."""
    gc.collect()
    gc.disable()
    try:
        x = leaf(np.ones((2, 3)))
        loss = step(x)
        nodes = [weakref.ref(n) for n in sg.autograd.graph.nodes(loss)]
        loss.backward()
        del loss
        assert [n() for n in nodes if isinstance(n(), sg.tape.Node)] == []
        tensor = weakref.ref(x)
        del x
        assert tensor() is None
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_gradients_are_never_aliased():
    """No two leaves share a gradient, and none is the seed's memory or an input's."""
    x, y, seed = leaf([1.0, 2.0]), leaf([1.0, 2.0]), sg.ones(2, dtype=sg.float64)
    (x + y).backward(seed)
    arrays = [x.grad.array, y.grad.array, seed.array, x.array, y.array]
    for i, a in enumerate(arrays):
        for b in arrays[i + 1 :]:
            assert not np.shares_memory(a, b)
    (x * 2.0).sum().backward()
    same(seed, [1, 1])
    same(y.grad, [1, 1])
    same(x.grad, [3, 3])


def test_running_statistics_hold_no_graph():
    """A layer that remembers means must not remember how they were computed."""
    layer = sg.nn.BatchNorm1d(3)
    x = leaf(np.random.default_rng(0).normal(size=(4, 3)), sg.float32)
    out = layer(x)
    assert not any(b.requires_grad for b in layer.buffers())
    node = weakref.ref(out.grad_fn)
    del out
    assert node() is None


CONVOLUTIONS = {
    "a stride that does not divide": {"stride": 2},
    "two strides": {"stride": (3, 2)},
    "dilation": {"dilation": 2},
    "groups": {"groups": 2},
    "asymmetric padding": {"padding": (2, 0)},
    "same": {"padding": "same"},
    "all": {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2), "groups": 2},
}


@pytest.mark.parametrize("options", CONVOLUTIONS.values(), ids=CONVOLUTIONS)
def test_convolutions_of_every_geometry(options):
    """Columns that no window reaches, holes in the kernel, groups, and unlike edges."""
    rng = np.random.default_rng(0)
    groups = options.get("groups", 1)
    arrays = [rng.normal(size=s) for s in [(2, 4, 8, 7), (6, 4 // groups, 3, 3), (6,)]]
    tensors = [leaf(a) for a in arrays]
    assert sg.autograd.gradcheck(lambda *t: F.conv2d(*t, **options), tensors)
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    expected = torch.nn.functional.conv2d(*(torch.tensor(a) for a in arrays), **options)
    np.testing.assert_allclose(F.conv2d(*tensors, **options).detach().array, expected.numpy())


def test_where_leaks_nan_from_its_dead_branch_and_anomaly_mode_explains_it():
    """0 * inf in the branch not taken is NaN, as in PyTorch; anomaly mode names the cause."""
    x = leaf([0.0, 4.0])
    sg.where(x > 0, x.sqrt(), x).sum().backward()
    same(x.grad[1:], [0.25])
    assert np.isnan(x.grad[0].item())
    with (
        sg.autograd.detect_anomaly(),
        pytest.raises(RuntimeError, match=r"(?s)sqrt.*where"),
    ):
        sg.where(x > 0, x.sqrt(), x).sum().backward()


# --- the two lessons -------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [999.0, -1.0, 1.01, 0.0])
def test_the_tester_is_tested(factor):
    """A gradient check that passes a rule wrong by 999 times checks nothing."""

    class Wrong(sg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.square()

        @staticmethod
        def backward(ctx, g):
            return factor * 2 * ctx.saved_tensors[0] * g

    x = leaf([0.5, -1.5, 3.0])
    assert sg.autograd.gradcheck(lambda x: x.square(), [x])
    assert not sg.autograd.gradcheck(Wrong.apply, [x], raise_exception=False)
    with pytest.raises(RuntimeError):
        sg.autograd.gradcheck(Wrong.apply, [x])


def test_ugly_values_are_drawn():
    """A product of numbers from (0, 1) hides what zeros, signs and infinities show."""
    values = [-2.0, 0.0, INF, -INF, NAN, 1e-320, 5e307]
    for name in ("cumprod", "cumsum"):
        with np.errstate(all="ignore"):
            expected = getattr(np, name)(values)
        np.testing.assert_equal(
            getattr(sg.tensor(values, dtype=sg.float64), name)(0).array, expected
        )
