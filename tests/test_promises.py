"""A failed operation changes nothing, and its error says what, where and what to do."""

from __future__ import annotations

import gc
import itertools
import warnings

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.nn import functional as F
from tinygrad_sm.tape import Node

from .cases import CASES

HERE = r'File ".*test_promises\.py", line \d+, in test_\w+'


def state(t):
    """Everything that a failure might spoil: values, version, gradient, place and graph."""
    window = None if t.window is None else (id(t.window), t.window.seen)
    grad = None if t.grad is None else (id(t.grad), t.grad._version, t.grad.array.tobytes())
    array = t.array
    here = (id(array), array.shape, array.dtype.str, array.strides, array.tobytes())
    nodes = [] if t.node is None else list(sg.autograd.graph.nodes(t))
    graph = [
        (n, n.op, tuple(map(id, n.parents)), None if n.saved is None else tuple(map(id, n.saved)))
        for n in nodes
        if isinstance(n, Node)
    ]
    return here, list(t.version), t.node, window, grad, graph


def raises(call, *tensors):
    """Whether a call raises; where it does, the tensors must be as they were before it."""
    before = [state(t) for t in tensors]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call()
        return False
    except Exception as error:
        message = repr(error)
    changed = [t for t, was in zip(tensors, before, strict=True) if state(t) != was]
    assert changed == [], message
    return True


def with_grad(values):
    """A leaf that has a gradient already, if it can."""
    t = sg.tensor(values)
    if t.is_floating_point():
        t.requires_grad_()
        t.grad = sg.full_like(t, 3.0).detach()
    return t


# --- operations ------------------------------------------------------------------------------

WRONG = [
    np.ones((7, 5, 3, 2, 2)), np.ones(11), np.ones(()), np.ones((0, 13)), np.array([True, False]),
    np.array([[9, -9, 99]]),
]  # fmt: skip
OF_EACH = {c.op: c for c in CASES}


@pytest.mark.parametrize("case", OF_EACH.values(), ids=OF_EACH)
def test_an_operation_that_raises_leaves_its_inputs_alone(case):
    """Each argument of each operation in turn is replaced by ones that do not fit."""
    for which, wrong in itertools.product(range(len(case.inputs)), WRONG):
        arrays = [wrong if i == which else x for i, x in enumerate(case.inputs)]
        leaves = [with_grad(a) for a in arrays]
        inputs = [t * 1 if t.requires_grad else t for t in leaves]
        raises(lambda inputs=inputs: case.call(sg, *inputs), *leaves, *inputs)


IN_PLACE = sorted(
    n for n in dir(sg.Tensor) if n.endswith("_") and not n.startswith("_")
    and n not in ("requires_grad_", "share_memory_")
)  # fmt: skip
ARGUMENTS = [
    (), (None,), ("x",), (object(),), (2.5,), (1, 2), (0, 9), (9, 9, 9), (np.ones((2, 9)),),
    *((sg.ones(*s),) for s in [(5,), (7, 1, 1), (0, 9)]), (sg.ones(2, 3, dtype=sg.bool),),
    (0, sg.tensor([9])), (0, sg.tensor([9]), sg.ones(1, 3)), (0, sg.tensor([[9]]), sg.ones(1, 1)),
    (0, sg.tensor([0, 9]), 5.0), (0, sg.tensor([[0], [9]]), 5.0), (sg.ones(2, 3) > 0, sg.ones(9)),
    (sg.tensor([0, 9]), sg.ones(2)), ((sg.tensor([0, 9]),), sg.ones(1)), (sg.ones(3), sg.ones(4)),
    ((7, 7),), (3, 0, 1), (1j,), (1e400,),
]  # fmt: skip
TARGETS = {
    "off the tape": lambda: (t := sg.ones(2, 3), t),
    "integers": lambda: (t := sg.ones(2, 3, dtype=sg.int64), t),
    "bools": lambda: (t := sg.ones(2, 3, dtype=sg.bool), t),
    "a leaf": lambda: (t := with_grad(np.ones((2, 3))), t),
    "a view of a leaf": lambda: (t := with_grad(np.ones((2, 3))), t[0]),
    "a result": lambda: (t := with_grad(np.ones((2, 3))) * 1.0, t),
    "a view of a result": lambda: (t := with_grad(np.ones((2, 2, 3))) * 1.0, t[1]),
    "expanded": lambda: (t := sg.ones(1, 3), t.expand(2, 3)),
}


@pytest.mark.parametrize("make", TARGETS.values(), ids=TARGETS)
@pytest.mark.parametrize("name", IN_PLACE)
def test_an_in_place_operation_that_raises_leaves_everything_alone(name, make):
    """Whatever the arguments and the target: if it raises, nothing was written."""
    for arguments in ARGUMENTS:
        base, target = make()
        tensors = [a for a in arguments if isinstance(a, sg.Tensor)]
        raises(lambda t=target, a=arguments: getattr(t, name)(*a), base, target, *tensors)


INDICES = [
    9, (0, 9), (0, 0, 0), [0, 9], sg.tensor([0, 9]), slice(0, 1), ..., None, "x", 1.5, [[0, 1], [9]],
    np.ones((2, 4), bool), sg.ones(3) > 0, (sg.tensor([0, 1]), sg.tensor([0, 1, 2])), -3, [True],
    sg.tensor([0.5]), slice(None, None, -1), (slice(None), [0, 2]), sg.ones(2, 3) > 0,
]  # fmt: skip
VALUES = [
    2.5, "x", None, object(), [1.0, 2.0], [[1.0], [2.0, 3.0]], np.ones((9, 9)), np.ones(2), 1j,
    *(sg.ones(*s) for s in [(5,), (7, 2, 3), (0,)]), sg.ones(2, 3, dtype=sg.int64),
    sg.ones(4, requires_grad=True),
]  # fmt: skip


@pytest.mark.parametrize("make", TARGETS.values(), ids=TARGETS)
def test_an_assignment_that_raises_leaves_everything_alone(make):
    """``t[index] = value`` for indices and values that do not fit, and some that do."""
    failed = 0
    for index, value in itertools.product(INDICES, VALUES):
        base, target = make()
        tensors = [v for v in (index, value) if isinstance(v, sg.Tensor)]
        failed += raises(
            lambda t=target, i=index, v=value: t.__setitem__(i, v), base, target, *tensors
        )
    assert failed > 100


@pytest.mark.parametrize(
    ("call", "targets"),
    [
        (lambda out: sg.add(sg.ones(2, 3), sg.ones(4), out=out[0]), [sg.zeros(2, 3)]),
        (lambda out: sg.add(sg.ones(2, 3), 1.0, out=out[0]), [sg.zeros(2, 3, dtype=sg.int64)]),
        (lambda out: sg.add(with_grad([1.0]), 1.0, out=out[0]), [sg.zeros(2, 3)]),
        (lambda out: sg.add(sg.ones(1), 1.0, out=out[0]), [with_grad([1.0])]),
        (lambda out: sg.exp(sg.ones(2, 3), out=out[0]), [sg.zeros(1, 3).expand(2, 3)]),
        (lambda out: sg.max(sg.ones(2, 3), 0, out=out), [sg.zeros(3), sg.zeros(3)[:1].expand(3)]),
        (lambda out: sg.max(sg.ones(2, 3), 0, out=(*out, "x")), [sg.zeros(3), sg.zeros(3)]),
        (lambda out: sg.max(sg.ones(2, 3), 0, out=(out[0], "x")), [sg.zeros(3)]),
        (
            lambda out: sg.sort(sg.ones(3), out=out),
            [sg.zeros(3), sg.zeros(1, dtype=sg.int64).expand(3)],
        ),
    ],
)
def test_a_wrong_out_is_left_alone(call, targets):
    """A result that cannot be put into ``out``, or into one of several, is put nowhere."""
    assert raises(lambda: call(tuple(targets)), *targets)


# --- optimizers and loading ------------------------------------------------------------------

OPTIMIZERS = {
    name: getattr(sg.optim, name)
    for name in sg.optim.__all__
    if isinstance(getattr(sg.optim, name), type)
    and issubclass(getattr(sg.optim, name), sg.optim.Optimizer)
    and name not in ("Optimizer", "SparseAdam", "ZeroRedundancyOptimizer")
}
SPOILED = {
    "a gradient of another shape": lambda p: setattr(p.grad, "data", sg.ones(5)),
    "a gradient of another dtype": lambda p: setattr(p.grad, "data", p.grad.data.double()),
    "a parameter of another shape": lambda p: setattr(p, "data", sg.ones(5)),
    "read-only memory": lambda p: setattr(p, "data", sg.ones(1).expand(p.shape)),
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
@pytest.mark.parametrize("kind", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_step_that_raises_changes_no_parameter_and_no_state(kind, spoil):
    """The parameters before the spoiled one are not stepped either."""
    shape = (1, 3) if kind is sg.optim.Muon else (3,)  # Muon takes matrices alone
    params = [sg.ones(shape, requires_grad=True) for _ in range(3)]
    optimizer = kind(params, lr=0.1)

    def closure():
        for p in params:
            p.grad = sg.full(shape, 0.5)
        return sg.tensor(1.0)

    optimizer.step(closure)
    closure()
    spoil(params[2])
    saved = repr(optimizer.state_dict())
    assert raises(optimizer.step if kind is not sg.optim.LBFGS else lambda: optimizer.step(
        lambda: sg.tensor(1.0)), *params)  # fmt: skip
    assert repr(optimizer.state_dict()) == saved


@pytest.mark.parametrize(
    "wrong",
    [
        lambda s: s["param_groups"][0].update(params=[0]),
        lambda s: s.update(param_groups=[]),
        lambda s: s["state"][1].update(exp_avg=sg.ones(7)),
        lambda s: s.pop("state"),
    ],
)
def test_an_optimizer_that_cannot_load_keeps_its_state(wrong):
    """Groups, sizes and shapes are checked before anything is taken over."""
    params = [sg.ones(3, requires_grad=True) for _ in range(2)]
    optimizer = sg.optim.Adam(params, lr=0.1)
    for p in params:
        p.grad = sg.ones(3)
    optimizer.step()
    other = sg.optim.Adam([sg.zeros(3, requires_grad=True) for _ in range(2)], lr=0.7)
    for p in other.param_groups[0]["params"]:
        p.grad = sg.full((3,), 2.0)
    other.step()
    loaded = other.state_dict()
    wrong(loaded)
    saved = repr(optimizer.state_dict())
    assert raises(lambda: optimizer.load_state_dict(loaded), *params)
    assert repr(optimizer.state_dict()) == saved


@pytest.mark.parametrize(
    "wrong",
    [
        lambda s: s.pop("2.bias"),
        lambda s: s.update(more=sg.ones(1)),
        lambda s: s.update({"2.weight": sg.ones(7)}),
        lambda s: s.update({"2.weight": "x"}),
        lambda s: s.update({"1.running_mean": sg.ones(5)}),
    ],
)
def test_a_model_that_cannot_load_keeps_its_values(wrong):
    """One bad entry, and none is loaded."""
    model, other = (
        sg.nn.Sequential(sg.nn.Linear(2, 3), sg.nn.BatchNorm1d(3), sg.nn.Linear(3, 2))
        for _ in range(2)
    )
    loaded = other.state_dict()
    wrong(loaded)
    assert raises(lambda: model.load_state_dict(loaded), *model.parameters(), *model.buffers())


# --- backward --------------------------------------------------------------------------------


def test_a_backward_that_is_refused_leaves_gradients_alone():
    """Wrong seeds and spoiled values are found before a leaf accumulates."""
    x = with_grad([1.0, 2.0])
    y = x * 3.0
    for call in (
        lambda: y.backward(),
        lambda: y.backward(sg.ones(3)),
        lambda: y.backward("x"),
        lambda: sg.autograd.backward([y, y], [sg.ones(2)]),
        lambda: sg.autograd.grad(y.sum(), sg.ones(2, requires_grad=True)),
    ):
        assert raises(call, x, y)
    kept = y * y
    z = x.exp() + kept
    with sg.no_grad():
        y.add_(1.0)
    assert raises(lambda: z.sum().backward(retain_graph=True), x, y)


# --- what errors say -------------------------------------------------------------------------


def test_a_second_backward_names_the_operation_its_line_and_the_fix():
    """What was freed, where it was recorded, the usual causes, and ``retain_graph``."""
    x = sg.ones(2, 3, requires_grad=True)
    loss = (x * x).sum()
    loss.backward()
    with pytest.raises(
        RuntimeError,
        match=rf"a second time through mul .*shape \(2, 3\).*{HERE}.*retain_graph=True",
    ):
        loss.backward()


@pytest.mark.parametrize(
    ("write", "what"),
    [
        (lambda x, y: x.add_(1), "a value"),
        (lambda x, y: x.__setitem__(0, 5.0), "a value"),
        (lambda x, y: x[0].zero_(), "a value"),
        (lambda x, y: x.detach().mul_(2), "a value"),
        (lambda x, y: y.add_(1), "a result"),
    ],
)
def test_a_saved_value_that_was_changed_names_both_lines(write, what):
    """The operation that saved it, the shape, the line of the use and that of the change."""
    x = sg.ones(2, 3, requires_grad=True) * 1.0
    y = x.exp() if what == "a result" else x * x
    write(x, y)
    name = "exp" if what == "a result" else "mul"
    with pytest.raises(
        RuntimeError,
        match=rf"{what} of shape \(2, 3\) that {name} saved.*version 1.*used at {HERE}; it was "
        rf"changed at File \".*test_promises\.py\", line \d+, in <lambda>.*clone\(\)",
    ):
        y.sum().backward()


@pytest.mark.parametrize("kind", ["int64", "int32", "uint8", "bool"])
def test_integers_refuse_requires_grad(kind):
    """By every way of asking, naming the dtype and the cure; the tensor stays as it is."""
    t = sg.ones(2).to(getattr(sg, kind))
    for ask in (
        t.requires_grad_,
        lambda: setattr(t, "requires_grad", True),
        lambda: sg.tensor([1, 0], dtype=t.dtype, requires_grad=True),
        lambda: sg.zeros(2, dtype=t.dtype, requires_grad=True),
        lambda: sg.nn.Parameter(t),
    ):
        with pytest.raises(RuntimeError, match=rf"floating point.*({kind}|\.float\(\))"):
            ask()
    assert not t.requires_grad


def test_a_backward_without_a_gradient_names_the_shape():
    """Only of a single element is the gradient plain."""
    y = sg.ones(2, 3, requires_grad=True) * 2
    with pytest.raises(RuntimeError, match=r"scalar outputs.*\(2, 3\).*\.sum\(\).*gradient="):
        y.backward()
    with pytest.raises(RuntimeError, match=r"scalar outputs"):
        sg.autograd.grad(y, y)


SHAPES = {
    "add": (lambda a, b: a + b, r"add.*\(2, 3\) and \(4,\).*-1 is 3.*4"),
    "where": (lambda a, b: sg.where(a > 0, a, b), r"where.*\(2, 3\).*\(4,\)"),
    "matmul": (lambda a, b: a @ b, r"matmul.*\(2, 3\).*\(4,\)"),
    "mm": (lambda a, b: sg.mm(a, a), r"mm.*\(2, 3\)"),
    "dot": (lambda a, b: sg.dot(b, a[0]), r"dot.*4.*3"),
    "einsum": (lambda a, b: sg.einsum("ij,j->i", a, b), r"einsum.*3.*4|einsum.*4.*3"),
    "cat": (lambda a, b: sg.cat([a, b[None]]), r"cat.*3.*4"),
    "stack": (lambda a, b: sg.stack([a[0], b]), r"stack.*3.*4"),
    "reshape": (lambda a, b: a.reshape(5), r"reshape.*\[5\].*6"),
    "view": (lambda a, b: a.view(4, 2), r"view.*\[4, 2\].*6"),
    "expand": (lambda a, b: a.expand(5, 3), r"expand.*\(2, 3\)|expand.*5.*2"),
    "gather": (lambda a, b: a.gather(0, sg.tensor([0])), r"gather"),
    "linear": (lambda a, b: F.linear(a, sg.ones(5, 4)), r"linear.*\(2, 3\).*\(5, 4\)"),
    "conv2d": (lambda a, b: F.conv2d(sg.ones(1, 2, 5, 5), sg.ones(1, 3, 2, 2)), r"conv2d.*2.*3"),
    "cross_entropy": (lambda a, b: F.cross_entropy(a, sg.tensor([0])), r"cross_entropy.*\(2, 3\)"),
    "mse_loss": (lambda a, b: F.mse_loss(a, b), r"mse_loss.*\(2, 3\).*\(4,\)"),
    "binary_cross_entropy": (
        lambda a, b: F.binary_cross_entropy(a, b), r"binary_cross_entropy.*\(4,\).*\(2, 3\)",
    ),
    "layer_norm": (lambda a, b: F.layer_norm(a, (4,)), r"layer_norm.*4.*\(2, 3\)"),
    "index": (lambda a, b: a[sg.tensor([0, 1]), sg.tensor([0, 1, 2])], r"2.*3"),
    "add_": (lambda a, b: a.clone().add_(b), r"add.*\(2, 3\).*\(4,\)"),
    "setitem": (lambda a, b: a.clone().__setitem__(0, b), r"setitem.*\(4,\).*\(3,\)"),
    "masked_fill": (lambda a, b: a.masked_fill(b > 0, 0), r"masked_fill.*\(2, 3\).*\(4,\)"),
    "lerp": (lambda a, b: a.lerp(b, 0.5), r"\(4,\) and \(2, 3\) do not broadcast"),
    "bmm": (lambda a, b: sg.bmm(a[None], a[None]), r"bmm.*\(1, 2, 3\)"),
    "addmm": (lambda a, b: sg.addmm(b, a, a), r"addmm.*\(2, 3\)"),
    "attention": (
        lambda a, b: F.scaled_dot_product_attention(a[None], sg.ones(1, 2, 4), a[None]),
        r"scaled_dot_product_attention.*3.*4",
    ),
    "embedding": (lambda a, b: F.embedding(sg.tensor([9]), a), r"embedding.*9.*2"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "words"), SHAPES.values(), ids=SHAPES)
def test_a_clash_of_shapes_names_the_operation_and_the_shapes(call, words):
    """Which operation, and what disagrees."""
    a, b = sg.ones(2, 3, requires_grad=True), sg.ones(4)
    with pytest.raises((RuntimeError, ValueError, IndexError), match=rf"(?s)^{words}|{words}"):
        call(a, b)


DTYPES = {
    "matmul": (lambda a, b: a @ b, r"matmul.*float32.*float64"),
    "linear": (lambda a, b: F.linear(a, b.mT), r"linear.*float32.*float64"),
    "conv2d": (lambda a, b: F.conv2d(a[None, None], b[None, None]), r"conv2d.*float32.*float64"),
    "bmm": (lambda a, b: sg.bmm(a[None], b[None]), r"bmm.*float32.*float64"),
    "dot": (lambda a, b: sg.dot(a[0], b[0]), r"dot.*float32.*float64|dot.*float.*double"),
    "cross_entropy": (
        lambda a, b: F.cross_entropy(a, sg.ones(2, dtype=sg.int32)), r"cross_entropy.*int32.*\.long\(\)",
    ),
    "embedding": (lambda a, b: F.embedding(a, a), r"embedding.*float32"),
    "index": (lambda a, b: a[a], r"indices must be long.*float32"),
    "gather": (lambda a, b: a.gather(0, a.detach()), r"gather.*int64.*float32|gather.*float32"),
    "add_": (lambda a, b: sg.ones(2, dtype=sg.int64).add_(0.5), r"add_.*float32.*int64"),
    "mean": (lambda a, b: sg.ones(2, dtype=sg.int64).mean(), r"mean.*int64"),
    "bitwise_and": (lambda a, b: a & a, r"bitwise_and.*float32"),
    "masked_fill": (lambda a, b: a.masked_fill(a, 0.0), r"masked_fill.*bool.*float32|masked_fill.*bool"),
    "where": (lambda a, b: sg.where(a, a, a), r"where.*bool"),
    "scatter_add": (
        lambda a, b: sg.zeros(2, 3).scatter_add(0, sg.tensor([[0]]), b.double()), r"scatter.*float",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("call", "words"), DTYPES.values(), ids=DTYPES)
def test_a_clash_of_dtypes_names_the_operation_and_the_dtypes(call, words):
    """Which operation, and which dtype it cannot take."""
    a, b = sg.ones(2, 3, requires_grad=True), sg.ones(3, 2, dtype=sg.float64)
    with pytest.raises((RuntimeError, IndexError, TypeError), match=words):
        call(a, b)


def test_a_backward_that_fails_midway_says_so_when_it_is_tried_again():
    """The nodes it had passed are freed, as in PyTorch; the rest is as it was."""
    x = with_grad([1.0, 2.0])
    stop = [True]

    def hook(g):
        if stop:
            raise ValueError("stopped by a hook")

    y = x.exp()
    y.register_hook(hook)
    loss = (y * y).sum()
    with pytest.raises(ValueError, match="stopped by a hook"):
        loss.backward(retain_graph=True)
    assert x.grad.tolist() == [3, 3]
    with pytest.raises(ValueError, match="stopped by a hook"):
        loss.backward()
    stop.clear()
    with pytest.raises(RuntimeError, match=r"mul .*even if an error stopped that one midway"):
        loss.backward()
    assert x.grad.tolist() == [3, 3]
    (y * 1.0).sum().backward()
    np.testing.assert_allclose(x.grad.array, 3 + np.exp([1, 2]), rtol=1e-6)


def test_the_node_whose_rule_raises_keeps_what_it_saved():
    """A rule that fails once can be tried again."""
    fail = [True]

    def rule(g, x):
        if fail:
            raise ValueError("a rule that fails")
        return g * x

    op = sg.primitive(lambda x: x * x / 2, name="half_square", x=rule)
    x = with_grad([3.0])
    y = op(x)
    with pytest.raises(ValueError, match="a rule that fails"):
        y.backward()
    fail.clear()
    y.backward()
    assert x.grad.tolist() == [6]


@pytest.mark.parametrize(
    "call",
    [
        lambda m, x: (x + 1).sum(),
        lambda m, x: x.view(-1).sum() - x[0].mean(),
        lambda m, x: x.t().reshape(3, 2).unsqueeze(0).sum(),
        lambda m, x: (-x).sum(),
        lambda m, x: m.cat([x, x]).sum(),
        lambda m, x: x.expand(4, 2, 3).permute(1, 0, 2).sum(),
        lambda m, x: (x * x).sum(),
        lambda m, x: x.exp().sum(),
        lambda m, x: (x @ x.t()).sum(),
        lambda m, x: x.relu().sum(),
        lambda m, x: x.softmax(1).sum(),
        lambda m, x: x.std(),
        lambda m, x: m.nn.functional.cross_entropy(x, m.tensor([0, 1])),
        lambda m, x: x.max(),
        lambda m, x: (x / x).sum(),
        lambda m, x: x.pow(3).sum(),
    ],
)
def test_a_second_backward_raises_where_pytorchs_does(call):
    """Only where something was saved, and so freed; else it may run again."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    found = []
    for m in (sg, torch):
        x = m.ones(2, 3, requires_grad=True)
        loss = call(m, x)
        loss.backward()
        try:
            loss.backward()
        except RuntimeError:
            found.append("raised")
        else:
            found.append(x.grad.tolist())
    assert found[0] == found[1]


# --- memory ----------------------------------------------------------------------------------


def test_ten_thousand_training_steps_leave_memory_flat():
    """A model, a loss with running statistics, an optimizer and a schedule; no garbage collector."""
    resource = pytest.importorskip("resource", reason="no resource module on this system")
    sg.manual_seed(0)
    model = sg.nn.Sequential(
        sg.nn.Linear(8, 16),
        sg.nn.BatchNorm1d(16),
        sg.nn.ReLU(),
        sg.nn.Dropout(0.1),
        sg.nn.Linear(16, 4),
    )
    optimizer = sg.optim.AdamW(model.parameters(), lr=1e-3)
    schedule = sg.optim.lr_scheduler.StepLR(optimizer, 1000)
    x, y = sg.randn(32, 8), sg.randint(0, 4, (32,))
    gc.collect()
    gc.disable()
    try:
        for step in range(10_000):
            if step == 1000:
                before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            sg.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert gc.collect() < 100
    finally:
        gc.enable()
    assert np.isfinite(loss.item())
    assert grown < 2048
