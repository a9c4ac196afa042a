"""The profiler: what it counts, how it adds up, and that it leaves nothing behind."""

import gzip
import json
import time

import pytest

import tinygrad_sm as sg
from tinygrad_sm import nn, tape
from tinygrad_sm.floating_point import silent
from tinygrad_sm.profiler import (
    ProfilerAction,
    ProfilerActivity,
    profile,
    record_function,
    schedule,
    tensorboard_trace_handler,
)


def model():
    return nn.Sequential(nn.Linear(20, 30), nn.ReLU(), nn.Linear(30, 5))


def profiled_step(**options):
    net, x = model(), sg.rand(16, 20)
    with profile(**options) as prof:
        with record_function("forward pass"):
            loss = net(x).sum()
        loss.backward()
    return prof


def rows(prof, **options):
    return {row.key: row for row in prof.key_averages(**options)}


def test_operations_and_their_backwards_are_counted():
    found = rows(profiled_step())
    for name, count in (("addmm", 2), ("AddmmBackward0", 2), ("relu", 1), ("ReluBackward0", 1)):
        assert found[name].count == count
        assert found[name].self_cpu_time_total > 0
    assert found["forward pass"].cpu_time_total > found["addmm"].cpu_time_total
    assert found["backward"].cpu_time_total >= found["AddmmBackward0"].cpu_time_total


def test_operations_that_are_not_recorded_are_timed():
    x = sg.rand(10)
    with profile() as prof, sg.no_grad():
        x.exp()
        x * x
    found = rows(prof)
    assert found["exp"].count == 1
    assert found["mul"].count == 1


def slow(x):
    time.sleep(0.02)
    return x * 2.0


def slow_rule(g):
    time.sleep(0.03)
    return g * 2.0


def test_times_are_those_of_the_functions_themselves():
    slowly = sg.primitive(slow, name="slowly", x=slow_rule)
    x = sg.ones(3, requires_grad=True)
    with profile() as prof:
        y = slowly(x)
        time.sleep(0.05)  # nobody's time
        y.sum().backward()
    found = rows(prof)
    assert 20e3 <= found["slowly"].cpu_time < 45e3
    assert 30e3 <= found["SlowlyBackward0"].cpu_time < 75e3


def test_own_times_add_up_to_the_whole():
    prof = profiled_step()
    top = sum(e.total for e in prof.events() if e.depth == 0)
    assert sum(e.alone for e in prof.events()) == top
    assert all(e.alone >= 0 for e in prof.events())


def test_a_recorded_walk_holds_the_operations_of_its_rules():
    x = sg.tensor(2.0, requires_grad=True)
    with profile() as prof:
        (g,) = sg.autograd.grad(x * x * x, x, create_graph=True)
    assert float(g.detach()) == 12.0
    inner = [e for e in prof.events() if e.kind == "op" and e.depth >= 2]
    assert "mul" in {e.name for e in inner}


def test_by_module_both_ways():
    found = rows(profiled_step(), by="module")
    assert {"Sequential", "0", "1", "2", "(outside of modules)"} == set(found)
    for path in ("0", "1", "2"):
        assert found[path].count == 1
        assert found[path].forward_time > 0
        assert found[path].backward_time > 0
    assert found["Sequential"].cpu_time_total > found["0"].cpu_time_total
    assert found["Sequential"].self_cpu_time_total == 0
    assert all(row.cpu_time_total >= row.self_cpu_time_total for row in found.values())


def test_by_line_gradients_count_where_their_operation_stood():
    x = sg.rand(10, requires_grad=True)
    with profile() as prof:
        y = x.exp()
        z = y.sum()
        z.backward()
    lines = {key: row for key, row in rows(prof, by="line").items() if row.backward_time}
    first = min(lines, key=lambda key: int(key.partition("line ")[2].partition(",")[0]))
    assert __file__ in first
    assert lines[first].count == 2
    assert lines[first].forward_time > 0
    assert {*rows(prof, group_by_stack_n=5)} == {*rows(prof, by="line")}


def test_memory_is_that_of_the_arrays_made():
    x = sg.ones(100, 10, requires_grad=True)
    with profile(profile_memory=True) as prof:
        (x.exp().reshape(10, 100) * 2).sum().backward()
    found = rows(prof)
    assert found["exp"].cpu_memory_usage == 4000
    assert found["view"].cpu_memory_usage == 0
    assert found["ExpBackward0"].self_cpu_memory_usage == 4000
    assert "3.91 Kb" in prof.key_averages().table()


def test_shapes_tell_rows_apart():
    prof = profiled_step(record_shapes=True)
    shapes = [r.input_shapes for r in prof.key_averages(True) if r.key == "addmm"]
    assert [[16, 20], [30, 20], [30]] in shapes
    assert len(shapes) == 2
    assert "[16, 20]" in prof.key_averages(group_by_input_shape=True).table()


def test_the_table_is_sorted_and_cut():
    averages = profiled_step().key_averages()
    text = averages.table(sort_by="self_cpu_time_total", row_limit=2, header="mine")
    lines = text.splitlines()
    assert lines[0] == "mine"
    assert "# of Calls" in lines[2]
    assert f"and {len(averages) - 2} more" in text
    times = [row.self_cpu_time_total for row in averages._sorted("self_cpu_time_total")]
    assert times == sorted(times, reverse=True)
    assert "addmm" in averages.table(sort_by="cuda_time_total", row_limit=-1)
    with pytest.raises(ValueError, match="sort_by"):
        averages.table(sort_by="colour")
    with pytest.raises(ValueError, match="by must be"):
        profiled_step().key_averages(by="colour")
    assert averages.total_average().count == sum(row.count for row in averages)


@pytest.mark.parametrize("suffix", ["json", "json.gz"])
def test_chrome_traces_are_whole(tmp_path, suffix):
    prof = profiled_step()
    path = tmp_path / f"trace.{suffix}"
    prof.export_chrome_trace(path)
    text = gzip.decompress(path.read_bytes()) if suffix.endswith("gz") else path.read_text()
    entries = json.loads(text)["traceEvents"]
    complete = [e for e in entries if e["ph"] == "X"]
    assert len(complete) == len(prof.events())
    assert all(e["dur"] >= 0 and e["ts"] >= 0 for e in complete)
    starts = [e for e in entries if e["ph"] == "s"]
    assert {e["id"] for e in starts} == {e["id"] for e in entries if e["ph"] == "f"}
    assert len(starts) == sum(e.kind == "op" for e in prof.events())


def test_schedules():
    action = schedule(skip_first=1, wait=1, warmup=1, active=2, repeat=2)
    names = [action(i).name for i in range(11)]
    cycle = ["NONE", "WARMUP", "RECORD", "RECORD_AND_SAVE"]
    assert names == ["NONE", *cycle, *cycle, "NONE", "NONE"]
    assert schedule(wait=0, warmup=0, active=1)(7) is ProfilerAction.RECORD_AND_SAVE
    with pytest.raises(ValueError, match="active"):
        schedule(wait=1, warmup=1, active=0)


def test_a_scheduled_profile_calls_back_after_each_cycle():
    seen = []
    x = sg.rand(4)

    def ready(prof):
        seen.append([e.name for e in prof.events()])

    plan = schedule(wait=1, warmup=1, active=2, repeat=2)
    with profile(activities=[ProfilerActivity.CPU], schedule=plan, on_trace_ready=ready) as prof:
        for _ in range(10):
            x.exp()
            prof.step()
    assert seen == [
        ["ProfilerStep#2", "exp", "ProfilerStep#3", "exp"],
        ["ProfilerStep#6", "exp", "ProfilerStep#7", "exp"],
    ]
    assert tape.tracer is None


def test_cycles_may_follow_each_other():
    cycles = []
    with profile(schedule=schedule(wait=0, warmup=0, active=1), on_trace_ready=cycles.append) as p:
        for _ in range(3):
            p.step()
    assert len(cycles) == 4
    assert tape.tracer is None


def test_traces_are_written_for_tensorboard(tmp_path):
    with profile(on_trace_ready=tensorboard_trace_handler(str(tmp_path / "log"), "me")):
        sg.rand(3).exp()
    (path,) = (tmp_path / "log").iterdir()
    assert path.name.startswith("me.")
    assert path.name.endswith(".pt.trace.json")
    json.loads(path.read_text())


def test_nothing_is_left_behind():
    before = silent.run
    prof = profile()
    with pytest.raises(KeyError), prof:
        raise KeyError(silent.run is before)
    assert silent.run is before
    assert tape.tracer is None
    assert prof.events() == []


def test_an_operation_that_fails_is_an_event():
    with pytest.raises(RuntimeError), profile() as prof:
        sg.rand(2, 3) + sg.rand(4, 5)
    assert len(prof.events()) == 1


def test_it_says_what_is_wrong():
    with pytest.raises(RuntimeError, match="leave the with block"):
        profile().events()
    with profile(), pytest.raises(RuntimeError, match="another profile"):
        profile().start()


def test_labels_cost_nothing_without_a_profile():
    @record_function("labelled")
    def f(x):
        return x + 1

    assert f(1) == 2
    with profile() as prof:
        f(1)
    assert [e.name for e in prof.events()] == ["labelled"]


def test_it_runs_beside_a_trace_and_anomaly_mode():
    with sg.trace() as t, profile() as prof, sg.autograd.detect_anomaly():
        x = sg.ones(3, requires_grad=True)
        (x * x).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0, 2.0]
    assert rows(prof)["MulBackward0"].count == 1
    assert "2 operations" in repr(t)


def test_the_older_place():
    x = sg.ones(3, requires_grad=True)
    older = sg.autograd.profiler
    with older.profile(use_cpu=True, record_shapes=True) as prof, older.record_function("mine"):
        x.exp().sum().backward()
    assert "mine" in prof.table(sort_by="cpu_time_total")
    assert prof.self_cpu_time_total > 0
    assert prof.function_events
    with sg.autograd.profiler.profile(enabled=False) as off:
        x.exp()
    with pytest.raises(RuntimeError):
        off.key_averages()


def test_a_trace_with_times_has_a_flame():
    with sg.trace(profile=True, check=False) as t:
        x = sg.ones(3, requires_grad=True)
        (x * x).sum().backward()
    document = t.document()
    flame = {e["name"]: e for e in document["flame"]}
    assert document["rows"][flame["mul"]["row"]]["op"] == "mul"
    assert flame["MulBackward0"]["row"] == flame["mul"]["row"]
    assert flame["MulBackward0"]["depth"] == flame["backward"]["depth"] + 1
    assert rows(t.profile)["mul"].count == 1
    with sg.trace() as plain:
        x * x
    assert plain.document()["flame"] is None
    with pytest.raises(RuntimeError, match="profile=True"):
        plain.profile.events()


def test_a_result_that_is_a_view_of_new_memory_counts_and_one_of_old_memory_does_not():
    x = sg.ones(2, 3, 8, 8, requires_grad=True)
    with sg.profiler.profile(profile_memory=True) as prof:
        out = sg.nn.functional.conv2d(x, sg.ones(4, 3, 3, 3))
        out.view(-1).sum().backward()
    made = {row.key: row.cpu_memory_usage for row in prof.key_averages()}
    assert made["convolution"] >= out.nbytes
    assert made["view"] == made["ViewBackward0"] == 0
