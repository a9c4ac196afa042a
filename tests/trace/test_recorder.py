"""What a trace says must be what happened."""

from __future__ import annotations

import contextlib
import gc
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm import nn
from tinygrad_sm.nn import functional as F


def array(document, number):
    value = document["values"][number]
    return np.array([float(x) for x in value["data"]], value["dtype"]).reshape(value["shape"])


def row_named(document, name):
    return next(i for i, row in enumerate(document["rows"]) if row["name"] == name)


def check_sums(document):
    """Every contribution adds up, and what arrives at a row is what was sent to it."""
    latest = {}
    for step in document["steps"]:
        for c in step.get("contributions", ()):
            old = 0 if c["old"] is None else array(document, c["old"])
            np.testing.assert_allclose(
                old + array(document, c["fitted"]), array(document, c["new"]), rtol=1e-6
            )
            latest[c["target"], c.get("output", 0), step["walk"]] = c["new"]
        if step["kind"] == "backward" and len(step["grads"]) == 1:
            sent = latest.get((step["row"], 0, step["walk"]))
            assert sent is None or sent == step["grads"][0]


def test_softmax_and_cross_entropy_step_by_step():
    z = sg.tensor([5.0, 2.0, -1.0, 3.0], requires_grad=True)
    with sg.trace() as t:
        a = sg.softmax(z, dim=0)
        loss = -a[0].log()
        loss.backward()
    d = t.document()
    assert [row.get("op") for row in d["rows"]] == [None, "softmax", "index", "log", "neg"]
    assert [row["name"] for row in d["rows"]] == ["z", "a", "", "", "loss"]
    kinds = [step["kind"] for step in d["steps"]]
    assert kinds == ["forward"] * 4 + ["backward"] * 4 + ["deliver"]
    assert [step["row"] for step in d["steps"]] == [1, 2, 3, 4, 4, 3, 2, 1, 0]
    np.testing.assert_array_equal(array(d, d["steps"][-1]["new"]), z.grad.numpy())
    np.testing.assert_allclose(array(d, d["steps"][-1]["new"]), a.tolist() - np.eye(4)[0], 1e-6)
    check_sums(d)
    softmax = d["rows"][1]
    assert softmax["saved"] == [{"what": "out", "for": ["x"], "bytes": 16}]
    assert d["rules"][softmax["rules"][0]["rule"]]["code"] == (
        "x=lambda g, out, axis: out * (g - _total(g * out, axis))"
    )
    assert {rule["check"] for row in d["rows"][1:] for rule in row["rules"]} == {"ok"}
    # log keeps a[0], a view of what softmax keeps: shared memory counts once
    assert d["memory"]["kept"] == [16, 16, 16, 16, 16, 16, 16, 0, 0]


def test_diamonds_add_old_and_contribution():
    x = sg.tensor([1.0, 2.0], requires_grad=True)
    with sg.trace() as t:
        y = x * x
        loss = (y * x + y).sum()
        loss.backward()
    d = t.document()
    check_sums(d)
    sent = [c for s in d["steps"] for c in s.get("contributions", ()) if c["target"] == 0]
    assert [c["old"] is None for c in sent] == [True, False, False]
    np.testing.assert_array_equal(array(d, sent[-1]["new"]), x.grad.numpy())


def test_positions_of_arguments_used_twice_and_of_one_of_two():
    x, c = sg.tensor([2.0], requires_grad=True), sg.tensor([3.0])
    with sg.trace() as t:
        ((x * x) + c / x).sum().backward()
    d = t.document()
    positions = {
        d["rows"][s["row"]]["op"]: [k["argument"] for k in s["contributions"]]
        for s in d["steps"]
        if s["kind"] == "backward"
    }
    assert positions == {"sum": [0], "add": [0, 1], "div": [1], "mul": [0, 1]}


def test_summed_axes_are_named_with_the_rules_own_result():
    x, b = sg.ones(4, 2, 3, requires_grad=True), sg.ones(2, 1, requires_grad=True)
    with sg.trace() as t:
        (x + b).sum().backward()
    d = t.document()
    add = next(s for s in d["steps"] if s["kind"] == "backward" and s["row"] == 2)
    to_b = add["contributions"][1]
    assert to_b["summed"] == [0, 2]
    assert d["values"][to_b["raw"]]["shape"] == [4, 2, 3]
    np.testing.assert_array_equal(array(d, to_b["fitted"]), b.grad.numpy())
    spread = next(s for s in d["steps"] if s["kind"] == "backward" and s["row"] == 3)
    assert spread["contributions"][0]["summed"] == []


def test_grad_that_was_there_is_added_to():
    x = sg.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    with sg.trace() as t:
        (x * 3).sum().backward()
    d = t.document()
    last = d["steps"][-1]
    assert last["kind"] == "deliver"
    assert array(d, last["old"]).tolist() == [2, 4]
    assert array(d, last["grads"][0]).tolist() == [3, 3]
    assert array(d, last["new"]).tolist() == x.grad.tolist() == [5, 7]


def test_several_results():
    x = sg.arange(6.0).requires_grad_()
    with sg.trace() as t:
        a, b = x.split(3)
        (a * b + b).sum().backward()
    d = t.document()
    check_sums(d)
    assert [row.get("op") for row in d["rows"]] == [None, "split", "mul", "add", "sum"]
    assert len(d["rows"][1]["outs"]) == 2
    sources = [(a["source"], a.get("output", 0)) for a in d["rows"][2]["args"]]
    assert sources == [(1, 0), (1, 1)]
    split = next(s for s in d["steps"] if s["kind"] == "backward" and s["row"] == 1)
    assert [array(d, g).tolist() for g in split["grads"]] == [[3, 4, 5], [1, 2, 3]]
    np.testing.assert_array_equal(array(d, d["steps"][-1]["new"]), x.grad.numpy())


def test_values_are_as_they_were_when_used():
    w = sg.tensor([1.0, 2.0], requires_grad=True)
    with sg.trace() as t:
        for _ in range(2):
            w.grad = None
            (w * w).sum().backward()
            with sg.no_grad():
                w -= 0.5 * w.grad
    d = t.document()
    leaves = [row for row in d["rows"] if row["kind"] == "leaf"]
    assert [array(d, row["outs"][0]).tolist() for row in leaves] == [[1, 2], [0, 0]]


def test_a_write_past_the_tape_is_noticed():
    w = sg.tensor([1.0, 2.0], requires_grad=True)
    with sg.trace() as t:
        (w * 2).sum()
        w.data[0] = 7.0
        (w * 2).sum()
    d = t.document()
    seen = [array(d, row["outs"][0]).tolist() for row in d["rows"] if row["kind"] == "leaf"]
    assert seen == [[1, 2], [7, 2]]


def test_in_place_operations_are_rows_too():
    x = sg.tensor([1.0, 2.0], requires_grad=True)
    with sg.trace() as t:
        y = x * 1
        y[0] = 5.0
        y.mul_(3.0)
        y.sum().backward()
    d = t.document()
    ops = [row["op"] for row in d["rows"] if "op" in row]
    assert ops == ["mul", "index_put", "mul", "sum"]
    assert array(d, d["rows"][-1]["outs"][0]).item() == 21
    assert x.grad.tolist() == array(d, d["steps"][-1]["new"]).tolist() == [0, 3]


def test_modules_are_groups_with_paths():
    model = nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.ReLU(), nn.Linear(4, 2)))
    x = sg.ones(5, 3)
    with sg.trace() as t:
        loss = F.cross_entropy(model(x), sg.tensor([0, 1, 0, 1, 0]))
        loss.backward()
    d = t.document()
    assert [(g["path"], g["class"], g["parent"]) for g in d["groups"]] == [
        ("", "Sequential", -1),
        ("0", "Linear", 0),
        ("1", "Sequential", 0),
        ("1.0", "ReLU", 2),
        ("1.1", "Linear", 2),
    ]
    of_row = {row.get("op") or row["name"]: row["group"] for row in d["rows"]}
    assert of_row["x"] == of_row["0.weight"] == 1
    assert of_row["relu"] == 3
    assert of_row["1.1.bias"] == 4
    assert of_row["nll_loss"] == -1
    check_sums({**d, "steps": [s for s in d["steps"] if s["kind"] != "backward"]})


def test_module_hooks_run_as_without_a_trace():
    model = nn.Linear(2, 2)
    calls = []
    model.register_forward_hook(lambda module, args, out: calls.append("forward"))
    model.register_full_backward_hook(lambda module, gi, go: calls.append("backward"))
    with sg.trace() as t:
        model(sg.ones(1, 2, requires_grad=True)).sum().backward()
    assert calls == ["forward", "backward"]
    t.document()
    assert calls == ["forward", "backward"]


def test_gradient_hooks_are_seen():
    x = sg.tensor([1.0], requires_grad=True)
    with sg.trace() as t:
        y = x * 2
        y.register_hook(lambda g: g * 10)
        y.sum().backward()
    d = t.document()
    mul = next(s for s in d["steps"] if s["kind"] == "backward" and s["row"] == 1)
    assert array(d, mul["grads"][0]).tolist() == [10]
    assert x.grad.item() == 20


def test_second_derivatives():
    x = sg.tensor(2.0, requires_grad=True)
    with sg.trace() as t:
        (slope,) = sg.autograd.grad(x**3, x, create_graph=True)
        slope.backward()
    d = t.document()
    assert len(d["walks"]) == 2
    assert array(d, d["steps"][-1]["new"]).item() == x.grad.item() == 12
    check_sums(d)


def test_a_fused_operation_differentiated_through_its_definition_says_so():
    x = sg.tensor([[1.0, 2.0]], requires_grad=True)
    w, b = sg.ones(2), sg.zeros(2)
    with sg.trace() as t:
        y = F.layer_norm(x, (2,), w, b).sum()
        sg.autograd.grad(y, x, create_graph=True)
    d = t.document()
    assert any(step.get("definition") for step in d["steps"])


def test_what_was_recorded_before_the_trace():
    x = sg.tensor([1.0], requires_grad=True)
    y = x * 2
    with sg.trace() as t:
        (y * 3).sum().backward()
    d = t.document()
    assert [row["kind"] for row in d["rows"]] == ["earlier", "op", "op"]
    assert x.grad.item() == 6


def test_views_of_one_memory_are_kept_once():
    x = sg.ones(10, requires_grad=True)
    with sg.trace() as t:
        y = x.exp()
        view = y.reshape(2, 5) * y.reshape(2, 5)
        copy = y.reshape(2, 5) * y.reshape(5, 2).T.reshape(5, 2).T
        del y
    kept = t.document()["memory"]["kept"]
    assert view.shape == copy.shape == (2, 5)
    assert kept[0] == kept[3] == 40
    assert kept[-1] == 80


def test_memory_is_given_back_where_no_backward_runs():
    x = sg.ones(10, requires_grad=True)
    with sg.trace() as t:
        y = x.exp()
        del y
        x * 2
    assert t.document()["memory"]["kept"] == [40, 0]


def test_the_trace_keeps_no_graph_alive():
    gc.disable()
    try:
        x = sg.ones(3, requires_grad=True)
        with sg.trace() as t:
            y = (x.exp() * x).sum()
            node = weakref.ref(y.grad_fn)
            y.backward()
            del y
            assert node() is None
        x_alive = weakref.ref(x)
        del x
        assert x_alive() is None
        assert len(t.document()["steps"]) == 7
    finally:
        gc.enable()


def test_results_are_the_same_with_and_without():
    def run():
        sg.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
        loss = F.cross_entropy(model(sg.randn(6, 4)), sg.tensor([0, 1, 2, 0, 1, 2]))
        loss.backward()
        return [loss.item()] + [p.grad.tolist() for p in model.parameters()]

    plain = run()
    with sg.trace():
        assert run() == plain


def test_failure_keeps_the_trace_up_to_there():
    x = sg.ones(3, requires_grad=True)
    t = sg.trace()

    def program():
        with t:
            y = x.exp()
            y + sg.ones(4)

    with pytest.raises(RuntimeError, match="broadcast"):
        program()
    d = t.document()
    assert [step["kind"] for step in d["steps"]] == ["forward"]
    assert d["error"]["type"] == "RuntimeError"
    assert d["error"]["file"].endswith("test_recorder.py")
    assert "broadcast" in d["error"]["message"]
    with sg.trace():
        x.exp()


def test_failure_in_the_backward_walk():
    x = sg.ones(3, requires_grad=True)
    t = sg.trace()
    with t:
        loss = x.exp().sum()
        loss.backward()
        with pytest.raises(RuntimeError, match="second time"):
            loss.backward()
    assert len(t.document()["walks"]) == 2
    t = sg.trace()
    with pytest.raises(RuntimeError, match="second time"), t:
        loss.backward()
    assert t.document()["error"]["type"] == "RuntimeError"


def test_traces_do_not_nest_and_run_once():
    with sg.trace() as t:
        with pytest.raises(RuntimeError, match="still running"):
            t.document()
        with pytest.raises(RuntimeError, match="another trace"), sg.trace():
            pass
        sg.ones(1, requires_grad=True) * 2
    with pytest.raises(RuntimeError, match="has run already"), t:
        pass
    assert len(t.document()["steps"]) == 1


def test_other_threads_are_left_alone():
    x = sg.ones(2, requires_grad=True)

    def work():
        nn.ReLU()(x * 2).sum().backward()

    with sg.trace() as t:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        x + 1
    assert [row.get("op") for row in t.document()["rows"]] == [None, "add"]
    assert x.grad.tolist() == [2, 2]


def test_cap_on_copies():
    x = sg.ones(1000, requires_grad=True)
    with sg.trace(max_bytes=9000) as t:
        y = x.exp()
        z = y * y
        z.sum().backward()
    d = t.document()
    assert d["cap"]["max_bytes"] == 9000
    assert d["cap"]["kept_bytes"] <= 9000 + 4096 * 4 * d["cap"]["values_without_copy"]
    assert d["cap"]["values_without_copy"] > 0
    sampled = [v for v in d["values"] if "sampled" in v]
    assert len(sampled) == d["cap"]["values_without_copy"]
    checks = {r["check"] for row in d["rows"] for r in row.get("rules", ())}
    assert "unchecked" in checks


def test_past_the_cap_samples_shrink_and_sums_are_of_the_same_elements():
    x = sg.linspace(0.0, 1.0, 50_000).requires_grad_()
    with sg.trace(max_bytes=100_000) as t:
        y = x * 2
        z = y * 3 + y * y + (x * y).exp() + y.tanh() * x
        (z * x).sum().backward()
    d = t.document()
    assert d["cap"]["values_without_copy"] > 10
    assert d["cap"]["kept_bytes"] < 200_000
    delivered = next(step for step in d["steps"] if step["kind"] == "deliver")
    value = d["values"][delivered["new"]]
    assert value["mean"] == pytest.approx(x.grad.mean().item(), rel=0.05)
    assert value["sampled"] >= 32


def test_a_broadcast_gradient_costs_the_cap_what_it_holds():
    x = sg.ones(100_000, requires_grad=True)
    with sg.trace(max_bytes=1_300_000) as t:
        x.sum().backward()
    d = t.document()
    assert d["cap"]["values_without_copy"] == 0


def test_nothing_recorded():
    with sg.trace() as t:
        sg.ones(3) + 1
    d = t.document()
    assert d["rows"] == d["steps"] == []
    assert "0 operations" in repr(t)


def test_the_first_nan_and_infinity():
    x = sg.tensor([1.0, 0.0], requires_grad=True)
    with sg.trace() as t, np.errstate(all="ignore"):
        y = x.log()
        z = y - y
        z.sum().backward()
    d = t.document()
    assert d["first"] == {"nan": 1, "inf": 0}


def test_empty_and_zero_dimensional_tensors():
    x, y = sg.zeros(0, 3, requires_grad=True), sg.tensor(2.0, requires_grad=True)
    with sg.trace() as t:
        ((x * y).sum() + y).backward()
    d = t.document()
    assert y.grad.item() == 1
    assert array(d, d["steps"][-1]["new"]).shape in ((), (0, 3))
    t.text(), t.html(), t.json(), t.dot()


def test_trace_of_a_matrix():
    x = sg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
    sg.trace(x).backward()
    assert x.grad.tolist() == [[1, 0, 0], [0, 1, 0]]
    with pytest.raises(RuntimeError, match="matrix"):
        sg.trace(sg.ones(3))


def test_the_name_trace_means_both_a_recording_and_the_trace_of_a_matrix():
    from tinygrad_sm.trace import session  # binds no name in the package anew

    matrix = sg.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    assert isinstance(sg.trace(), session.Trace)
    assert sg.trace(matrix).item() == sg.trace(input=matrix).item() == 5.0
    sg.trace(matrix).backward()
    assert matrix.grad.tolist() == [[1.0, 0.0], [0.0, 1.0]]
    with pytest.raises(RuntimeError, match="expected a matrix"):
        sg.trace(sg.ones(2))


def test_importing_the_package_does_not_load_the_recorder():
    code = "import sys, tinygrad_sm; sys.exit(any('tinygrad_sm.trace.' in m for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_transforms_are_noted_where_they_run_on_plain_tensors():
    w = sg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    rows = sg.tensor([[1.0, 0.0, 2.0], [0.5, 1.0, -1.0]])

    def slope(w, x):
        return sg.func.grad(lambda w: (w * x).sum().tanh())(w)

    def run():
        w.grad = None
        sg.func.vmap(slope, in_dims=(None, 0))(w, rows).sum().backward()
        sg.func.jvp(lambda w: (w * w).exp(), (w,), (sg.ones(3),))
        return w.grad.numpy()

    alone = run()
    with sg.trace() as t:
        np.testing.assert_array_equal(run(), alone)
    d = t.document()
    check_sums(d)
    assert len(d["walks"]) == 1  # what the inner grad does is seen as the operations it runs
    delivery = next(step for step in d["steps"] if step["kind"] == "deliver")
    np.testing.assert_array_equal(array(d, delivery["new"]), alone)
    tanh = next(row for row in d["rows"] if row.get("op") == "tanh")
    np.testing.assert_allclose(
        array(d, tanh["outs"][0]), np.tanh((w.detach().numpy() * rows.numpy()).sum(1)), 1e-6
    )


def test_each_gradient_stands_at_its_result_where_some_never_came():
    class Two(sg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, a, b):
            assert a is None
            return 3 * b

    x = sg.tensor([1.0, 2.0], requires_grad=True)
    with sg.trace() as t:
        (Two.apply(x)[1] * sg.tensor([5.0, 7.0])).sum().backward()
    assert x.grad.tolist() == [15, 21]
    d = t.document()
    two = next(i for i, row in enumerate(d["rows"]) if row.get("op") == "Two")
    (step,) = [s for s in d["steps"] if s["kind"] == "backward" and s["row"] == two]
    assert [array(d, g).tolist() for g in step["grads"]] == [[0, 0], [5, 7]]


def test_hooks_and_checkpoints_run_under_a_trace_as_without():
    runs = []

    def function(x):
        runs.append(1)
        return (x.exp() * x).sum()

    x = sg.tensor([1.0, 2.0], requires_grad=True)
    with sg.trace():
        out = sg.utils.checkpoint.checkpoint(function, x)
        assert len(runs) == 1
        out.backward()
    assert len(runs) == 2


@pytest.mark.parametrize(
    "watching", [sg.trace, sg.autograd.detect_anomaly, sg.profiler.profile, contextlib.nullcontext]
)
def test_a_gradient_returned_twice_is_not_added_into_while_somebody_watches(watching):
    class Same(sg.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, g):
            both = g * 2
            return both, both

    a, b = sg.ones(3, requires_grad=True), sg.ones(3, requires_grad=True)
    with watching():
        (a * a * 5 + Same.apply(a, b)).sum().backward()
    assert a.grad.tolist() == [12.0] * 3
    assert b.grad.tolist() == [2.0] * 3


def test_the_memory_curve_ends_as_it_began_when_all_is_gone():
    def program():
        x = sg.ones(100, requires_grad=True)
        (x * 2).exp().sum().backward()

    with sg.trace() as t:
        program()
        sg.ones(1, requires_grad=True) * 2
    memory = t.document()["memory"]
    assert max(memory["alive"]) >= 800
    assert memory["alive"][-1] < 100
    assert max(memory["kept"]) >= 400
